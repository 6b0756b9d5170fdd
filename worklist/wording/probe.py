"""The return-path test in words: what each step brought, and what to do where it failed."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.dicom import status
from portal.models import Knock, RemoteAE
from portal.types import KnockReason, ProbeLine
from worklist.dicom.commitment import report_of
from worklist.dicom.commitment_offer import Offer
from worklist.models import CommitmentReport, CommitmentRequest
from worklist.selectors.commitment_probe import Seen
from worklist.types.commitment import ReportVerdict

State = CommitmentRequest.State
LISTENER, OFFER = gettext_lazy("Our listener"), gettext_lazy("Storage commitment")
REQUEST, REPORT = gettext_lazy("Request"), gettext_lazy("Report back to us")
OFFERS = {
    Offer.NO_SOP_CLASS: gettext_lazy("%(archive)s does not offer storage commitment."),
    Offer.NO_TRANSFER_SYNTAX: gettext_lazy(
        "%(archive)s offers storage commitment, but in no transfer syntax of ours (implicit and "
        "explicit VR little endian)."
    ),
    Offer.NO_ROLE: gettext_lazy(
        "%(archive)s offers storage commitment, but does not take us in the SCU role."
    ),
}


def listener_line(*, is_running: bool) -> ProbeLine:
    """Say whether anything of ours could take the report."""
    if is_running:
        return ProbeLine(str(LISTENER), True, _("A listener of the portal is running."))
    return ProbeLine(
        str(LISTENER),
        False,
        _("No listener of the portal is running, so nobody could take the report."),
        _("Start “manage.py serve” or “manage.py run_scp”, then test again."),
    )


def offer_line(archive: RemoteAE, offer: Offer) -> ProbeLine:
    """Say whether the archive lets us negotiate storage commitment."""
    values = {"archive": archive.ae_title}
    if offer == Offer.ACCEPTED:
        sentence = _("%(archive)s offers storage commitment, us in the SCU role.")
        return ProbeLine(str(OFFER), True, sentence % values)
    advice = _("At %(archive)s, switch on the storage commitment service (Push Model) as SCP.")
    return ProbeLine(str(OFFER), False, str(OFFERS[offer]) % values, advice % values)


def failed_line(archive: RemoteAE, sentence: str) -> ProbeLine:
    """Say that no association for storage commitment came about."""
    advice = _("%(archive)s answers C-ECHO: let it take associations for storage commitment, too.")
    return ProbeLine(str(OFFER), False, sentence, advice % {"archive": archive.ae_title})


def request_line(request: CommitmentRequest) -> ProbeLine:
    """Say what became of the N-ACTION."""
    values = {"archive": request.archive.ae_title, "ours": request.archive.facility.ae_title}
    if request.state == State.REFUSED:
        advice = _("At %(archive)s, let %(ours)s ask for storage commitment; its log says why not.")
        return ProbeLine(str(REQUEST), False, request.sentence, advice % values)
    if request.state == State.NOT_SENT:
        advice = _(
            "Many archives end the association when they do not let somebody ask: at %(archive)s, "
            "allow storage commitment for %(ours)s."
        )
        return ProbeLine(str(REQUEST), False, request.sentence, advice % values)
    if request.is_uncertain:
        advice = _("Look whether %(archive)s is overloaded; its log says what it does.")
        return ProbeLine(str(REQUEST), False, request.sentence, advice % values)
    sentence = _("%(archive)s took the request about an image that does not exist.")
    return ProbeLine(str(REQUEST), True, sentence % values)


def report_line(seen: Seen, *, ours: str, seconds: float) -> ProbeLine:
    """Say what came back, or what kept it; `ours` is our address as the archive sees it."""
    archive = seen.request.archive
    if seen.report is not None:
        return _reported(seen.report, archive, ours)
    if seen.knock is not None:
        return _turned_away(seen.knock, archive, ours)
    values = {"archive": archive.ae_title, "seconds": f"{seconds:g}"}
    sentence = _("%(archive)s sent no report within %(seconds)s s: nobody knocked at our door.")
    sentence = sentence % values
    if seen.strangers:
        sentence = f"{sentence} {_others(seen.strangers)}"
    return ProbeLine(str(REPORT), False, sentence, _enter(archive, ours))


def _enter(archive: RemoteAE, ours: str) -> str:
    """Say what has to be entered at the archive, which reports to where it was told to."""
    values = {
        "archive": archive.ae_title,
        "ours": archive.facility.ae_title,
        "host": ours,
        "port": settings.DICOM_PORT,
        "tls_port": settings.DICOM_TLS_PORT,
    }
    words = _("At %(archive)s, enter: AE title %(ours)s, host %(host)s, port %(port)d without TLS")
    if settings.DICOM_TLS_CERT:
        words += _(", or port %(tls_port)d with TLS")
    return words % values + _(". A firewall between may be in the way, too.")


def _others(knocks: tuple[Knock, ...]) -> str:
    named = {
        _("%(caller)s from %(address)s")
        % {"caller": knock.calling_ae_title or _("somebody"), "address": knock.address}
        for knock in knocks
    }
    words = _("Others were turned away meanwhile: %(callers)s.")
    return words % {"callers": ", ".join(sorted(named))}


def _reported(report: CommitmentReport, archive: RemoteAE, ours: str) -> ProbeLine:
    values = {"archive": archive.ae_title, "sender": report.device.ae_title}
    verdict = report.verdict
    if verdict == ReportVerdict.WRONG_SENDER:
        sentence = _("The report came, but from %(sender)s, not from %(archive)s.")
        advice = _(
            "Let the archive call itself %(archive)s when it reports, or change the device’s AE "
            "title here to %(sender)s."
        )
        return ProbeLine(str(REPORT), False, sentence % values, advice % values)
    if verdict == ReportVerdict.UNKNOWN_TRANSACTION:
        sentence = _("The report came to another facility of this portal.")
        return ProbeLine(str(REPORT), False, sentence, _enter(archive, ours))
    if verdict not in (ReportVerdict.PROBE, ReportVerdict.TYPE_DIFFERS, ReportVerdict.LATE):
        sentence = _("A report came, but cannot be believed: %(why)s") % {"why": report.sentence}
        advice = _("Show the report to the maker of %(archive)s.")
        return ProbeLine(str(REPORT), False, sentence, advice % values)
    return _believed(report, values)


def _believed(report: CommitmentReport, values: dict[str, str]) -> ProbeLine:
    """Judge what the archive says of an image that does not exist."""
    said = report_of(bytes(report.dataset), report.transfer_syntax)
    if said.committed:
        sentence = _("%(archive)s confirmed an image that does not exist.")
        advice = _("Never clear a scanner on its word: what %(archive)s confirms means nothing.")
        return ProbeLine(str(REPORT), False, sentence % values, advice % values)
    reason = said.failed[0].reason
    if reason != status.NO_SUCH_SOP_INSTANCE:
        sentence = _("The report came, but says %(reason)s in place of 0112H, no such image.")
        advice = _("Look into the log of %(archive)s: it may not be able to look images up.")
        told = values | {"reason": f"{reason or 0:04X}H"}
        return ProbeLine(str(REPORT), False, sentence % told, advice % told)
    way = _("on our own association") if report.is_same_association else _("at our listener")
    sentence = _("%(archive)s reported %(way)s that it has no such image (0112H).")
    sentence = sentence % (values | {"way": way})
    if report.verdict == ReportVerdict.TYPE_DIFFERS:
        sentence = f"{sentence} {report.sentence}"
    return ProbeLine(str(REPORT), True, sentence)


def _turned_away(knock: Knock, archive: RemoteAE, ours: str) -> ProbeLine:
    words, advice = KNOCKS[KnockReason(knock.reason)]
    values = {
        "archive": archive.ae_title,
        "ours": archive.facility.ae_title,
        "called": knock.called_ae_title,
        "calling": knock.calling_ae_title,
        "address": knock.address,
        "port": settings.DICOM_PORT,
        "tls_port": settings.DICOM_TLS_PORT,
    }
    if knock.reason == KnockReason.TLS_ON_PLAIN and not settings.DICOM_TLS_CERT:
        advice = NO_TLS_HERE
    return ProbeLine(str(REPORT), False, str(words) % values, str(advice) % values)


NO_TLS_HERE = gettext_lazy(
    "At %(archive)s, switch TLS off for %(ours)s; or set PORTAL_DICOM_TLS_CERT here and enter the "
    "TLS port there."
)
# What kept a report that was on its way, and what to do about it.
KNOCKS = {
    KnockReason.CALLED_UNKNOWN: (
        gettext_lazy("Somebody at %(address)s knocked for “%(called)s”: nobody here is called so."),
        gettext_lazy("At %(archive)s, enter %(ours)s as the AE title of the portal."),
    ),
    KnockReason.CALLING_UNKNOWN: (
        gettext_lazy("The report came from “%(calling)s”, which is not on the list of devices."),
        gettext_lazy("Let the archive call itself %(archive)s, or change its AE title here."),
    ),
    KnockReason.DISABLED: (
        gettext_lazy("%(calling)s knocked, but is switched off here."),
        gettext_lazy("Switch it on under Devices."),
    ),
    KnockReason.ADDRESS: (
        gettext_lazy("%(calling)s knocked from %(address)s, from where it may not call."),
        gettext_lazy("Allow that address at the device."),
    ),
    KnockReason.CERTIFICATE: (
        gettext_lazy("%(calling)s knocked without the TLS certificate that it is bound to."),
        gettext_lazy("Accept its certificate under Devices, or have it use the TLS port."),
    ),
    KnockReason.TLS_ON_PLAIN: (
        gettext_lazy("Somebody at %(address)s spoke TLS at our port %(port)d, which speaks none."),
        gettext_lazy("At %(archive)s, enter port %(tls_port)d, or switch TLS off for %(ours)s."),
    ),
    KnockReason.TLS_FAILED: (
        gettext_lazy(
            "Somebody at %(address)s reached our TLS port %(tls_port)d, but no TLS came about: it "
            "spoke none, or one side did not accept the other’s certificate."
        ),
        gettext_lazy(
            "At %(archive)s, switch TLS on for %(ours)s and trust each other’s authority; or enter "
            "port %(port)d and switch TLS off."
        ),
    ),
}
