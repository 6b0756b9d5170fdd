"""A performed step as a part of an exam's course, and what people decided about it, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.types import Link, TimelineEntry
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepMessage,
    PerformedStepReference,
    ReconcileCase,
    ScheduledProcedureStep,
)
from worklist.selectors.story import Story
from worklist.wording.case_kinds import case_kind
from worklist.wording.messages import is_warning

WRONG_ENTRY = "110514"


@dataclass(frozen=True)
class Part:
    """One performed step as a part of an exam's course."""

    performed: PerformedProcedureStep
    messages: list[PerformedStepMessage]
    step: ScheduledProcedureStep
    number: int
    of: int

    @property
    def device(self) -> str:
        """Return the device's AE title."""
        return self.performed.device.ae_title

    @property
    def reference(self) -> PerformedStepReference | None:
        """Return what links it to the exam."""
        linked = (one for one in self.performed.references.all() if one.step_id == self.step.pk)
        return next(linked, None)

    @property
    def is_wrong_entry(self) -> bool:
        """Say whether the device itself took it back as begun by mistake (PS3.16 CID 9300)."""
        return self.performed.discontinuation_code_value == WRONG_ENTRY

    @property
    def accepted(self) -> list[PerformedStepMessage]:
        """Return the messages that changed something."""
        return [one for one in self.messages if is_accepted(one.status)]


def is_accepted(status: int) -> bool:
    """Say whether a message was taken: success, or a warning (PS3.7 Annex C)."""
    return status == 0 or is_warning(status)


def parts(story: Story) -> list[Part]:
    """Return the performed steps of an exam with their messages, in order."""
    count = len(story.performed)
    return [
        Part(one, story.messages_of(one), story.step, number, count)
        for number, one in enumerate(story.performed, start=1)
    ]


def decisions(part: Part) -> Iterator[TimelineEntry]:
    """Tell what waits for a person, and what people decided."""
    yield from _linked(part)
    for case in part.performed.cases.all():
        yield from _case(case)


def message_link(message: PerformedStepMessage | None) -> tuple[Link, ...]:
    """Return the link to a raw message."""
    return (
        (Link(reverse("worklist:mpps-message", args=[message.pk]), _("Message")),)
        if message
        else ()
    )


def page_link(performed: PerformedProcedureStep) -> tuple[Link, ...]:
    """Return the link to what is known of a performed step."""
    return (Link(reverse("worklist:performed", args=[performed.pk]), _("What it performed")),)


def _linked(part: Part) -> Iterator[TimelineEntry]:
    reference = part.reference
    if reference and reference.linked_by and reference.linked_at:
        yield TimelineEntry(
            reference.linked_at,
            _("Linked to what %(device)s performed") % {"device": part.device},
            _("By %(name)s.") % {"name": reference.linked_by},
            icon="arrows-join",
            kind="case",
            links=page_link(part.performed),
        )


def _case(case: ReconcileCase) -> Iterator[TimelineEntry]:
    link = (Link(reverse("worklist:reconcile-case", args=[case.pk]), _("Reconcile")),)
    is_open = case.state == ReconcileCase.State.OPEN
    kind = case_kind(case)
    waits = _("A person has to decide.") if is_open else ""
    yield TimelineEntry(
        case.opened_at,
        _("To reconcile: %(kind)s") % {"kind": kind},
        waits,
        tone="warn" if is_open else "neutral",
        icon="arrows-join",
        kind="case",
        is_main=is_open,
        links=link,
        rank=1,
    )
    if case.decided_at is not None:
        by = _("By %(name)s.") % {"name": case.decided_by} if case.decided_by else ""
        reason = f"“{case.reason}”" if case.reason else ""
        yield TimelineEntry(
            case.decided_at,
            _("Reconciled: %(kind)s") % {"kind": kind} if by else _("Settled by itself"),
            f"{by} {reason}".strip(),
            icon="arrows-join",
            kind="case",
            is_main=bool(by),
            links=link,
            rank=2,
        )
