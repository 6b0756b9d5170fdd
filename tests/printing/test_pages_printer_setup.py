"""One printer's page: its settings, the probe, and what the film page offers after it."""

import pytest

from printing.models import Printer, PrintJob
from printing.services.pools import pool_set
from tests.peers.sim_printer import sim_printer
from tests.printing.factories import BY, make_printer
from tests.printing.pages import NEW_PRINTER as NEW
from tests.printing.pages import film_of, form, picture, seen, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(make_user):
    return signed_in(make_user, "administrator")


def of(printer, **values):
    """Return the form of a printer as it is sent: with the version that the person saw."""
    return NEW | {"version": printer.version, "host": "127.0.0.1", "port": "104"} | values


def test_every_setting_of_a_printer_is_saved_from_its_page(operator, facility):
    printer = make_printer(facility, 104)
    values = of(
        printer,
        medium_type="PAPER",
        film_destination="BIN_2",
        output="composed",
        color="auto",
        attribute_MagnificationType="CUBIC",
        attribute_MaxDensity="310",
        attribute_ConfigurationInformation="CS000",
        lut="own",
        lut_bits="12",
        lut_title="Ours",
        lut_entries=" ".join(str(n) for n in range(256)),
        fallbacks=["eight-bits", "gray"],
        is_substitution_accepted="on",
        error_policy="abort-job",
        action_timeout_s="33",
        poll_s="0",
        follow_s="90",
    )

    assert operator.post(f"/printers/{printer.pk}/", values).status_code == 302

    printer.refresh_from_db()
    assert (printer.output, printer.color, printer.film_destination) == (
        "composed",
        "auto",
        "BIN_2",
    )
    assert printer.attributes == {
        "MagnificationType": "CUBIC",
        "MaxDensity": "310",
        "ConfigurationInformation": "CS000",
    }
    lut = {"entries": list(range(256)), "bits": 12, "title": "Ours"}
    assert printer.presentation_lut == lut
    assert (printer.fallbacks, printer.is_substitution_accepted) == (["eight-bits", "gray"], True)
    assert (printer.error_policy, printer.action_timeout_s) == ("abort-job", 33)
    assert (printer.poll_s, printer.follow_s) == (0, 90)
    page = seen(operator.get(f"/printers/{printer.pk}/"))
    assert 'value="310"' in page
    assert '<option value="CUBIC" selected>' in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"lut": "own", "lut_bits": "12", "lut_entries": "1 2 3"}, "256 entries"),
        ({"lut": "own", "lut_bits": "12", "lut_entries": "1 x"}, "Write whole numbers"),
        ({"lut": "own", "lut_entries": "1"}, "10 to 16 bits"),
        ({"attribute_SmoothingType": "small"}, "cannot be sent to a printer"),
        ({"attribute_Trim": "MAYBE"}, "Select a valid choice"),
        ({"color": "always"}, "does not print colour"),
        ({"poll_s": "100000"}, "86400"),
    ],
)
def test_a_setting_that_cannot_be_is_said_at_its_field(operator, facility, wrong, sentence):
    printer = make_printer(facility, 104)

    response = operator.post(f"/printers/{printer.pk}/", of(printer, **wrong))

    assert response.status_code == 422
    assert sentence in seen(response)
    printer.refresh_from_db()
    assert printer.version == 1


def test_who_was_slower_sees_what_is_true_now_and_keeps_what_was_typed(operator, facility):
    printer = make_printer(facility, 104)
    operator.post(f"/printers/{printer.pk}/", of(printer, film_size_id="A4"))

    as_shown = {"retry_plan_s": "10, 20, 30", "follow_s": "1800", "film_size_id": "A3"}
    late = operator.post(f"/printers/{printer.pk}/", of(printer, **as_shown))

    assert late.status_code == 409
    assert "changed by somebody else" in seen(late)
    assert 'value="A3"' in seen(late)
    assert "<b>Usual film size</b>: A4 → A3" in seen(late)
    assert seen(late).count(" → ") == 1
    assert 'name="version" value="2"' in seen(late)
    printer.refresh_from_db()
    assert printer.film_size_id == "A4"


def test_a_mistake_in_the_form_does_not_hide_that_somebody_was_faster(operator, facility):
    """Two people: the version stays the one that was seen until the form has said what changed."""
    printer = make_printer(facility, 104)
    operator.post(f"/printers/{printer.pk}/", of(printer, film_size_id="A4"))

    wrong = operator.post(
        f"/printers/{printer.pk}/", of(printer, film_size_id="A3", poll_s="100000")
    )

    assert wrong.status_code == 422
    assert 'name="version" value="1"' in seen(wrong)


@pytest.mark.parametrize("model", ["generic-color", "generic-8bit"])
def test_a_new_printer_prints_colour_where_it_can(administrator, facility, model):
    """Gray from a colour printer is a person's choice, never what nobody said."""
    page = seen(administrator.get("/printers/new/"))
    assert '<option value="auto" selected>' in page

    printer = make_printer(facility, 104, model=model)

    assert printer.color == "auto"


def test_only_attributes_that_the_model_takes_have_a_field(operator, facility):
    printer = make_printer(facility, 104, model="kodak-dryview-8700")

    page = seen(operator.get(f"/printers/{printer.pk}/"))

    assert 'name="attribute_Trim"' in page
    assert 'name="attribute_EmptyImageDensity"' not in page
    assert 'name="attribute_RequestedImageSize"' not in page  # the portal's own to say
    assert '<option value="CS015">' in page
    assert "Stated" in page
    assert "Generic" in page


def test_a_printer_that_speaks_ipp_is_set_up_without_film(administrator, facility):
    values = NEW | {"kind": "ipp", "ipp_uri": "ipp://127.0.0.1:6310/printers/office"}
    values |= {"name": "Office", "model": "generic-8bit", "ae_title": "", "host": "", "port": ""}

    administrator.post("/printers/new/", values)

    printer = Printer.objects.get()
    assert (printer.is_ipp, printer.address) == (True, ("127.0.0.1", 6310))
    assert (printer.model.name, printer.film_size_id) == ("paper", "A4")
    page = seen(administrator.get(f"/printers/{printer.pk}/"))
    assert "ipp://127.0.0.1:6310/printers/office" in page
    assert "Probe the printer" not in page
    assert 'name="fallbacks"' not in page
    changed = {"version": 1, "film_size_id": "A3", "model": "paper", "color": "auto"}
    changed |= {"ipp_uri": printer.ipp_uri, "error_policy": "retry-job"}
    assert administrator.post(f"/printers/{printer.pk}/", changed).status_code == 302
    printer.refresh_from_db()
    assert (printer.film_size_id, printer.color) == ("A3", "auto")
    assert printer.fallbacks == ["drop-attribute", "gray"]  # as it was


@pytest.mark.django_db(transaction=True)
def test_a_probe_changes_what_the_film_page_offers(operator, facility):
    """Issue 6, line 3: the form offers only what it takes."""
    takes = {"FilmSizeID": frozenset({"A4"}), "MediumType": frozenset({"PAPER"})}
    film = film_of(facility, picture(facility))
    with sim_printer(takes=takes) as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        before = seen(operator.get(f"/films/{film.pk}/"))
        answer = operator.post(f"/printers/{printer.pk}/probe/", follow=True)

    after = seen(operator.get(f"/films/{film.pk}/"))
    assert '<option value="8INX10IN"' in before
    assert '<option value="BLUE FILM"' in before
    assert '<option value="8INX10IN"' not in after
    assert '<option value="A4"' in after
    assert '<option value="BLUE FILM"' not in after
    assert '<option value="PAPER"' in after
    assert "does not take 14 × 17 in" in after
    assert "Nothing was printed." in seen(answer)
    assert "Probed" in seen(answer)
    assert peer.printed == 0

    operator.post(f"/printers/{printer.pk}/forget/")
    assert '<option value="8INX10IN"' in seen(operator.get(f"/films/{film.pk}/"))


def test_a_probe_that_reaches_nobody_is_said(operator, facility, free_port):
    printer = make_printer(facility, free_port)

    page = seen(operator.post(f"/printers/{printer.pk}/probe/", follow=True))

    assert f"Nobody answers at 127.0.0.1:{free_port}" in page


def test_a_film_goes_to_a_pool_that_offers_what_all_its_printers_take(operator, facility):
    one = make_printer(facility, 104, name="A", model="agfa-drystar-3000")
    other = make_printer(facility, 104, name="B", model="kodak-dryview-8700")
    pool = pool_set(facility_id=facility.pk, name="Upstairs", printer_ids=[one.pk, other.pk], by=BY)
    film = film_of(facility, picture(facility), layout="STANDARD\\1,1")

    page = seen(operator.get(f"/films/{film.pk}/?printer=pool-{pool.pk}"))
    values = form(film, printer=f"pool-{pool.pk}", number_of_copies=1, print_priority="MED")
    said = operator.post(f"/films/{film.pk}/print/", values, follow=True)

    assert f'<option value="pool-{pool.pk}" selected>Upstairs (pool)' in page
    assert '<option value="14INX14IN"' not in page  # B has none
    assert '<option value="PAPER"' not in page
    job = PrintJob.objects.get()
    assert (job.pool, job.printer) == (pool, one)
    assert "for Upstairs is in the queue" in seen(said)


def test_a_list_of_layouts_that_turns_with_the_film_is_read_so(operator, facility):
    """printing.md §4.1: landscape formats are the portrait list transposed."""
    printer = make_printer(facility, 104)
    learned = {"image_display_formats": ["STANDARD\\2,3"], "quirks": ["transposed-landscape"]}
    Printer.objects.filter(pk=printer.pk).update(learned=learned)
    film = film_of(facility, picture(facility), layout="STANDARD\\3,2")
    upright = seen(operator.get(f"/films/{film.pk}/"))
    lying = {"image_display_format": "STANDARD\\3,2", "film_orientation": "LANDSCAPE"}
    values = form(film, film_size_id="14INX17IN", has_text="on", **lying)

    operator.post(f"/films/{film.pk}/layout/", values)

    assert "may refuse it" in upright
    assert "may refuse it" not in seen(operator.get(f"/films/{film.pk}/"))
