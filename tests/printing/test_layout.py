"""Image Display Format to boxes (PS3.3 C.13.3, C.13.5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printing import layout

COUNTS = st.lists(st.integers(1, 9), min_size=1, max_size=6)
FORMATS = st.one_of(
    st.tuples(st.integers(1, 8), st.integers(1, 8)).map(lambda cr: f"STANDARD\\{cr[0]},{cr[1]}"),
    COUNTS.map(lambda counts: "ROW\\" + ",".join(map(str, counts))),
    COUNTS.map(lambda counts: "COL\\" + ",".join(map(str, counts))),
)


def test_standard_has_columns_first():
    r"""PS3.3 C.13.3: STANDARD\C,R; positions run row by row from the top left (C.13.5.1)."""
    rects = layout.box_rects(r"STANDARD\3,2", 300, 200)

    assert [(r.left, r.top) for r in rects] == [
        (0, 0),
        (100, 0),
        (200, 0),
        (0, 100),
        (100, 100),
        (200, 100),
    ]


def test_row_gives_boxes_of_each_row():
    r"""PS3.3 C.13.3: ROW\R1,R2: the first row has R1 boxes."""
    rects = layout.box_rects(r"ROW\1,2", 200, 200)

    assert [(r.left, r.top, r.width) for r in rects] == [
        (0, 0, 200),
        (0, 100, 100),
        (100, 100, 100),
    ]


def test_col_gives_boxes_of_each_column():
    r"""PS3.3 C.13.5.1: COL\C1,C2: positions run column by column."""
    rects = layout.box_rects(r"COL\1,2", 200, 200)

    assert [(r.left, r.top, r.height) for r in rects] == [
        (0, 0, 200),
        (100, 0, 100),
        (100, 100, 100),
    ]


@given(FORMATS, st.integers(200, 5000), st.integers(200, 5000), st.integers(0, 60))
def test_boxes_in_pixels_lie_on_the_film_and_never_overlap(text, width, height, gap):
    """printing.md §2.6 (5): every position has a place of its own."""
    rects = layout.box_pixels(text, (width, height), gap)

    assert len(rects) == layout.box_count(text)
    for number, rect in enumerate(rects):
        assert 0 <= rect.left < rect.right <= width
        assert 0 <= rect.top < rect.bottom <= height
        for other in rects[number + 1 :]:
            assert (
                rect.right <= other.left
                or other.right <= rect.left
                or rect.bottom <= other.top
                or other.bottom <= rect.top
            )


def test_a_single_box_is_the_whole_film():
    """No gap at the edge: 14 x 17 inches give 4096 x 5120 pixels."""
    assert layout.box_pixels(r"STANDARD\1,1", (4096, 5120), 23) == [layout.Rect(0, 0, 4096, 5120)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "STANDARD",
        r"STANDARD\2",
        r"STANDARD\2,2,2",
        r"STANDARD\0,2",
        r"STANDARD\a,b",
        r"SLIDE\1",
        r"CUSTOM",
        r"CUSTOM\0",
        r"CUSTOM\a",
        r"slide",
        r"ROW\ ",
        r"STANDARD\30,30",
        r"standard\1,1",
        "STANDARD\\1,1\n",
    ],
)
def test_other_formats_are_refused_in_a_sentence(text):
    """PS3.3 C.13.3."""
    if text.endswith("\n"):
        assert layout.box_count(text) == 1  # a stray line end is no reason to refuse
        return
    with pytest.raises(layout.InvalidDisplayFormat, match=r"\.$"):
        layout.parse_display_format(text)


@pytest.mark.parametrize(
    ("size", "orientation", "expected"),
    [
        ("14INX17IN", "PORTRAIT", (355.6, 431.8)),
        ("14INX17IN", "LANDSCAPE", (431.8, 355.6)),
        ("10INX14IN", "PORTRAIT", (257.0, 364.0)),
        ("24CMX30CM", "PORTRAIT", (240.0, 300.0)),
        ("14INX51IN", "PORTRAIT", (355.6, 1295.4)),
        ("CURRENT", "PORTRAIT", (355.6, 431.8)),
    ],
)
def test_film_sizes(size, orientation, expected):
    """PS3.3 C.13.3 Film Size ID; vendors add sizes of the same pattern (printing.md §2.3)."""
    assert layout.film_size_mm(size, orientation) == pytest.approx(expected)


def test_orientation_turns_the_films_pixels():
    """PS3.3 C.13.3 Film Orientation."""
    assert layout.oriented((4096, 5120), "LANDSCAPE") == (5120, 4096)
    assert layout.oriented((4096, 5120), "PORTRAIT") == (4096, 5120)


@pytest.mark.parametrize("text", ["SLIDE", "SUPERSLIDE", r"CUSTOM\1", r"CUSTOM\25"])
def test_formats_of_the_printer_are_drawn_as_others(text):
    """PS3.3 C.13.3: SLIDE, SUPERSLIDE and CUSTOM leave the layout to the printer."""
    assert layout.is_printers_own(text)
    assert layout.box_count(text) >= 1
    assert layout.box_count(text, r"STANDARD\4,5") == 20
    assert layout.box_rects(text, 300, 200, drawn_as=r"COL\1,2") == layout.box_rects(
        r"COL\1,2", 300, 200
    )


def test_other_formats_are_drawn_as_themselves():
    """What stands for the printer's own formats changes no other."""
    assert not layout.is_printers_own(r"STANDARD\1,1")
    assert layout.drawn_format(r"ROW\1,2", r"STANDARD\4,5") == r"ROW\1,2"
    assert layout.box_count(r"ROW\1,2", r"STANDARD\4,5") == 3


def test_pixels_fit_on_the_film_in_both_directions():
    """Square pixels with margins left: 4096 x 5120 on 14 x 17 inches are 11.86 to the mm."""
    assert layout.pixels_per_mm((4096, 5120), "14INX17IN", "PORTRAIT") == pytest.approx(
        11.857, 1e-3
    )
    assert layout.pixels_per_mm((5120, 4096), "14INX17IN", "LANDSCAPE") == pytest.approx(
        11.857, 1e-3
    )
