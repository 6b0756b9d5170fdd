"""One association with a printer: each request is timed, logged and judged."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, generate_uid
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import DicomError, NetworkError, StatusFailure
from printing.dicom.reports import Reports, readable, text_of
from printing.dicom.request import Watcher
from printing.dicom.sending import Picture, Sender, limit_sending
from printing.dicom.statuses import NotSent, failure, in_words, is_failure
from printing.types import LineKind, LogLine, PrintJobStatus

LINE_LENGTH = 500
LONGEST_UID = 64  # PS3.5 9.1
BYTES_PER_SECOND = 500_000  # a slow line: N-SET may take this much longer per megabyte


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    code: int
    ds: Dataset | None = None
    comment: str = ""  # Error Comment (0000,0902)
    tags: tuple[int, ...] = ()  # Attribute Identifier List (0000,1005), Offending Element
    instance_uid: str = ""  # Affected SOP Instance UID

    @property
    def is_failure(self) -> bool:
        """Say whether nothing was done."""
        return is_failure(self.code)


@contextmanager
def talking(
    peer: Peer, contexts: Sequence[PresentationContext], *, limits: Limits, watcher: Watcher
) -> Iterator["Talk"]:
    """Open an association with a printer, hand over the talk, and end it."""
    began = time.monotonic()
    commands: list[Dataset] = []
    handlers = [
        (evt.EVT_CONN_OPEN, limit_sending, [limits.message]),
        (evt.EVT_DIMSE_RECV, _keep_command, [commands]),
    ]
    where = f"{peer.called_ae_title} at {peer.host}:{peer.port}"
    with associate(peer, contexts, limits=limits, handlers=handlers) as assoc:
        talk = Talk(assoc, limits, watcher, commands)
        agreed = ", ".join(UID(uid).name for uid in sorted(talk.accepted))
        talk.note(f"Association with {where}: {agreed or 'nothing'}.", milliseconds=_since(began))
        refused = [c.abstract_syntax for c in contexts if c.abstract_syntax not in talk.accepted]
        for uid in refused:
            talk.note(f"The printer does not offer {UID(uid).name}.")
        try:
            yield talk
        except DicomError:
            talk.note(f"Association with {where} broken off.")
            raise
        finally:
            talk.close()
    talk.note(f"Association with {where} released.")


class Talk:
    """The requests of one association; reports that come meanwhile are kept for `news`."""

    def __init__(
        self, assoc: Association, limits: Limits, watcher: Watcher, commands: list[Dataset]
    ) -> None:
        self._assoc, self.limits, self.watcher = assoc, limits, watcher
        self._commands = commands
        self._sender, self._reports = Sender(assoc), Reports.of(assoc, watcher.on_heard)
        self._job_news: list[PrintJobStatus] = []
        self.page: tuple[int, int] | None = None  # number and copy of the page that it is about

    @property
    def accepted(self) -> set[str]:
        """Return the abstract syntaxes that the printer takes."""
        return {str(context.abstract_syntax) for context in self._assoc.accepted_contexts}

    @property
    def is_open(self) -> bool:
        """Say whether requests can still go out."""
        return bool(self._assoc.is_established)

    def close(self) -> None:
        """Answer no more reports: the association is about to end."""
        self._sender.close()

    def get(self, what: str, tags: list[int], sop_class: str, uid: str, meta: str = "") -> Answer:
        """N-GET."""
        meta_uid = meta or None
        return self.ask(
            what, lambda: self._assoc.send_n_get(tags, sop_class, uid, meta_uid=meta_uid)
        )

    def create(
        self, name: str, wanted: Dataset, sop_class: str, meta: str = "", *, has_uid: bool = True
    ) -> tuple[str, Answer]:
        """N-CREATE; return the instance's UID, our own or the printer's, and the answer."""
        uid = str(generate_uid(prefix=None)) if has_uid else None
        # An empty Dataset would announce a dataset and send none: the printer waits forever.
        answer = self.ask(
            f"{name} N-CREATE",
            lambda: self._assoc.send_n_create(
                wanted or None, sop_class, uid, meta_uid=meta or None
            ),
        )
        is_usable = 0 < len(answer.instance_uid) <= LONGEST_UID
        return answer.instance_uid if is_usable else uid or "", answer

    def set(self, what: str, wanted: Dataset, sop_class: str, uid: str, meta: str = "") -> Answer:
        """N-SET of attributes."""
        meta_uid = meta or None
        return self.ask(
            what, lambda: self._assoc.send_n_set(wanted, sop_class, uid, meta_uid=meta_uid)
        )

    def set_picture(
        self, what: str, wanted: Dataset, picture: Picture, sop_class: str, uid: str, meta: str
    ) -> Answer:
        """N-SET of an image box; a large one may take longer."""
        return self.ask(
            what,
            lambda: self._sender.set_picture(wanted, picture, sop_class, uid, meta),
            limit=self.limits.message + len(picture.pixels) / BYTES_PER_SECOND,
        )

    def action(
        self, what: str, kind: int, sop_class: str, uid: str, meta: str, limit: float
    ) -> Answer:
        """N-ACTION; raises NotSent when it certainly did not go out."""
        if not self.is_open:
            raise NotSent("The connection was lost before the page was printed.")
        return self.ask(
            what,
            lambda: self._assoc.send_n_action(None, kind, sop_class, uid, meta_uid=meta),
            limit=limit,
            is_quiet=True,  # whoever is told of a report may fail; first the answer counts
        )

    def delete(self, name: str, sop_class: str, uid: str, meta: str = "") -> None:
        """N-DELETE; what goes wrong is logged only, since the end of association deletes too."""
        with suppress(NetworkError):
            self.ask(
                f"{name} N-DELETE",
                lambda: self._assoc.send_n_delete(sop_class, uid, meta_uid=meta or None),
            )

    def ask(
        self,
        what: str,
        send: Callable[[], Any],
        *,
        limit: float | None = None,
        is_quiet: bool = False,
    ) -> Answer:
        """Send one request under its time limit, note it and return its answer."""
        limit = limit or self.limits.message
        self._assoc.dimse_timeout = limit
        self._commands.clear()
        began = time.monotonic()
        try:
            answered = send()
        except RuntimeError as error:  # pynetdicom: the association is not established any more
            raise self._lost(NotSent(f"The connection was lost before {what}.")) from error
        status, ds = answered if isinstance(answered, tuple) else (answered, None)
        try:
            code = require_answer(self._assoc, status, what, limit)
        except NetworkError as error:
            raise self._lost(error) from None
        answer = self._answer(code, ds)
        words = "" if answer.code == 0 else f": {in_words(answer.code)}"
        if answer.comment and answer.code:
            words += f" It says: {answer.comment}"
        self.line(f"{what}{words}", status=answer.code, milliseconds=_since(began))
        if not is_quiet:
            self.take_reports()
        return answer

    def take_reports(self, wait: float = 0) -> bool:
        """Tell what the printer reported by itself, after waiting for it if there is nothing yet.

        States of print jobs are kept for `job_news`: their page is not accepted yet, maybe.
        """
        waiting, has_news = self._reports.waiting, False
        with suppress(Empty):
            while True:
                news = waiting.get(timeout=wait) if wait and not has_news else waiting.get_nowait()
                has_news = True
                if isinstance(news, PrintJobStatus):
                    self._job_news.append(news)
                    words = f"print job {news.execution_status} {news.execution_status_info}"
                else:
                    self.watcher.on_report(news)
                    words = f"{news.status} {news.status_info}"
                self.line(f"The printer reports: {words.strip()}", kind=LineKind.EVENT)
        return has_news

    def job_news(self) -> list[PrintJobStatus]:
        """Return the states of print jobs that were reported, and forget them."""
        news, self._job_news = self._job_news, []
        return news

    def failure(self, answer: Answer, sentence: str) -> StatusFailure:
        """Return the error for an answer, in the printer's own words too."""
        return failure(answer.code, sentence, comment=answer.comment, tags=answer.tags)

    def note(self, words: str, *, milliseconds: int | None = None) -> None:
        """Note something about the association."""
        self.line(words, milliseconds=milliseconds, kind=LineKind.ASSOCIATION)

    def line(
        self,
        words: str,
        *,
        status: int | None = None,
        milliseconds: int | None = None,
        kind: LineKind = LineKind.MESSAGE,
    ) -> None:
        """Note a line about the page that is under way."""
        number, copy = self.page or (None, None)
        self.watcher.on_line(LogLine(words[:LINE_LENGTH], status, milliseconds, number, kind, copy))

    def _answer(self, code: int, ds: Dataset | None) -> Answer:
        """Judge by the command set: pynetdicom calls an unreadable dataset a failure (0110)."""
        command = self._commands[-1] if self._commands else Dataset()
        if readable(command) is None:
            command = Dataset()
        code = int(command.get("Status", code))
        return Answer(
            code,
            None if is_failure(code) else readable(ds),
            text_of(command, "ErrorComment"),
            (*_tags(command, "AttributeIdentifierList"), *_tags(command, "OffendingElement")),
            str(command.get("AffectedSOPInstanceUID") or ""),
        )

    def _lost(self, error: NetworkError) -> NetworkError:
        self.line(str(error), kind=LineKind.ASSOCIATION)
        return error


def _tags(command: Dataset, keyword: str) -> tuple[int, ...]:
    value = command.get(keyword)
    if value is None:
        return ()
    many = value if isinstance(value, list | MultiValue) else [value]
    return tuple(int(tag) for tag in many)


def _keep_command(event: evt.Event, commands: list[Dataset]) -> None:
    """Keep the command set of an answer: pynetdicom passes on little of it."""
    command = event.message.command_set
    if command.get("CommandField", 0) & 0x8000:
        commands.append(command)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
