"""Presentation LUTs: shape or table, in the place that the printer wants (PS3.4 H.4.9)."""

import pytest

from printing.dicom import presentation_lut
from printing.dicom.statuses import Refused
from printing.types import Fallback
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import EVERY, Notes, page, print_to, request, used, values_of


@pytest.mark.peer
@pytest.mark.parametrize(("model", "place"), [("lut", "film-box"), ("lutsession", "film-session")])
@pytest.mark.parametrize(
    "lut",
    [
        {"shape": "IDENTITY"},
        {"shape": "LIN OD"},
        {"entries": list(range(4096)), "bits": 12, "title": "straight"},
    ],
    ids=["identity", "lin od", "table"],
)
def test_a_presentation_lut_is_named_where_the_printer_wants_it(tmp_path, model, place, lut):
    """printing.md §2.6 (13): LUT in film session (before CP 173) or film box."""
    notes = Notes()
    asked = request(bits=12, presentation_lut=lut, capabilities={"lut_place": place})
    with film_printer(tmp_path, model, has_log=True) as peer:
        print_to(peer.port, page(1), page(2), notes=notes, request=asked)
        peer.stop()
        messages = peer.messages()

    assert notes.accepted == [1, 2]
    assert {status for _, status, _ in messages} == {0}
    made = [ds for verb, _, ds in messages if verb == "N-CREATE"]
    table, *others = made
    if "entries" in lut:
        assert list(table.PresentationLUTSequence[0].LUTDescriptor) == [4096, 0, 12]
        assert "PresentationLUTShape" not in table
    else:
        assert table.PresentationLUTShape == lut["shape"]
    # Film boxes name their session; the session does not.
    in_film_box = "ReferencedFilmSessionSequence"
    has_lut = [(in_film_box in ds, "ReferencedPresentationLUTSequence" in ds) for ds in others]
    assert has_lut == [(False, place == "film-session"), *[(True, place == "film-box")] * 2]


def test_no_presentation_lut_without_a_place_for_it():
    """types/printers.py: lut_place none."""
    with sim_printer() as printer:
        print_to(printer.port, page(), request=request(presentation_lut={"shape": "IDENTITY"}))

    assert not any("PresentationLUT" in said for said in printer.requests)


@pytest.mark.parametrize("shape", ["IDENTITY", "LIN OD"])
def test_a_presentation_lut_of_a_shape(shape):
    """PS3.4 Table H.4-23: shape or sequence, never both."""
    ds = presentation_lut.presentation_lut({"shape": shape}, 8)

    assert values_of(ds) == {"PresentationLUTShape": shape}
    assert "PresentationLUTSequence" not in ds


@pytest.mark.parametrize(("bits", "count"), [(8, 256), (12, 4096)])
@pytest.mark.parametrize("given", [256, 4096])
def test_a_presentation_lut_table_fits_the_bits_of_the_pictures(bits, count, given):
    """PS3.4 Table H.4-23: 256 entries for 8 bits, 4096 for 12, the first value is 0."""
    entries = [round(i * 4095 / (given - 1)) for i in range(given)]
    ds = presentation_lut.presentation_lut({"entries": entries, "bits": 12, "title": "s"}, bits)
    item = ds.PresentationLUTSequence[0]
    data = [int.from_bytes(item.LUTData[i : i + 2], "little") for i in range(0, count * 2, 2)]

    assert list(item.LUTDescriptor) == [count, 0, 12]
    assert len(item.LUTData) == 2 * count
    assert (data[0], data[-1], data) == (0, 4095, sorted(data))
    assert item.LUTExplanation == "s"
    assert "PresentationLUTShape" not in ds


@pytest.mark.parametrize(
    "values",
    [
        {"shape": "ROUND"},
        {},
        {"entries": [0] * 100, "bits": 12},
        {"entries": [0] * 256, "bits": 8},
        {"entries": [5000] * 256, "bits": 12},
        {"entries": [-1] * 256, "bits": 12},
    ],
)
def test_a_presentation_lut_that_is_none(values):
    """PS3.4 H.4.9.1.1."""
    with pytest.raises(Refused, match="presentation LUT"):
        presentation_lut.presentation_lut(values, 8)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("model", "wrong", "right"),
    [("lut", "film-session", "film-box"), ("lutsession", "film-box", "film-session")],
)
def test_a_presentation_lut_moves_to_the_other_place(tmp_path, model, wrong, right):
    """Issue line 4: LUT in session or box (printing.md §2.6 (13))."""
    notes = Notes()
    asked = request(
        fallbacks=EVERY, presentation_lut={"shape": "LIN OD"}, capabilities={"lut_place": wrong}
    )
    with film_printer(tmp_path, model, has_log=True) as peer:
        print_to(peer.port, page(), notes=notes, request=asked)
        peer.stop()
        made = [ds for verb, status, ds in peer.messages() if verb == "N-CREATE" and status == 0]

    assert notes.accepted == [1]
    assert used(notes) == [(Fallback.LUT_PLACE, right)]
    assert "Presentation LUT LIN OD" in notes.fallbacks[0].says
    assert sum("ReferencedPresentationLUTSequence" in ds for ds in made[-2:]) == 1


@pytest.mark.parametrize("without", [frozenset({"lut"}), frozenset()])
def test_a_presentation_lut_that_nobody_takes_is_left_out(without):
    """U/MC: by Fallback.DROP_ATTRIBUTE, said in the log."""
    notes = Notes()
    asked = request(
        fallbacks=EVERY,
        presentation_lut={"shape": "IDENTITY"},
        capabilities={"lut_place": "film-box"},
    )
    with sim_printer(without=without, lut_place="none") as printer:
        print_to(printer.port, page(), notes=notes, request=asked)

    assert used(notes)[-1] == (Fallback.DROP_ATTRIBUTE, "ReferencedPresentationLUTSequence")
    assert (printer.printed, printer.pages[0].lut) == (1, None)


def test_no_film_without_its_presentation_lut_when_the_rule_is_off():
    """Another curve is another film."""
    asked = request(
        presentation_lut={"shape": "IDENTITY"},
        capabilities={"lut_place": "film-box"},
        fallbacks=frozenset(),
    )
    with (
        sim_printer(without=frozenset({"lut"})) as printer,
        pytest.raises(Refused, match="does not support presentation LUTs"),
    ):
        print_to(printer.port, page(), request=asked)


def test_a_table_follows_the_pictures_to_eight_bits():
    """Fallback 12 → 8: 256 entries belong to 8 bits, 4096 to 12 (Table H.4-23)."""
    notes = Notes()
    asked = request(
        fallbacks=EVERY,
        bits=12,
        presentation_lut={"entries": list(range(4096)), "bits": 12},
        capabilities={"lut_place": "film-box"},
    )
    with sim_printer(bits=(8,)) as printer:
        print_to(printer.port, page(1), page(2), notes=notes, request=asked)

    assert used(notes) == [(Fallback.EIGHT_BITS, "")]
    for film in printer.pages:
        assert film.images[1].bits == 8
        assert list(film.lut.PresentationLUTSequence[0].LUTDescriptor) == [256, 0, 12]
    assert printer.requests.count("N-DELETE PresentationLUT 0000") == 2


GRAY_BY_CLASS = {"without": frozenset({"color"})}
GRAY_BY_PICTURE = {"rules": [Rule("N-SET BasicColorImageBox", status=0x0106)]}


@pytest.mark.parametrize("printer", [GRAY_BY_CLASS, GRAY_BY_PICTURE], ids=["class", "picture"])
def test_a_colour_film_that_becomes_gray_has_the_luts_curve(printer):
    """Gray films of this printer have a presentation LUT; colour has none."""
    notes = Notes()
    asked = request(
        fallbacks=EVERY,
        is_color=True,
        presentation_lut={"shape": "LIN OD"},
        capabilities={"lut_place": "film-box"},
    )
    with sim_printer(**printer) as peer:
        print_to(peer.port, page(), notes=notes, request=asked)
        again = request(
            fallbacks=EVERY,
            is_color=True,
            presentation_lut={"shape": "LIN OD"},
            capabilities={"lut_place": "film-box"},
            used_fallbacks=tuple(notes.fallbacks),
        )
        print_to(peer.port, page(), notes=notes, request=again)

    assert used(notes) == [(Fallback.GRAY, "")]
    assert [film.lut.PresentationLUTShape for film in peer.pages] == ["LIN OD"] * 2


def test_a_colour_film_has_no_presentation_lut():
    """PS3.4 H.4.9: of gray alone."""
    asked = request(
        is_color=True,
        presentation_lut={"shape": "LIN OD"},
        capabilities={"lut_place": "film-box"},
    )
    with sim_printer() as printer:
        print_to(printer.port, page(), request=asked)

    assert not any("PresentationLUT" in said for said in printer.requests)
