"""Printer models: those that are shipped, and documents that come from anybody."""

import json
import threading

import pytest

from portal.errors import Conflict, InvalidInput, NotAllowed, StaleVersion
from portal.models import AuditEvent
from portal.selectors import actor_for
from printing import layout
from printing.models import PrinterModel
from printing.printer_models import (
    OPTIONAL_ATTRIBUTES,
    SHIPPED_MODELS,
    InvalidModel,
    model_document,
    read_model,
)
from printing.services.printer_models import (
    models_shipped_refresh,
    printer_model_delete,
    printer_model_named,
    printer_model_set,
)
from printing.worker import retention
from tests.printing.factories import BY, make_printer
from tests.printing.pages import other_facility

MAKES = ("Agfa Drystar", "Fuji Drypix", "DryView", "Drypro", "Sony UP-DF", "Codonics Horizon")
OWN = {"name": "my-imager", "title": "My imager", "bits": 12}


@pytest.mark.parametrize("make", MAKES)
def test_makes_are_shipped_with_the_statement_they_are_made_from(make):
    """Issue 6, line 3: as far as public conformance statements say, marked so."""
    models = [model for model in SHIPPED_MODELS.values() if make in model.title]

    assert models
    assert all(model.source for model in models)


@pytest.mark.parametrize("model", SHIPPED_MODELS.values(), ids=SHIPPED_MODELS)
def test_what_a_shipped_model_offers_can_be_asked_for(model):
    """Each layout can be drawn; each attribute is one of PS3.4 Tables H.4-2, H.4-6, H.4-10."""
    assert all(layout.box_count(text) for text in model.image_display_formats)
    assert set(model.attributes) <= set(OPTIONAL_ATTRIBUTES)
    assert len(model.source) <= 255
    assert read_model(model_document(model)).film_pixels == model.film_pixels


def test_what_a_source_does_not_say_is_generic():
    """A Sony statement lists SOP classes; its film sizes are nobody's word."""
    sony, generic = SHIPPED_MODELS["sony-up-df750"], SHIPPED_MODELS["generic-8bit"]

    assert sony.says("has_annotation")
    assert not sony.says("film_size_ids")
    assert sony.film_size_ids == generic.film_size_ids


def test_a_source_may_say_that_an_attribute_is_not_taken():
    """DCMTK's emulation of a Drystar 3000: no decimate/crop behavior, a vendor's LUT by name."""
    agfa = SHIPPED_MODELS["agfa-drystar-3000"]

    assert "RequestedDecimateCropBehavior" not in agfa.attributes
    assert "PERCEPTION_LUT=LINEAR" in agfa.attributes["ConfigurationInformation"]
    assert agfa.attributes["Polarity"]  # not said there: generic


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "JSON object"),
        ([], "JSON object"),
        ({"title": "T"}, "no name"),
        (OWN | {"name": "../etc"}, "small letters"),
        (OWN | {"name": 7}, "small letters"),
        (OWN | {"title": "a\nb"}, "line of"),
        (OWN | {"bits": 16}, "one of: 8, 12"),
        (OWN | {"bits": True}, "one of: 8, 12"),
        (OWN | {"bits": [8]}, "one of: 8, 12"),
        (OWN | {"speed": 3}, "has no “speed”"),
        (OWN | {"film_size_ids": "14INX17IN"}, "is a list"),
        (OWN | {"film_size_ids": ["big film"]}, "is not a term"),
        (OWN | {"film_size_ids": ["A"] * 201}, "at most 200"),
        (OWN | {"image_display_formats": ["STANDARD\\0,1"]}, "is not a display format"),
        (OWN | {"film_pixels": {"A4": [1, 10**9]}}, "columns and rows"),
        (OWN | {"film_pixels": {"A4": "12"}}, "columns and rows"),
        (OWN | {"attributes": {"PixelData": []}}, "no optional attribute"),
        (OWN | {"attributes": {"Trim": [None]}}, "is not a value"),
        (OWN | {"attributes": {"Trim": {"YES": 1}}}, "is a list"),
        (OWN | {"drawn_as": {"SLIDE": "SLIDE"}}, "STANDARD, ROW or COL"),
        (OWN | {"lut_place": "elsewhere"}, "one of"),
        (OWN | {"max_copies": 0}, "from 1 to 99"),
        (OWN | {"quirks": ["lazy"]}, "one of own-uids"),
        (OWN | {"has_color": "no"}, "true or false"),
    ],
)
def test_a_document_that_is_no_model_is_refused_in_one_sentence(document, words):
    """Files from outside are hostile."""
    with pytest.raises(InvalidModel, match=words):
        read_model(document)


@pytest.mark.django_db
def test_a_model_of_ones_own_comes_in_and_goes_out_the_same(facility):
    """Export, import elsewhere: the same values."""
    document = model_document(SHIPPED_MODELS["kodak-dryview-8700"]) | {"name": "ours"}

    model, is_new = printer_model_set(facility_id=facility.pk, document=document, by=BY)
    again, is_new_again = printer_model_set(
        facility_id=facility.pk, document=json.loads(json.dumps(document)) | {"bits": 8}, by=BY
    )

    assert (is_new, is_new_again, again.pk) == (True, False, model.pk)
    assert again.is_own
    assert model_document(again) == document | {"bits": 8}
    assert AuditEvent.objects.filter(target="printer_model", target_id=model.pk).count() == 2


@pytest.mark.django_db
def test_shipped_models_stay_as_they_are(facility):
    """What the portal ships is mended by its next version, not by hand."""
    with pytest.raises(InvalidInput, match="another name"):
        printer_model_set(facility_id=facility.pk, document=OWN | {"name": "generic-8bit"}, by=BY)
    assert not PrinterModel.objects.exists()


@pytest.mark.django_db
def test_a_row_of_an_older_version_is_brought_up_to_date(facility):
    """Rows made before this version lack what it knows; printers and own models are left alone."""
    make_printer(facility, 104, model="generic-8bit")
    own, _ = printer_model_set(facility_id=facility.pk, document=OWN, by=BY)
    PrinterModel.objects.filter(name="generic-8bit").update(attributes={}, title="Old")

    assert (models_shipped_refresh(), models_shipped_refresh()) == (1, 0)

    row = PrinterModel.objects.get(name="generic-8bit")
    assert row.attributes["Trim"] == ["YES", "NO"]
    assert row.title == SHIPPED_MODELS["generic-8bit"].title
    own.refresh_from_db()
    assert own.title == "My imager"


@pytest.mark.django_db
def test_a_model_of_ones_own_outlives_a_shipped_one_of_its_name(facility):
    """A later version of the portal may ship a model of a name that a site has given already."""
    mine = PrinterModel.objects.create(
        facility=facility, name="generic-8bit", title="Mine", is_own=True, bits=12
    )
    printer = make_printer(facility, 104, model="generic-8bit")

    assert models_shipped_refresh() == 0

    assert printer.model == mine
    mine.refresh_from_db()
    assert (mine.title, mine.bits) == ("Mine", 12)
    document = model_document(mine) | {"title": "Ours"}
    changed, is_new = printer_model_set(facility_id=facility.pk, document=document, by=BY)
    assert (changed.pk, changed.title, is_new) == (mine.pk, "Ours", False)
    printer.delete()
    printer_model_delete(model_id=mine.pk, by=BY)
    shipped = printer_model_named(facility_id=facility.pk, name="generic-8bit")
    assert (shipped.title, shipped.is_own) == (SHIPPED_MODELS["generic-8bit"].title, False)


@pytest.mark.django_db
def test_a_worker_renews_shipped_models_once_in_its_life(facility, monkeypatch):
    """Rows from before this version get what it knows although nobody touches their printer."""
    make_printer(facility, 104, model="generic-8bit")
    rows = PrinterModel.objects.filter(name="generic-8bit")
    rows.update(attributes={})
    monkeypatch.setattr(retention, "_renewed", threading.Event())

    stopping = threading.Event()
    stopping.set()  # nothing is waited for
    retention.work_once(stopping)

    assert rows.get().attributes["Trim"] == ["YES", "NO"]
    assert rows.get().version == 2
    rows.update(attributes={})
    retention.work_once(stopping)
    assert rows.get().attributes == {}


@pytest.mark.django_db
def test_who_was_slower_with_a_model_hears_so(facility):
    """Optimistic: the version that a person saw; 0 is one that is not there yet."""
    model, _ = printer_model_set(facility_id=facility.pk, document=OWN, version=0, by=BY)
    assert model.version == 1
    changed, _ = printer_model_set(
        facility_id=facility.pk, document=OWN | {"bits": 8}, version=1, by=BY
    )
    assert changed.version == 2

    with pytest.raises(StaleVersion, match="Somebody else changed"):
        printer_model_set(facility_id=facility.pk, document=OWN, version=1, by=BY)
    with pytest.raises(Conflict, match="There is a model “my-imager” already"):
        printer_model_set(facility_id=facility.pk, document=OWN, version=0, by=BY)
    with pytest.raises(StaleVersion):
        printer_model_delete(model_id=model.pk, version=1, by=BY)
    assert PrinterModel.objects.get(pk=model.pk).bits == 8
    printer_model_delete(model_id=model.pk, version=2, by=BY)
    with pytest.raises(StaleVersion, match="deleted"):
        printer_model_set(facility_id=facility.pk, document=OWN, version=2, by=BY)


@pytest.mark.django_db
def test_a_row_of_a_shipped_model_is_not_deleted(facility):
    model = printer_model_named(facility_id=facility.pk, name="paper")

    with pytest.raises(Conflict, match="stays"):
        printer_model_delete(model_id=model.pk, by=BY)


@pytest.mark.django_db
def test_a_model_in_use_is_not_deleted(facility):
    """It says which printers need another first."""
    model, _ = printer_model_set(facility_id=facility.pk, document=OWN, by=BY)
    printer = make_printer(facility, 104, model="my-imager")

    with pytest.raises(Conflict, match="model of FILM"):
        printer_model_delete(model_id=model.pk, by=BY)
    printer.delete()
    printer_model_delete(model_id=model.pk, by=BY)

    assert not PrinterModel.objects.filter(name="my-imager").exists()


@pytest.mark.django_db
def test_models_belong_to_their_facility(facility, make_user):
    """Another facility has no such model, and its people change none of ours."""
    printer_model_set(facility_id=facility.pk, document=OWN, by=BY)
    north = other_facility()

    with pytest.raises(InvalidInput, match="no printer model “my-imager”"):
        printer_model_named(facility_id=north.pk, name="my-imager")
    with pytest.raises(NotAllowed):
        printer_model_set(
            facility_id=north.pk, document=OWN, by=actor_for(make_user("administrator"))
        )
    with pytest.raises(NotAllowed):
        printer_model_set(
            facility_id=facility.pk, document=OWN, by=actor_for(make_user("technologist"))
        )
