"""Station AE titles that nobody here has: what treating one as a device's own would show."""

from dataclasses import dataclass, replace
from itertools import islice

from django.utils import timezone

from portal.models import RemoteAE
from worklist.dicom.mwl import Identifier
from worklist.models import Station
from worklist.selectors.entries import entries_matching, verdicts
from worklist.selectors.replaying import MOST_ROWS, Question


@dataclass(frozen=True)
class AliasOffer:
    """A title that the device asks for as if it were its own, and how many exams it would show."""

    title: str
    count: int  # this exam included; up to MOST_ROWS


def alias_offer(question: Question, identifier: Identifier, *, step_id: int) -> AliasOffer | None:
    """Return the one alias with which this question would bring the exam; none if none would."""
    caller = question.caller
    asked = identifier.keys.station
    if asked is None or asked.patterns or len(asked.values) != 1:
        return None
    title = asked.values[0]
    if is_known_title(facility_id=caller.facility_id, title=title):
        return None
    renamed = replace(caller, aliases=(*caller.aliases, title))
    today = timezone.localdate()
    judged = verdicts(caller=renamed, keys=identifier.keys, today=today, step_id=step_id)
    if not all(one.is_met for one in judged):
        return None
    found = entries_matching(caller=renamed, keys=identifier.keys, today=today)
    return AliasOffer(title, sum(1 for _ in islice(found.rows, MOST_ROWS)))


def is_known_title(*, facility_id: int, title: str) -> bool:
    """Say whether a device or station of the facility has this AE title, as its alias too."""
    devices = RemoteAE.objects.filter(facility_id=facility_id)
    return (
        devices.filter(ae_title=title).exists()
        or Station.objects.filter(facility_id=facility_id, ae_title=title).exists()
        or any(title in aliases for aliases in devices.values_list("aliases", flat=True))
    )
