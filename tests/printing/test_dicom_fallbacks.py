"""Fallbacks by rule: what is changed so that a film is printed, and that it is said (line 4)."""

import numpy as np
import pytest

from printing.dicom.request import PrintRequest
from printing.dicom.statuses import Refused
from printing.types import Fallback, UsedFallback
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import EVERY, Notes, page, print_to, used
from tests.printing.scu_notes import request as asking


def request(*, fallbacks=EVERY, **values) -> PrintRequest:
    return asking(fallbacks=fallbacks, **values)


@pytest.mark.peer
def test_dcmprscp_prints_without_the_attributes_that_it_refuses(tmp_path):
    """0105 and 0106: every refused optional attribute is left out, the others are kept."""
    notes = Notes()
    asked = request(
        attributes={"Trim": "YES", "MagnificationType": "SOFT", "MaxDensity": "300"},
    )
    with film_printer(tmp_path, "film8", has_log=True) as peer:
        returned = print_to(peer.port, page(1), page(2), notes=notes, request=asked)
        peer.stop()
        messages = peer.messages()
        films = peer.films()

    assert len(films) == 2
    assert notes.accepted == [1, 2]
    assert sorted(used(notes)) == [
        (Fallback.DROP_ATTRIBUTE, "MagnificationType"),
        (Fallback.DROP_ATTRIBUTE, "Trim"),
    ]
    assert returned == tuple(notes.fallbacks)
    said = " ".join(one.says for one in returned)
    assert "The printer refused Magnification Type SOFT (010" in said
    assert "The printer refused Trim YES (010" in said
    made = [ds for verb, status, ds in messages if verb == "N-CREATE" and status == 0]
    assert made[-1].MaxDensity == 300
    assert not {"Trim", "MagnificationType"} & {e.keyword for e in made[-1]}


@pytest.mark.peer
def test_a_refused_attribute_of_a_picture_is_found_with_a_small_one(tmp_path):
    """A picture of 43 MB is not sent over and over to find out."""
    notes = Notes()
    asked = request(attributes={"RequestedDecimateCropBehavior": "FAIL", "Polarity": "NORMAL"})
    with film_printer(tmp_path, "film8", has_log=True) as peer:
        print_to(peer.port, page(side=400), notes=notes, request=asked)
        peer.stop()
        sets = [ds for verb, _, ds in peer.messages() if verb == "N-SET"]
        (film,) = peer.films()

    assert used(notes) == [(Fallback.DROP_ATTRIBUTE, "RequestedDecimateCropBehavior")]
    assert film.images[1].shape == (400, 400)
    large = [ds for ds in sets if ds.BasicGrayscaleImageSequence[0].Rows == 400]
    assert len(large) == 2
    assert large[-1].Polarity == "NORMAL"


def test_the_attribute_identifier_list_says_which(tmp_path):
    """PS3.7 C.5: where the printer names it, nothing is tried."""
    notes = Notes()
    rule = Rule("N-SET", nth=1, status=0x0105, tags=(0x20200020,))
    with sim_printer(rules=[rule]) as printer:
        asked = request(attributes={"Polarity": "NORMAL", "ImageBox.SmoothingType": "SHARP"})
        print_to(printer.port, page(), notes=notes, request=asked)

    assert used(notes) == [(Fallback.DROP_ATTRIBUTE, "Polarity")]
    assert len([said for said in printer.requests if said.startswith("N-SET")]) == 2


@pytest.mark.parametrize("comment", ["TrimFlag? Trim bad", "bad value in (2010,0140)"])
def test_the_error_comment_says_which(comment):
    """Error Comment names the attribute by keyword or tag: nothing is tried."""
    rule = Rule("N-CREATE BasicFilmBox", nth=1, status=0x0106, comment=comment)
    asked = request(attributes={"Trim": "YES", "MaxDensity": "300"}, fallbacks=frozenset())
    with sim_printer(rules=[rule]) as printer, pytest.raises(Refused) as caught:
        print_to(printer.port, page(), request=asked)

    assert str(caught.value) == f"The printer refused Trim YES (0106). It says: {comment}"
    assert len([said for said in printer.requests if "BasicFilmBox" in said]) == 1


def test_a_rule_that_is_off_changes_nothing():
    """Issue line 4: each on or off per printer."""
    notes = Notes()
    asked = request(attributes={"Trim": "YES"}, fallbacks=EVERY - {Fallback.DROP_ATTRIBUTE})
    with sim_printer(refused=frozenset({"Trim"})) as printer, pytest.raises(Refused, match="Trim"):
        print_to(printer.port, page(), notes=notes, request=asked)

    assert (printer.printed, notes.fallbacks) == (0, [])


@pytest.mark.parametrize(
    "values",
    [
        {"medium_type": "MAMMO BLUE FILM"},
        {"size": "11INX17IN"},
        {"layout": "DIAMOND"},
        {"copies": 99},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_makes_another_film_is_never_dropped(values):
    """Contract: not Number of Copies, Medium Type, Film Size ID, orientation, display format."""
    asked = {key: values.pop(key) for key in list(values) if key == "medium_type"}
    with sim_printer(max_copies=9) as printer, pytest.raises(Refused):
        print_to(printer.port, page(**values), request=request(**asked))

    assert printer.printed == 0


@pytest.mark.peer
def test_twelve_bits_become_eight(tmp_path):
    """dcmprscp film8 refuses 12 bits (0106): the page is drawn again."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:
        asked = request(bits=12)
        print_to(
            peer.port,
            page(1, layout=r"STANDARD\2,2", count=3),
            page(2),
            notes=notes,
            request=asked,
        )
        first, second = peer.films()

    assert used(notes) == [(Fallback.EIGHT_BITS, "")]
    assert notes.fallbacks[0].says == (
        "The printer refused Bits Stored 12 (0106): pictures have 8 bits."
    )
    assert {int(header.BitsStored) for header in first.headers.values()} == {8}
    assert sorted(first.images) == [1, 2, 3]
    assert (second.images[1] == np.arange(256).reshape(16, 16)).all()


def test_fallbacks_of_an_earlier_attempt_are_used_from_the_start():
    """Contract: used from the start at the next attempt, and not announced again."""
    notes = Notes()
    earlier = (
        UsedFallback(Fallback.EIGHT_BITS, "…"),
        UsedFallback(Fallback.DROP_ATTRIBUTE, "…", "Trim"),
    )
    with sim_printer(bits=(8,), refused=frozenset({"Trim"})) as printer:
        asked = request(bits=12, attributes={"Trim": "YES"}, used_fallbacks=earlier)
        returned = print_to(printer.port, page(), notes=notes, request=asked)

    assert all(said.endswith(" 0000") for said in printer.requests)
    assert (returned, notes.fallbacks) == (earlier, [])
    assert printer.printed == 1


def test_a_fallback_that_does_not_help_is_not_announced():
    """Only what has passed counts as used: the next attempt starts with 12 bits again."""
    notes = Notes()
    rule = Rule("N-SET", status=0x0106)
    with sim_printer(rules=[rule]) as printer, pytest.raises(Refused, match="12 bits"):
        print_to(printer.port, page(), notes=notes, request=request(bits=12))

    assert notes.fallbacks == []


def test_colour_becomes_gray_when_the_class_is_refused():
    """Issue line 4: colour → gray, inside the same association."""
    notes = Notes()
    with sim_printer(without=frozenset({"color"})) as printer:
        print_to(printer.port, page(), notes=notes, request=request(is_color=True))

    assert used(notes) == [(Fallback.GRAY, "")]
    assert printer.pages[0].images[1].photometric == "MONOCHROME2"
    assert printer.associations == 1


def test_colour_becomes_gray_when_the_picture_is_refused():
    """The class is there, the picture is not taken: session and film box anew."""
    notes = Notes()
    rule = Rule("N-SET BasicColorImageBox", status=0x0106)
    with sim_printer(rules=[rule]) as printer:
        print_to(printer.port, page(), notes=notes, request=request(is_color=True))

    assert used(notes) == [(Fallback.GRAY, "")]
    assert (printer.printed, printer.associations) == (1, 1)


@pytest.mark.peer
def test_no_colour_without_the_rule(tmp_path):
    """dcmprscp knows no colour: nothing is printed in gray behind anybody's back."""
    asked = request(is_color=True, fallbacks=frozenset())
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused, match="print colour"):
        print_to(peer.port, page(), request=asked)


@pytest.mark.peer
def test_dcmprscp_prints_colour_in_gray_with_the_rule(tmp_path):
    """The colour context is refused, the gray one of the same association accepted."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:
        print_to(peer.port, page(), notes=notes, request=request(is_color=True))
        (film,) = peer.films()

    assert used(notes) == [(Fallback.GRAY, "")]
    assert (film.images[1] == np.arange(256).reshape(16, 16)).all()


@pytest.mark.peer
def test_bits_and_an_attribute_that_are_both_refused(tmp_path):
    """film8 takes neither: trying without the one alone, nobody would find the other."""
    notes = Notes()
    asked = request(bits=12, attributes={"RequestedDecimateCropBehavior": "FAIL"})
    with film_printer(tmp_path, "film8") as peer:
        print_to(peer.port, page(), notes=notes, request=asked)
        (film,) = peer.films()

    assert used(notes) == [
        (Fallback.EIGHT_BITS, ""),
        (Fallback.DROP_ATTRIBUTE, "RequestedDecimateCropBehavior"),
    ]
    assert film.headers[1].BitsStored == 8
