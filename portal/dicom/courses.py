"""The answers to one C-FIND on their way out: made a chunk at a time, counted as they leave."""

from bisect import bisect_right
from collections.abc import Iterator

from portal.dicom import status
from portal.dicom.services import Delivery, FindAnswer
from portal.dicom.upper_layer import commands
from portal.dicom.upper_layer.acceptor import Acceptor, Message

CHUNK_BYTES = 32 * 1024
CHUNK_ANSWERS = 32
# A device that wants the first screenful only must get a word in before a long list is sent.
FIRST_PAUSE_SECONDS, PAUSE_SECONDS = 0.02, 0.002
PENDING = (status.PENDING, status.PENDING_UNSUPPORTED_OPTIONAL_KEYS)


class FindCourse:
    """One request's answers; a chunk is made, and may still be withdrawn by a C-CANCEL."""

    def __init__(
        self, answers: Iterator[FindAnswer], message: Message, delivery: Delivery, via: Acceptor
    ) -> None:
        self.delivery = delivery
        self.message_id = message.command.message_id
        self._answers, self._message, self._via = answers, message, via
        self._heads: dict[int, bytes] = {}  # PDUs of the pending answers' command sets
        self._chunk = b""
        self._ends: list[int] = []  # of the pending answers in the chunk
        self._final: int | None = None
        self._before = self._gone = 0

    @property
    def is_over(self) -> bool:
        """Say whether the final answer has gone out."""
        return self.delivery.final is not None

    @property
    def pause(self) -> float:
        """How long to listen for a C-CANCEL before the next chunk is sent, in seconds."""
        if not self.delivery.sent or (self._final is not None and not self._ends):
            return 0
        return FIRST_PAUSE_SECONDS if self.delivery.sent <= CHUNK_ANSWERS else PAUSE_SECONDS

    def make(self) -> None:
        """Make the next chunk: pending answers, and the final one where they end."""
        parts: list[bytes] = []
        size, context_id, dataset = 0, self._message.context_id, self._via.dataset
        self._ends = []
        while self._final is None and size < CHUNK_BYTES and len(self._ends) < CHUNK_ANSWERS:
            answer = next(self._answers, FindAnswer())
            if answer.status in PENDING:
                head = self._heads.get(answer.status) or self._head(answer.status)
                part = head + dataset(context_id, answer.identifier)
                size += len(part)
                self._ends.append(size)
            else:
                part = self._last(answer)
            parts.append(part)
        self._chunk = b"".join(parts)

    def take(self) -> bytes:
        """Return the chunk to send: FE00 in its place where a C-CANCEL came (PS3.4 K.4.1.3)."""
        if self.delivery.is_cancelled:
            self._ends = []
            self._chunk = self._last(FindAnswer(status.CANCEL))
        self._before, self._gone = self.delivery.sent, 0
        return self._chunk

    def went_out(self, count: int) -> None:
        """Count what the connection took."""
        self._gone += count
        self.delivery.sent = self._before + bisect_right(self._ends, self._gone)
        if self._gone >= len(self._chunk):
            self.delivery.final = self._final

    def close(self) -> None:
        """End the handler, which records what has become of its answers."""
        self._answers.close()  # type: ignore[attr-defined]

    def _head(self, pending: int) -> bytes:
        command = commands.response(
            commands.C_FIND_RSP, self._message.command, pending, has_dataset=True
        )
        self._heads[pending] = self._via.message(self._message.context_id, command)
        return self._heads[pending]

    def _last(self, answer: FindAnswer) -> bytes:
        self._final = answer.status
        command = commands.response(
            commands.C_FIND_RSP,
            self._message.command,
            answer.status,
            comment=answer.comment,
            tags=answer.tags,
        )
        return self._via.message(self._message.context_id, command)
