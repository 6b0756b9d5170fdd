"""A job's films by DICOM: pages drawn, sent and recorded; every way this can end is a result."""

from collections.abc import Iterator
from functools import partial

from portal.dicom.association import Limits, Peer
from portal.outbound import client_tls
from printing.dicom import scu
from printing.services.leases import LeaseLost
from printing.types import ClaimedJob, ClaimedPage, LineKind, LogLine, Outcome, TalkResult
from printing.worker.drawing import PageDrawer
from printing.worker.failures import result_of
from printing.worker.recording import Recorder

LIMITS = Limits(connect=10, associate=30, message=60, idle=None)  # each request has its own limit


def talk(job: ClaimedJob, recorder: Recorder) -> TalkResult:
    """Print the pages of a claimed job."""
    if not job.pages:
        return TalkResult(Outcome.ACCEPTED)
    return _Talk(job, recorder).run()


class _Talk:
    """One job's talk with its printer."""

    def __init__(self, job: ClaimedJob, recorder: Recorder) -> None:
        self._job, self._recorder = job, recorder
        self._drawer = PageDrawer(job)
        self._page: ClaimedPage | None = None

    def run(self) -> TalkResult:
        try:
            return self._print()
        except LeaseLost:
            raise
        except Exception as error:  # a page may be on the way: say what is known
            return result_of(error, self._recorder, self._page)
        finally:
            self._drawer.close()

    def _print(self) -> TalkResult:
        job, recorder = self._job, self._recorder
        first = self._page = job.pages[0]
        self._drawer.draw_ahead(first)
        self._drawer.wait(first)  # before anybody is called
        used = scu.print_pages(
            Peer(
                job.host,
                job.port,
                job.called_ae_title,
                job.calling_ae_title,
                tls=client_tls() if job.has_tls else None,
            ),
            self._request(),
            self._pages(),
            limits=LIMITS,
            action_timeout=job.action_timeout_s,
            watcher=scu.Watcher(
                on_line=recorder.on_line,
                on_before_action=recorder.on_before_action,
                on_accepted=recorder.on_accepted,
                on_print_job=recorder.on_print_job,
                on_heard=recorder.on_heard,
                on_report=recorder.on_report,
                on_fallback=recorder.on_fallback,
                is_stopping=recorder.is_stopping,
                is_others_waiting=recorder.is_others_waiting,
            ),
        )
        if recorder.is_all_accepted:
            return TalkResult(Outcome.ACCEPTED, used_fallbacks=used)
        ended = Outcome.CANCELED if recorder.is_canceled else Outcome.GIVEN_BACK
        return TalkResult(ended, used_fallbacks=used)

    def _request(self) -> scu.PrintRequest:
        job = self._job
        return scu.PrintRequest(
            capabilities=job.capabilities,
            is_color=job.drawing.is_color,
            bits=job.drawing.bits,
            print_priority=job.print_priority,
            medium_type=job.medium_type,
            film_destination=job.film_destination,
            film_session_label=job.film_session_label,
            attributes=job.attributes,
            presentation_lut=job.presentation_lut,
            fallbacks=job.fallbacks,
            used_fallbacks=job.used_fallbacks,
            is_substitution_accepted=job.is_substitution_accepted,
        )

    def _pages(self) -> Iterator[scu.PageToPrint]:
        pages = self._job.pages
        for page, following in zip(pages, [*pages[1:], None], strict=True):
            self._page = page
            self._drawer.wait(page)
            if following is not None:
                self._drawer.draw_ahead(following)
            if self._drawer.is_composing_impossible(page):
                self._note(page, "The pixels of this film size are not known: sent as boxes.")
            spec = page.spec
            yield scu.PageToPrint(
                page_id=page.page_id,
                number=page.number,
                image_display_format=self._drawer.display_format(page),
                film_size_id=spec.film_size_id,
                film_orientation=spec.film_orientation,
                boxes=partial(self._drawer.boxes, page),
                copy=page.copy,
                copies=page.copies,
                annotations=page.annotations,
                is_true_size=any(box.is_true_size for box in spec.boxes),
            )
        self._page = None

    def _note(self, page: ClaimedPage, text: str) -> None:
        self._recorder.on_line(
            LogLine(text, page_number=page.number, copy=page.copy, kind=LineKind.NOTE)
        )
