"""Recorded queries in words: keys, how they ended, what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.dicom import status
from portal.looks import Look, look_of
from worklist.dicom.listing import syntax_name, tag_of
from worklist.models import WorklistQuery
from worklist.selectors.queries import Outcome, outcome_of

# The keys of PS3.4 Table K.6-1 that devices restrict by, as a person calls them.
LABELS: dict[str, str | Promise] = {
    "Modality": gettext_lazy("Modality"),
    "ScheduledStationAETitle": gettext_lazy("Station"),
    "ScheduledStationName": gettext_lazy("Station name"),
    "ScheduledProcedureStepLocation": gettext_lazy("Location"),
    "ScheduledProcedureStepStartDate": gettext_lazy("Start date"),
    "ScheduledProcedureStepStartTime": gettext_lazy("Start time"),
    "ScheduledProcedureStepStartDateTime": gettext_lazy("Start date and time"),
    "ScheduledPerformingPhysicianName": gettext_lazy("Performing physician"),
    "ScheduledProcedureStepDescription": gettext_lazy("Step description"),
    "ScheduledProcedureStepID": gettext_lazy("Scheduled step ID"),
    "ScheduledProcedureStepStatus": gettext_lazy("Status"),
    "PatientName": gettext_lazy("Patient name"),
    "PatientID": gettext_lazy("Patient ID"),
    "IssuerOfPatientID": gettext_lazy("Issuer of patient ID"),
    "PatientBirthDate": gettext_lazy("Birth date"),
    "PatientSex": gettext_lazy("Sex"),
    "AccessionNumber": gettext_lazy("Accession number"),
    "StudyInstanceUID": gettext_lazy("Study Instance UID"),
    "RequestedProcedureID": gettext_lazy("Requested procedure ID"),
    "RequestedProcedureDescription": gettext_lazy("Procedure"),
    "RequestedProcedurePriority": gettext_lazy("Priority"),
    "ReferringPhysicianName": gettext_lazy("Referring physician"),
    "RequestingPhysician": gettext_lazy("Requesting physician"),
    "AdmissionID": gettext_lazy("Admission"),
    "InstitutionName": gettext_lazy("Institution"),
}
STATUS_WORDS: dict[int, str | Promise] = {
    status.SUCCESS: gettext_lazy("Success: every match was sent."),
    status.CANCEL: gettext_lazy("The device cancelled its question."),
    status.OUT_OF_RESOURCES: gettext_lazy("Not all could be sent."),
    status.IDENTIFIER_DOES_NOT_MATCH: gettext_lazy("The question makes no sense to us."),
}


@dataclass(frozen=True)
class KeyAsked:
    """A key that had a value, ready for a list."""

    keyword: str
    tag: str
    label: str
    value: str


@dataclass(frozen=True)
class QueryRow:
    """A recorded query as lists show it."""

    query: WorklistQuery

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return outcome_of(self.query)

    @property
    def look(self) -> Look:
        """How that looks."""
        kind = "foreign" if self.query.is_foreign_station else self.outcome.value
        return look_of("query", kind)

    @property
    def keys(self) -> list[KeyAsked]:
        """The keys that restricted it."""
        return keys_asked(self.query.keys)

    @property
    def summary(self) -> str:
        """What it asked for, in one line; of one that was refused, why."""
        if self.outcome == Outcome.FAILED and self.query.comment:
            return self.query.comment
        return summary_of(self.query.keys)

    @property
    def answer(self) -> str:
        """What it was sent, in words."""
        return answer_words(self.query)

    @property
    def status_words(self) -> str:
        """The final status in words."""
        return status_words(self.query.status)

    @property
    def status_hex(self) -> str:
        """The final status as the standard writes it."""
        return f"{self.query.status:04X}H"

    @property
    def answer_character_sets(self) -> list[str]:
        """The character sets that were sent, as (0008,0005) said."""
        return [one or _("ASCII") for one in self.query.answer_character_sets.split(", ")]

    @property
    def syntax(self) -> str:
        """The transfer syntax as the standard calls it."""
        return syntax_name(self.query.transfer_syntax) if self.query.transfer_syntax else ""


def label_of(path: str) -> str:
    """Return what a person calls a key; DICOM's keyword where we have no better word."""
    label = LABELS.get(path) or LABELS.get(path.rpartition(".")[2])
    return str(label) if label else path


def keys_asked(keys: Mapping[str, str]) -> list[KeyAsked]:
    """Return the keys with their tags and labels."""
    return [KeyAsked(name, tag_of(name), label_of(name), value) for name, value in keys.items()]


def summary_of(keys: Mapping[str, str]) -> str:
    """Return what a question restricts, in one line."""
    asked = [f"{label_of(name)} {value}" for name, value in keys.items() if value.strip("*")]
    return " · ".join(asked) or _("Everything")


def status_words(value: int) -> str:
    """Return a final status of C-FIND in words (PS3.4 Table K.4-1)."""
    if value in STATUS_WORDS:
        return str(STATUS_WORDS[value])
    return _("The portal could not process the question.")


def answer_words(query: WorklistQuery) -> str:
    """Return what a query was sent, in one sentence."""
    sentences = {
        Outcome.NOTHING: _("Nothing found."),
        Outcome.FOUND: _("%(sent)d sent."),
        Outcome.CAPPED: _("Only the first %(sent)d sent: the device profile sends no more."),
        Outcome.CANCELLED: _("%(sent)d of %(matched)d sent, then the device cancelled."),
        Outcome.ENDED: _("%(sent)d of %(matched)d sent, then the device hung up."),
        Outcome.FAILED: _("Refused: %(comment)s"),
    }
    if query.is_foreign_station:
        return _("Answered empty: it asked for the station of others.")
    sentence = sentences[outcome_of(query)]
    return sentence % {
        "sent": query.sent,
        "matched": query.matched,
        "comment": query.comment or status_words(query.status),
    }
