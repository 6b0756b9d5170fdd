"""Pages drawn by processes of their own, so that neither pages nor printers wait for pixels.

Children are spawned, import this package alone (no Django), and end with the process that
started them, however that ends. One that dies over a page (the system kills what needs too much
memory) costs that page a second try alone; others that were in its pool are drawn again.
"""

import ctypes
import multiprocessing
import os
import resource
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path

from printing.rendering.errors import UnusableImage
from printing.rendering.pages import page_draw
from printing.types import Drawing, PageSpec

LARGE_BYTES = 4 << 20  # blocks that the system gets back as soon as they are freed
NICENESS = 5  # whoever waits for a web page goes first
M_MMAP_THRESHOLD = -3  # malloc.h
CPU_SECONDS = 600  # of one page; a picture that takes longer never ends

_lock = threading.Lock()
_pools: dict[tuple[int, int], ProcessPoolExecutor] = {}  # by process, for it may have been forked


def page_drawn(spec: PageSpec, drawing: Drawing, path: Path, *, renderers: int) -> None:
    """Draw a page in a process of the pool, and return when its file is there.

    Raises what page_draw raises. Without renderers the page is drawn here.
    """
    if renderers < 1:
        page_draw(spec, drawing, path)
        return
    try:
        pool = _pool(renderers)
        pool.submit(_draw, spec, drawing, path).result()
    except BrokenProcessPool:
        _forget(pool)
        _draw_alone(spec, drawing, path)


def pool_shutdown() -> None:
    """End the processes of this process's pools, once they have drawn what they were given."""
    with _lock:
        taken = [key for key in _pools if key[0] == os.getpid()]
        pools = [_pools.pop(key) for key in taken]
    for pool in pools:
        pool.shutdown()


def _pool(renderers: int) -> ProcessPoolExecutor:
    key = (os.getpid(), renderers)
    with _lock:
        if key not in _pools:
            _pools[key] = _new_pool(renderers)
        return _pools[key]


def _forget(pool: ProcessPoolExecutor) -> None:
    """Leave a broken pool; whoever comes next makes a new one."""
    with _lock:
        for key in [key for key, known in _pools.items() if known is pool]:
            del _pools[key]
    pool.shutdown(wait=False)


def _draw_alone(spec: PageSpec, drawing: Drawing, path: Path) -> None:
    """Draw in a process for this page only: when that dies too, it is this page's doing."""
    with _new_pool(1) as pool:
        try:
            pool.submit(_draw, spec, drawing, path).result()
        except BrokenProcessPool as error:
            raise UnusableImage(
                "Drawing it ended the process that did it, twice: a picture is damaged, or needs "
                "more memory or time than there is."
            ) from error


def _new_pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
    )


def _begin() -> None:
    """Make ready a new child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    os.nice(NICENESS)
    _keep_no_large_blocks()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _keep_no_large_blocks() -> None:
    """Have large freed blocks given back: glibc learns to keep those of up to 32 MB."""
    with suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def _end_with_parent() -> None:
    """End at once when the parent is gone: nobody else would end us after a kill -9."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)


def _draw(spec: PageSpec, drawing: Drawing, path: Path) -> None:
    """Draw a page, in the child."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    with suppress(ValueError):  # a lower limit was set from outside
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    page_draw(spec, drawing, path)
