"""The film page as values: what its template draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from printing import layout
from printing.forms import FillForm, LayoutForm, PrintForm, WindowForm
from printing.forms.film import POOL
from printing.models import Film, ImageBox, Printer, SourceImage
from printing.views.asking import whole
from printing.views.film_target import Target
from printing.views.people import Person
from printing.views.pictures import film_key
from printing.views.rows import content_of
from printing.views.series import Series, Shown, Study
from printing.views.warnings import Warn

SCOPES = ("box", "series", "film")


@dataclass(frozen=True)
class Focus:
    """What the person looks at: box, series, printer; it stands in the address and in forms."""

    box: int = 0
    series: int = 0
    printer: str = ""  # its number, or `pool-` and the number of a pool
    scope: str = ""  # what a change is for: the box, its series, or the whole film

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Focus":
        """Read what an address or a form says; what is no number says nothing."""
        box, series = (whole(values.get(name)) or 0 for name in ("box", "series"))
        printer, scope = str(values.get("printer", "")), str(values.get("scope", ""))
        if whole(printer.removeprefix(POOL)) in (None, 0):
            printer = ""
        return cls(box, series, printer, scope if scope in SCOPES else "")

    def address(self, film_id: int) -> str:
        """Return the address of a film, seen so."""
        said = {name: value for name, value in vars(self).items() if value and value != "box"}
        path = reverse("printing:film", args=[film_id])
        return f"{path}?{urlencode(said)}" if said else path


@dataclass(frozen=True)
class Cell:
    """One box of the film over its preview: where it is (in percent) and what it holds."""

    position: int
    place: str
    box: ImageBox | None
    says: str
    is_current: bool

    @property
    def window(self) -> tuple[str, str]:
        """Return center and width that were set for this box."""
        if self.box is None or self.box.window_center is None or self.box.window_width is None:
            return "", ""
        return f"{self.box.window_center:g}", f"{self.box.window_width:g}"

    @property
    def own_window(self) -> tuple[str, str]:
        """Return center and width of the file, which count as long as nothing else is set."""
        image = self.box.image if self.box else None
        if image is None or image.window_center is None or image.window_width is None:
            return "", ""
        return f"{image.window_center:g}", f"{image.window_width:g}"


@dataclass(frozen=True)
class Tab:
    """One film of the set in the strip below; `key` changes when its picture does."""

    film: Film
    number: int
    key: str
    is_current: bool


@dataclass(frozen=True)
class Layout:
    """A layout to choose: its boxes drawn small, and whether the printer takes it."""

    text: str
    columns: int
    rows: int
    is_current: bool
    is_taken: bool

    @property
    def boxes(self) -> range:
        """Return something to draw for each box."""
        return range(self.columns * self.rows)


@dataclass
class FilmPage:
    """Everything of the film page; forms that a person must correct are put in afterwards."""

    film: Film
    films: list[Film]
    focus: Focus
    cells: list[Cell]
    studies: list[Study]
    series: Series | None
    pictures: list[Shown]
    people: list[Person]
    printer: Printer | None  # of a pool the one that would get the film now
    target: Target
    layouts: list[Layout]
    warnings: list[Warn]
    is_mixed: bool
    may_write: bool
    layout_form: LayoutForm
    print_form: PrintForm
    window_form: WindowForm
    fill_form: FillForm | None
    uploads: Any = None
    notices: list[Warn] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Return which film of the set this is."""
        return [film.pk for film in self.films].index(self.film.pk) + 1

    @property
    def filled(self) -> int:
        """Count the films of the set that have a picture."""
        return sum(bool(film.image_boxes.all()) for film in self.films)

    @property
    def current(self) -> Cell:
        """Return the chosen box."""
        return next(cell for cell in self.cells if cell.is_current)

    @property
    def next_film(self) -> Film | None:
        """Return the film after this one."""
        return self.films[self.number] if self.number < len(self.films) else None

    @property
    def previous_film(self) -> Film | None:
        """Return the film before this one."""
        return self.films[self.number - 2] if self.number > 1 else None

    @property
    def preview_key(self) -> str:
        """Return what the preview's address carries: it changes when the film does."""
        return film_key(self.film)

    @property
    def in_color(self) -> str:
        """Return the end of the previews' addresses: they show what the printer makes of it."""
        return "&color=1" if self.target.prints_color else ""

    @property
    def tabs(self) -> list[Tab]:
        """Return the films of the set for the strip."""
        return [
            Tab(film, number, film_key(film), film.pk == self.film.pk)
            for number, film in enumerate(self.films, 1)
        ]

    @property
    def head_image(self) -> SourceImage | None:
        """Return the image that says what the film is of."""
        return next((cell.box.image for cell in self.cells if cell.box), None)

    @property
    def head_content(self) -> str:
        """Say what the film is of."""
        return content_of(self.head_image)

    @property
    def refused_layouts(self) -> list[str]:
        """Return the layouts of the picker that the printer does not take."""
        return [f"{each.columns} × {each.rows}" for each in self.layouts if not each.is_taken]

    @property
    def own_layouts(self) -> list[str]:
        """Return the layouts of the printer whose boxes it alone knows: slides, vendors' own."""
        listed = self.target.takes.image_display_formats if self.target.takes else ()
        return [text for text in listed if layout.is_printers_own(text)]

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height of the film in millimetres."""
        return layout.film_size_mm(self.film.film_size_id, self.film.film_orientation)

    @property
    def preview_height(self) -> int:
        """Return the preview's height in pixels when it is 900 wide."""
        return round(900 * self.size[1] / self.size[0])

    @property
    def preview_sizes(self) -> str:
        """Return how wide the preview is on the page: the film fits the height left to it."""
        ratio = self.size[0] / self.size[1]
        return f"(max-width: 760px) 94vw, min(60vw, calc((100vh - 222px) * {ratio:.4f}))"

    @property
    def film_address(self) -> str:
        """Return the film's address alone."""
        return reverse("printing:film", args=[self.film.pk])

    @property
    def address(self) -> str:
        """Return the address of the film as it is looked at now."""
        return self.focus.address(self.film.pk)

    @property
    def live_address(self) -> str:
        """Return where the page asks whether the film changed since this version."""
        return f"{self.address}{'&' if '?' in self.address else '?'}v={self.film.version}"

    @property
    def live_trigger(self) -> str:
        """Return the news that make the page ask."""
        names = [f"film-{film.pk}" for film in self.films] + ["film-stale", "film-live"]
        return ", ".join(f"{name} from:body" for name in names)

    @property
    def has_room(self) -> bool:
        """Say whether a box is still free."""
        return any(cell.box is None for cell in self.cells)

    @property
    def film_style(self) -> str:
        """Return the film's proportions for the stylesheet."""
        width, height = self.size
        return f"--fw:{width:.1f};--fh:{height:.1f}"
