"""True size on the wire: printed as it was asked for, or not at all (printing.md §2.4, §5 (10))."""

import pytest

from printing.dicom import attributes
from printing.dicom.request import PrintRequest
from printing.dicom.statuses import Refused
from printing.types import Capabilities, Fallback
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import Notes, page, print_to, print_with

KNOWN = Capabilities(attributes=dict.fromkeys(attributes.OPTIONAL, ()))
IMAGE, ACTION = "N-SET BasicGrayscaleImageBox", "N-ACTION BasicFilmBox"


@pytest.mark.parametrize("code", [0xB604, 0xB60A])
@pytest.mark.parametrize("on", [IMAGE, ACTION])
def test_b604_and_b60a_go_on(on, code):
    """Picture demagnified or decimated: go on."""
    notes = Notes()
    printer = print_with(Rule(on, status=code), notes=notes)

    assert printer.printed == 1
    assert [found for found, _ in notes.answers[1].warnings] == [code]


@pytest.mark.parametrize("code", [0xB604, 0xB60A])
def test_b604_and_b60a_are_a_failure_for_true_size(code):
    """A failure for a true-size job, before the N-ACTION."""
    notes = Notes()
    with (
        sim_printer(rules=[Rule(IMAGE, status=code)]) as printer,
        pytest.raises(Refused, match="would not have its true size"),
    ):
        print_to(printer.port, page(is_true_size=True), notes=notes)

    assert (printer.printed, notes.sent) == (0, [])


def test_a_size_that_comes_back_otherwise_is_a_failure_for_true_size():
    """The same without a warning: the returned attributes say so."""
    notes = Notes()
    rule = Rule(IMAGE, granted={"RequestedImageSize": "150"})
    asked = page(is_true_size=True, requested_image_size=200.0)
    with (
        sim_printer(rules=[rule]) as printer,
        pytest.raises(Refused, match="would not have its true size"),
    ):
        print_to(printer.port, asked, notes=notes)

    assert (printer.printed, notes.sent) == (0, [])


@pytest.mark.parametrize("code", [0xB604, 0xB60A])
def test_a_true_size_film_that_shrinks_at_the_n_action_came_out(code):
    """It was accepted, so it must not be sent again: a loud warning."""
    notes = Notes()
    printer = print_with(Rule(ACTION, status=code), page(is_true_size=True), notes=notes)

    ((_, words),) = notes.answers[1].warnings
    assert words.startswith("THE SIZE IS NOT TRUE")
    assert (printer.printed, notes.accepted) == (1, [1])


def test_a_film_in_true_size_is_never_printed_without_its_size():
    """printing.md §5 (10): a picture of another size would lie."""
    true = page(is_true_size=True, requested_image_size=200.0)
    with (
        sim_printer(refused=frozenset({"RequestedImageSize"})) as printer,
        pytest.raises(Refused, match=r"refused Requested Image Size 200"),
    ):
        print_to(printer.port, true, request=PrintRequest(KNOWN, fallbacks=frozenset(Fallback)))

    assert printer.printed == 0


def test_a_true_size_that_may_have_been_ignored_is_a_failure():
    """0107 without a word of what was left out: the film could lie (printing.md §5 (10))."""
    notes = Notes()
    asked = page(is_true_size=True, requested_image_size=200.0)
    with (
        sim_printer(is_lenient=True, refused=frozenset({"RequestedImageSize"})) as printer,
        pytest.raises(Refused, match="would not have its true size"),
    ):
        print_to(printer.port, asked, notes=notes)

    assert (printer.printed, notes.sent) == (0, [])


@pytest.mark.parametrize(
    "rule",
    [
        Rule(IMAGE, status=0x0107, tags=(0x20200020,)),
        Rule(IMAGE, status=0x0116, granted={"RequestedImageSize": "200"}),
    ],
    ids=["another attribute is named", "the width comes back"],
)
def test_a_true_size_that_holds_is_printed(rule):
    """A warning that is about something else stops nothing."""
    asked = page(is_true_size=True, requested_image_size=200.0)
    request = PrintRequest(KNOWN, attributes={"Polarity": "NORMAL"})

    assert print_with(rule, asked, request=request).printed == 1
