"""Pages of the printer models: the list, one model, JSON out and in."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from printing.models import Printer, PrinterModel
from printing.printer_models import SHIPPED_MODELS, model_document
from tests.printing.factories import make_printer
from tests.printing.pages import other_facility, seen, signed_in

pytestmark = pytest.mark.django_db


def test_models_are_listed_with_where_they_are_from(operator, facility):
    make_printer(facility, 104, model="sony-up-df750")

    page = seen(operator.get("/printers/models/"))

    assert "Sony UP-DF750" in page
    assert "Sony conformance statement UP-DF750" in page
    assert "Everything else is generic" in page
    one = seen(operator.get("/printers/models/fuji-drypix-7000/"))
    assert "Only the name is known of this make." in one
    assert "Stated" not in one.split("What it takes")[1].split("Source")[0]


def test_a_model_goes_out_as_json_and_comes_in_as_ones_own(operator, facility):
    exported = operator.get("/printers/models/agfa-drystar-3000.json")
    document = json.loads(exported.content) | {"name": "our-agfa", "title": "Our Agfa"}
    content = json.dumps(document).encode()

    file = SimpleUploadedFile("model.json", content)
    response = operator.post("/printers/models/", {"file": file})

    assert response["Location"] == "/printers/models/our-agfa/"
    assert exported["Content-Disposition"] == 'attachment; filename="agfa-drystar-3000.json"'
    assert model_document(PrinterModel.objects.get(name="our-agfa")) == document

    make_printer(facility, 104)
    assert "Our Agfa" in seen(operator.get(f"/printers/{Printer.objects.get().pk}/"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Choose a file, or write the model as JSON."),
        ("{", "This is not JSON: look at line 1."),
        ("[" * 20_000, "This is not JSON"),
        ('{"name": "x", "title": "X", "bits": 9}', "one of: 8, 12"),
        ('{"name": "generic-8bit", "title": "X"}', "give yours another name"),
    ],
)
def test_a_document_that_is_no_model_is_said_and_kept(operator, facility, text, sentence):
    response = operator.post("/printers/models/", {"document": text})

    assert response.status_code == 422
    assert sentence in seen(response)
    assert not PrinterModel.objects.exists()


def test_an_own_model_is_changed_and_deleted_on_its_page(operator, facility):
    document = model_document(SHIPPED_MODELS["generic-8bit"]) | {"name": "ours", "title": "Ours"}
    operator.post("/printers/models/generic-8bit/", {"document": json.dumps(document)})
    operator.post("/printers/models/ours/", {"document": json.dumps(document | {"bits": 12})})

    assert PrinterModel.objects.get().bits == 12
    assert operator.post("/printers/models/generic-8bit/remove/").status_code == 409
    operator.post("/printers/models/ours/remove/")  # its page was not seen
    assert PrinterModel.objects.filter(name="ours").exists()
    operator.post("/printers/models/ours/remove/", {"version": 2})
    assert not PrinterModel.objects.exists()
    assert operator.get("/printers/models/ours/").status_code == 404


def test_two_people_change_a_model_and_the_slower_one_hears_so(operator, facility):
    """Each page knows the version that it showed; under another name nothing is replaced."""
    document = model_document(SHIPPED_MODELS["generic-8bit"]) | {"name": "ours", "title": "Ours"}
    first = {"document": json.dumps(document), "version": "0"}
    operator.post("/printers/models/generic-8bit/", first)
    again = operator.post("/printers/models/generic-8bit/", first)
    assert again.status_code == 422
    assert "There is a model “ours” already." in seen(again)
    assert 'name="version" value="1"' in seen(operator.get("/printers/models/ours/"))
    operator.post(
        "/printers/models/ours/", {"document": json.dumps(document | {"bits": 12}), "version": "1"}
    )

    slower = operator.post("/printers/models/ours/", {"document": first["document"], "version": 1})

    assert slower.status_code == 422
    assert "Somebody else changed" in seen(slower)
    assert PrinterModel.objects.get().bits == 12
    renamed = document | {"name": "ours-2"}
    operator.post("/printers/models/ours/", {"document": json.dumps(renamed), "version": "2"})
    assert sorted(PrinterModel.objects.values_list("name", flat=True)) == ["ours", "ours-2"]


def test_a_model_is_not_deleted_by_who_did_not_see_how_it_is(operator, facility):
    document = model_document(SHIPPED_MODELS["generic-8bit"]) | {"name": "ours", "title": "Ours"}
    for bits in (8, 12):
        operator.post("/printers/models/", {"document": json.dumps(document | {"bits": bits})})

    late = operator.post("/printers/models/ours/remove/", {"version": "1"})

    assert late["Location"] == "/printers/models/ours/"
    assert "Somebody else changed the model “ours” meanwhile." in seen(operator.get(late.url))
    operator.post("/printers/models/ours/remove/", {"version": "2"})
    assert not PrinterModel.objects.exists()


def test_an_own_model_of_a_name_that_is_shipped_later_is_shown_as_ones_own(operator, facility):
    PrinterModel.objects.create(
        facility=facility, name="sony-up-df750", title="Our Sony", is_own=True, bits=12
    )

    listed, page = (seen(operator.get(f"/printers/models/{end}")) for end in ("", "sony-up-df750/"))

    assert listed.count("sony-up-df750</div>") == 1
    assert 'Our Sony</b></a> <span class="tag">own' in listed
    assert "The portal ships a model of this name too; your own is used." in page
    assert "Entered here" in page
    assert "Stated" not in page


def test_printers_and_models_of_another_facility_do_not_exist(operator, facility, make_user):
    other = other_facility()
    theirs = make_printer(other, 104)
    PrinterModel.objects.create(facility=other, name="theirs", title="Theirs")

    assert operator.get(f"/printers/{theirs.pk}/").status_code == 404
    for verb in ("probe", "forget", "test"):
        assert operator.post(f"/printers/{theirs.pk}/{verb}/").status_code == 404
    assert operator.get("/printers/models/theirs/").status_code == 404
    assert operator.get("/printers/models/theirs.json").status_code == 404
    assert "Theirs" not in seen(operator.get("/printers/models/"))
    technologist = signed_in(make_user, "technologist")
    ours = make_printer(facility, 104)
    for path in (
        f"/printers/{ours.pk}/probe/",
        f"/printers/{ours.pk}/forget/",
        "/printers/models/",
    ):
        assert technologist.post(path, {"document": "{}"}).status_code == 403
