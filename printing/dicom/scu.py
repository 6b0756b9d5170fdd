"""Print Management SCU: pages to a printer over one association (PS3.4 H.3, H.4)."""

from collections.abc import Iterable
from dataclasses import replace

from pydicom.dataset import Dataset
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicFilmBox,
    BasicFilmSession,
    PresentationLUT,
)

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import InvalidDataset
from printing.dicom import film, presentation_lut
from printing.dicom.annotation import set_annotations
from printing.dicom.following import follow, tell_rest
from printing.dicom.images import DrawAgain, set_image
from printing.dicom.print_job import print_job_of
from printing.dicom.printer_status import require_ready
from printing.dicom.refusals import Kind, LutElsewhere, Made, make, say_used
from printing.dicom.request import PageToPrint, PrintRequest, Watcher
from printing.dicom.settling import settle, settle_lut
from printing.dicom.statuses import (
    SIZE_CHANGED,
    NotSent,
    OutcomeUnknown,
    Refused,
    Substituted,
    failure,
    in_words,
)
from printing.dicom.talk import LONGEST_UID, Answer, Talk, talking
from printing.dicom.terms import LUT, Terms
from printing.types import (
    Difference,
    Fallback,
    LineKind,
    PageAnswer,
    Quirk,
    UsedFallback,
)

__all__ = ["PageToPrint", "PrintRequest", "Watcher", "print_pages"]

PRINT = 1  # the only action type of a film box (PS3.4 H.4.2.2.4)
FOLLOW_SECONDS, POLL_SECONDS = 30, 5  # of print jobs, while the association is open


def print_pages(
    peer: Peer,
    request: PrintRequest,
    pages: Iterable[PageToPrint],
    *,
    limits: Limits,
    action_timeout: float,
    watcher: Watcher,
    follow_s: float = FOLLOW_SECONDS,
    poll_s: float = POLL_SECONDS,
) -> tuple[UsedFallback, ...]:
    """Print pages film box by film box; return all fallbacks in use, earlier ones included.

    It returns early when the watcher said no or is stopping. When all pages are accepted it stays
    while their print jobs are on the way, until `follow_s` went by without news, somebody else
    needs the device or the watcher is stopping; what was not over then is to be asked later.

    Raises OutcomeUnknown when an N-ACTION went out and no answer came, Substituted, the errors of
    statuses.py and portal.dicom.errors; then nothing but the accepted pages comes out. What
    drawing and watcher raise passes through.
    """
    terms = Terms(request)
    with talking(peer, terms.contexts(), limits=limits, watcher=watcher) as talk:
        settle(talk, terms, peer)
        course = _Print(talk, terms, action_timeout)
        try:
            if course.run(pages):
                follow(talk, course.print_jobs, follow_s=follow_s, poll_s=poll_s)
        finally:
            tell_rest(talk)
    return tuple(terms.used)


class _Print:
    """The films of one association, one film session at a time."""

    def __init__(self, talk: Talk, terms: Terms, action_timeout: float) -> None:
        self._talk, self._terms, self._action_timeout = talk, terms, action_timeout
        self._session: Made | None = None
        self._copies, self._meta = 0, ""  # of that session
        self._film_uid = ""
        self._lut: Made | None = None
        self.print_jobs: list[str] = []

    def run(self, pages: Iterable[PageToPrint]) -> bool:
        """Print the pages; False when the watcher ended it before the last."""
        talk = self._talk
        if Quirk.NO_STATUS not in self._terms.request.capabilities.quirks:
            require_ready(talk, self._terms.meta)
        is_done = True
        for page in pages:
            if talk.watcher.is_stopping():
                is_done = False
                break
            talk.page = (page.number, page.copy)
            is_done = self._print(page)
            talk.page = None
            if not is_done:
                break
        self._end_session()
        self._end_lut()
        return is_done

    def _print(self, page: PageToPrint) -> bool:
        """Print one film; begin again as often as the terms change."""
        while True:
            try:
                return self._print_once(page)
            except LutElsewhere:
                self._end_session()
            except DrawAgain:
                self._end_film()
                if self._meta != self._terms.meta or self._lut is not None:
                    self._end_session()
                self._end_lut()  # a table has as many entries as the pictures have values
                settle_lut(self._talk, self._terms)

    def _print_once(self, page: PageToPrint) -> bool:
        """Print one film; False when the watcher ended it before the N-ACTION."""
        talk, terms, watcher = self._talk, self._terms, self._talk.watcher
        session = self._begin_session(page.copies)
        made = make(
            talk,
            terms,
            Kind("Film Box", BasicFilmBox, self._meta),
            lambda: film.film_box(page, terms, session.uid, self._lut.uid if self._lut else ""),
        )
        self._film_uid = made.uid
        self._require_same_film(made)
        lut = [self._lut] if self._lut is not None else []
        notes = [session, *lut, made, *self._set_boxes(page, made.granted)]
        texts = _references(made.granted, "ReferencedBasicAnnotationBoxSequence")
        warnings = [warning for note in notes for warning in note.warnings]
        warnings += self._annotate(page, texts)
        if not watcher.on_before_action(page.page_id, made.uid):
            self._end_film()
            return False
        answer = self._action(page, made.uid)
        if answer.code:
            warnings.append((answer.code, _warning_in_words(answer, page)))
        told = tuple(difference for note in notes for difference in note.differences)
        job = print_job_of(answer.ds)
        watcher.on_accepted(page.page_id, PageAnswer(answer.code, tuple(warnings), told, job))
        if job:
            self.print_jobs.append(job)
        talk.take_reports()
        self._end_film()
        return True

    def _begin_session(self, copies: int) -> Made:
        """Return the film session for so many copies; there is one at a time (H.4.1.2.1.3)."""
        if self._session is not None and self._copies == copies:
            return self._session
        self._end_session()
        talk, terms = self._talk, self._terms
        if terms.lut_place and self._lut is None:
            self._lut = self._make_lut()
        self._meta, self._copies = terms.meta, copies
        session = make(
            talk,
            terms,
            Kind("Film Session", BasicFilmSession, terms.meta),
            lambda: film.film_session(terms, copies, self._lut.uid if self._lut else ""),
        )
        session = self._session = self._with_unasked_copies(session, copies)
        self._require_same_film(session)
        return session

    def _with_unasked_copies(self, session: Made, copies: int) -> Made:
        """Note a printer that makes more than one of what was sent without a number."""
        unsaid = Dataset()
        unsaid.NumberOfCopies = copies
        is_said = any(one.keyword == "NumberOfCopies" for one in session.differences)
        found = () if is_said else tuple(film.differences(unsaid, session.granted))
        for difference in found:
            self._talk.line(film.difference_in_words(difference), kind=LineKind.DIFFERENCE)
        return replace(session, differences=(*session.differences, *found))

    def _make_lut(self) -> Made | None:
        """N-CREATE the presentation LUT; it lives until the association ends (H.4.9.2.1)."""
        talk, terms = self._talk, self._terms
        values = terms.request.presentation_lut
        try:
            return make(
                talk,
                terms,
                Kind("Presentation LUT", PresentationLUT),
                lambda: presentation_lut.presentation_lut(values, terms.bits),
            )
        except Refused as refusal:
            if not terms.may(Fallback.DROP_ATTRIBUTE):
                raise
            says = f"{refusal} It is left out."
            terms.change(UsedFallback(Fallback.DROP_ATTRIBUTE, says, LUT))
            say_used(talk, terms.take_new())
            return None

    def _require_same_film(self, made: Made) -> None:
        """Raise Substituted when another film would come out, unless that was agreed to."""
        others = tuple(d for d in made.differences if film.is_substitution(d))
        if others and not self._terms.request.is_substitution_accepted:
            words = " and ".join(_would(difference) for difference in others)
            raise Substituted(
                f"The printer would {words}. The film was not sent: print it anyway, or move "
                "the job to another printer.",
                others,
            )

    def _set_boxes(self, page: PageToPrint, granted: Dataset | None) -> list[Made]:
        """N-SET the pictures, one after the other: the references say where each one goes."""
        uids = _references(granted, "ReferencedImageBoxSequence")
        made = []
        for box in page.boxes(self._terms.bits, self._terms.is_color):
            if box.position > len(uids):
                raise failure(
                    0x0106,
                    f"The printer made {len(uids)} boxes for {page.image_display_format}, "
                    f"there is none for picture {box.position}.",
                )
            made.append(set_image(self._talk, self._terms, page, box, uids[box.position - 1]))
        return made

    def _annotate(self, page: PageToPrint, boxes: list[str]) -> list[tuple[int, str]]:
        if not any(page.annotations):
            return []
        if BasicAnnotationBox not in self._talk.accepted:
            words = "The printer has no annotation boxes: the texts for them are left out."
            self._talk.line(words, kind=LineKind.WARNING)
            return []
        return set_annotations(self._talk, self._terms, page, boxes)

    def _action(self, page: PageToPrint, uid: str) -> Answer:
        """N-ACTION the film box; without an answer nobody knows whether it comes out."""
        limit = self._action_timeout
        what = "Film Box N-ACTION (print)"
        try:
            answer = self._talk.action(what, PRINT, BasicFilmBox, uid, self._meta, limit)
        except NotSent:
            raise
        except Exception as error:  # whatever went wrong, the request may have gone out
            raise OutcomeUnknown(
                f"The printer did not answer the request to print page {page.number} "
                f"within {limit:g} s, or the connection was lost."
            ) from error
        if answer.is_failure:
            sentence = f"The printer did not print page {page.number}: {in_words(answer.code)}."
            raise self._talk.failure(answer, sentence)
        return answer

    def _end_film(self) -> None:
        if self._film_uid:
            self._talk.delete("Film Box", BasicFilmBox, self._film_uid, self._meta)
        self._film_uid = ""

    def _end_session(self) -> None:
        if self._session is not None:
            self._talk.delete("Film Session", BasicFilmSession, self._session.uid, self._meta)
        self._session = None

    def _end_lut(self) -> None:
        if self._lut is not None:
            self._talk.delete("Presentation LUT", PresentationLUT, self._lut.uid)
        self._lut = None


def _references(granted: Dataset | None, keyword: str) -> list[str]:
    """Return the instances that a film box names, in their order (printing.md §2.6 (5))."""
    items = granted.get(keyword) if granted is not None else None
    uids = [str(item.get("ReferencedSOPInstanceUID") or "") for item in items or ()]
    if not all(0 < len(uid) <= LONGEST_UID for uid in uids):
        raise InvalidDataset(f"The printer named a box of {keyword} without its UID.")
    return uids


def _would(difference: Difference) -> str:
    if not difference.granted:
        return f"ignore {difference.attribute} {difference.asked}"
    return f"use {difference.attribute} {difference.granted} instead of {difference.asked}"


def _warning_in_words(answer: Answer, page: PageToPrint) -> str:
    words = in_words(answer.code)
    if answer.code in SIZE_CHANGED and page.is_true_size:
        return f"THE SIZE IS NOT TRUE: {words}"
    return words
