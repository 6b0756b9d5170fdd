"""Models of the worklist, one file per entity."""

from worklist.models.catalogue import ProcedureType, Station
from worklist.models.order import (
    ImagingServiceRequest,
    RequestedProcedure,
    RequestedProcedurePriority,
)
from worklist.models.patient import Patient, PatientSex
from worklist.models.step import (
    ScheduledProcedureStep,
    ScheduledProcedureStepStatus,
    StepSighting,
    WorklistEntry,
    WorklistQuery,
)

__all__ = [
    "ImagingServiceRequest",
    "Patient",
    "PatientSex",
    "ProcedureType",
    "RequestedProcedure",
    "RequestedProcedurePriority",
    "ScheduledProcedureStep",
    "ScheduledProcedureStepStatus",
    "Station",
    "StepSighting",
    "WorklistEntry",
    "WorklistQuery",
]
