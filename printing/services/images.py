"""Writes of source images: files taken in, checked, kept by content."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction

from portal.errors import InvalidInput
from portal.selectors import require
from portal.types import Actor, Permission
from printing.models import SourceImage
from printing.rendering.errors import UnusableImage
from printing.rendering.files import read_attributes, require_known_kind

CHUNK = 1 << 20
HEAD = 512


def image_add(*, facility_id: int, source: Path | bytes | IO[bytes], by: Actor) -> SourceImage:
    """Keep a DICOM or picture file; the same content is the same row."""
    require(by, facility_id, Permission.FILM_WRITE)
    try:
        with _taken_in(source) as (path, sha256):
            known = SourceImage.objects.filter(facility_id=facility_id, sha256=sha256).first()
            if known is not None and (Path(settings.MEDIA_ROOT) / known.path).is_file():
                return known
            attributes = read_attributes(path)
            place = f"{facility_id}/{sha256[:2]}/{sha256}"
            target = Path(settings.MEDIA_ROOT) / place
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    except UnusableImage as error:
        raise InvalidInput(str(error), "file") from error
    with transaction.atomic():
        image, _ = SourceImage.objects.get_or_create(
            facility_id=facility_id,
            sha256=sha256,
            defaults=asdict(attributes) | {"path": place, "created_by_id": by.user_id},
        )
    return image


@contextmanager
def _taken_in(source: Path | bytes | IO[bytes]) -> Iterator[tuple[Path, str]]:
    """Copy the source to a file of ours while hashing it; what nobody moved away is removed."""
    incoming = Path(settings.MEDIA_ROOT) / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with _opened(source) as stream:
        head = stream.read(HEAD)
        require_known_kind(head)  # before the rest is read: it may be long, and nothing
        handle, name = tempfile.mkstemp(dir=incoming)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                sha256 = _copied(head, stream, target)
            yield path, sha256
        finally:
            path.unlink(missing_ok=True)


def _copied(head: bytes, stream: IO[bytes], target: IO[bytes]) -> str:
    """Write head and rest of the stream; return the SHA-256; refuse what is too long."""
    digest, size, chunk = hashlib.sha256(), 0, head
    while chunk:
        size += len(chunk)
        if size > settings.UPLOAD_MAX_BYTES:
            limit = settings.UPLOAD_MAX_BYTES >> 20
            raise UnusableImage(f"The file is larger than {limit} MB.")
        digest.update(chunk)
        target.write(chunk)
        chunk = stream.read(CHUNK)
    return digest.hexdigest()


@contextmanager
def _opened(source: Path | bytes | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield BytesIO(source)
    elif isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                yield stream
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            raise UnusableImage(f"The file cannot be read: {error.strerror}.") from error
    else:
        source.seek(0)
        yield source
