"""Files of the watch folder: who took which entry, safe reading, and where it ends up.

Whoever writes into the folder is not trusted: no link is followed, nothing is opened by a path
that could be exchanged meanwhile, nothing is overwritten. An entry is taken by renaming it into a
directory of its own below `.working`, whose lock file the worker holds; the lock of a worker that
was killed is free, so the next one goes on with what lies there.
"""

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import IO
from uuid import uuid4

WORKING, LOCK, INSIDE = ".working", "lock", "in"
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO never blocks
MAX_FILES, MAX_DEPTH = 4000, 8
NAME_BYTES = 255 - len("~12345678.txt")
_TOKEN = re.compile(r"[0-9a-f]{32}")


class Unacceptable(Exception):
    """The entry is not what may lie in the folder; the text says why, for a person."""


@dataclass(frozen=True)
class Claim:
    """An entry that this worker, and nobody else, works on."""

    token: str  # never used for another entry: the mark by which a queued one is known
    name: str
    inside: int  # descriptor of the directory that the entry lies in


@contextmanager
def directory_in(parent: int, name: str, *, made_as: int | None = None) -> Iterator[int]:
    """Open a directory in another one, never through a link; make it where that is asked."""
    if made_as is not None:
        with suppress(FileExistsError):
            os.mkdir(name, made_as, dir_fd=parent)
    descriptor = os.open(name, DIRECTORY, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def entry_claimed(folder: int, name: str) -> Iterator[Claim | None]:
    """Take an entry; none when another worker was faster, or it is gone."""
    with directory_in(folder, WORKING, made_as=0o700) as working:
        token = uuid4().hex
        os.mkdir(token, 0o700, dir_fd=working)
        with _held(working, token, name) as claim:
            if claim is not None:
                try:
                    os.rename(name, name, src_dir_fd=folder, dst_dir_fd=claim.inside)
                except FileNotFoundError:
                    claim = None  # it is gone
            yield claim


@contextmanager
def entry_recovered(folder: int, token: str) -> Iterator[Claim | None]:
    """Take over what a worker that is no more had taken; none when it lives."""
    with directory_in(folder, WORKING) as working, _held(working, token) as claim:
        yield claim


def tokens_left(folder: int) -> list[str]:
    """Return the claims that lie in a folder, of the living and of the dead."""
    try:
        with directory_in(folder, WORKING) as working:
            return sorted(name for name in os.listdir(working) if _TOKEN.fullmatch(name))
    except FileNotFoundError:
        return []


@contextmanager
def _held(working: int, token: str, name: str | None = None) -> Iterator[Claim | None]:
    """Hold a claim's lock; a claim without an entry in it is cleared away at the end."""
    with ExitStack() as stack:
        claim = None
        with suppress(FileNotFoundError, BlockingIOError):  # just finished, or its worker lives
            directory = stack.enter_context(directory_in(working, token))
            inside = stack.enter_context(directory_in(directory, INSIDE, made_as=0o700))
            lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=directory)
            stack.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stack.callback(_clear, working, token, directory)  # before the lock is let go
            found = [name] if name else os.listdir(inside)
            claim = Claim(token, found[0], inside) if found else None
        yield claim


def _clear(working: int, token: str, directory: int) -> None:
    """Remove a claim unless its entry is still there: then the next worker goes on with it."""
    try:
        os.rmdir(INSIDE, dir_fd=directory)
    except OSError:
        return
    with suppress(OSError):
        os.unlink(LOCK, dir_fd=directory)
    with suppress(OSError):
        os.rmdir(token, dir_fd=working)


def files_of(parent: int, name: str) -> list[tuple[str, ...]]:
    """Return the ways to the files of an entry, refusing whatever is neither file nor folder."""
    kind = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if stat.S_ISDIR(kind):
        with directory_in(parent, name) as descriptor:
            return [(name, *way) for way in _files_below(descriptor, 1)]
    if not stat.S_ISREG(kind):
        raise Unacceptable(f"“{shown(name)}” is a link or a device, not a file.")
    return [(name,)]


def _files_below(descriptor: int, depth: int) -> list[tuple[str, ...]]:
    if depth > MAX_DEPTH:
        raise Unacceptable(f"Folders are in each other more than {MAX_DEPTH} deep.")
    found: list[tuple[str, ...]] = []
    for name in os.listdir(descriptor):
        kind = os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
        if stat.S_ISDIR(kind):
            with directory_in(descriptor, name) as inner:
                found += [(name, *way) for way in _files_below(inner, depth + 1)]
        elif stat.S_ISREG(kind):
            found.append((name,))
        else:
            raise Unacceptable(f"“{shown(name)}” is a link or a device, not a file.")
        if len(found) > MAX_FILES:
            raise Unacceptable(f"There are more than {MAX_FILES} files.")
    return found


@contextmanager
def file_opened(parent: int, way: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """Open a file of an entry for reading; each step of the way once more without links."""
    if len(way) > 1:
        with directory_in(parent, way[0]) as inner, file_opened(inner, way[1:]) as stream:
            yield stream
        return
    try:
        descriptor = os.open(way[0], REGULAR, dir_fd=parent)
    except OSError as error:
        says = f"“{shown(way[0])}” cannot be read: {error.strerror}."
        raise Unacceptable(says) from error
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unacceptable(f"“{shown(way[0])}” is a link or a device, not a file.")
        yield stream


def look_of_entry(parent: int, name: str) -> int:
    """Return a number that changes whenever something of an entry is written."""
    marks = []
    for way in files_of(parent, name):
        known = _stat_of(parent, way)
        marks.append((way, known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino))
    return hash(tuple(sorted(marks)))


def _stat_of(parent: int, way: tuple[str, ...]) -> os.stat_result:
    if len(way) == 1:
        return os.stat(way[0], dir_fd=parent, follow_symlinks=False)
    with directory_in(parent, way[0]) as inner:
        return _stat_of(inner, way[1:])


def entry_put_away(claim: Claim, folder: int, place: str, says: str) -> str:
    """Move an entry where it ends, with a text beside it that says why; return its name there."""
    with directory_in(folder, place, made_as=0o770) as target:
        name = _place_taken(target, claim, says)
        os.rename(claim.name, name, src_dir_fd=claim.inside, dst_dir_fd=target)
        return name


def old_removed(folder: int, place: str, before: float) -> None:
    """Remove entries, and the texts beside them, that were put there before a time."""
    try:
        with directory_in(folder, place) as target:
            for text in os.listdir(target):
                name = text.removesuffix(".txt")
                known = os.stat(text, dir_fd=target, follow_symlinks=False)
                if name == text or known.st_mtime >= before or not stat.S_ISREG(known.st_mode):
                    continue
                if _exists(target, name):
                    _removed(target, name)
                os.unlink(text, dir_fd=target)  # last: it says how old the entry is
    except FileNotFoundError:
        return  # nothing was put there yet, or another worker removes it


def _removed(target: int, name: str) -> None:
    kind = os.stat(name, dir_fd=target, follow_symlinks=False).st_mode
    if stat.S_ISDIR(kind):
        shutil.rmtree(name, dir_fd=target)
    else:
        os.unlink(name, dir_fd=target)


def _place_taken(target: int, claim: Claim, says: str) -> str:
    """Write the text, which takes the name: its own, or with a tail when that one is taken."""
    plain = os.fsdecode(os.fsencode(claim.name)[:NAME_BYTES])
    mark = f"claim {claim.token}"
    for name in (plain, f"{plain}~{claim.token[:8]}"):
        if _exists(target, name):
            continue
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(f"{name}.txt", flags, 0o660, dir_fd=target)
        except FileExistsError:
            if _is_ours(target, f"{name}.txt", mark):
                return name  # written before this worker, or the one before, was stopped
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8") as text:
            text.write(f"{says}\n{mark}\n")
        return name
    raise FileExistsError(f"claim {claim.token} has no free name")


def _exists(target: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=target, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _is_ours(target: int, name: str, mark: str) -> bool:
    try:
        with file_opened(target, (name,)) as text:
            return text.read(1 << 16).decode(errors="replace").rstrip().endswith(mark)
    except Unacceptable:
        return False


def shown(name: str) -> str:
    """Return a file's name fit to be read: nothing in it may break a line or a terminal."""
    text = os.fsencode(name).decode(errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:100]
