"""Printers: made with their device, shared devices, models."""

import pytest

from portal.errors import InvalidInput, NotAllowed, NotFound
from portal.models import RemoteAE
from portal.selectors import actor_for
from portal.services import device_set
from printing.demo import furnish
from printing.models import JobState, Printer, PrinterModel, PrintJob, PrintPool
from printing.printer_models import FILM_PIXELS, SHIPPED_MODELS
from printing.selectors.printers import (
    action_timeout_s,
    printer_named,
    printers,
    retry_plan_s,
)
from printing.services.printers import printer_enable, printer_for_device, printer_set
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


def device(facility, **changes):
    values = {"ae_title": "FILM", "host": "127.0.0.1", "port": 21_190, "kind": "printer"} | changes
    return device_set(facility_id=facility.pk, by=BY, **values)[0]


def test_a_printer_device_brings_the_printer_of_its_name(facility):
    """architecture.md §3: enabled, with the generic printer model."""
    printer = printer_for_device(device=device(facility), model=None, by=BY)

    assert (printer.name, printer.is_enabled, printer.is_accepting) == ("FILM", True, True)
    assert (printer.model.name, printer.model.bits) == ("generic-8bit", 8)


def test_setting_the_device_again_keeps_what_people_chose(facility):
    """Idempotent; only what is named changes."""
    printer_for_device(device=device(facility), model="generic-12bit", by=BY)
    printer_set(
        facility_id=facility.pk,
        name="FILM",
        device_id=device(facility).pk,
        film_size_id="A4",
        retry_plan_s=[1, 2],
        by=BY,
    )

    printer = printer_for_device(device=device(facility, port=21_191), model=None, by=BY)

    assert (printer.model.name, printer.film_size_id) == ("generic-12bit", "A4")
    assert printer.retry_plan_s == [1, 2]
    assert Printer.objects.count() == 1


@pytest.mark.parametrize("name", ["generic-8bit", "generic-12bit"])
def test_shipped_models_are_made_when_they_are_needed(facility, name):
    """printing/printer_models.py is the truth; a facility's row is made from it once."""
    assert not PrinterModel.objects.exists()

    make_printer(facility, 21_190, model=name)
    make_printer(facility, 21_190, name="AGAIN", model=name)

    made = PrinterModel.objects.get()
    assert made.bits == SHIPPED_MODELS[name].bits
    assert made.film_pixels["14INX17IN"] == [4096, 5120]


def test_all_film_sizes_have_the_same_pitch():
    """Sizes other than 14INX17IN are scaled to its dots per inch."""
    inches = {"8INX10IN": (8, 10), "11INX14IN": (11, 14), "14INX14IN": (14, 14)}
    for size, (width, height) in inches.items():
        columns, rows = FILM_PIXELS[size]
        assert columns / width == pytest.approx(4096 / 14, rel=0.001)
        assert rows / height == pytest.approx(5120 / 17, rel=0.001)


@pytest.mark.parametrize(
    ("on_device", "values", "words"),
    [
        ({"kind": "modality"}, {}, "is not a printer"),
        ({"port": None}, {}, "no host and port"),
        (
            {},
            {"model": "unknown"},
            "Models are: agfa-drystar-3000, .*, generic-12bit, generic-8bit",
        ),
        ({}, {"film_size_id": "big"}, "cannot be sent"),
        ({}, {"name": " "}, "needs a name"),
        ({}, {"retry_plan_s": [-1]}, "positive"),
        ({}, {"action_timeout_s": 0}, "positive"),
    ],
)
def test_printers_that_cannot_work_are_refused(facility, on_device, values, words):
    """One sentence that says what to change."""
    peer = device(facility, **on_device)

    with pytest.raises(InvalidInput, match=words):
        printer_set(
            **({"facility_id": facility.pk, "name": "P", "device_id": peer.pk, "by": BY} | values)
        )
    assert not Printer.objects.exists()


def test_settings_are_the_default_of_plan_and_limit(facility, settings):
    """architecture.md §3: the printer's row, else PORTAL_PRINT_*."""
    settings.PRINT_RETRY_S, settings.PRINT_ACTION_TIMEOUT_S = [7], 77
    plain = make_printer(facility, 21_190)
    own = make_printer(facility, 21_190, name="OWN", retry_plan_s=[1], action_timeout_s=2)

    assert (retry_plan_s(plain), action_timeout_s(plain)) == ([7], 77)
    assert (retry_plan_s(own), action_timeout_s(own)) == ([1], 2)


def test_an_unknown_printer_is_answered_with_those_there_are(facility):
    """A typing mistake on a command line."""
    make_printer(facility, 21_190)

    with pytest.raises(NotFound, match="Printers are: FILM"):
        printer_named(facility_id=facility.pk, name="FLIM")


def test_only_operators_and_administrators_change_printers(facility, make_user):
    """portal.types.PERMISSIONS."""
    printer = make_printer(facility, 21_190)

    with pytest.raises(NotAllowed):
        printer_enable(
            printer_id=printer.pk, is_enabled=False, by=actor_for(make_user("technologist"))
        )
    printer_enable(printer_id=printer.pk, is_enabled=False, by=actor_for(make_user("operator")))
    printer.refresh_from_db()
    assert (printer.state, printer.state_message) == ("stopped", "Paused by operator.")


def test_the_list_counts_waiting_jobs(facility, make_user, django_assert_num_queries):
    """One query, whatever the number of printers."""
    printer = make_printer(facility, 21_190)
    make_printer(facility, 21_190, name="IDLE")
    make_job(printer, [make_image(facility)])
    user = make_user("operator")

    with django_assert_num_queries(1):
        found = {p.name: (p.waiting, p.device.ae_title) for p in printers(visible_to=user)}

    assert found == {"FILM": (1, "FILM"), "IDLE": (0, "FILM")}


def test_the_demo_has_printers_a_pool_and_jobs_in_every_state(facility, actor, settings):
    """printing.md §1: one physical imager is commonly several printers."""
    from datetime import date

    furnish(facility.pk, date(2026, 1, 1), actor)
    Printer.objects.filter(name="Film simulator, 8 bit").update(film_size_id="A4")
    furnish(facility.pk, date(2026, 1, 2), actor)

    assert RemoteAE.objects.get(ae_title="SIMFILM").port == settings.SIMULATED_PRINTER_PORT
    assert list(
        Printer.objects.order_by("name").values_list("name", "model__bits", "film_size_id")
    ) == [
        ("Colour simulator", 8, "14INX17IN"),
        ("Film simulator", 12, "14INX17IN"),
        ("Film simulator, 8 bit", 8, "A4"),
        ("Old imager", 8, "14INX17IN"),
    ]
    assert PrintPool.objects.get().members.count() == 3
    states = set(PrintJob.objects.values_list("state", flat=True))
    assert states == set(JobState.values) - {JobState.PROCESSING}
    assert Printer.objects.get(name="Old imager").is_enabled is False  # no worker touches them
