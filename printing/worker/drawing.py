"""Pages drawn into their files, one ahead of the page that is being sent."""

import errno
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from printing.rendering.errors import UnusableImage
from printing.rendering.page_file import drawing_of, page_boxes_of
from printing.rendering.pages import sent_display_format
from printing.rendering.pool import page_drawn
from printing.types import BoxPixels, ClaimedJob, ClaimedPage, Drawing, Fallback

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoSpace(Exception):
    """A page could not be written on our own disk."""


class PageDrawer:
    """Draws the pages of one job; the next one while its owner sends the one before."""

    def __init__(self, job: ClaimedJob) -> None:
        self._job = job
        used = {fallback.rule for fallback in job.used_fallbacks}
        self._bits = 8 if Fallback.EIGHT_BITS in used else job.drawing.bits
        self._is_color = job.drawing.is_color and Fallback.GRAY not in used
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"draw-{job.job_id}")
        self._ahead: dict[int, Future[Path]] = {}

    def close(self) -> None:
        """Draw nothing more; what is being drawn is finished."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def draw_ahead(self, page: ClaimedPage) -> None:
        """Begin to draw a page."""
        drawing = self.drawing(page, self._bits, self._is_color)
        self._ahead[page.page_id] = self._thread.submit(_file, page, drawing)

    def wait(self, page: ClaimedPage) -> None:
        """Wait until a page is drawn that was begun; raise what is wrong with it."""
        drawn = self._ahead.pop(page.page_id, None)
        if drawn is not None:
            drawn.result()

    def boxes(self, page: ClaimedPage, bits: int, is_color: bool) -> Iterator[BoxPixels]:
        """Yield the boxes of a page, drawn anew when they are wanted otherwise than drawn."""
        drawing = self.drawing(page, bits, is_color)
        path = _file(page, drawing)
        self._bits, self._is_color = bits, is_color
        yield from page_boxes_of(path)

    def drawing(self, page: ClaimedPage, bits: int, is_color: bool) -> Drawing:
        """Return how a page is drawn: with the pixels of its own film size."""
        film_pixels = self._job.capabilities.film_pixels.get(page.spec.film_size_id)
        return replace(
            self._job.drawing,
            bits=8 if is_color else bits,
            is_color=is_color,
            film_pixels=film_pixels,
            is_composed=self._job.drawing.is_composed and film_pixels is not None,
        )

    def display_format(self, page: ClaimedPage) -> str:
        """Return the Image Display Format that the printer is asked for."""
        drawing = self.drawing(page, self._bits, self._is_color)
        if page.has_pixels and page.pixels_path is not None:
            drawing = drawing_of(page.pixels_path)
        return sent_display_format(page.spec, drawing)

    def is_composing_impossible(self, page: ClaimedPage) -> bool:
        """Say whether whole pages are wanted of a film whose pixels nobody knows."""
        known = self._job.capabilities.film_pixels
        return self._job.drawing.is_composed and page.spec.film_size_id not in known


def _file(page: ClaimedPage, drawing: Drawing) -> Path:
    """Return the page's file, drawn as it is to be sent."""
    path = page.pixels_path
    if path is None:
        raise UnusableImage("its pixels are not kept any more. Print the films again.")
    if page.has_pixels:
        if _sent_as(drawing_of(path)) != _sent_as(drawing):
            raise UnusableImage(
                "its kept pixels are not what the printer takes now. Reprint it drawn anew."
            )
        return path
    with suppress(UnusableImage):
        if drawing_of(path) == drawing:
            return path
    try:
        page_drawn(page.spec, drawing, path, renderers=settings.PRINT_RENDERERS)
    except OSError as error:
        raise _no_space(page, error) from error
    return path


def _sent_as(drawing: Drawing) -> tuple[int, bool]:
    return drawing.bits, drawing.is_color


def _no_space(page: ClaimedPage, error: OSError) -> NoSpace:
    if error.errno in FULL:
        return NoSpace(
            f"Page {page.number} cannot be drawn: the disk of the portal is full. Make room on "
            "it; the job goes on by itself."
        )
    return NoSpace(
        f"Page {page.number} cannot be written to the disk of the portal: {error.strerror}."
    )
