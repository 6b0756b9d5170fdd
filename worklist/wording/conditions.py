"""Each unmet condition of clearance in a plain sentence: what is missing, why, who acts."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.pulse import clock
from worklist.models import StudyCommitment
from worklist.selectors.clearance import Condition, Unmet
from worklist.wording.commitment import switched_off

Told = tuple[str, str]  # the sentence, and who does what


def condition_told(condition: Condition) -> Told:
    """Return a condition's sentence and who acts."""
    return TOLD[condition.kind](condition.values)


def _not_reported(values: dict[str, Any]) -> Told:
    return (
        _("No scanner has reported which images belong to this exam."),
        _("Technologist: compare the images on the scanner with the archive."),
    )


def _not_over(values: dict[str, Any]) -> Told:
    said = values | {"time": clock(values["since"])}
    return (
        _("%(device)s began at %(time)s and has not ended: its list of images may grow.") % said,
        _("Technologist: end the exam on %(device)s, or close it under Reconcile.") % said,
    )


def _closed_by_person(values: dict[str, Any]) -> Told:
    sentence = _(
        "%(device)s never ended its report; %(by)s closed it here, so its list of images may "
        "be too short."
    )
    action = _("Technologist: compare the number of images on %(device)s with the archive.")
    return sentence % values, action % values


def _unlinked(values: dict[str, Any]) -> Told:
    sentence = _("%(device)s reported images under this study that are linked to no exam.")
    return sentence % values, _("Technologist: find out whose they are, under Reconcile.")


def _no_images(values: dict[str, Any]) -> Told:
    if values.get("is_closed_by_person"):
        sentence = _("%(device)s never said which images it made: a person ended its report.")
        return sentence % values, _("Technologist: compare %(device)s with the archive.") % values
    return _("%(device)s reported no image: there is nothing to keep.") % values, ""


def _no_archive(values: dict[str, Any]) -> Told:
    return (
        _("No archive is asked for these images."),
        _("Administrator: add the archive under Devices, or switch it on there."),
    )


def _not_asked(values: dict[str, Any]) -> Told:
    row: StudyCommitment | None = values.get("row")
    if row is not None and row.next_ask_at:
        sentence = row.sentence or _not_asked_about(values, row)
        return sentence, _when(row)
    if row is not None and row.committed:
        action = _("Technologist: ask now; it is not asked by itself.")
        return _not_asked_about(values, row), action
    sentence = _("%(archive)s has not been asked, and is not asked by itself.") % values
    return sentence, _("Technologist: ask now.")


def _not_asked_about(values: dict[str, Any], row: StudyCommitment) -> str:
    if not row.committed:
        return _("%(archive)s has not been asked yet.") % values
    sentence = ngettext(
        "%(archive)s has not been asked about %(n)d image yet.",
        "%(archive)s has not been asked about %(n)d images yet.",
        _left(row),
    )
    return sentence % (values | {"n": _left(row)})


def _when(row: StudyCommitment) -> str:
    """Say when an archive is asked."""
    if not row.archive.is_enabled:
        return _("Administrator: %(said)s") % {"said": switched_off(row)}
    said = {
        "archive": row.archive.ae_title,
        "time": clock(row.next_ask_at) if row.next_ask_at else "",
    }
    return _("Wait until %(time)s: then %(archive)s is asked.") % said


def _not_all_asked(values: dict[str, Any]) -> Told:
    sentence = ngettext(
        "%(archive)s has not confirmed %(count)d image that the scanner reported: it was not "
        "asked for it.",
        "%(archive)s has not confirmed %(count)d images that the scanner reported: it was not "
        "asked for them.",
        values["count"],
    )
    return sentence % values, _("Technologist: ask now for the whole exam.")


def _not_there_yet(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    sentence = ngettext(
        "%(n)d image is not at %(archive)s yet.",
        "%(n)d images are not at %(archive)s yet.",
        _left(row),
    )
    action = _("Technologist: look whether the scanner is still sending.")
    return sentence % (values | {"n": _left(row)}), _again(row, action)


def _waiting(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    if row.next_ask_at and not row.requested and not row.archive.is_enabled:
        return _not_asked_about(values, row), _when(row)
    said = values | {"n": _left(row), "time": clock(row.last_asked_at or row.created_at)}
    sentence = ngettext(
        "%(archive)s was asked at %(time)s and has not answered about %(n)d image yet.",
        "%(archive)s was asked at %(time)s and has not answered about %(n)d images yet.",
        _left(row),
    )
    until = values.get("until")
    return sentence % said, _("Wait until %(time)s.") % {"time": clock(until)} if until else ""


def _unanswered(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    said = values | {"n": row.unanswered, "time": clock(row.last_asked_at or row.created_at)}
    sentence = ngettext(
        "%(archive)s was asked at %(time)s and did not answer in time about %(n)d image.",
        "%(archive)s was asked at %(time)s and did not answer in time about %(n)d images.",
        row.unanswered,
    )
    action = _("Archive team: look why %(archive)s does not answer; then ask again.") % values
    return sentence % said, _again(row, action)


def _failed(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    sentence = ngettext(
        "%(archive)s did not confirm %(n)d image.",
        "%(archive)s did not confirm %(n)d images.",
        row.failed,
    )
    action = _("Technologist: send what is missing again from the scanner, then ask again.")
    return sentence % (values | {"n": row.failed}), _again(row, action)


def _loss_accepted(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    said = values | {"by": row.loss_accepted_by, "reason": row.loss_reason}
    sentence = _("%(by)s accepted that %(archive)s does not have every image: “%(reason)s”.")
    return sentence % said, ""


def _named_by_others(values: dict[str, Any]) -> Told:
    sentence = ngettext(
        "%(count)d image is in no report of the scanner: nobody knows whether more are missing.",
        "%(count)d images are in no report of the scanner: nobody knows whether more are missing.",
        values["count"],
    )
    return sentence % values, _("Technologist: compare the images on the scanner with the archive.")


def _contradicted(values: dict[str, Any]) -> Told:
    said = values | {"time": clock(values["at"])}
    return (
        _("%(archive)s sent an answer at %(time)s that does not fit what it was asked.") % said,
        _("Ask again; if it happens again, archive team: look why %(archive)s does so.") % said,
    )


def _withdrawn(values: dict[str, Any]) -> Told:
    sentence = ngettext(
        "%(archive)s confirmed %(count)d image that it announced as unavailable afterwards.",
        "%(archive)s confirmed %(count)d images that it announced as unavailable afterwards.",
        values["count"],
    )
    action = _("Archive team: look for the images; then ask %(archive)s again.")
    return sentence % values, action % values


def _not_permanent(values: dict[str, Any]) -> Told:
    return (
        _("Nobody has written down that %(archive)s keeps for good what it confirms.") % values,
        _("Administrator: enter it under Commitment, Rules, from its conformance statement."),
    )


def _not_checked(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    if values["is_off"]:
        sentence = _("What %(archive)s lists is not compared: the rule of the archive says so.")
        return sentence % values, _("Administrator: switch the comparison on under Rules.")
    sentence = _("What %(archive)s lists was not compared with the scanner's report yet.") % values
    if row.next_check_at:
        return sentence, _("Wait until %(time)s.") % {"time": clock(row.next_check_at)}
    return sentence, _("Technologist: ask now, it is compared afterwards.")


def _check_failed(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    sentence = _("What %(archive)s lists could not be compared: %(why)s")
    action = _("Archive team: let the portal query %(archive)s (C-FIND, Study Root).") % values
    return sentence % (values | {"why": row.check_sentence}), _again_check(row, action)


def _more_there(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    said = values | {"n": row.check_count or 0, "all": row.expected}
    return (
        _("%(archive)s lists %(n)d images, the scanner reported %(all)d.") % said,
        _("Technologist: look which images the scanner has beyond its report."),
    )


def _fewer_there(values: dict[str, Any]) -> Told:
    row: StudyCommitment = values["row"]
    said = values | {"n": row.check_count or 0, "all": row.expected}
    return (
        _("%(archive)s lists only %(n)d of the %(all)d images that it confirmed.") % said,
        _("Archive team: look for the images before anybody clears the scanner."),
    )


def _relay_differs(values: dict[str, Any]) -> Told:
    sentence = ngettext(
        "%(archive)s confirmed %(count)d image to us that it did not confirm to the scanner.",
        "%(archive)s confirmed %(count)d images to us that it did not confirm to the scanner.",
        values["count"],
    )
    return sentence % values, _("Technologist: have the scanner ask for commitment again.")


def _left(row: StudyCommitment) -> int:
    return row.expected - row.committed


def _again(row: StudyCommitment, otherwise: str) -> str:
    """Say when it is asked again by itself, and what a person can do."""
    if not row.next_ask_at:
        return otherwise
    if not row.archive.is_enabled:
        return " ".join((otherwise, switched_off(row)))
    time = clock(row.next_ask_at)
    return _("%(what)s It is asked again at %(time)s.") % {"what": otherwise, "time": time}


def _again_check(row: StudyCommitment, otherwise: str) -> str:
    if not row.next_check_at:
        return otherwise
    return _("%(what)s It is tried again at %(time)s.") % {
        "what": otherwise,
        "time": clock(row.next_check_at),
    }


TOLD: dict[Unmet, Callable[[dict[str, Any]], Told]] = {
    Unmet.NOT_REPORTED: _not_reported,
    Unmet.NOT_OVER: _not_over,
    Unmet.UNLINKED: _unlinked,
    Unmet.CLOSED_BY_PERSON: _closed_by_person,
    Unmet.NO_IMAGES: _no_images,
    Unmet.NO_ARCHIVE: _no_archive,
    Unmet.NOT_ASKED: _not_asked,
    Unmet.NOT_ALL_ASKED: _not_all_asked,
    Unmet.NOT_THERE_YET: _not_there_yet,
    Unmet.WAITING: _waiting,
    Unmet.UNANSWERED: _unanswered,
    Unmet.FAILED: _failed,
    Unmet.LOSS_ACCEPTED: _loss_accepted,
    Unmet.NAMED_BY_OTHERS: _named_by_others,
    Unmet.CONTRADICTED: _contradicted,
    Unmet.WITHDRAWN: _withdrawn,
    Unmet.NOT_PERMANENT: _not_permanent,
    Unmet.NOT_CHECKED: _not_checked,
    Unmet.CHECK_FAILED: _check_failed,
    Unmet.MORE_THERE: _more_there,
    Unmet.FEWER_THERE: _fewer_there,
    Unmet.RELAY_DIFFERS: _relay_differs,
}
