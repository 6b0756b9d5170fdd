"""Models of the worklist, one file per entity."""

from worklist.models.availability import (
    AvailabilityNotice,
    AvailableInstance,
)
from worklist.models.catalogue import ProcedureType, Station
from worklist.models.commitment import (
    CommitmentReport,
    CommitmentRequest,
    CommittedInstance,
    RelayedCommitment,
    RelayedInstance,
)
from worklist.models.commitment_policy import (
    ArchivePolicy,
    CommitmentPolicy,
    retry_plan,
)
from worklist.models.order import (
    ImagingServiceRequest,
    RequestedProcedure,
    RequestedProcedurePriority,
)
from worklist.models.patient import Patient, PatientSex
from worklist.models.performed import (
    PerformedInstance,
    PerformedProcedureStep,
    PerformedProcedureStepStatus,
    PerformedSeries,
    PerformedStepMessage,
    PerformedStepReference,
    ReconcileCase,
    ReconcileKind,
)
from worklist.models.queries import StepSighting, WorklistQuery
from worklist.models.step import (
    ScheduledProcedureStep,
    ScheduledProcedureStepStatus,
    WorklistEntry,
)
from worklist.models.study_commitment import (
    InstanceState,
    StudyCommitment,
)

__all__ = [
    "ArchivePolicy",
    "AvailabilityNotice",
    "AvailableInstance",
    "CommitmentPolicy",
    "CommitmentReport",
    "CommitmentRequest",
    "CommittedInstance",
    "ImagingServiceRequest",
    "InstanceState",
    "Patient",
    "PatientSex",
    "PerformedInstance",
    "PerformedProcedureStep",
    "PerformedProcedureStepStatus",
    "PerformedSeries",
    "PerformedStepMessage",
    "PerformedStepReference",
    "ProcedureType",
    "ReconcileCase",
    "ReconcileKind",
    "RelayedCommitment",
    "RelayedInstance",
    "RequestedProcedure",
    "RequestedProcedurePriority",
    "ScheduledProcedureStep",
    "ScheduledProcedureStepStatus",
    "Station",
    "StepSighting",
    "StudyCommitment",
    "WorklistEntry",
    "WorklistQuery",
    "retry_plan",
]
