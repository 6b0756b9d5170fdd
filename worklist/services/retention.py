"""How long recorded queries are kept: they may hold patients' names."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from worklist.models import WorklistQuery

# Deleted at once: a longer transaction would keep others waiting for SQLite.
BATCH = 2000


def worklist_queries_prune(*, older_than: timedelta) -> int:
    """Forget queries past keeping, in short transactions; return how many."""
    before, count = timezone.now() - older_than, 0
    while True:
        with transaction.atomic():
            old = WorklistQuery.objects.filter(at__lt=before).order_by("at")
            keys = list(old.values_list("pk", flat=True)[:BATCH])
            count += WorklistQuery.objects.filter(pk__in=keys).delete()[0]
        if len(keys) < BATCH:
            return count
