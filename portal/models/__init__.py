"""Models of the shared ground, one file per entity."""

from portal.models.alert import Alert, AlertDelivery, AlertHook
from portal.models.audit import AuditEvent
from portal.models.facility import Facility, Membership
from portal.models.live_event import LiveEvent, ProcessHeartbeat
from portal.models.remote_ae import DeviceProfile, Knock, RemoteAE, RemoteAEKind

__all__ = [
    "Alert",
    "AlertDelivery",
    "AlertHook",
    "AuditEvent",
    "DeviceProfile",
    "Facility",
    "Knock",
    "LiveEvent",
    "Membership",
    "ProcessHeartbeat",
    "RemoteAE",
    "RemoteAEKind",
]
