"""Probes: what a printer takes is learned from real printers, and no film comes out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicGrayscalePrintManagementMeta

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import ConnectFailed, NetworkError, Rejected
from portal.errors import Conflict, InvalidInput, NotAllowed
from portal.probing import device_probe
from portal.selectors import actor_for
from printing.dicom.probe import look, probe
from printing.dicom.probe_configuration import learned_from
from printing.models import PrinterAddress
from printing.probe import printer_probe
from printing.selectors.printers import capabilities
from printing.services.leases import address_take
from printing.services.printer_probe import printer_probe_forget
from printing.services.printers import printer_set
from printing.types import Capabilities, Quirk
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.factories import BY, make_printer

LIMITS = Limits(idle=None)
MODEL = Capabilities(
    image_display_formats=("STANDARD\\1,1", "STANDARD\\2,3"),
    film_size_ids=("14INX17IN",),
    attributes={"SmoothingType": ("SHARP",), "Trim": ("YES", "NO")},
    film_pixels={"14INX17IN": (4096, 5120), "A4": (1, 1)},
)


def peer(printer):
    return Peer("127.0.0.1", printer.port, printer.ae_title, "PORTAL")


@pytest.mark.peer
@pytest.mark.parametrize(
    ("model", "bits", "media", "quirk"),
    [
        ("film8", 8, ["BLUE FILM", "CLEAR FILM"], Quirk.TRANSPOSED_LANDSCAPE),
        ("film12", 12, ["BLUE FILM", "CLEAR FILM", "MAMMO BLUE FILM"], Quirk.NO_LONE_STATUS),
    ],
)
def test_a_printer_of_another_maker_is_learned_without_a_film(tmp_path, model, bits, media, quirk):
    """printing.md §4.1: dcmprscp tells no configuration; what it takes is found by trying."""
    with film_printer(tmp_path, model, has_log=True) as printer:
        result = probe(peer(printer), MODEL, limits=LIMITS)
        films = printer.films()
    verbs = {verb for verb, _status, _ds in printer.messages()}

    assert films == []
    assert "N-ACTION" not in verbs
    assert {"N-CREATE", "N-SET", "N-DELETE"} <= verbs
    learned = result.learned
    assert (learned["bits"], learned["medium_types"]) == (bits, media)
    assert learned["film_size_ids"][0] == "14INX17IN"
    assert {"14INX17IN", "8INX10IN"} <= set(learned["film_size_ids"])
    assert "A4" not in learned["film_size_ids"]
    assert "STANDARD\\2,3" in learned["image_display_formats"]
    assert "STANDARD\\3,2" not in learned["image_display_formats"]
    assert learned["attributes"]["MagnificationType"] == ["REPLICATE", "BILINEAR", "CUBIC", "NONE"]
    assert not learned["has_color"]
    assert not learned["has_print_job"]
    assert quirk.value in learned["quirks"]


def test_everything_a_printer_offers_is_learned_and_nothing_is_printed():
    """PS3.4 H.4.2.2.4: without an N-ACTION no film comes out."""
    with sim_printer(takes={"MediumType": frozenset({"PAPER"})}) as printer:
        result = probe(peer(printer), MODEL, limits=LIMITS)

    assert (printer.printed, printer.pages) == (0, [])
    assert not [request for request in printer.requests if request.startswith("N-ACTION")]
    learned = result.learned
    assert learned["has_color"]
    assert learned["has_print_job"]
    assert learned["has_annotation"]
    assert learned["has_configuration"]
    assert (learned["bits"], learned["max_copies"], learned["lut_place"]) == (12, 99, "film-box")
    assert learned["medium_types"] == ["PAPER"]
    assert learned["image_display_formats"] == []  # any
    assert learned["attributes"]["Trim"] == ["YES", "NO"]
    assert learned["attributes"]["BorderDensity"] == []  # BLACK, WHITE and hundredths of density


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"bits": (8,)}, "bits", 8),
        ({"max_copies": 1}, "max_copies", 1),
        ({"lut_place": "film-session"}, "lut_place", "film-session"),
        ({"without": frozenset({"lut"})}, "lut_place", "none"),
        ({"without": frozenset({"color", "job"})}, "has_color", False),
        ({"uids": "refused"}, "quirks", ["no-lone-status", "own-uids"]),
        ({"uids": "replaced"}, "quirks", ["no-lone-status"]),
        ({"without": frozenset({"explicit"})}, "quirks", ["implicit-only", "no-lone-status"]),
        ({"is_one_box": True}, "bits", 12),
    ],
)
def test_what_is_peculiar_about_a_printer_is_learned(values, field, expected):
    """printing.md §2.6, §4: own UIDs, implicit VR, LUT in the session, one copy at a time."""
    with sim_printer(**values) as printer:
        result = probe(peer(printer), MODEL, limits=LIMITS)

    assert result.learned[field] == expected
    assert printer.printed == 0


@pytest.mark.parametrize("is_lenient", [False, True])
def test_an_attribute_that_is_refused_or_ignored_is_not_offered(is_lenient):
    """PS3.4 H.2.4: 0105 or warning 0107 for a U/U attribute, 0106 or 0116 for a value."""
    with sim_printer(
        refused=frozenset({"Trim", "SmoothingType"}),
        takes={"MagnificationType": frozenset({"CUBIC"})},
        is_lenient=is_lenient,
    ) as printer:
        learned = probe(peer(printer), MODEL, limits=LIMITS).learned

    assert "Trim" not in learned["attributes"]
    assert "SmoothingType" not in learned["attributes"]
    assert learned["attributes"]["MagnificationType"] == ["CUBIC"]


def test_a_printer_that_takes_what_does_not_exist_is_not_believed():
    """It looks at nothing: the model's list of media and sizes stays."""
    with sim_printer(takes={}, without=frozenset({"config"})) as printer:
        result = probe(peer(printer), MODEL, limits=LIMITS)

    assert "medium_types" not in result.learned
    assert "film_size_ids" not in result.learned
    assert any("any film size without looking" in line for line in result.lines)


def test_a_printer_that_aborts_over_one_attribute_is_asked_on():
    """Each trial after a lost association is made in a new one."""
    with sim_printer() as printer:
        printer.rules.append(Rule("N-CREATE BasicFilmBox", nth=3, is_aborting=True))
        learned = probe(peer(printer), MODEL, limits=LIMITS).learned

    assert learned["bits"] == 12
    assert printer.printed == 0


def test_a_printer_that_falls_silent_ends_the_probe_with_what_it_learned():
    """The rest stays as the model says it."""
    with sim_printer(without=frozenset({"config"})) as printer:
        printer.rules.append(Rule("N-CREATE BasicFilmBox", is_aborting=True))
        result = probe(peer(printer), MODEL, limits=LIMITS)

    assert result.learned["medium_types"]
    assert "bits" not in result.learned
    assert any("ended early" in line for line in result.lines)


def test_a_probe_out_of_time_says_so():
    """It holds the device for so long and no longer."""
    with sim_printer() as printer:
        result = probe(peer(printer), MODEL, limits=LIMITS, seconds=0)

    assert result.lines[-1].startswith("The time was over")
    assert "bits" not in result.learned


def test_a_printer_that_lets_us_in_for_nothing_is_learned_nothing_of(free_port):
    """Rejections and missing printers are sentences."""
    with sim_printer(rejection=(1, 1, 7)) as printer, pytest.raises(Rejected, match="not called"):
        probe(peer(printer), MODEL, limits=LIMITS)
    with pytest.raises(ConnectFailed):
        look(Peer("127.0.0.1", free_port, "FILM", "PORTAL"), limits=LIMITS)
    only_status = frozenset({"gray", "color"})
    with sim_printer(without=only_status) as printer, pytest.raises(NetworkError):
        probe(peer(printer), MODEL, limits=LIMITS)


def test_the_configuration_that_a_printer_tells_is_read():
    """PS3.3 C.13.14: media, formats with pixels for each size, interpolations, depth."""
    item = Dataset()
    item.SOPClassesSupported = [BasicGrayscalePrintManagementMeta]
    item.PrintingBitDepth = 12
    item.MediaInstalledSequence = [_with(MediumType="BLUE FILM", FilmSizeID="14INX17IN")]
    item.OtherMediaAvailableSequence = [_with(MediumType="PAPER", FilmSizeID="A4")]
    whole = {"ImageDisplayFormat": "STANDARD\\1,1", "FilmSizeID": "14INX17IN"}
    item.SupportedImageDisplayFormatsSequence = [
        _with(**whole, FilmOrientation="PORTRAIT", Rows=5120, Columns=4096),
        _with(**whole, FilmOrientation="LANDSCAPE", Rows=4096, Columns=5120),
        _with(ImageDisplayFormat="STANDARD\\2,2", FilmSizeID="14INX17IN", Rows=9, Columns=9),
    ]
    item.DefaultMagnificationType = "CUBIC"
    item.OtherMagnificationTypesAvailable = ["BILINEAR", "NONE"]
    ds = _with(PrinterConfigurationSequence=[item])

    assert learned_from(ds) == {
        "bits": 12,
        "medium_types": ["BLUE FILM", "PAPER"],
        "film_size_ids": ["14INX17IN", "A4"],
        "image_display_formats": ["STANDARD\\1,1", "STANDARD\\2,2"],
        "film_pixels": {"14INX17IN": [4096, 5120]},
        "attributes": {"MagnificationType": ["CUBIC", "BILINEAR", "NONE"]},
    }


def test_a_configuration_of_nonsense_tells_nothing():
    """Data from outside is hostile: absent, empty, of the wrong shape."""
    odd = _with(PrinterConfigurationSequence=[Dataset(), _with(PrintingBitDepth=0)])

    assert learned_from(Dataset()) == {}
    assert learned_from(odd) == {}


@pytest.mark.django_db(transaction=True)
def test_what_was_learned_counts_until_it_is_forgotten(facility):
    """Capabilities: the model's word, and over it what the probe learned."""
    with sim_printer(bits=(8,), takes={"FilmSizeID": frozenset({"A4"})}) as peer_printer:
        printer = make_printer(facility, peer_printer.port, ae_title=peer_printer.ae_title)
        before = capabilities(printer)
        printer_probe(printer_id=printer.pk, by=BY)
    printer.refresh_from_db()
    learned = capabilities(printer)

    assert (before.bits, learned.bits) == (12, 8)
    assert (learned.film_size_ids, learned.has_color) == (("A4",), True)
    assert printer.learned_at is not None
    assert printer.learned["lines"]
    assert not PrinterAddress.objects.exclude(lease_owner="").exists()

    forgotten = printer_probe_forget(printer_id=printer.pk, by=BY)
    assert replace(capabilities(forgotten)) == before


@pytest.mark.django_db(transaction=True)
def test_another_device_is_not_what_was_probed(facility):
    """What a probe learned belongs to the device that it talked to."""
    with sim_printer() as peer_printer:
        printer = make_printer(facility, peer_printer.port, ae_title=peer_printer.ae_title)
        printer_probe(printer_id=printer.pk, by=BY)
    other = make_printer(facility, 104, name="OTHER", ae_title="OTHER").device

    printer = printer_set(facility_id=facility.pk, name="FILM", device_id=other.pk, by=BY)

    assert (printer.learned, printer.learned_at) == ({}, None)


@pytest.mark.django_db
def test_a_device_that_prints_is_left_alone(facility, free_port):
    """One association per device address, over workers, polls and probes."""
    printer = make_printer(facility, free_port)
    address_take("127.0.0.1", free_port, "a worker", timezone.now())

    with pytest.raises(Conflict, match="busy with a job"):
        printer_probe(printer_id=printer.pk, by=BY)
    assert PrinterAddress.objects.get().lease_owner == "a worker"

    PrinterAddress.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ConnectFailed):  # the lease ran out: now it is tried
        printer_probe(printer_id=printer.pk, by=BY)
    assert PrinterAddress.objects.get().lease_owner == ""


@pytest.mark.django_db
def test_probing_takes_the_right_to_set_printers_up(facility, make_user):
    """portal.types.PERMISSIONS; a printer that speaks IPP has nothing to probe."""
    printer = make_printer(facility, 104)
    paper = printer_set(facility_id=facility.pk, name="P", ipp_uri="ipp://127.0.0.1/p", by=BY)

    with pytest.raises(NotAllowed):
        printer_probe(printer_id=printer.pk, by=actor_for(make_user("technologist")))
    with pytest.raises(InvalidInput, match="IPP"):
        printer_probe(printer_id=paper.pk, by=BY)


@pytest.mark.django_db(transaction=True)
def test_the_device_page_tells_what_a_printer_offers(facility, free_port):
    """settings.DEVICE_TESTERS: a step more than the echo."""
    with sim_printer() as peer_printer:
        printer = make_printer(facility, peer_printer.port, ae_title=peer_printer.ae_title)
        lines = list(device_probe(printer.device, by=BY))

    assert [line.is_ok for line in lines] == [True, True]
    assert "gray films, colour films, print jobs" in lines[1].sentence
    assert peer_printer.printed == 0


def _with(**values):
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds
