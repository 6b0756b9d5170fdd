"""Where a device was reached before: the audit trail remembers what its row does not."""

from dataclasses import dataclass
from datetime import datetime

from portal.models import AuditEvent, RemoteAE

LOOKED_BACK = 100  # changes of one device


@dataclass(frozen=True)
class AddressSince:
    """Since when a device has its host and port, and which ones it had before."""

    since: datetime
    before: str = ""


def address_since(device: RemoteAE) -> AddressSince | None:
    """Return since when a device has its address; none when nobody wrote that down."""
    told = AuditEvent.objects.filter(
        facility_id=device.facility_id, target="device", target_id=device.ae_title, action="set"
    ).order_by("-pk")
    since = None
    for at, detail in told.values_list("at", "detail")[:LOOKED_BACK]:
        if "host" not in detail:
            continue
        if (detail["host"], detail.get("port")) != (device.host, device.port):
            before = f"{detail['host']}:{detail.get('port') or ''}"
            return AddressSince(since, before) if since else None
        since = at
    return AddressSince(since) if since else None
