"""An order while it is written: what was typed and pressed, and what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.dates import NotADate, parse_date, parse_time
from worklist.forms import OrderForm, PatientForm
from worklist.models import Patient, ProcedureType, Station
from worklist.selectors.catalogue import procedure_types, stations
from worklist.selectors.duplicates import likely_duplicates
from worklist.selectors.free_times import FreeTimes, free_times, is_free
from worklist.selectors.patients import patients

T = TypeVar("T")

# Buttons beside “Book exam”: each redraws the form with its effect.
ASIDES = ("find", "use_patient", "other_patient", "slot", "shift_day")
CHOICES_SHOWN = 6


@dataclass
class Draft:
    """An order form in the making; nothing of it is stored."""

    typed: QueryDict
    pressed: str
    patient: Patient | None
    procedure: ProcedureType | None
    procedures: list[ProcedureType]
    stations: list[Station]
    has_new_procedure: bool
    user: Any
    duplicates: list[Patient] = field(default_factory=list)
    is_slot_taken: bool = False  # the service refused the time: a reason may overrule it

    @property
    def places(self) -> list[Station]:
        """The stations that can do the chosen procedure."""
        if self.procedure is None:
            return []
        return [one for one in self.stations if one.modality == self.procedure.modality]

    @property
    def station(self) -> Station | None:
        """The chosen station, if it can do the procedure."""
        return next((one for one in self.places if str(one.pk) == self.typed.get("station")), None)

    @property
    def minutes(self) -> int:
        """The typed duration, else the catalogue's."""
        typed = self.typed.get("duration_minutes", "")
        if typed.isdecimal() and 0 < int(typed) <= 24 * 60:
            return int(typed)
        return self.procedure.duration_minutes if self.procedure else 20

    @property
    def day(self) -> date | None:
        """The typed day, if it can be read."""
        return _read(parse_date, self.typed.get("start_date", ""))

    @property
    def start_time(self) -> time | None:
        """The typed time, if it can be read."""
        return _read(parse_time, self.typed.get("start_time", ""))

    @property
    def birth_date(self) -> date | None:
        """The typed birth date, if it can be read."""
        return _read(parse_date, self.typed.get("birth_date", ""))

    @property
    def birth_problem(self) -> str:
        """Why the typed birth date cannot be read, asked back at once."""
        typed = self.typed.get("birth_date", "")
        try:
            parse_date(typed or "2000-01-01")
        except NotADate as error:
            return str(error)
        return ""

    @property
    def ends_at(self) -> time | None:
        """When the exam would end."""
        if self.start_time is None:
            return None
        start = datetime.combine(self.day or timezone.localdate(), self.start_time)
        return (start + timedelta(minutes=self.minutes)).time()

    @property
    def free(self) -> list[FreeTimes]:
        """The free times of the chosen day, station by station."""
        day = self.day or timezone.localdate()
        return free_times(visible_to=self.user, stations=self.places, day=day, minutes=self.minutes)

    @property
    def choices(self) -> list[Patient]:
        """Patients that the search field finds."""
        text = self.typed.get("patient_search", "").strip()
        if len(text) < 2 or self.patient:
            return []
        return list(patients(visible_to=self.user, search=text)[:CHOICES_SHOWN])

    @property
    def is_slot_free(self) -> bool:
        """Say whether the chosen station is free at the chosen time."""
        if self.station is None or self.day is None or self.start_time is None:
            return False
        return is_free(self.station, self.day, self.start_time, self.minutes)

    def order_form(self, *, is_bound: bool) -> OrderForm:
        """Return the form; bound only when it is to be checked."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in self.procedures:
            label = f"{one.description} ({one.code_value})"
            groups.setdefault(one.modality, []).append((str(one.pk), label))
        places = [(str(one.pk), f"{one.name} · {one.room}".strip(" ·")) for one in self.places]
        anywhere = _("Choose a procedure first")
        if self.procedure:
            anywhere = _("Any %(modality)s device") % {"modality": self.procedure.modality}
        options: dict[str, Any] = {
            "procedures": [("", _("Choose…")), *groups.items()],
            "places": [("", anywhere), *places],
        }
        if is_bound:
            return OrderForm(self.typed, **options)
        return OrderForm(initial=_initial(self.typed, {"priority": "ROUTINE"}), **options)

    def patient_form(self, *, is_bound: bool) -> PatientForm:
        """Return the form of a new patient."""
        return PatientForm(self.typed) if is_bound else PatientForm(initial=_initial(self.typed))

    def look_for_duplicates(self) -> None:
        """Find patients that the typed new one is probably the same as."""
        form = PatientForm(self.typed)
        form.is_valid()
        if self.patient is None and form.cleaned_data:
            self.duplicates = likely_duplicates(visible_to=self.user, values=form.values)


def draft_of(request: HttpRequest) -> Draft:
    """Read a draft from what was sent, with the effect of the button that sent it."""
    typed = request.POST.copy() if request.method == "POST" else _from_address(request.GET)
    pressed = next((name for name in ASIDES if name in typed), "")
    only_searched = typed.get("patient_search", "").strip() and not typed.get("family")
    if not pressed and only_searched and not typed.get("patient"):
        pressed = "find"
    _press(typed, pressed)
    kinds = list(procedure_types(visible_to=request.user))
    chosen = next((one for one in kinds if str(one.pk) == typed.get("procedure_type")), None)
    if not typed.get("station"):
        typed["station"] = typed.get("wanted_station", "")
    has_new = typed.get("procedure_type", "") != typed.get("shown_procedure", "")
    if has_new and chosen:
        typed["duration_minutes"] = str(chosen.duration_minutes)
    patient_id = typed.get("patient", "")
    found = patients(visible_to=request.user).filter(
        pk=int(patient_id) if patient_id.isdecimal() else 0
    )
    draft = Draft(
        typed=typed,
        pressed=pressed,
        patient=found.first(),
        procedure=chosen,
        procedures=kinds,
        stations=list(stations(visible_to=request.user)),
        has_new_procedure=has_new,
        user=request.user,
    )
    if draft.procedure and draft.station is None:
        typed["station"] = ""  # it cannot do this procedure
    draft.look_for_duplicates()
    return draft


def _press(typed: QueryDict, pressed: str) -> None:
    if pressed == "use_patient":
        typed["patient"] = typed.get("use_patient", "")
        typed["patient_search"] = ""
    elif pressed == "other_patient":
        typed["patient"] = ""
    elif pressed == "slot":
        _take_slot(typed, typed.get("slot", ""))
    elif pressed == "shift_day":
        day = _read(parse_date, typed.get("start_date", "")) or timezone.localdate()
        days = 1 if typed["shift_day"] == "1" else -1
        typed["start_date"] = date_format(day + timedelta(days=days), "j M Y")


def _from_address(query: QueryDict) -> QueryDict:
    """Take over `?patient=<key>&slot=<station>@<time>`; what cannot be read is left out."""
    typed = QueryDict(mutable=True)
    typed["patient"] = query.get("patient", "")
    _take_slot(typed, query.get("slot", ""))
    return typed


def _take_slot(typed: QueryDict, slot: str) -> None:
    station, _at, moment = slot.partition("@")
    try:
        start = datetime.fromisoformat(moment)
    except ValueError:
        return
    typed["station"] = station
    typed["start_date"] = date_format(start, "j M Y")
    typed["start_time"] = f"{start:%H:%M}"


def _initial(typed: QueryDict, defaults: dict[str, str] | None = None) -> dict[str, Any]:
    return (defaults or {}) | {name: value for name, value in typed.items() if value}


def _read(parse: Callable[[str], T], text: str) -> T | None:
    try:
        return parse(text) if text.strip() else None
    except NotADate:
        return None
