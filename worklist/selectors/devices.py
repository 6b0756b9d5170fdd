"""Which devices an exam is for."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from portal.models import RemoteAE
from portal.selectors import devices
from worklist.models import ScheduledProcedureStep
from worklist.selectors.catalogue import stations


def devices_for(
    *, step: ScheduledProcedureStep, visible_to: AbstractBaseUser | AnonymousUser
) -> list[RemoteAE]:
    """Return the admitted devices of the step's station, or of all stations of its modality."""
    if step.station_ae_titles:
        titles = step.station_ae_titles.split("\\")
    elif step.station:
        titles = [step.station.ae_title]
    else:
        places = stations(visible_to=visible_to).filter(modality=step.modality)
        titles = list(places.values_list("ae_title", flat=True))
    found = devices(visible_to=visible_to).filter(
        facility_id=step.facility_id, ae_title__in=titles, is_enabled=True
    )
    return list(found)
