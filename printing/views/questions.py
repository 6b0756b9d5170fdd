"""The one question about a film whose outcome nobody knows, and what each answer leads to.

Every answer says what follows from it: nobody has to guess what a button does.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _

from printing.models import PageState, PrintedPage, PrintJob

PRINTED, AGAIN, GIVE_UP, SOME = "printed", "again", "give-up", "some"
OPEN = (PageState.UNKNOWN, PageState.FAILED)
Words = str | Promise


@dataclass(frozen=True)
class Answer:
    """One answer: what the person says, and what follows."""

    verdict: str
    words: Words
    follows: Words
    icon: str
    most: int = 0  # asks for a number of films up to this


@dataclass(frozen=True)
class Question:
    """The film that is asked about, in words, with every answer there is."""

    page: PrintedPage
    title: Words
    told: Words
    answers: tuple[Answer, ...]
    others: int  # films that are asked about after this one

    @property
    def token(self) -> str:
        """Name this asking: sent once more, the film is asked about anew."""
        return token_of(self.page)

    @property
    def is_failure(self) -> bool:
        """Say whether the printer itself said that the film failed."""
        return self.page.state == PageState.FAILED


def token_of(page: PrintedPage) -> str:
    """Return what tells one sending of a film from the next."""
    sent = page.action_sent_at
    at = f"{sent.timestamp():.3f}" if sent else "0"
    return f"{page.number}-{page.copy}-{page.copies}-{page.state}-{at}"


def question_of(job: PrintJob, pages: list[PrintedPage]) -> Question | None:
    """Return what is to be decided about a job now: about its first open film."""
    if job.state != PrintJob.State.PROCESSING_STOPPED:
        return None  # what is printing or ended is not asked about
    undecided = [page for page in pages if page.state in OPEN]
    if not undecided:
        return None
    page = undecided[0]
    name = film_name(page, pages)
    then = _then(job, page, pages, undecided[1:])
    printer = job.printer.name
    if page.state == PageState.FAILED:  # the job may have been moved since
        printer = page.printer_name or printer
    return Question(
        page=page,
        title=_title(page, name, printer),
        told=_told(page, printer),
        answers=tuple(
            answer
            for answer in _answers(page, name, job.printer.name, then)
            # A job that is cancelled sends nothing any more.
            if not job.is_cancel_asked or answer.verdict in (PRINTED, GIVE_UP)
        ),
        others=len(undecided) - 1,
    )


def film_name(page: PrintedPage, pages: list[PrintedPage]) -> str:
    """Name a film as people do: its number, and which copy where there are several."""
    if any(other.number == page.number and other.copy != page.copy for other in pages):
        return _("film %(n)d, copy %(copy)d") % {"n": page.number, "copy": page.copy}
    return _("film %(n)d") % {"n": page.number}


def _title(page: PrintedPage, name: str, printer: str) -> str:
    values = {"film": name, "printer": printer, "n": page.copies}
    if page.state == PageState.FAILED:
        return _("%(printer)s failed over %(film)s. Is it in the tray?") % values
    if page.copies > 1:
        return _("Did all %(n)d copies of %(film)s come out of %(printer)s?") % values
    return _("Did %(film)s come out of %(printer)s?") % values


def _told(page: PrintedPage, printer: str) -> str:
    if page.state == PageState.FAILED:
        said = page.execution_status_info or page.execution_status
        return _(
            "The printer accepted it and then said: %(said)s. Look in the tray and at the "
            "printer. Nothing is sent again until you decide."
        ) % {"said": said or "FAILURE"}
    return _(
        "It was sent and no answer came back, so %(printer)s may have printed it or not. Look in "
        "the tray; a printer that is still busy may yet bring it. Nothing is sent again until you "
        "decide."
    ) % {"printer": printer}


def _answers(page: PrintedPage, name: str, printer: str, then: str) -> tuple[Answer, ...]:
    values = {"film": name, "printer": printer, "n": page.copies}
    many = page.copies > 1
    yes = _("Yes, all %(n)d are in the tray") if many else _("Yes, it is in the tray")
    no = _("No, none of them: print all %(n)d again") if many else _("No: print %(film)s again")
    again = _("%(film)s is sent to %(printer)s once more.") % values
    some = Answer(
        SOME,
        _("Only some are in the tray"),
        _("The others are sent once more."),
        "copy",
        page.copies - 1,
    )
    return (
        Answer(PRINTED, yes % values, _join(_("It counts as printed."), then), "check"),
        *([some] if many else []),
        Answer(AGAIN, no % values, _join(again[:1].upper() + again[1:], then), "refresh"),
        Answer(
            GIVE_UP,
            _("No, and it is not wanted any more"),
            _join(_("It counts as not printed and is not sent again."), then),
            "ban",
        ),
    )


def _then(
    job: PrintJob, page: PrintedPage, pages: list[PrintedPage], open_after: list[PrintedPage]
) -> str:
    """Say what the job does once this film is settled."""
    if open_after:
        following = film_name(open_after[0], pages)
        return _("Then you are asked about %(film)s.") % {"film": following}
    if job.is_cancel_asked:
        return _("Then the job ends, as somebody cancelled it.")
    rest = [each for each in pages if each.state == PageState.PENDING]
    if not rest:
        return _("No other film of the job waits.")
    if len(rest) == 1:
        return _("Then %(film)s is sent.") % {"film": film_name(rest[0], pages)}
    return _("Then the %(n)d films that are not sent yet are sent.") % {"n": len(rest)}


def _join(first: Words, second: Words) -> Words:
    return format_lazy("{} {}", first, second)
