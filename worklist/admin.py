"""Django's admin for the worklist's master data: what can be ordered, and where."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from portal.selectors import actor_for
from worklist.models import ProcedureType, Station
from worklist.services.stations import station_set

if TYPE_CHECKING:  # generic for the type checker only
    ProcedureTypeBase = admin.ModelAdmin[ProcedureType]
    StationBase = admin.ModelAdmin[Station]
else:
    ProcedureTypeBase = StationBase = admin.ModelAdmin


@admin.register(ProcedureType)
class ProcedureTypeAdmin(ProcedureTypeBase):
    """The catalogue."""

    list_display = ["description", "modality", "code_value", "duration_minutes", "is_active"]
    list_filter = ["facility", "modality", "is_active"]
    search_fields = ["description", "code_value"]


@admin.register(Station)
class StationAdmin(StationBase):
    """Stations; what changes here is in the answers to their devices at once."""

    list_display = ["name", "modality", "room", "ae_title", "device", "is_active"]
    list_filter = ["facility", "modality", "is_active"]

    def save_model(self, request: HttpRequest, obj: Station, form: Any, change: bool) -> None:
        """Save by the service, which writes the worklist entries anew."""
        station_set(station=obj, by=actor_for(request.user))
