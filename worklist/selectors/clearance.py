"""May an exam be cleared from its scanner? Every condition of that, met or not, per archive.

The conditions are those of reference "storage commitment" §5; nothing less is called safe.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.models import RemoteAE
from worklist.models import (
    ArchivePolicy,
    CommittedInstance,
    ScheduledProcedureStep,
    StudyCommitment,
)
from worklist.selectors.clearance_evidence import (
    Evidence,
    SeriesName,
    evidence_of,
    evidence_of_study,
    unasked,
    unreported,
)
from worklist.selectors.commitment_policies import Designation, archive_policy_of

State = StudyCommitment.State


class Unmet(StrEnum):
    """What stands between an exam and "safe"."""

    NOT_REPORTED = "not-reported"  # no scanner has said what it made
    NOT_OVER = "not-over"  # MPPS IN PROGRESS
    UNLINKED = "unlinked"  # a report of the study is no exam's: a person has to decide
    CLOSED_BY_PERSON = "closed-by-person"  # the device never ended its report
    NO_IMAGES = "no-images"
    NO_ARCHIVE = "no-archive"
    NOT_ASKED = "not-asked"
    NOT_ALL_ASKED = "not-all-asked"  # images of the reports that the archive was not asked for
    NOT_THERE_YET = "not-there-yet"
    WAITING = "waiting"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    LOSS_ACCEPTED = "loss-accepted"
    NAMED_BY_OTHERS = "named-by-others"  # images that no report names
    CONTRADICTED = "contradicted"  # the archive answered once more, and otherwise
    WITHDRAWN = "withdrawn"  # announced as unavailable after it was confirmed
    NOT_PERMANENT = "not-permanent"
    NOT_CHECKED = "not-checked"
    CHECK_FAILED = "check-failed"
    MORE_THERE = "more-there"
    FEWER_THERE = "fewer-there"
    RELAY_DIFFERS = "relay-differs"  # the scanner itself was told otherwise


BY_STATE = {
    State.NOT_ASKED: Unmet.NOT_ASKED,
    State.NOT_THERE_YET: Unmet.NOT_THERE_YET,
    State.WAITING: Unmet.WAITING,
    State.UNANSWERED: Unmet.UNANSWERED,
    State.FAILED: Unmet.FAILED,
    State.LOSS_ACCEPTED: Unmet.LOSS_ACCEPTED,
}


@dataclass(frozen=True)
class Condition:
    """One unmet condition, with what its sentence needs."""

    kind: Unmet
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ArchiveClearance:
    """What one archive said about the exam, and what is missing there."""

    archive: RemoteAE
    policy: ArchivePolicy
    commitments: tuple[StudyCommitment, ...]
    unmet: tuple[Condition, ...]
    failed: tuple[CommittedInstance, ...] = ()
    is_designated: bool = True

    @property
    def expected(self) -> int:
        """How many images should be there."""
        return sum(one.expected for one in self.commitments)

    @property
    def confirmed(self) -> int:
        """How many it confirmed."""
        return sum(one.committed for one in self.commitments)

    @property
    def failed_count(self) -> int:
        """How many it did not take."""
        return sum(one.failed for one in self.commitments)

    @property
    def answered_at(self) -> datetime | None:
        """When it answered last."""
        return max(
            (one.last_answer_at for one in self.commitments if one.last_answer_at), default=None
        )

    @property
    def state(self) -> str:
        """The state of the study there; of several, the one that needs a person most."""
        order = [*BY_STATE][::-1]
        states = [one.state for one in self.commitments]
        return next((state for state in order if state in states), states[0] if states else "")

    @property
    def is_clear(self) -> bool:
        """Say whether nothing is missing at this archive."""
        return not self.unmet


@dataclass(frozen=True)
class Clearance:
    """Whether an exam may be called safe, and everything that speaks against it."""

    devices: tuple[str, ...]  # AE titles of the scanners that made it
    archives: tuple[ArchiveClearance, ...]
    unmet: tuple[Condition, ...]  # of the exam itself, whatever the archive
    needs_all: bool
    is_met_by_archives: bool
    series: dict[str, SeriesName]
    named: int = 0

    @property
    def is_clear(self) -> bool:
        """Say whether every condition holds."""
        return self.is_met_by_archives and not self.unmet


def clearance_of(*, step: ScheduledProcedureStep) -> Clearance:
    """Judge an exam; `requested_procedure` is at hand with the step."""
    return _judged(evidence_of(step))


def clearance_of_study(*, facility_id: int, study_instance_uid: str) -> Clearance:
    """Judge a study by itself."""
    found = evidence_of_study(facility_id=facility_id, study_instance_uid=study_instance_uid)
    return _judged(found)


def _judged(evidence: Evidence) -> Clearance:
    designated = {
        archive.pk: archive for one in evidence.designations.values() for archive in one.archives
    }
    others = {
        one.archive_id: one.archive
        for one in evidence.commitments
        if one.archive_id not in designated
    }
    places = [*designated.values(), *others.values()]
    judged = tuple(_archive(evidence, place, place.pk in designated) for place in places)
    clear = {one.archive.pk for one in judged if one.is_clear}
    return Clearance(
        devices=tuple(dict.fromkeys(one.device.ae_title for one in evidence.performed)),
        archives=judged,
        unmet=tuple(_of_the_exam(evidence, has_archive=bool(designated))),
        needs_all=all(one.needs_all for one in evidence.designations.values()),
        is_met_by_archives=all(_is_met(one, clear) for one in evidence.designations.values()),
        series=evidence.series,
        named=evidence.named,
    )


def _is_met(rule: Designation, clear: set[int]) -> bool:
    """Say whether all, or any, of a rule's archives have everything."""
    ids = {one.pk for one in rule.archives}
    return bool(ids) and (ids <= clear if rule.needs_all else bool(ids & clear))


def _of_the_exam(evidence: Evidence, *, has_archive: bool) -> Iterator[Condition]:
    if not evidence.performed or not evidence.is_reported:
        yield Condition(Unmet.NOT_REPORTED)
    for one in evidence.performed:
        if one.pk in evidence.unlinked:
            yield Condition(Unmet.UNLINKED, {"device": one.device.ae_title})
        if not one.is_final:
            yield Condition(
                Unmet.NOT_OVER, {"device": one.device.ae_title, "since": one.created_at}
            )
        elif one.closed_by:
            values = {"device": one.device.ae_title, "by": one.closed_by}
            yield Condition(Unmet.CLOSED_BY_PERSON, values)
    if evidence.performed and not evidence.named:
        first = evidence.performed[0]
        about = {"device": first.device.ae_title, "is_closed_by_person": bool(first.closed_by)}
        yield Condition(Unmet.NO_IMAGES, about)
    if not has_archive:
        yield Condition(Unmet.NO_ARCHIVE)


def _archive(evidence: Evidence, archive: RemoteAE, is_designated: bool) -> ArchiveClearance:
    rows = tuple(one for one in evidence.commitments if one.archive_id == archive.pk)
    policy = archive_policy_of(archive)
    unmet = [*_of_the_answers(evidence, archive, rows)]
    unmet += _of_the_reports(evidence, archive, rows)
    if rows and all(one.state == State.COMMITTED for one in rows):
        unmet += _of_the_check(rows, policy)
    if not policy.is_permanent:
        unmet.append(Condition(Unmet.NOT_PERMANENT, {"archive": archive.ae_title}))
    if not unmet:
        unmet += _of_the_sets(evidence, archive, rows)
    ids = {one.pk for one in rows}
    failed = tuple(one for one in evidence.failed if one.commitment_id in ids)
    return ArchiveClearance(archive, policy, rows, tuple(unmet), failed, is_designated)


def _of_the_answers(
    evidence: Evidence, archive: RemoteAE, rows: tuple[StudyCommitment, ...]
) -> Iterator[Condition]:
    title = archive.ae_title
    if not rows:
        yield Condition(Unmet.NOT_ASKED, {"archive": title, "count": evidence.named})
        return
    for one in rows:
        if one.state in BY_STATE:
            values = {"archive": title, "row": one, "until": evidence.deadlines.get(one.pk)}
            yield Condition(BY_STATE[State(one.state)], values)
        elif not one.expected or one.committed < one.expected:
            values = {"archive": title, "row": one, "until": evidence.deadlines.get(one.pk)}
            yield Condition(Unmet.WAITING, values)
    left = evidence.named - sum(one.expected for one in rows)
    if left > 0:
        yield Condition(Unmet.NOT_ALL_ASKED, {"archive": title, "count": left})


def _of_the_reports(
    evidence: Evidence, archive: RemoteAE, rows: tuple[StudyCommitment, ...]
) -> Iterator[Condition]:
    """Yield what came from the archive and does not fit: it holds until it answers again."""
    for one in rows:
        at = evidence.contradicted.get(one.pk)
        if at and (one.last_answer_at is None or at >= one.last_answer_at):
            values = {"archive": archive.ae_title, "at": at}
            yield Condition(Unmet.CONTRADICTED, values)
        if gone := evidence.withdrawn.get(one.pk):
            yield Condition(Unmet.WITHDRAWN, {"archive": archive.ae_title, "count": gone})
    refused = evidence.refused_to_scanner.get(archive.pk)
    if refused:
        values = {"archive": archive.ae_title, "count": refused}
        yield Condition(Unmet.RELAY_DIFFERS, values)


def _of_the_check(rows: tuple[StudyCommitment, ...], policy: ArchivePolicy) -> Iterator[Condition]:
    for one in rows:
        values = {"archive": one.archive.ae_title, "row": one}
        if one.check_sentence:
            yield Condition(Unmet.CHECK_FAILED, values)
        elif _is_unchecked(one):
            yield Condition(Unmet.NOT_CHECKED, values | {"is_off": not policy.has_cross_check})
        elif one.check_fewer or (one.check_count or 0) < one.expected:
            yield Condition(Unmet.FEWER_THERE, values)
        elif one.check_more or (one.check_count or 0) > one.expected:
            yield Condition(Unmet.MORE_THERE, values)


def _is_unchecked(row: StudyCommitment) -> bool:
    """Say whether nothing was compared since the archive answered last."""
    if row.checked_at is None or row.next_check_at is not None:
        return True
    return row.last_answer_at is not None and row.checked_at < row.last_answer_at


def _of_the_sets(
    evidence: Evidence, archive: RemoteAE, rows: tuple[StudyCommitment, ...]
) -> Iterator[Condition]:
    """Compare image by image, once everything else says yes: counts can be equal by accident."""
    ids = [one.pk for one in rows]
    if count := unasked(evidence, ids):
        yield Condition(Unmet.NOT_ALL_ASKED, {"archive": archive.ae_title, "count": count})
    if count := unreported(ids):
        yield Condition(Unmet.NAMED_BY_OTHERS, {"archive": archive.ae_title, "count": count})
