"""API of the worklist, one file per group of collections."""

from typing import Any

from worklist.api.cases import CaseViewSet
from worklist.api.commitments import (
    ArchivePolicyViewSet,
    CommitmentPolicyViewSet,
    CommitmentViewSet,
)
from worklist.api.orders import (
    OrderViewSet,
    PatientViewSet,
    ProcedureTypeViewSet,
    StationViewSet,
    StepViewSet,
)
from worklist.api.performed import PerformedStepViewSet
from worklist.api.queries import WorklistQueryViewSet

COLLECTIONS: dict[str, Any] = {
    "patients": PatientViewSet,
    "orders": OrderViewSet,
    "scheduled-steps": StepViewSet,
    "stations": StationViewSet,
    "procedure-types": ProcedureTypeViewSet,
    "worklist-queries": WorklistQueryViewSet,
    "performed-steps": PerformedStepViewSet,
    "commitments": CommitmentViewSet,
    "commitment-policies": CommitmentPolicyViewSet,
    "archive-policies": ArchivePolicyViewSet,
    "reconcile-cases": CaseViewSet,
}
