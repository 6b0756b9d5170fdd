"""Texts for the printer: labels, annotation boxes, character sets (PS3.4 H.4.4; §2.6 (14))."""

import pytest

from printing.dicom import film
from printing.dicom.statuses import Refused
from printing.dicom.terms import Terms
from printing.types import Fallback, UsedFallback
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import EVERY, Notes, page, pixels, print_to, request, used


def terms(**values) -> Terms:
    return Terms(request(**values))


def test_texts_name_their_character_set_only_when_they_need_one():
    """printing.md §2.6 (14)."""
    plain = film.film_session(terms(film_session_label="Muller"), 1)
    foreign = film.film_session(terms(film_session_label="Müller"), 1)

    assert "SpecificCharacterSet" not in plain
    assert foreign.SpecificCharacterSet == "ISO_IR 192"


def test_texts_without_a_character_set_are_written_in_ascii():
    """printing.md §2.6 (14): transliterate."""
    used = UsedFallback(Fallback.NO_CHARACTER_SET, "…", "SpecificCharacterSet")
    without = terms(film_session_label="Müller 山田", used_fallbacks=(used,))

    ds = film.film_session(without, 1)

    assert "SpecificCharacterSet" not in ds
    assert ds.FilmSessionLabel.isascii()
    assert ds.FilmSessionLabel.startswith("Muller")


def test_annotation_boxes():
    """PS3.4 H.4.4: the film box names them when Annotation Display Format ID asks for some."""
    notes = Notes()
    asked = request(
        capabilities={"has_annotation": True}, attributes={"AnnotationDisplayFormatID": "BOTTOM"}
    )
    texts = ("Ward 3", "", "Müller")
    with sim_printer() as printer:
        print_to(printer.port, page(annotations=texts), notes=notes, request=asked)
        (film,) = printer.pages

    assert film.texts == {1: "Ward 3", 3: "Müller"}
    assert film.film.AnnotationDisplayFormatID == "BOTTOM"
    assert "Müller" not in notes.texts


def test_more_texts_than_annotation_boxes_are_said_to_be_left_out():
    """No AnnotationDisplayFormatID, no boxes; the film is printed."""
    notes = Notes()
    asked = request(capabilities={"has_annotation": True})
    with sim_printer() as printer:
        print_to(printer.port, page(annotations=("Ward 3",)), notes=notes, request=asked)

    assert "The printer made 0 annotation boxes: text 1 is left out." in notes.texts
    assert notes.accepted == [1]


def test_a_printer_without_annotation_boxes_prints_all_the_same():
    """The context is refused; the log says so."""
    notes = Notes()
    asked = request(capabilities={"has_annotation": True})
    with sim_printer(without=frozenset({"annotation"})) as printer:
        print_to(printer.port, page(annotations=("Ward 3",)), notes=notes, request=asked)

    assert "The printer does not offer Basic Annotation Box SOP Class." in notes.texts
    assert "The printer has no annotation boxes" in notes.texts
    assert notes.accepted == [1]


def test_a_label_in_another_script_names_its_character_set():
    """printing.md §2.6 (14)."""
    with sim_printer() as printer:
        print_to(printer.port, page(), request=request(film_session_label="山田"))
        (film,) = printer.pages

    assert film.session.SpecificCharacterSet == "ISO_IR 192"
    assert film.session.FilmSessionLabel == "山田"


@pytest.mark.peer
def test_dcmprscp_gets_labels_in_ascii(tmp_path):
    """printing.md §2.6 (14): dcmprscp refuses Specific Character Set with 0105."""
    notes = Notes()
    with film_printer(tmp_path, "film8", has_log=True) as peer:
        print_to(
            peer.port,
            page(),
            notes=notes,
            request=request(fallbacks=EVERY, film_session_label="Müller 山田"),
        )
        peer.stop()
        made = [ds for verb, status, ds in peer.messages() if verb == "N-CREATE" and status == 0]

    assert used(notes) == [(Fallback.NO_CHARACTER_SET, "SpecificCharacterSet")]
    assert made[-2].FilmSessionLabel.startswith("Muller ")
    assert "Müller" not in notes.texts


@pytest.mark.peer
def test_a_character_set_is_named_when_the_rule_is_off(tmp_path):
    """Without the rule it is a refusal that says what."""
    asked = request(film_session_label="Müller", fallbacks=frozenset())
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(), request=asked)

    assert str(caught.value) == "The printer refused Specific Character Set ISO_IR 192 (0105)."


def test_a_label_that_is_refused_is_named_without_its_text():
    """Contract: a label may name a patient; sentences end in alerts and logs."""
    asked = request(film_session_label="Doe^Jane", fallbacks=frozenset())
    with (
        sim_printer(refused=frozenset({"FilmSessionLabel"})) as printer,
        pytest.raises(Refused) as caught,
    ):
        print_to(printer.port, page(), request=asked)

    assert str(caught.value) == "The printer refused Film Session Label (0105)."


@pytest.mark.parametrize("code", [0x0105, 0x0106])
def test_an_annotation_that_is_refused_is_left_out(code):
    """Text String is U/U; the pictures carry their texts themselves."""
    notes = Notes()
    rule = Rule("N-SET BasicAnnotationBox", status=code)
    asked = request(
        fallbacks=EVERY,
        capabilities={"has_annotation": True},
        attributes={"AnnotationDisplayFormatID": "X"},
    )
    with sim_printer(rules=[rule]) as printer:
        print_to(
            printer.port,
            page(annotations=("a", "b")),
            page(2, annotations=("a",)),
            notes=notes,
            request=asked,
        )

    assert used(notes) == [(Fallback.DROP_ATTRIBUTE, "TextString")]
    assert printer.printed == 2


NO_CHARACTER_SET = UsedFallback(Fallback.NO_CHARACTER_SET, "…", "SpecificCharacterSet")


def test_texts_in_ascii_are_no_longer_than_their_vr():
    """PS3.5 6.2: a letter may become several, a value has 64 characters (LO) or 16 (SH)."""
    without = terms(
        film_session_label="胸部" * 30,
        attributes={"OwnerID": "放射線科" * 4},
        used_fallbacks=(NO_CHARACTER_SET,),
    )

    session = film.film_session(without, 1)
    text = film.annotation(1, "漢字" * 32, without).TextString

    assert (len(session.FilmSessionLabel), len(session.OwnerID), len(text)) == (64, 16, 64)


@pytest.mark.parametrize("fallbacks", [(), (NO_CHARACTER_SET,)], ids=["UTF-8", "ASCII"])
@pytest.mark.parametrize("text", ["a\\b", "a\nb", "a ＼b\x1b"])
def test_an_annotation_is_one_value(text, fallbacks):
    """PS3.5 6.2: a backslash would make two values, and LO has no control characters."""
    sent = film.annotation(1, text, terms(used_fallbacks=fallbacks)).TextString

    assert isinstance(sent, str)
    assert sent in {"a b", "a  b" if fallbacks else "a ＼b"}


def test_texts_of_other_scripts_in_every_object_name_their_character_set():
    """printing.md §2.6 (14): session, film box, image box and annotation box alike."""
    attributes = {"ConfigurationInformation": "é", "ImageBox.ConfigurationInformation": "é"}
    asked = terms(film_session_label="é", attributes=attributes)

    for made in (
        film.film_session(asked, 1),
        film.film_box(page(), asked, "1.2.3"),
        film.image_box(pixels(), asked),
        film.annotation(1, "é", asked),
    ):
        assert made.SpecificCharacterSet == "ISO_IR 192"
