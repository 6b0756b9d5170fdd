"""Who is answered, as the wire code takes it: the same for the listener and for explanations."""

from django.conf import settings

from portal.types import Caller
from worklist.dicom.answers import Asker


def asker_of(caller: Caller, *, has_timezone: bool = False) -> Asker:
    """Return the device with its profile, in the site's time zone; `has_timezone`: negotiated."""
    return Asker(caller.ae_title, caller.profile, settings.TIME_ZONE, has_timezone)
