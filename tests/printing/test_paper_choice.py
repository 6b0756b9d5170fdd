"""Which paper a film goes on: its own size, the printer's default, or what lies in the trays."""

from printing.paper.papers import is_loaded, paper_for, paper_named
from tests.printing.test_paper_pdf import spec


def test_paper_is_the_films_own_size_where_the_printer_has_it():
    """PWG 5101.1 media names; else what is in the printer, whatever its size."""
    has = ("iso_a4_210x297mm", "iso_a3_297x420mm")

    assert paper_for(spec("A3"), has, "iso_a4_210x297mm").media == "iso_a3_297x420mm"
    assert paper_for(spec("14INX17IN"), has, "iso_a4_210x297mm").film_size_id == "A4"
    assert paper_for(spec("A3"), has[:1], "om_card_100x150mm").film_size_id == "10_00CMX15_00CM"
    assert paper_for(spec("A4"), has[1:], "unheard of").film_size_id == "A4"


def test_what_lies_in_the_trays_is_taken_where_the_film_has_no_paper_of_its_own():
    """The default where it is loaded, else the largest that is; trays may lie across."""
    has = ("iso_a4_210x297mm", "iso_a3_297x420mm", "iso_a5_148x210mm")
    film = spec("14INX17IN")

    assert paper_for(film, has, has[0], [(210, 297), (297, 420)]).media == has[0]
    assert paper_for(film, has, has[0], [(148, 210), (420, 297)]).media == has[1]
    assert paper_for(film, has, has[0], [(148, 210)]).media == has[2]
    assert paper_for(film, has, has[0], [(90, 50)]).media == has[0]
    assert paper_for(spec("A3"), has, has[0], [(210, 297)]).media == has[1]
    assert not is_loaded(paper_named(has[1]), [(210, 297)])
    assert is_loaded(paper_named(has[0]), [(296.9, 210.1)])
