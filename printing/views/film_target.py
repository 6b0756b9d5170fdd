"""Where a film goes: a printer or a pool that a person chose, and what that takes."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from printing.forms.film import POOL
from printing.models import Film, Printer, PrintJob, PrintPool
from printing.selectors import console
from printing.selectors import printers as printer_selectors
from printing.selectors.printers import capabilities, capabilities_shared
from printing.services.pool_choice import members_able
from printing.types import Capabilities, Quirk
from printing.views.looks import printer_look
from printing.views.rows import Viewer


@dataclass(frozen=True)
class Target:
    """The chosen printer or pool, and all there are to choose from."""

    key: str = ""  # as it stands in the address and in forms
    name: str = ""
    printer: Printer | None = None  # of a pool the one that would get the film now
    pool: PrintPool | None = None
    takes: Capabilities | None = None
    options: list[tuple[str, str]] = field(default_factory=list)

    @property
    def prints_color(self) -> bool:
        """Say whether pictures in colour come out in colour."""
        is_wanted = self.printer is not None and self.printer.color != Printer.Color.NEVER
        return is_wanted and self.takes is not None and self.takes.has_color


def target_of(viewer: Viewer, asked: str, film: Film) -> Target:
    """Return the one asked for, or the one this person used last, or the first that works."""
    printers = list(printer_selectors.printers(visible_to=viewer))
    pools = list(console.pools(visible_to=viewer))
    options = [(str(p.pk), f"{p.name} · {printer_look(p).label}") for p in printers]
    options += [(f"{POOL}{pool.pk}", _("%(pool)s (pool)") % {"pool": pool.name}) for pool in pools]
    pool = next((pool for pool in pools if asked == f"{POOL}{pool.pk}"), None)
    if pool is not None:
        return _of_pool(pool, film, options)
    printer = _printer(printers, asked, viewer)
    if printer is None:
        return Target(options=options)
    takes = capabilities(printer)
    return Target(str(printer.pk), printer.name, printer, None, takes, options)


def _of_pool(pool: PrintPool, film: Film, options: list[tuple[str, str]]) -> Target:
    """Offer what every member takes: any of them may get the film."""
    members = list(pool.printers.select_related("device", "model").order_by("memberships__rank"))
    able = members_able(pool, film_size_ids={film.film_size_id}, medium_type=None)
    printer = next(iter(able or members), None)
    takes = capabilities_shared(members)
    return Target(f"{POOL}{pool.pk}", pool.name, printer, pool, takes, options)


def _printer(printers: list[Printer], asked: str, viewer: Viewer) -> Printer | None:
    chosen = next((printer for printer in printers if str(printer.pk) == asked), None)
    if chosen or not printers:
        return chosen
    last = PrintJob.objects.filter(created_by_id=viewer.pk).order_by("-pk")
    used = last.values_list("printer_id", flat=True).first()
    return min(printers, key=lambda p: (p.pk != used, not p.is_accepting, *_stopped(p)))


def _stopped(printer: Printer) -> tuple[bool, bool]:
    return not printer.is_enabled, printer.state == Printer.State.STOPPED


def takes_layout(takes: Capabilities | None, image_display_format: str, orientation: str) -> bool:
    """Say whether a layout is taken; some printers' lists turn with the film (printing.md §4.1)."""
    if takes is None or not takes.image_display_formats:
        return True
    wanted = image_display_format
    kind, _sep, rest = wanted.partition("\\")
    is_turned = orientation == "LANDSCAPE" and Quirk.TRANSPOSED_LANDSCAPE in takes.quirks
    if is_turned and kind == "STANDARD":
        wanted = "STANDARD\\" + ",".join(reversed(rest.split(",")))
    return wanted in takes.image_display_formats
