"""Used film: how much, by whom and for what, and what of it was wasted; also as CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.dateformat import format as formatted
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from portal.errors import InvalidInput
from printing.forms.film import Label, medium_label, size_label
from printing.forms.usage import UsageForm
from printing.models import PrintUse, RejectReason
from printing.selectors.accounting import print_uses
from printing.selectors.usage import (
    FEW,
    Usage,
    UsageFilter,
    UsageRow,
    rejects_by_reason,
    usage_by_each,
    usage_by_time,
    usage_most,
    uses_filtered,
    values_used,
)
from printing.views.asking import plain
from printing.views.charts import Chart, bar_chart
from printing.views.usage_lines import csv_lines

DAY = "j M Y"
DAYS = 30  # shown unless somebody chooses otherwise
TOP_ROWS = 12
MOST_DAYS, MOST_WEEKS = 62, 400  # longer periods are drawn by week, by month
PATIENT_LENGTH = 64
TABLES: dict[str, tuple[Label, Label]] = {
    "requesting_unit": (gettext_lazy("By unit"), gettext_lazy("Unit")),
    "film_size_id": (gettext_lazy("By size"), gettext_lazy("Size")),
    "medium_type": (gettext_lazy("By medium"), gettext_lazy("Medium")),
    "modality": (gettext_lazy("By modality"), gettext_lazy("Modality")),
    "printer_name": (gettext_lazy("By printer"), gettext_lazy("Printer")),
    "created_by_name": (gettext_lazy("By person"), gettext_lazy("Person")),
    "patient_id": (gettext_lazy("By patient"), gettext_lazy("Patient ID")),
}


@dataclass(frozen=True)
class Row:
    """A line of a table: whose, and how much; `part` is its share of the largest one's."""

    label: Label
    usage: Usage
    part: str = ""


@dataclass(frozen=True)
class Table:
    """What was used by each of a kind; the rest together, so that the lines sum to the total."""

    title: Label
    head: Label
    rows: Sequence[Row]


@dataclass(frozen=True)
class Asked:
    """What the page was asked for."""

    form: UsageForm
    wanted: UsageFilter
    uses: QuerySet[PrintUse]
    patient_id: str


@require_http_methods(["GET", "HEAD", "POST"])
def usage(request: HttpRequest) -> HttpResponse:
    """Show what was used; a patient is asked for by POST, since addresses name none."""
    asked = _asked(request)
    used = usage_by_each(asked.uses)
    total = sum((row.usage for row in used["printer_name"]), Usage())
    period = UsageFilter(since=asked.wanted.since, until=asked.wanted.until)
    is_narrowed = asked.wanted != period
    among = uses_filtered(print_uses(visible_to=request.user), period) if is_narrowed else None
    asked.form.offer(_offered(asked.wanted, used, among))
    context = {
        "is_narrowed": is_narrowed,
        "form": asked.form,
        "wanted": asked.wanted,
        "patient_id": asked.patient_id,
        "total": total,
        "headline": _headline(asked, total),
        "presets": _presets(),
        "time": _time(asked),
        "tables": [_table(asked.uses, name, used.get(name), total) for name in TABLES],
        "rejects": _rejects(asked.uses, used["requesting_unit"]),
    }
    return render(request, "printing/usage.html", context, status=422 if asked.form.errors else 200)


@require_http_methods(["GET", "POST"])
def usage_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Send the account as it is: one line for each row, of the same filter."""
    asked = _asked(request)
    for name, errors in asked.form.errors.items():
        raise InvalidInput(f"{asked.form[name].label}: {errors[0]}", name)
    answer = StreamingHttpResponse(csv_lines(asked.uses), content_type="text/csv; charset=utf-8")
    name = f"films-{asked.wanted.since or 'all'}-{asked.wanted.until or 'now'}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked(request: HttpRequest) -> Asked:
    mine = print_uses(visible_to=request.user)
    today = localdate()
    chosen = {name: plain(str(text)) for name, text in request.GET.items()} or {
        "since": str(today - timedelta(days=DAYS - 1))
    }
    form = UsageForm({name: _as_date(text) for name, text in chosen.items()})
    patient_id = plain(request.POST.get("patient_id", ""))[:PATIENT_LENGTH]
    if form.is_valid():
        wanted = form.usage_filter(patient_id or None)
    else:
        wanted, mine = UsageFilter(since=today, until=today), mine.none()
    return Asked(form, wanted, uses_filtered(mine, wanted), patient_id)


def _as_date(text: str) -> str | date:
    """Return a date of an address as one, so that the form shows it with its month in letters."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _offered(
    wanted: UsageFilter,
    used: Mapping[str, Sequence[UsageRow]],
    among: QuerySet[PrintUse] | None,
) -> dict[str, list[tuple[str, Label]]]:
    """Return what the form offers: what there is in the period, and what was chosen.

    `among` are the uses of the period where more is asked than it, so that `used` lacks some.
    """
    values = {name: {row.value for row in rows} for name, rows in used.items()}
    if among is not None:
        values = values_used(among)
    for name in FEW:
        chosen = getattr(wanted, name)
        values[name] |= set() if chosen is None else {chosen}
    return {name: [(v, _label(name, v)) for v in sorted(found)] for name, found in values.items()}


def _label(name: str, value: str) -> Label:
    """Return a value as people say it."""
    if not value:
        return _("printer’s own") if name == "medium_type" else _("not known")
    if name == "film_size_id":
        return size_label(value)
    return medium_label(value) if name == "medium_type" else value


def _table(
    uses: QuerySet[PrintUse], name: str, known: Sequence[UsageRow] | None, total: Usage
) -> Table:
    found, count = usage_most(uses, name, TOP_ROWS) if known is None else (known, len(known))
    top = found[:TOP_ROWS]
    most = max([row.usage.total for row in top], default=1)
    rows = [
        Row(_label(name, row.value), row.usage, f"{100 * row.usage.total / most:.1f}")
        for row in top
    ]
    rest = total - sum((row.usage for row in top), Usage())
    if rest.total:
        others = ngettext("%(n)s other", "%(n)s others", count - TOP_ROWS)
        rows.append(Row(others % {"n": count - TOP_ROWS}, rest))
    title, head = TABLES[name]
    return Table(title, head, rows)


def _time(asked: Asked) -> dict[str, Any]:
    """Return the course over time, as rows and drawn."""
    since, until = asked.wanted.since, asked.wanted.until or localdate()
    days = (until - since).days if since else MOST_WEEKS + 1
    step = "day" if days <= MOST_DAYS else "week" if days <= MOST_WEEKS else "month"
    course = usage_by_time(asked.uses, step, since, until)
    pattern = "M Y" if step == "month" else "j M"
    rows = [(start, date_format(start, DAY), used) for start, used in course]
    words = gettext_lazy("%(day)s: %(total)s films, %(rejects)s of them wasted")
    drawn = [
        (
            formatted(start, pattern),
            used.total,
            used.rejects,
            str(words % {"day": label, "total": used.total, "rejects": used.rejects}),
        )
        for start, label, used in rows
    ]
    titles = {"day": _("Films by day"), "week": _("Films by week"), "month": _("Films by month")}
    chart: Chart = bar_chart(drawn)
    shown = [(label, used) for _start, label, used in reversed(rows) if used.total]
    return {"title": titles[step], "chart": chart, "rows": shown}


def _rejects(uses: QuerySet[PrintUse], units: Sequence[UsageRow]) -> dict[str, Any]:
    """Return the rejects by unit and reason, as a table whose edges are its sums."""
    by_unit = rejects_by_reason(uses, "requesting_unit")
    totals = {row.value: row.usage for row in units}
    used = [
        reason
        for reason in RejectReason
        if any(reason.value in counts for counts in by_unit.values())
    ]
    rows = [
        (
            _label("requesting_unit", unit),
            [by_unit[unit].get(reason.value, 0) for reason in used],
            totals[unit],
        )
        for unit in sorted(by_unit, key=lambda unit: (-totals[unit].rejects, unit))
    ]
    sums = [sum(counts.get(reason.value, 0) for counts in by_unit.values()) for reason in used]
    most = max(sums, default=1)
    reasons = [
        (reason.label, count, f"{100 * count / most:.1f}")
        for reason, count in sorted(zip(used, sums, strict=True), key=lambda pair: -pair[1])
    ]
    return {"heads": [r.label for r in used], "rows": rows, "sums": sums, "reasons": reasons}


def _headline(asked: Asked, total: Usage) -> str:
    wanted = asked.wanted
    if asked.form.errors:
        return _("Nothing was counted: correct what is asked for.")
    period = {
        "since": date_format(wanted.since, DAY) if wanted.since else _("the beginning"),
        "until": date_format(wanted.until or localdate(), DAY),
        "n": total.total,
    }
    if not total.total:
        return _("No film was used from %(since)s to %(until)s.") % period
    return (
        ngettext(
            "%(n)s film was used from %(since)s to %(until)s.",
            "%(n)s films were used from %(since)s to %(until)s.",
            total.total,
        )
        % period
    )


def _presets() -> list[tuple[str, str]]:
    """Return periods that people ask for, as query strings."""
    today = localdate()
    month = today.replace(day=1)
    last = (month - timedelta(days=1)).replace(day=1)
    periods: Mapping[str, tuple[date, date]] = {
        _("7 days"): (today - timedelta(days=6), today),
        _("30 days"): (today - timedelta(days=DAYS - 1), today),
        _("This month"): (month, today),
        _("Last month"): (last, month - timedelta(days=1)),
        _("This year"): (today.replace(month=1, day=1), today),
    }
    return [(label, f"since={since}&until={until}") for label, (since, until) in periods.items()]
