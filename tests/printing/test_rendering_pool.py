"""Pages drawn by processes of their own: they fail alone, and end with whoever started them."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from printing.rendering import pool
from printing.rendering.errors import UnusableImage
from printing.rendering.pages import page_draw
from tests.printing.page_specs import COLOR, CT, DRAWING, ROOT, children, page, python
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _pools():
    """Leave no process behind."""
    yield
    pool.pool_shutdown()


@pytest.mark.parametrize("renderers", [0, 1])
def test_a_write_that_fails_is_told_by_number_and_leaves_nothing(tmp_path, renderers):
    """A full disk is no fault of a picture. Here the system ends the write (RLIMIT_FSIZE)."""
    code = textwrap.dedent(
        """
        import errno, os, resource, sys
        from pathlib import Path
        from printing.rendering import pool
        from printing.types import BoxSpec, Drawing, PageSpec
        if __name__ == "__main__":
            target, source, renderers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            boxes = (BoxSpec(1, source, True),)
            spec = PageSpec("STANDARD\\\\1,1", "14INX17IN", "PORTRAIT", False, boxes)
            try:
                pool.page_drawn(
                    spec, Drawing(film_pixels=(410, 512)), target, renderers=renderers
                )
            except OSError as error:
                print(errno.errorcode[error.errno], os.listdir(target.parent))
        """
    )

    run = python(code, str(tmp_path / "page"), str(CT), str(renderers))

    assert run.stdout.strip() == "EFBIG []"


@pytest.mark.parametrize("renderers", [0, 1, 2])
def test_the_pool_draws_what_is_drawn_here(tmp_path, renderers):
    """PORTAL_PRINT_RENDERERS=0 draws in place; the bytes are the same."""
    page_draw(page(CT, COLOR), DRAWING, tmp_path / "here")

    pool.page_drawn(page(CT, COLOR), DRAWING, tmp_path / "there", renderers=renderers)

    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()


@pytest.mark.parametrize("renderers", [0, 1])
def test_a_picture_that_cannot_be_drawn_is_named(tmp_path, renderers):
    """The sentence comes out of the child as it was said; no file is left."""
    spec = page(CT, tmp_path / "gone.dcm")

    with pytest.raises(UnusableImage, match=r"^Picture 2: .*\.$"):
        pool.page_drawn(spec, DRAWING, tmp_path / "page", renderers=renderers)

    assert not os.listdir(tmp_path)


def test_many_threads_share_one_pool(tmp_path):
    """One worker talks to many printers; pages are drawn by as many processes as are set."""
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda n: pool.page_drawn(page(CT), DRAWING, tmp_path / str(n), renderers=2),
                range(16),
            )
        )

    assert len(os.listdir(tmp_path)) == 16


def test_a_child_that_is_killed_costs_nothing(tmp_path):
    """An OOM kill between pages: the page is drawn all the same, and the next in a new pool."""
    pool.page_drawn(page(CT), DRAWING, tmp_path / "1", renderers=1)
    for pid in children():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not children(), seconds=60)

    pool.page_drawn(page(CT), DRAWING, tmp_path / "2", renderers=1)
    pool.page_drawn(page(CT), DRAWING, tmp_path / "3", renderers=1)

    assert sorted(os.listdir(tmp_path)) == ["1", "2", "3"]


def test_a_page_that_kills_its_process_is_told_after_a_second_try(tmp_path):
    """An OOM kill while drawing, again and again: one sentence, and others go on."""
    stuck = tmp_path / "fifo.dcm"
    os.mkfifo(stuck)  # whoever draws it waits, and is killed then
    stop, killed = threading.Event(), []

    def kill_readers() -> None:
        while not stop.wait(0.02):
            try:
                writer = os.open(stuck, os.O_WRONLY | os.O_NONBLOCK)  # fails without a reader
            except OSError:
                continue
            pids = children()
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda pids=pids: not set(pids) & set(children()), seconds=60)
            os.close(writer)
            if pids:  # none: the one that died had not let go yet
                killed.append(pids)

    killer = threading.Thread(target=kill_readers)
    killer.start()
    try:
        with pytest.raises(UnusableImage, match="twice"):
            pool.page_drawn(page(stuck), DRAWING, tmp_path / "bad", renderers=1)
    finally:
        stop.set()
        killer.join()

    pool.page_drawn(page(CT), DRAWING, tmp_path / "good", renderers=1)
    assert (tmp_path / "good").exists()
    assert len(killed) == 2


def test_children_end_with_a_worker_that_is_killed(tmp_path):
    """Kill -9 of the worker: nobody is left who draws for nobody; and none has Django in it."""
    script = tmp_path / "worker.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import sys, time
            from pathlib import Path
            sys.path.insert(0, {str(ROOT)!r})

            def main():
                from printing.rendering import pool
                from tests.printing.page_specs import CT, DRAWING, children, page
                pool.page_drawn(page(CT), DRAWING, Path({str(tmp_path)!r}) / "page", renderers=1)
                print(*children(), flush=True)
                time.sleep(60)

            if __name__ == "__main__":
                main()
            """
        )
    )
    worker = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    pids = [int(pid) for pid in worker.stdout.readline().split()]
    assert len(pids) == 1
    maps = Path(f"/proc/{pids[0]}/maps").read_text()
    assert "numpy" in maps

    worker.kill()
    worker.wait()
    worker.stdout.close()

    wait_until(lambda: not Path(f"/proc/{pids[0]}").exists() or _is_zombie(pids[0]), seconds=60)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_children_know_no_django():
    """They import what draws, and nothing that could open a database."""
    code = "import sys, printing.rendering.pool; print([m for m in sys.modules if 'django' in m])"

    assert python(code).stdout.strip() == "[]"
