"""Drawn pages on disk: kept for exact reprints, removed when their time is over."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from printing.models import PrintedPage

AT_ONCE = 200


def page_files_prune() -> int:
    """Forget the pixels of jobs that ended long enough ago; return how many files went."""
    before = timezone.now() - timedelta(seconds=settings.PRINT_KEEP_S)
    over = PrintedPage.objects.filter(job__ended_at__lt=before).exclude(pixels_path="")
    paths = sorted(set(over.values_list("pixels_path", flat=True)[:AT_ONCE]))
    return sum(_forget(path, before) for path in paths)


@transaction.atomic
def _forget(path: str, before: datetime) -> int:
    """Remove one file unless a job that is not over needs it: exact reprints share it."""
    pages = PrintedPage.objects.select_for_update(of=("self",)).filter(pixels_path=path)
    users = list(pages.select_related("job"))
    over = [page for page in users if page.job.ended_at is not None and page.job.ended_at < before]
    PrintedPage.objects.filter(pk__in=[page.pk for page in over]).update(pixels_path="")
    if len(over) < len(users):
        return 0
    file = Path(settings.MEDIA_ROOT) / path
    file.unlink(missing_ok=True)
    if file.parent.is_dir() and not any(file.parent.iterdir()):
        file.parent.rmdir()
    return 1
