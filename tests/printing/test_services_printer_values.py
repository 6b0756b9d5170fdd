"""What a printer may be set to: every field, its rules, and what a pool takes."""

import pytest

from portal.errors import InvalidInput, StaleVersion
from portal.services import device_set
from printing.models import Printer
from printing.selectors.printers import capabilities_shared
from printing.services.printers import printer_set
from tests.printing.factories import BY, make_printer

pytestmark = pytest.mark.django_db

EVERYTHING = {
    "film_size_id": "8INX10IN",
    "medium_type": "BLUE FILM",
    "film_destination": "BIN_1",
    "output": "composed",
    "color": "auto",
    "attributes": {"MagnificationType": "CUBIC", "BorderDensity": "150", "MaxDensity": "310"},
    "presentation_lut": {"shape": "LIN OD"},
    "fallbacks": ["gray"],
    "is_substitution_accepted": True,
    "is_accepting": False,
    "error_policy": "stop-printer",
    "retry_plan_s": [1, 2],
    "action_timeout_s": 7,
    "poll_s": 0,
    "follow_s": 60,
}


def test_what_is_not_given_stays_as_it_is(facility):
    """Each field by keyword; an update names only what changes, and counts as a version."""
    made = make_printer(facility, 104, **EVERYTHING)

    kept = printer_set(facility_id=facility.pk, name="FILM", film_size_id="A4", by=BY)

    kept.refresh_from_db()
    assert {name: getattr(kept, name) for name in EVERYTHING} == EVERYTHING | {"film_size_id": "A4"}
    assert (kept.pk, kept.version, kept.device_id) == (made.pk, 2, made.device_id)


def test_somebody_who_was_slower_hears_so(facility):
    """style.md: where a person edits, an optimistic version."""
    make_printer(facility, 104)
    printer_set(facility_id=facility.pk, name="FILM", version=1, film_size_id="A4", by=BY)

    with pytest.raises(StaleVersion, match="somebody else"):
        printer_set(facility_id=facility.pk, name="FILM", version=1, film_size_id="A3", by=BY)
    assert Printer.objects.get().film_size_id == "A4"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"output": "magic"}, "output"),
        ({"color": "often"}, "color"),
        ({"color": "always"}, "color"),  # its model prints gray only
        ({"error_policy": "pray"}, "error_policy"),
        ({"fallbacks": ["twelve-bits"]}, "fallbacks"),
        ({"poll_s": 86_401}, "poll_s"),
        ({"follow_s": -1}, "follow_s"),
        ({"retry_plan_s": [0] * 51}, "retry_plan_s"),
        ({"retry_plan_s": [86_401]}, "retry_plan_s"),
        ({"retry_plan_s": ["1"]}, "retry_plan_s"),
        ({"attributes": {"Trim": "MAYBE"}}, "attributes.Trim"),
        ({"attributes": {"MaxDensity": "dark"}}, "attributes.MaxDensity"),
        ({"attributes": {"MaxDensity": "65536"}}, "attributes.MaxDensity"),
        ({"attributes": {"BorderDensity": "GRAY"}}, "attributes.BorderDensity"),
        ({"attributes": {"OwnerID": "x" * 17}}, "attributes.OwnerID"),
        ({"attributes": {"SmoothingType": "small letters"}}, "attributes.SmoothingType"),
        (
            {"attributes": {"ConfigurationInformation": "a\nb"}},
            "attributes.ConfigurationInformation",
        ),
        ({"attributes": {"ConfigurationInformation": 7}}, "attributes.ConfigurationInformation"),
        (
            {"attributes": {"AnnotationDisplayFormatID": "A"}},
            "attributes.AnnotationDisplayFormatID",
        ),
        ({"attributes": {"RequestedImageSize": "100"}}, "attributes"),
        ({"attributes": {"ImageBox.Trim": "YES"}}, "attributes"),
        ({"attributes": {"PixelData": "x"}}, "attributes"),
        ({"presentation_lut": {"shape": "ROUND"}}, "presentation_lut"),
        ({"presentation_lut": {"entries": [0] * 255, "bits": 12}}, "presentation_lut"),
        ({"presentation_lut": {"entries": [1 << 12] * 256, "bits": 12}}, "presentation_lut"),
        ({"presentation_lut": {"entries": [0] * 256, "bits": 8}}, "presentation_lut"),
        ({"presentation_lut": {"entries": "many", "bits": 12}}, "presentation_lut"),
        (
            {"model": "kodak-dryview-8700", "presentation_lut": {"shape": "LIN OD"}},
            "presentation_lut",
        ),
        ({"ipp_uri": "ipp://print.example/p"}, "ipp_uri"),  # it has a device already
    ],
)
def test_what_a_printer_cannot_be_set_to_is_refused_at_its_field(facility, values, field):
    """printing.md §2.2, §2.3; PS3.3 C.11.4 for the LUT."""
    with pytest.raises(InvalidInput) as refused:
        make_printer(facility, 104, **({"model": "generic-12bit"} | values))

    assert refused.value.field == field
    assert not Printer.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"presentation_lut": {"entries": list(range(256)), "bits": 16, "title": "Own"}},
        {"attributes": {"ImageBox.MagnificationType": "NONE", "Polarity": "REVERSE"}},
        {"attributes": {"EmptyImageDensity": "BLACK", "SmoothingType": "SHARP"}},
        {"model": "generic-color", "color": "always"},
    ],
)
def test_what_a_model_takes_may_be_set(facility, values):
    """The counterpart of the refusals."""
    assert make_printer(facility, 104, **values).version == 1


def test_a_model_that_takes_less_names_what_is_in_its_way(facility):
    """Nothing that was set is dropped in silence."""
    make_printer(facility, 104, attributes={"RequestedResolutionID": "HIGH"})

    with pytest.raises(InvalidInput, match="does not take Requested Resolution ID"):
        printer_set(facility_id=facility.pk, name="FILM", model="kodak-dryview-8700", by=BY)


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("ipp://print.example/printers/p", ("print.example", 631)),
        ("ipps://print.example:444/p", ("print.example", 444)),
        ("https://[::1]/ipp/print", ("::1", 443)),
    ],
)
def test_a_printer_may_speak_ipp(facility, uri, address):
    """RFC 3510: port 631 unless another is named; it gets the paper model."""
    printer = printer_set(facility_id=facility.pk, name="Office", ipp_uri=uri, by=BY)

    assert printer.is_ipp
    assert printer.address == address
    assert printer.model.name == "paper"


@pytest.mark.parametrize(
    "uri",
    ["", "ftp://x/p", "ipp:///p", "ipp://u:p@x/p", "ipp://x:port/p", "ipp://x/a b", "ipp://[x/p"],
)
def test_an_address_that_is_none_is_refused(facility, uri):
    """A password in an address would be shown on the page."""
    with pytest.raises(InvalidInput):
        printer_set(facility_id=facility.pk, name="Office", ipp_uri=uri, by=BY)
    assert not Printer.objects.exists()


def test_a_printer_is_not_left_without_an_address(facility):
    """Neither the form nor the API can take it away."""
    make_printer(facility, 104)

    with pytest.raises(InvalidInput, match="needs a DICOM device"):
        printer_set(facility_id=facility.pk, name="FILM", device_id=None, by=BY)


def test_a_device_over_tls_may_be_printed_to(facility):
    """The way there is portal.outbound.peer_of's to know."""
    values = {"ae_title": "FILM", "host": "127.0.0.1", "port": 104, "kind": "printer"}
    peer, _ = device_set(facility_id=facility.pk, has_tls=True, by=BY, **values)

    assert printer_set(facility_id=facility.pk, name="P", device_id=peer.pk, by=BY).device == peer


def test_what_all_of_several_printers_take_is_what_a_pool_takes(facility):
    """A film for a pool may come out of any of them."""
    one = make_printer(facility, 104, name="A", model="agfa-drystar-3000")
    other = make_printer(facility, 104, name="B", model="kodak-dryview-8700")

    shared = capabilities_shared([one, other])

    assert shared.film_size_ids == ("8INX10IN", "11INX14IN", "14INX17IN")
    assert shared.medium_types == ("CLEAR FILM", "BLUE FILM")
    assert capabilities_shared([]).film_size_ids == ()
