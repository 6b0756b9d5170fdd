"""Rows of the worklist for tests, all synthetic."""

import itertools
from datetime import date, time
from typing import Any

from django.utils import timezone

from portal import services
from portal.models import Facility, RemoteAE
from portal.types import Actor
from worklist.models import Patient, ProcedureType, ScheduledProcedureStep, Station
from worklist.services.entries import entries_write, entry_write
from worklist.services.orders import order_create
from worklist.services.patients import patient_create
from worklist.types import OrderValues, PatientValues

BY = Actor.command("test")
_numbers = itertools.count(1)


def make_device(facility: Facility, ae_title: str = "CT1", profile: str = "default") -> RemoteAE:
    """A modality on the allow-list."""
    device, _ = services.device_set(
        facility_id=facility.pk,
        ae_title=ae_title,
        host="127.0.0.1",
        port=11201,
        kind="modality",
        profile=profile,
        by=BY,
    )
    return device


def make_station(
    facility: Facility, name: str = "CT1", modality: str = "CT", *, with_device: bool = True
) -> Station:
    """A station of that name and AE title; with the device that asks for it unless told not to."""
    found = Station.objects.filter(facility=facility, name=name).first()
    if found:
        return found
    return Station.objects.create(
        facility=facility,
        name=name,
        ae_title=name,
        modality=modality,
        room=f"Room {name}",
        device=make_device(facility, name) if with_device else None,
    )


def make_procedure_type(facility: Facility, modality: str = "CT", **values: Any) -> ProcedureType:
    """An entry of the catalogue."""
    number = next(_numbers)
    return ProcedureType.objects.create(
        facility=facility,
        **{
            "code_value": f"P{number}",
            "code_meaning": f"{modality} of something",
            "description": f"{modality} examination",
            "modality": modality,
            **values,
        },
    )


def make_patient(facility: Facility, **values: Any) -> Patient:
    """A patient called Tester^Tom unless told otherwise."""
    number = next(_numbers)
    given = {"patient_id": f"T{number:05d}", "name_alphabetic": "Tester^Tom", "sex": "O", **values}
    return patient_create(facility_id=facility.pk, values=PatientValues(**given), by=BY)


def make_step(
    facility: Facility,
    *,
    patient: Patient | None = None,
    station: Station | None = None,
    modality: str = "CT",
    start_date: date | None = None,
    start_time: time | None = time(9, 30),
    **changes: Any,
) -> ScheduledProcedureStep:
    """An exam of today at half past nine; `changes` are written over the step's columns."""
    step = order_create(
        facility_id=facility.pk,
        order=OrderValues(
            patient_id=(patient or make_patient(facility)).pk,
            procedure_type_id=make_procedure_type(facility, modality).pk,
            station_id=station.pk if station else None,
            start_date=start_date or timezone.localdate(),
            start_time=start_time,
        ),
        by=BY,
        may_overbook_reason="test",
    )
    if changes:
        ScheduledProcedureStep.objects.filter(pk=step.pk).update(**changes)
        entry_write([step.pk])
        step.refresh_from_db()
    return step


def make_steps(facility: Facility, count: int) -> list[int]:
    """Many steps of one procedure, quickly; their keys."""
    first = make_step(facility)
    clones = [
        ScheduledProcedureStep(
            facility=facility,
            requested_procedure=first.requested_procedure,
            sps_id=f"M{number}",
            start_date=first.start_date,
            start_time=first.start_time,
            modality=first.modality,
        )
        for number in range(1, count)
    ]
    made = ScheduledProcedureStep.objects.bulk_create(clones)
    entries_write(made)
    return [first.pk, *(step.pk for step in made)]
