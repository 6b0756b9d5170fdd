"""What the printer uses instead of what was asked for (printing.md §2.4: 0107, 0116, B604)."""

import pytest
from pydicom.dataset import Dataset

from printing.dicom import attributes, film
from printing.dicom.request import PrintRequest
from printing.dicom.statuses import Substituted, in_words
from printing.dicom.terms import Terms
from printing.types import Capabilities, LineKind
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import Notes, page, print_to, print_with

KNOWN = Capabilities(attributes=dict.fromkeys(attributes.OPTIONAL, ()))
PAGE = page(layout=r"STANDARD\2,2", orientation="LANDSCAPE")
SESSION, FILM = "N-CREATE BasicFilmSession", "N-CREATE BasicFilmBox"
IMAGE, ACTION = "N-SET BasicGrayscaleImageBox", "N-ACTION BasicFilmBox"


def terms(**values) -> Terms:
    return Terms(PrintRequest(**{"capabilities": KNOWN, **values}))


def test_differences_between_asked_and_granted():
    """printing.md §2.4: 0107 and 0116, every difference is shown."""
    asked, granted = film.film_box(PAGE, terms(), "1.2.3"), Dataset()
    granted.FilmSizeID, granted.FilmOrientation = "8INX10IN", "LANDSCAPE"

    (found,) = film.differences(asked, granted)

    assert film.difference_in_words(found) == (
        "The printer uses Film Size ID 8INX10IN instead of 14INX17IN."
    )
    assert film.is_substitution(found)
    assert film.differences(asked, None, code=0x0107) == []


def test_an_ignored_attribute_is_a_difference_when_the_printer_warns():
    """0107: what does not come back was ignored; after 0000 the list may be a partial one."""
    asked = film.film_box(page(), terms(attributes={"Trim": "YES"}), "1.2.3")
    granted = film.without(asked, "Trim")

    (found,) = film.differences(asked, granted, code=0x0107)

    assert film.difference_in_words(found) == "The printer ignores Trim YES."
    assert not film.is_substitution(found)
    assert film.differences(asked, granted) == []


def test_equal_numbers_are_no_difference():
    """A printer writes 100.0 for 100."""
    asked, granted = Dataset(), Dataset()
    asked.RequestedImageSize, granted.RequestedImageSize = "100", "100.0"

    assert film.differences(asked, granted, code=0x0107) == []


def test_whatever_is_loaded_is_no_substitution():
    """printing.md §2.3: printers know CURRENT."""
    asked, granted = film.film_box(page(size="CURRENT"), terms(), "1.2.3"), Dataset()
    granted.FilmSizeID = "14INX17IN"

    (found,) = film.differences(asked, granted)

    assert not film.is_substitution(found)


def test_no_difference_quotes_a_text_that_may_name_a_patient():
    """Contract: logs carry no names."""
    asked, granted = film.film_session(terms(film_session_label="Doe^Jane"), 1), Dataset()
    granted.FilmSessionLabel = "DOE"

    (found,) = film.differences(asked, granted, code=0x0107)

    assert film.difference_in_words(found) == "The printer changed Film Session Label."


@pytest.mark.parametrize("code", [0x0107, 0x0116])
@pytest.mark.parametrize("on", [SESSION, FILM, IMAGE])
def test_0107_and_0116_go_on_and_are_kept(on, code):
    """Go on; the warning belongs to the page."""
    notes = Notes()
    printer = print_with(Rule(on, nth=1, status=code), notes=notes)

    ((found, words),) = notes.answers[1].warnings
    assert found == code
    assert words.startswith(in_words(code))
    assert printer.printed == 1


@pytest.mark.parametrize(
    ("keyword", "asked", "granted", "place"),
    [
        ("MagnificationType", "CUBIC", "NONE", {}),
        ("MaxDensity", "400", 310, {}),
        ("PrintPriority", "HIGH", "MED", {"print_priority": "HIGH"}),
        ("FilmDestination", "BIN_1", "PROCESSOR", {"film_destination": "BIN_1"}),
    ],
)
@pytest.mark.parametrize("code", [0x0116, 0x0000])
def test_each_value_that_the_printer_changed_is_kept(keyword, asked, granted, place, code):
    """Compare the returned attributes with the request; a printer may change them silently."""
    notes = Notes()
    on = SESSION if place else FILM
    values = place or {"attributes": {keyword: asked}}
    printer = print_with(
        Rule(on, status=code, granted={keyword: granted}),
        notes=notes,
        request=PrintRequest(KNOWN, **values),
    )

    (difference,) = notes.answers[1].differences
    told = (difference.keyword, difference.asked, difference.granted)
    assert told == (keyword, asked, str(granted))
    (line,) = [line.text for line in notes.lines if line.kind == LineKind.DIFFERENCE]
    assert line == f"The printer uses {difference.attribute} {granted} instead of {asked}."
    assert printer.printed == 1


def test_0107_names_what_the_printer_ignores():
    """A lenient printer leaves out of its answer what it does not know."""
    notes = Notes()
    with sim_printer(is_lenient=True, refused=frozenset({"Trim"})) as printer:
        request = PrintRequest(KNOWN, attributes={"Trim": "YES", "MaxDensity": "300"})
        print_to(printer.port, page(), notes=notes, request=request)

    assert "The printer ignores Trim YES." in notes.texts
    assert [d.keyword for d in notes.answers[1].differences] == ["Trim"]
    assert printer.printed == 1


@pytest.mark.parametrize("code", [0x0107, 0x0116, 0x0000])
@pytest.mark.parametrize(
    ("on", "granted", "sentence"),
    [
        (FILM, {"FilmSizeID": "8INX10IN"}, "Film Size ID 8INX10IN instead of 14INX17IN"),
        (SESSION, {"MediumType": "PAPER"}, "Medium Type PAPER instead of BLUE FILM"),
    ],
)
def test_another_size_or_medium_stops_before_the_n_action(on, granted, sentence, code):
    """Size or medium changed → offer to stop before N-ACTION."""
    notes = Notes()
    rule = Rule(on, status=code, granted=granted)
    request = PrintRequest(medium_type="BLUE FILM")
    with sim_printer(rules=[rule]) as printer, pytest.raises(Substituted) as caught:
        print_to(printer.port, page(), notes=notes, request=request)

    assert f"The printer would use {sentence}." in str(caught.value)
    assert len(caught.value.differences) == 1
    assert (printer.printed, notes.sent) == (0, [])


def test_another_size_is_printed_when_that_was_agreed_to():
    """Contract: is_substitution_accepted; the difference is kept all the same."""
    notes = Notes()
    printer = print_with(
        Rule(FILM, status=0x0116, granted={"FilmSizeID": "8INX10IN"}),
        notes=notes,
        request=PrintRequest(is_substitution_accepted=True),
    )

    assert printer.printed == 1
    assert [d.granted for d in notes.answers[1].differences] == ["8INX10IN"]


@pytest.mark.parametrize("on", ["N-CREATE PresentationLUT", FILM])
def test_b605_goes_on(on):
    """Density clipped to the printer's range: go on, note."""
    notes = Notes()
    request = PrintRequest(
        Capabilities(attributes=KNOWN.attributes, lut_place="film-box"),
        attributes={"MaxDensity": "500"},
        presentation_lut={"shape": "IDENTITY"},
    )
    printer = print_with(Rule(on, status=0xB605), notes=notes, request=request)

    assert printer.printed == 1
    assert in_words(0xB605) in notes.texts
    assert [code for code, _ in notes.answers[1].warnings] == [0xB605]


def test_a_partial_list_names_only_what_was_changed():
    """0116 with the changed value alone: the others were not ignored, they are not told."""
    asked = film.film_box(page(), terms(attributes={"Trim": "YES", "MaxDensity": "400"}), "1.2.3")
    granted = Dataset()
    granted.MaxDensity = 310

    found = film.differences(asked, granted, code=0x0116)

    assert [(one.keyword, one.granted) for one in found] == [("MaxDensity", "310")]


def test_copies_that_nobody_asked_for_are_said():
    """One copy is not sent, for it is the ordinary number; a printer may be set to another."""
    notes = Notes()
    print_with(Rule(SESSION, granted={"NumberOfCopies": 2}), notes=notes)

    (difference,) = notes.answers[1].differences
    assert (difference.keyword, difference.asked, difference.granted) == (
        "NumberOfCopies",
        "1",
        "2",
    )
    assert "The printer uses Number of Copies 2 instead of 1." in notes.texts


def test_a_warning_of_another_kind_ignores_nothing():
    """B605 is about a density: what does not come back with it is as it was asked for."""
    asked = film.film_box(page(), terms(attributes={"Trim": "YES"}), "1.2.3")

    assert film.differences(asked, film.without(asked, "Trim"), code=0xB605) == []


def test_the_attribute_identifier_list_names_what_is_ignored():
    """PS3.7 C.4.2: 0107 has the list; nothing else need come back."""
    notes = Notes()
    printer = print_with(
        Rule(IMAGE, status=0x0107, tags=(0x20200020,)),
        notes=notes,
        request=PrintRequest(KNOWN, attributes={"Polarity": "NORMAL"}),
    )

    (difference,) = notes.answers[1].differences
    assert (difference.keyword, difference.granted) == ("Polarity", "")
    assert "The printer ignores Polarity of picture 1 NORMAL." in notes.texts
    assert printer.printed == 1


@pytest.mark.parametrize(
    ("keyword", "values", "says"),
    [
        ("FilmSizeID", {}, "ignore Film Size ID 14INX17IN"),
        ("MediumType", {"medium_type": "BLUE FILM"}, "ignore Medium Type BLUE FILM"),
    ],
)
def test_a_size_or_medium_that_is_ignored_stops_before_the_n_action(keyword, values, says):
    """0107: nobody knows on what film it would come out."""
    notes = Notes()
    request = PrintRequest(**values)
    with (
        sim_printer(is_lenient=True, refused=frozenset({keyword})) as printer,
        pytest.raises(Substituted, match=f"The printer would {says}"),
    ):
        print_to(printer.port, page(), notes=notes, request=request)

    assert (printer.printed, notes.sent) == (0, [])
