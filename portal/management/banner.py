"""What `serve` prints when it is ready: addresses, demo accounts, a line to paste."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from portal.models import Membership, RemoteAE
from portal.seed import DEMO_PASSWORD
from portal.services import facility_named

KEYS = ("PatientName", "PatientID", "AccessionNumber", "RequestedProcedureDescription")
STEP = "ScheduledProcedureStepSequence[0]"


def banner(*, bind: str, port: int) -> str:
    """Return the lines; the accounts only while their demo password is still in force."""
    try:
        lines = ["", f"  Pages   http://{_reachable(bind)}:{port}/", *_accounts()]
        dicom_host = _reachable(settings.DICOM_BIND)
        lines.append(f"  DICOM   AE title {settings.DICOM_AE_TITLE} at {settings.DICOM_BIND}")
        lines[-1] += f", port {settings.DICOM_PORT}"
        modalities = RemoteAE.objects.filter(
            facility=facility_named(None), kind=RemoteAE.Kind.MODALITY, is_enabled=True
        )
        modality = modalities.filter(ae_title="CT1").first() or modalities.first()
        if modality is not None:
            line = findscu_line(modality.ae_title, dicom_host)
            lines += ["", "  Ask for today's worklist as a scanner would (package dcmtk):", line]
        return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])
    finally:
        connections.close_all()


def findscu_line(ae_title: str, host: str) -> str:
    """Return a findscu command for the device's exams of today."""
    today = timezone.localdate().strftime("%Y%m%d")
    keys = [f"-k {key}" for key in KEYS]
    keys += [
        f'-k "{STEP}.ScheduledStationAETitle={ae_title}"',
        f'-k "{STEP}.ScheduledProcedureStepStartDate={today}"',
        f'-k "{STEP}.ScheduledProcedureStepStartTime"',
        f'-k "{STEP}.Modality"',
    ]
    called = facility_named(None).ae_title
    return (
        f"  findscu -W -aet {ae_title} -aec {called} {' '.join(keys)} {host} {settings.DICOM_PORT}"
    )


def _accounts() -> list[str]:
    """Return a line per demo account, none in production."""
    if not settings.DEVELOPMENT:
        return []
    members = Membership.objects.select_related("user").order_by("pk")
    names = [m.user.username for m in members if m.user.username == m.role]
    first = User.objects.filter(username__in=names).first()
    if first is None or not first.check_password(DEMO_PASSWORD):
        return []
    return [f"  Sign in as {', '.join(names)} with the password {DEMO_PASSWORD}"]


def _reachable(bind: str) -> str:
    return "127.0.0.1" if bind in {"0.0.0.0", "::"} else bind  # noqa: S104
