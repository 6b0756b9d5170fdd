"""What somebody types into the order form."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from worklist.models import ProcedureType

TOMORROW = timezone.localdate() + timedelta(days=1)


def order(kind: ProcedureType, **changed: Any) -> dict[str, Any]:
    """Return the exam that is ordered: tomorrow at 10:30, on any device."""
    typed = {
        "procedure_type": kind.pk,
        "shown_procedure": kind.pk,
        "duration_minutes": "30",
        "priority": "ROUTINE",
        "station": "",
        "start_date": f"{TOMORROW:%d.%m.%Y}",
        "start_time": "10:30",
        "reason": "Pain",
    }
    return typed | changed


def new_patient(**changed: Any) -> dict[str, Any]:
    """Return a patient who is not on file, with a name in three groups."""
    typed = {
        "family": "Yamada",
        "given": "Taro",
        "ideographic_family": "山田",
        "ideographic_given": "太郎",
        "phonetic_family": "やまだ",
        "phonetic_given": "たろう",
        "patient_id": "402-8816",
        "issuer_of_patient_id": "HARBOR",
        "birth_date": "5 Nov 1948",
        "sex": "M",
    }
    return typed | changed
