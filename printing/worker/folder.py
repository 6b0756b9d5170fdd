"""The watch folder: files that a script puts below `<folder>/<printer>/` become print jobs.

An entry is a file, or a folder of files with an optional `job.json`. It is taken once it has not
changed for a while, worked on where nobody else finds it, and put into `done` or `failed` beside
it, with a text that says what became of it. The rules for those who write scripts are in the
README.
"""

import logging
import os
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings

from portal.errors import InvalidInput, PortalError
from printing.services import folder as folder_services
from printing.services.images import image_add
from printing.worker.folder_claims import (
    Claim,
    Unacceptable,
    directory_in,
    entry_claimed,
    entry_put_away,
    entry_recovered,
    file_opened,
    files_of,
    look_of_entry,
    old_removed,
    shown,
    tokens_left,
)

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 5.0  # so long nothing of an entry may change before it is taken
RETRY_SECONDS = 10.0  # before this process tries again what it could not finish
TIDY_SECONDS = 600.0  # between two looks for what may be removed
DONE, FAILED, OPTIONS = "done", "failed", "job.json"
# Still being written, by the habits of those who copy files.
UNFINISHED = re.compile(r"^[.~]|(\.(part|partial|tmp|temp|filepart|crdownload)|~)$", re.IGNORECASE)
# Lies beside images and is none.
BESIDE = re.compile(r"^(\..*|dicomdir|thumbs\.db|desktop\.ini)$", re.IGNORECASE)

_looks: dict[tuple[str, str], tuple[int, float]] = {}  # entry -> how it looked, since when
_later: dict[str, float] = {}  # claim -> when this process may try it again
_tidied: dict[str, float] = {}  # folder -> when it is looked through again
_told: set[str] = set()  # what this process has logged once


def work_once(stop: threading.Event | None = None) -> bool:
    """Take every entry that is complete; True when there was one."""
    if not settings.PRINT_FOLDER:
        return False
    is_stopping = stop.is_set if stop else bool
    try:
        root = os.open(settings.PRINT_FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        _tell_once("root", "the watch folder cannot be opened: %s", error.strerror)
        return False
    has_worked = False
    try:
        for name in sorted(os.listdir(root)):
            if is_stopping():
                break
            if not _is_ours(name):
                has_worked |= _printer_folder(root, name, is_stopping)
    finally:
        os.close(root)
    return has_worked


def _printer_folder(root: int, name: str, is_stopping: Callable[[], bool]) -> bool:
    """Work on the entries of one printer's folder; whatever else lies there is left alone."""
    has_worked = False
    try:
        with directory_in(root, name) as folder:
            for token in tokens_left(folder):
                if not is_stopping() and time.monotonic() >= _later.get(token, 0.0):
                    has_worked |= _taken(entry_recovered(folder, token), folder, name)
            _tidy(folder, name)
            for entry in _complete(folder, name):
                if not is_stopping():
                    has_worked |= _taken(entry_claimed(folder, entry), folder, name)
    except OSError as error:
        _tell_once(name, "a folder of the watch folder is left alone: %s", error.strerror)
    return has_worked


def _taken(taking: AbstractContextManager[Claim | None], folder: int, name: str) -> bool:
    """Work on an entry unless somebody else does; one that cannot be taken hinders no other."""
    try:
        with taking as claim:
            if claim is None:
                return False
            _later[claim.token] = time.monotonic() + RETRY_SECONDS
            return _work(claim, folder, name)
    except OSError as error:
        _tell_once(f"{name} taken", "an entry of the watch folder stays: %s", error.strerror)
        return False


def _tidy(folder: int, name: str) -> None:
    """Remove what was queued long ago: images of patients do not lie about for ever."""
    if time.monotonic() < _tidied.get(name, 0.0):
        return
    _tidied[name] = time.monotonic() + TIDY_SECONDS
    old_removed(folder, DONE, time.time() - settings.PRINT_KEEP_S)


def _complete(folder: int, name: str) -> Iterator[str]:
    """Yield entries that have not changed for a while, the oldest first."""
    targets = folder_services.folder_targets(_printer_name(name))
    if targets and not any(target.is_accepting for target in targets):
        return  # they wait where they lie
    entries = [entry for entry in os.listdir(folder) if not _is_ours(entry)]
    here = {(name, entry) for entry in entries}
    for gone in [key for key in _looks if key[0] == name and key not in here]:
        _looks.pop(gone, None)
    settled = [entry for entry in entries if _is_settled(folder, name, entry)]
    yield from sorted(settled, key=lambda entry: (_written_at(folder, entry), entry))


def _is_settled(folder: int, name: str, entry: str) -> bool:
    try:
        look = look_of_entry(folder, entry)
    except FileNotFoundError:
        return False  # changes right now
    except (Unacceptable, OSError):
        look = 0  # will be refused, once it stays so
    before, since = _looks.get((name, entry), (None, 0.0))
    now = time.monotonic()
    if look != before:
        _looks[name, entry] = (look, now)
        return SETTLE_SECONDS <= 0
    return now - since >= SETTLE_SECONDS


def _written_at(folder: int, entry: str) -> int:
    try:
        return os.stat(entry, dir_fd=folder, follow_symlinks=False).st_mtime_ns
    except OSError:
        return 0


def _work(claim: Claim, folder: int, name: str) -> bool:
    """Queue a taken entry and put it away; False when that has to wait."""
    try:
        job_number = folder_services.folder_job_of(claim.token)  # a worker before us may have
        if job_number is None:
            job_number = _queued(claim, name)
        place, says = DONE, f"job {job_number}"
    except StillWritten:
        return False
    except (PortalError, Unacceptable) as error:
        place, says = FAILED, str(error)
        logger.warning("watch folder: claim %s is put into failed", claim.token)
        folder_services.folder_failed(_printer_name(name))
    except OSError as error:  # the disk is full, or the folder went away: later
        _tell_once(claim.token, "watch folder: claim %s waits: %s", claim.token, error.strerror)
        return False
    try:
        entry_put_away(claim, folder, place, says)
    except OSError as error:
        says = "watch folder: claim %s cannot be put away: %s"
        _tell_once(f"{claim.token} away", says, claim.token, error.strerror)
        return False
    _later.pop(claim.token, None)
    return True


class StillWritten(Exception):
    """Somebody still writes to an entry that looked complete: it is read again."""


def _queued(claim: Claim, name: str) -> int:
    """Take the files of an entry in and queue them; return the job's number."""
    before = look_of_entry(claim.inside, claim.name)
    ways = files_of(claim.inside, claim.name)
    options = _options(claim, ways)
    target = folder_services.folder_target(_printer_name(name), options.get("facility", ""))
    chosen = _chosen(ways, options)
    if not chosen:
        raise InvalidInput("There is no image in the folder.")
    image_ids, unusable = [], []
    for way in chosen:
        try:
            with file_opened(claim.inside, way) as stream:
                image = image_add(
                    facility_id=target.facility_id, source=stream, by=folder_services.BY
                )
            image_ids.append(image.pk)
        except InvalidInput as error:
            unusable.append(f"{shown(way[-1])}: {error}")
    if look_of_entry(claim.inside, claim.name) != before:
        raise StillWritten
    if unusable:
        raise InvalidInput("\n".join(unusable))
    job = folder_services.folder_job_queue(
        claim=claim.token, target=target, image_ids=image_ids, options=options
    )
    logger.info("watch folder: claim %s became job %s", claim.token, job.pk)
    return job.pk


def _options(claim: Claim, ways: list[tuple[str, ...]]) -> dict[str, Any]:
    """Return what the folder's `job.json` says; nothing for a file alone."""
    way = (claim.name, OPTIONS)
    if way not in ways:
        return {}
    with file_opened(claim.inside, way) as stream:
        return folder_services.options_of(stream.read(folder_services.MAX_OPTIONS_BYTES + 1))


def _chosen(ways: list[tuple[str, ...]], options: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the ways to the images in the order they are to be printed in."""
    if len(ways) == 1 and len(ways[0]) == 1:
        return ways
    images = {
        "/".join(way[1:]): way
        for way in ways
        if way[1:] != (OPTIONS,) and not any(BESIDE.match(part) for part in way[1:])
    }
    if "files" not in options:
        return [images[name] for name in sorted(images, key=_natural)]
    missing = [name for name in options["files"] if name not in images]
    if missing:
        raise InvalidInput(f"job.json names “{shown(missing[0])}”, which is not in the folder.")
    return [images[name] for name in options["files"]]


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key by which image2 comes before image10."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part[:18]), part) if part.isdecimal() else (1, 0, part) for part in parts]


def _is_ours(name: str) -> bool:
    """Say whether a name is one of ours, or of somebody who still writes."""
    return name in (DONE, FAILED) or bool(UNFINISHED.search(name))


def _printer_name(name: str) -> str:
    """Return a folder's name as people write a printer's (some systems take letters apart)."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode(errors="replace"))


def _tell_once(key: str, words: str, *values: object) -> None:
    if key not in _told:
        _told.add(key)
        logger.warning(words, *values)
