"""API of printers, their models and pools: everything that the pages can set."""

import pytest

from portal.models import RemoteAE
from printing.models import Printer, PrinterModel, PrintPool
from printing.printer_models import SHIPPED_MODELS, model_document
from tests.api_clients import API, client_of, latest_audit, make_other_facility, require_problem
from tests.peers.sim_printer import sim_printer
from tests.printing.api_files import make_job, make_printer

PRINTERS = f"{API}/printers/"
MODELS = f"{API}/printer-models/"
POOLS = f"{API}/print-pools/"
READINGS = f"{API}/calibration-readings/"
OWN = {**model_document(SHIPPED_MODELS["generic-12bit"]), "name": "ours", "title": "Our imager"}


@pytest.fixture
def operator(make_user):
    return client_of(make_user("operator"))


@pytest.fixture
def viewer(make_user):
    return client_of(make_user("scheduler"))


def test_everything_about_a_printer_is_set_and_read_back(facility, operator):
    device = make_printer(facility).device_id
    body = {
        "name": "Dry imager",
        "device": device,
        "model": "generic-12bit",
        "output": "composed",
        "color": "never",
        "fallbacks": ["eight-bits", "drop-attribute"],
        "is_substitution_accepted": True,
        "error_policy": "stop-printer",
        "retry_plan_s": [5, 10],
        "action_timeout_s": 60,
        "poll_s": 30,
        "follow_s": 600,
    }

    answer = operator.post(PRINTERS, body)

    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert {name: told[name] for name in body} == body
    assert (told["ae_title"], told["learned"], told["supplies"]) == ("FILM1", {}, [])


def test_a_patch_leaves_the_rest_and_a_put_sets_it_back(facility, operator):
    printer = make_printer(facility)
    path = f"{PRINTERS}{printer.pk}/"
    operator.patch(path, {"error_policy": "abort-job", "poll_s": 5})

    patched = operator.patch(path, {"follow_s": 60}).json()
    assert (patched["error_policy"], patched["poll_s"], patched["follow_s"]) == ("abort-job", 5, 60)
    put = operator.put(path, {"device": printer.device_id}).json()
    assert (put["error_policy"], put["poll_s"], put["follow_s"]) == ("retry-job", None, 1800)


def test_who_was_slower_hears_so(facility, operator):
    printer = make_printer(facility)
    path, seen = f"{PRINTERS}{printer.pk}/", printer.version
    operator.patch(path, {"poll_s": 5, "version": seen})

    require_problem(operator.patch(path, {"poll_s": 9, "version": seen}), 409, "somebody else")
    printer.refresh_from_db()
    assert printer.poll_s == 5


def test_a_printer_that_speaks_ipp(facility, operator):
    body = {"name": "Office", "ipp_uri": "ipp://127.0.0.1:6310/printers/office"}

    told = operator.post(PRINTERS, body).json()

    assert (told["device"], told["ae_title"]) == (None, "")
    assert told["ipp_uri"] == body["ipp_uri"]
    both = body | {"device": make_printer(facility).device_id, "name": "Both"}
    require_problem(operator.post(PRINTERS, both), 400, "not both", "ipp_uri")
    require_problem(operator.post(PRINTERS, {"name": "Nowhere"}), 400, "needs", "device")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fallbacks": ["pixels"]}, "fallbacks"),
        ({"output": "sculpture"}, "output"),
        ({"color": "always"}, "color"),
        ({"attributes": {"PatientName": "X"}}, "attributes"),
        ({"presentation_lut": [1]}, "presentation_lut"),
        ({"presentation_lut": {"shape": "ROUND"}}, "presentation_lut"),
        ({"poll_s": -1}, "poll_s"),
        ({"ipp_uri": "http:///x"}, "ipp_uri"),
    ],
)
def test_what_a_printer_cannot_have_is_refused(facility, operator, changes, field):
    printer = make_printer(facility)

    require_problem(operator.patch(f"{PRINTERS}{printer.pk}/", changes), 400, field=field)


def test_an_icc_profile_is_set_like_any_attribute(facility, operator):
    """PS3.3 C.11.15: a profile is longer than a text."""
    printer = make_printer(facility)
    own = {**OWN, "attributes": {"ICCProfile": [], "OwnerID": []}}
    operator.post(MODELS, own)
    profile = "QUJD" * 1000

    body = {"model": "ours", "attributes": {"ICCProfile": profile}}
    told = operator.patch(f"{PRINTERS}{printer.pk}/", body)

    assert told.status_code == 200, told.content
    assert told.json()["attributes"] == {"ICCProfile": profile}
    body = {"attributes": {"OwnerID": "X" * 17}}
    answer = operator.patch(f"{PRINTERS}{printer.pk}/", body)
    require_problem(answer, 400, "1 to 16", "attributes.OwnerID")


def test_what_a_printer_takes_is_told(facility, operator):
    printer = make_printer(facility)
    Printer.objects.filter(pk=printer.pk).update(learned={"bits": 12, "max_copies": 3})

    takes = operator.get(f"{PRINTERS}{printer.pk}/capabilities/").json()

    assert (takes["bits"], takes["max_copies"], takes["has_color"]) == (12, 3, False)
    assert takes["film_pixels"]["14INX17IN"] == list(
        SHIPPED_MODELS[printer.model.name].film_pixels["14INX17IN"]
    )


def test_a_printer_keeps_new_jobs_out_and_lets_them_in(facility, operator):
    printer = make_printer(facility)
    path = f"{PRINTERS}{printer.pk}"

    assert operator.post(f"{path}/reject/").json()["is_accepting"] is False
    assert latest_audit().action == "reject"
    assert operator.post(f"{path}/accept/").json()["is_accepting"] is True


def test_loaded_film_lets_waiting_jobs_go(facility, operator):
    printer = make_printer(facility)
    job = make_job(facility, printer)
    job.state_reasons = ["media-needed"]
    job.save()

    assert operator.post(f"{PRINTERS}{printer.pk}/media-loaded/").status_code == 200
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("pending", [])


def test_a_model_is_taken_in_as_a_document_and_given_out_again(facility, operator):
    made = operator.post(MODELS, OWN)
    assert made.status_code == 201, made.content
    model = made.json()
    assert (model["name"], model["bits"], model["is_shipped"]) == ("ours", 12, False)
    document = operator.get(f"{MODELS}{model['id']}/document/").json()
    assert document["title"] == "Our imager"
    again = operator.post(MODELS, {**document, "title": "Our old imager"})
    assert (again.status_code, again.json()["title"]) == (200, "Our old imager")
    assert operator.delete(f"{MODELS}{model['id']}/").status_code == 204
    assert not PrinterModel.objects.filter(name="ours").exists()


@pytest.mark.parametrize(
    "document",
    [
        {**OWN, "name": "generic-12bit"},
        {**OWN, "bits": 10},
        {**OWN, "attributes": {"PatientName": []}},
        {**OWN, "film_pixels": {"14INX17IN": [1, "wide"]}},
        {"title": "No name"},
        [OWN],
    ],
)
def test_a_document_that_is_no_model_is_refused(facility, operator, document):
    require_problem(operator.post(MODELS, document), 400)


def test_who_was_slower_with_a_model_hears_so(facility, operator, viewer):
    """RFC 9110 15.5.10; 0 is the version of a model that is not there yet."""
    model = operator.post(MODELS, {**OWN, "version": 0}).json()
    path, document = f"{MODELS}{model['id']}/", {**OWN, "bits": 8}
    assert operator.put(path, {**document, "version": 1}).json()["version"] == 2

    require_problem(operator.put(path, {**OWN, "version": 1}), 409, "Somebody else")
    require_problem(operator.post(MODELS, {**OWN, "version": 0}), 409, "already")
    require_problem(operator.put(path, {**OWN, "name": "another"}), 400, field="name")
    require_problem(operator.put(path, {**OWN, "version": "new"}), 400, field="version")
    require_problem(viewer.put(path, OWN), 403, "printer.manage")
    assert PrinterModel.objects.get(name="ours").bits == 8
    theirs = PrinterModel.objects.create(facility=make_other_facility(), name="ours", title="T")
    require_problem(operator.put(f"{MODELS}{theirs.pk}/", OWN), 404)


def test_a_model_in_use_stays(facility, operator):
    model = operator.post(MODELS, OWN).json()
    operator.patch(f"{PRINTERS}{make_printer(facility).pk}/", {"model": "ours"})

    require_problem(operator.delete(f"{MODELS}{model['id']}/"), 409, "FILM1")


def test_a_pool_is_set_up_changed_and_removed(facility, operator):
    one, two = make_printer(facility, "FILM1"), make_printer(facility, "FILM2")

    made = operator.post(POOLS, {"name": "All", "printers": [two.pk, one.pk]})
    assert made.status_code == 201, made.content
    pool = made.json()
    assert [member["name"] for member in pool["printers"]] == ["FILM2", "FILM1"]
    path = f"{POOLS}{pool['id']}/"
    body = {"name": "All", "printers": [one.pk], "strategy": "balance", "version": pool["version"]}
    changed = operator.put(path, body).json()
    assert (changed["strategy"], len(changed["printers"])) == ("balance", 1)
    require_problem(operator.put(path, body), 409, "Somebody else")
    assert operator.delete(path).status_code == 204
    assert not PrintPool.objects.exists()


def test_a_pool_holds_printers_of_its_own_facility(facility, operator):
    theirs = make_printer(make_other_facility())

    answer = operator.post(POOLS, {"name": "All", "printers": [theirs.pk]})

    require_problem(answer, 400, "of this facility", "printers")
    require_problem(operator.post(POOLS, {"name": "None", "printers": []}), 400, field="printers")


def test_who_may_not_manage_printers_may_only_look(facility, viewer, operator):
    printer = make_printer(facility)
    pool = operator.post(POOLS, {"name": "All", "printers": [printer.pk]}).json()
    model = operator.post(MODELS, OWN).json()

    for answer in (
        viewer.patch(f"{PRINTERS}{printer.pk}/", {"poll_s": 5}),
        viewer.post(f"{PRINTERS}{printer.pk}/reject/"),
        viewer.post(f"{PRINTERS}{printer.pk}/media-loaded/"),
        viewer.post(MODELS, OWN),
        viewer.delete(f"{MODELS}{model['id']}/"),
        viewer.post(POOLS, {"name": "Mine", "printers": [printer.pk]}),
        viewer.put(f"{POOLS}{pool['id']}/", {"name": "Mine", "printers": [printer.pk]}),
        viewer.delete(f"{POOLS}{pool['id']}/"),
    ):
        require_problem(answer, 403, "printer.manage")
    for path in (PRINTERS, MODELS, POOLS):
        assert viewer.get(path).json()["count"] == 1 if path != MODELS else 2


def test_models_and_pools_of_others_are_not_seen(facility, operator, make_user):
    other = make_other_facility()
    make_printer(other)
    theirs = PrintPool.objects.create(facility=other, name="Theirs")
    model = PrinterModel.objects.get(facility=other)

    assert operator.get(POOLS).json()["count"] == operator.get(MODELS).json()["count"] == 0
    for answer in (
        operator.get(f"{POOLS}{theirs.pk}/"),
        operator.delete(f"{POOLS}{theirs.pk}/"),
        operator.get(f"{MODELS}{model.pk}/document/"),
        operator.delete(f"{MODELS}{model.pk}/"),
    ):
        require_problem(answer, 404)


def test_a_printer_is_probed_and_what_it_says_is_forgotten_again(facility, operator):
    """Issue line 3: a probe prints nothing."""
    with sim_printer(without=frozenset({"color", "job"}), bits=(8,)) as peer:
        printer = make_printer(facility)
        RemoteAE.objects.filter(pk=printer.device_id).update(port=peer.port)

        told = operator.post(f"{PRINTERS}{printer.pk}/probe/")

        assert told.status_code == 200, told.content
        assert (told.json()["learned"]["bits"], peer.printed) == (8, 0)
    require_problem(operator.post(f"{PRINTERS}{printer.pk}/probe/"), 409, "Nobody answers")
    assert operator.post(f"{PRINTERS}{printer.pk}/forget/").json()["learned"] == {}


def test_a_test_page_is_queued_and_what_was_measured_is_kept(facility, operator, viewer):
    """Issue line 12."""
    printer = make_printer(facility)
    job = operator.post(f"{PRINTERS}{printer.pk}/calibration-page/")
    assert job.status_code == 201, job.content
    assert (job.json()["is_calibration"], job.json()["pages"][0]["pattern"]) == (True, "smpte")
    body = {"printer": printer.pk, "job": job.json()["id"], "comment": "all steps are seen"}

    made = operator.post(READINGS, body)

    assert made.status_code == 201, made.content
    assert (made.json()["comment"], made.json()["by"]) == ("all steps are seen", "operator")
    assert operator.get(READINGS, {"printer": printer.pk}).json()["count"] == 1
    require_problem(operator.post(READINGS, body | {"densities": [-1]}), 400, field="densities")
    theirs = make_printer(make_other_facility())
    require_problem(operator.post(READINGS, body | {"printer": theirs.pk}), 404)
    require_problem(viewer.post(READINGS, body), 403, "printer.manage")
    assert operator.delete(f"{READINGS}{made.json()['id']}/").status_code == 204
