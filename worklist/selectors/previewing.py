"""What a device would get if its profile were another one: before and after, nothing saved."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from portal.models import RemoteAE
from portal.types import Caller, ProfileValues
from worklist.dicom.ladder import Received, received
from worklist.models import ScheduledProcedureStep
from worklist.selectors.replaying import Question, Replay, replay, usual_question

MOST_NAMES = 8


@dataclass(frozen=True)
class Preview:
    """The device's last real question, asked under the saved profile and under the new one."""

    question: Question
    before: Replay
    after: Replay

    @property
    def added(self) -> tuple[int, ...]:
        """The exams that the change brings."""
        had = set(self.before.step_ids)
        return tuple(step_id for step_id in self.after.step_ids if step_id not in had)

    @property
    def removed(self) -> tuple[int, ...]:
        """The exams that the change takes away."""
        has = set(self.after.step_ids)
        return tuple(step_id for step_id in self.before.step_ids if step_id not in has)


@dataclass(frozen=True)
class NameReceived:
    """A patient's name, and what the device makes of it."""

    step: ScheduledProcedureStep
    name: str
    received: Received


def preview(*, device: RemoteAE, caller: Caller) -> Preview:
    """Ask the device's last real question, or for everything, as it is and as `caller`."""
    question = usual_question(device)
    return Preview(question, replay(question), replay(replace(question, caller=caller)))


def names_received(
    steps: Iterable[ScheduledProcedureStep], profile: ProfileValues
) -> list[NameReceived]:
    """Return the names that a character set matters to, as the device receives them."""
    found: dict[str, ScheduledProcedureStep] = {}
    for step in steps:
        name = _person_name(step)
        if name:
            found.setdefault(name, step)
    telling = sorted(found, key=str.isascii)[:MOST_NAMES]  # in their order, others than ASCII first
    return [NameReceived(found[name], name, received(name, profile)) for name in telling]


def _person_name(step: ScheduledProcedureStep) -> str:
    patient = step.requested_procedure.service_request.patient
    groups = (patient.name_alphabetic, patient.name_ideographic, patient.name_phonetic)
    return "=".join(groups).rstrip("=")
