"""Images at the archives, in words: announced, listed, asked for, confirmed."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.looks import look_of
from portal.pulse import clock
from portal.types import Link, Stage, TimelineEntry
from worklist.models import StudyCommitment
from worklist.selectors.clearance_evidence import SeriesName
from worklist.selectors.story import Story
from worklist.wording.commitment import instance_rows, series_label
from worklist.wording.parts import parts
from worklist.wording.rounds import asked_times, reports_not_taken, round_entries

State = StudyCommitment.State
# What the strip shows of several archives: the one that a person should see first.
WORST_FIRST = (
    State.FAILED,
    State.UNANSWERED,
    State.NOT_THERE_YET,
    State.WAITING,
    State.NOT_ASKED,
    State.LOSS_ACCEPTED,
    State.COMMITTED,
)


def entries(story: Story) -> Iterator[TimelineEntry]:
    """Tell what the archives said of an exam's images."""
    yield from _notices(story)
    for one in story.commitments:
        yield from _available(one, story)
        yield from _outcome(one, story)
        yield from _check(one)
        yield from _loss(one)
        requests = [each for each in story.requests if each.commitment_id == one.pk]
        ids = {each.pk for each in requests}
        reports = [each for each in story.reports if each.request_id in ids]
        yield from round_entries(one, requests, reports)
        yield from reports_not_taken(one, reports)


def stages(story: Story) -> Iterator[Stage]:
    """Say whether the images are at the archive, and whether it confirmed them."""
    if story.performed and not any(part.reference for part in parts(story)):
        yield Stage("committed", _("Committed"), "shield-check", 70)  # images of another exam
        return
    known = [one for one in story.commitments if _at_archive(one) is not None]
    if known:
        worst = min(known, key=lambda one: (_at_archive(one) or 0) - one.expected)
        count = _at_archive(worst) or 0
        tone, icon = ("ok", "photo") if count >= worst.expected else ("warn", "photo-exclamation")
        note = _("%(n)d of %(m)d") % {"n": count, "m": worst.expected}
        yield Stage("images", _("Images"), icon, 60, note, tone)
    if not story.commitments:
        if not any(one.is_final and not one.image_count for one in story.performed):
            yield Stage("committed", _("Committed"), "shield-check", 70)
        return
    first = min(story.commitments, key=lambda one: WORST_FIRST.index(State(one.state)))
    look = look_of("commitment", first.state)
    note = _("%(n)d of %(m)d") % {"n": first.committed, "m": first.expected}
    if first.failed and first.state != State.NOT_THERE_YET:
        note = _("%(counts)s, %(n)d failed") % {"counts": note, "n": first.failed}
    elif first.state == State.NOT_ASKED:
        when = first.next_ask_at
        note = _("will be asked at %(time)s") % {"time": clock(when)} if when else _("not asked")
    elif first.state != State.COMMITTED:
        note = f"{note}, {look.label}"
    if len(story.commitments) > 1:
        note = f"{first.archive.ae_title}: {note}"
    yield Stage("committed", _("Committed"), look.icon, 70, note, look.tone)


def _at_archive(one: StudyCommitment) -> int | None:
    """Return how many images are at the archive, by its own words; none when it said nothing."""
    if one.check_count is not None and not one.check_sentence:
        return max(0, one.expected - one.check_fewer_count)
    if one.available_at is None:
        return None
    # What it announced once and does not confirm now is not said to be there.
    return min(one.available, one.expected - one.failed)


def _notices(story: Story) -> Iterator[TimelineEntry]:
    for notice in story.notices:
        device = notice.device.ae_title
        words = ngettext(
            "%(archive)s announced %(n)d image",
            "%(archive)s announced %(n)d images",
            notice.instance_count,
        )
        is_refused = notice.status != 0
        if is_refused:
            words = _("A notification of %(archive)s was refused")
        yield TimelineEntry(
            notice.at,
            words % {"archive": device, "n": notice.instance_count},
            notice.comment,
            tone="warn" if is_refused else "neutral",
            icon="photo",
            kind="available",
            is_main=False,
            links=(Link(reverse("worklist:availability-notice", args=[notice.pk]), _("Message")),),
        )


def _available(one: StudyCommitment, story: Story) -> Iterator[TimelineEntry]:
    if one.available_at is None:
        return
    latest = [each for each in story.notices if each.device_id == one.archive_id]
    links: tuple[Link, ...] = ()
    if latest:
        address = reverse("worklist:availability-notice", args=[latest[-1].pk])
        links = (Link(address, _("Message")),)
    is_all = one.available >= one.expected
    yield TimelineEntry(
        one.available_at,
        _("%(n)d of %(m)d images arrived in %(archive)s")
        % {"n": one.available, "m": one.expected, "archive": one.archive.ae_title},
        _("Announced by the archive (IAN)."),
        tone="ok" if is_all else "warn",
        icon="photo" if is_all else "photo-exclamation",
        kind="available",
        links=links,
    )


def _outcome(one: StudyCommitment, story: Story) -> Iterator[TimelineEntry]:
    """Tell what it all amounts to now: one entry for each archive, however many transactions."""
    at = one.last_answer_at if one.committed or one.failed else None
    at = at or one.last_asked_at or one.first_asked_at
    if at is None:
        return
    look = look_of("commitment", one.state)
    requests = [each for each in story.requests if each.commitment_id == one.pk]
    words = [asked_times(requests), one.sentence, _kept(one), _next(one)]
    is_failed = one.failed > 0 and one.state not in (State.LOSS_ACCEPTED, State.NOT_THERE_YET)
    yield TimelineEntry(
        at,
        _outcome_title(one),
        " ".join(filter(None, words)),
        tone=look.tone,
        icon=look.icon,
        kind="commitment",
        rank=1,
        template="worklist/_timeline_failed.html" if is_failed else "",
        more=_failed(one, story) if is_failed else None,
    )


def _outcome_title(one: StudyCommitment) -> str:
    values = {
        "archive": one.archive.ae_title,
        "n": one.committed,
        "m": one.expected,
        "failed": one.failed,
        "silent": one.unanswered,
    }
    if one.state == State.NOT_THERE_YET:
        return _("%(archive)s confirmed %(n)d of %(m)d; the others are not there yet") % values
    if one.failed:
        return _("%(archive)s confirmed %(n)d of %(m)d; %(failed)d failed") % values
    if one.state == State.COMMITTED:
        title = ngettext(
            "%(archive)s confirmed the image",
            "%(archive)s confirmed all %(m)d images",
            one.expected,
        )
        return title % values
    if one.state == State.UNANSWERED:
        return _("%(archive)s confirmed %(n)d of %(m)d; no answer about %(silent)d") % values
    if one.committed:
        return _("%(archive)s confirmed %(n)d of %(m)d so far") % values
    return _("%(archive)s was asked to confirm %(m)d images") % values


def _kept(one: StudyCommitment) -> str:
    """Return what the archive declares of what it confirms."""
    policy = getattr(one.archive, "archive_policy", None)
    if policy is None or not policy.retention or not one.committed:
        return ""
    return _("It declares of what it confirms: “%(retention)s”.") % {"retention": policy.retention}


def _next(one: StudyCommitment) -> str:
    if one.next_ask_at is None or one.state == State.COMMITTED:
        return ""
    return _("Asked again by itself at %(time)s.") % {"time": clock(one.next_ask_at)}


def _check(one: StudyCommitment) -> Iterator[TimelineEntry]:
    """Tell what the archive lists, beside what the devices named."""
    if one.checked_at is None:
        return
    values = {"archive": one.archive.ae_title, "n": one.check_count, "m": one.expected}
    fewer, more = one.check_fewer_count, one.check_more_count
    words = []
    if fewer:
        words.append(
            ngettext("%(n)d image is missing there.", "%(n)d images are missing there.", fewer)
            % {"n": fewer}
        )
    if more:
        words.append(
            ngettext(
                "It has %(n)d image that no device named.",
                "It has %(n)d images that no device named.",
                more,
            )
            % {"n": more}
        )
    title = _("%(archive)s lists %(n)s images, %(m)d expected")
    if one.check_sentence:
        title = _("%(archive)s could not be asked for its list of images")
        words = [one.check_sentence]
    is_odd = bool(words)
    yield TimelineEntry(
        one.checked_at,
        title % values,
        " ".join(words),
        tone="warn" if is_odd else "ok",
        icon="alert-triangle" if is_odd else "list-details",
        kind="checked",
        is_main=is_odd,
        rank=2,
    )


def _loss(one: StudyCommitment) -> Iterator[TimelineEntry]:
    if one.loss_accepted_at is None:
        return
    yield TimelineEntry(
        one.loss_accepted_at,
        _("Loss accepted: %(archive)s will not be asked again") % {"archive": one.archive.ae_title},
        _("By %(name)s. “%(reason)s”") % {"name": one.loss_accepted_by, "reason": one.loss_reason},
        icon="user-check",
        kind="commitment",
        rank=3,
    )


def _failed(one: StudyCommitment, story: Story) -> dict[str, Any]:
    """Return the first images that were not confirmed, with what to do about each."""
    series = {
        each.series_instance_uid: SeriesName(each.number, each.description or each.protocol_name)
        for performed in story.performed
        for each in performed.series.all()
    }
    rows = instance_rows(
        getattr(one, "not_confirmed", []),
        series,
        device=one.device.ae_title if one.device else "",
    )
    named = [(row, series_label(row.series, row.instance.series_instance_uid)) for row in rows]
    return {"commitment": one, "rows": named, "others": max(one.failed - len(rows), 0)}
