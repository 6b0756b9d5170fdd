"""What of the queue a person looks at: the view, the filters of its address, the text of a POST.

Text never stands in an address: it may be a patient's ID.
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from printing.models import JobState, PrintJob
from printing.selectors.console import midnight, needs_person
from printing.views.asking import plain, whole

TABS: dict[str, str | Promise] = {
    "active": gettext_lazy("Active"),
    "needs": gettext_lazy("Needs you"),
    "done": gettext_lazy("Done today"),
    "all": gettext_lazy("All"),
}
ENDED = (JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED)


@dataclass(frozen=True)
class Filters:
    """Which jobs are listed."""

    tab: str = "active"
    printer: int | None = None
    pool: int | None = None
    person: int | None = None
    modality: str = ""
    text: str = ""
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything but the view narrows the list."""
        return bool(self.printer or self.pool or self.person or self.modality or self.text)

    @property
    def newest_first(self) -> bool:
        """Say whether new jobs come in at the top."""
        return self.tab in ("done", "all")

    def address(self, **changes: Any) -> str:
        """Return the query of an address: this list, changed so."""
        said = replace(self, **({"page": 1} | changes))
        values = {
            "state": said.tab,
            "printer": said.printer,
            "pool": said.pool,
            "by": said.person,
            "modality": said.modality,
            "page": said.page if said.page > 1 else None,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})


def filters_of(query: QueryDict, text: str = "") -> Filters:
    """Read the filters of an address; what cannot be read narrows nothing."""
    tab = query.get("state", "")
    return Filters(
        tab=tab if tab in TABS else "active",
        printer=whole(query.get("printer")),
        pool=whole(query.get("pool")),
        person=whole(query.get("by")),
        modality=plain(query.get("modality", ""))[:16],
        text=plain(text)[:64],
        page=whole(query.get("page")) or 1,
    )


def filtered(jobs: QuerySet[PrintJob], filters: Filters) -> QuerySet[PrintJob]:
    """Narrow the jobs to those that fit, of every view."""
    exact = {
        "printer_id": filters.printer,
        "pool_id": filters.pool,
        "created_by_id": filters.person,
        "modality": filters.modality,
    }
    jobs = jobs.filter(**{name: value for name, value in exact.items() if value})
    return jobs.filter(_found(filters.text)) if filters.text else jobs


def rules() -> dict[str, Q]:
    """Return which jobs each view holds."""
    ended_today = Q(ended_at__gte=midnight())
    return {
        "active": Q(state__in=PrintJob.ACTIVE) | needs_person(),
        "needs": needs_person(),
        "done": Q(state__in=ENDED) & ended_today,
        "all": Q(),
    }


def in_tab(jobs: QuerySet[PrintJob], name: str) -> QuerySet[PrintJob]:
    """Narrow and order: active jobs as they will leave, those that need a person first."""
    jobs = jobs.filter(rules()[name])
    if name not in ("active", "needs"):
        return jobs.order_by("-pk")
    states = [JobState.PROCESSING_STOPPED, JobState.ABORTED, JobState.PROCESSING]
    order = [When(state=state, then=Value(place)) for place, state in enumerate(states)]
    shown = Case(*order, default=Value(len(states)), output_field=IntegerField())
    urgent = [When(print_priority=p, then=Value(n)) for n, p in enumerate(PrintJob.Priority.values)]
    urgency = Case(*urgent, default=Value(len(urgent)), output_field=IntegerField())
    return jobs.order_by(shown, urgency, "rank", "pk")


def _found(text: str) -> Q:
    """Find by job number, accession number or patient ID, written as people write them."""
    number = whole(text.removeprefix("#"))
    known = Q(accession_number__icontains=text) | Q(patient_id__iexact=text)
    return known | Q(pk=number) if number else known
