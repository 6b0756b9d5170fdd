"""Patients: their page, their correction, the finder; whose eyes."""

import pytest

from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.pages import HTMX, other_facility, seen, signed_in

pytestmark = pytest.mark.django_db
PARTS = ("family", "given")


@pytest.fixture
def person(make_user):
    return signed_in(make_user)


@pytest.fixture
def patient(facility):
    return make_patient(
        facility,
        name_alphabetic="Yamada^Taro",
        name_ideographic="山田^太郎",
        name_phonetic="やまだ^たろう",
        patient_id="402-8816",
    )


def correction(patient, **changed):
    typed = {
        "family": "Yamada",
        "given": "Taro",
        "ideographic_family": "山田",
        "ideographic_given": "太郎",
        "phonetic_family": "やまだ",
        "phonetic_given": "たろう",
        "patient_id": "402-8816",
        "birth_date": "5.11.1948",
        "sex": "M",
        "version": patient.version,
    }
    return typed | changed


def correction_names():
    return [f"{group}{part}" for group in ("", "ideographic_", "phonetic_") for part in PARTS]


def test_a_patients_page_shows_all_name_groups_and_their_exams(person, facility, patient):
    step = make_step(facility, patient=patient)

    page = seen(person.get(f"/patients/{patient.pk}/"))

    assert "Yamada^Taro=山田^太郎=やまだ^たろう" in page
    assert '<bdi class="nm" lang="ja">山田太郎</bdi>' in page
    assert f'id="step-{step.pk}"' in page
    assert "山田" not in page.split("</title>")[0]


def test_a_correction_is_saved_once_for_the_version_that_was_shown(person, patient):
    first = person.post(f"/patients/{patient.pk}/edit/", correction(patient, given="Jiro"))
    second = person.post(f"/patients/{patient.pk}/edit/", correction(patient, given="Saburo"))

    assert first["Location"] == f"/patients/{patient.pk}/"
    assert second.status_code == 409
    assert "Somebody else was faster" in seen(second)
    assert 'value="Saburo"' in seen(second)  # what was typed is not lost
    patient.refresh_from_db()
    assert patient.name_alphabetic == "Yamada^Jiro"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"patient_id": ""}, "Write the patient's ID."),
        ({"birth_date": "1.1.2999"}, "Birth date is in the future."),
        ({"birth_date": "31.2.1948"}, "There is no such day"),
        ({"ideographic_family": "a=b"}, "no equals sign"),
        (
            dict.fromkeys(correction_names(), ""),
            "Write a name, in any script.",
        ),
    ],
)
def test_a_correction_that_cannot_be_is_refused_beside_its_field(person, patient, typed, sentence):
    answer = person.post(f"/patients/{patient.pk}/edit/", correction(patient, **typed))

    assert answer.status_code == 422
    assert sentence in seen(answer)
    assert 'aria-invalid="true"' in seen(answer)


def test_only_who_may_order_may_correct(make_user, patient):
    person = signed_in(make_user, "auditor")

    answer = person.post(f"/patients/{patient.pk}/edit/", correction(patient))

    assert answer.status_code == 403
    assert "Edit patient" not in seen(person.get(f"/patients/{patient.pk}/"))


@pytest.mark.parametrize("text", ["yamada", "TARO YAMADA", "山田", "やまだ", "4028816", "402 8816"])
def test_the_finder_ignores_case_order_script_and_hyphens(person, patient, text):
    """ui.md §6, search."""
    answer = person.post("/search/", {"q": text}, headers=HTMX)

    assert f'href="/patients/{patient.pk}/"' in seen(answer)


def test_the_finder_knows_accession_numbers(person, facility, patient):
    step = make_step(facility, patient=patient)
    number = step.requested_procedure.service_request.accession_number

    assert f'href="/exams/{step.pk}/"' in seen(person.post("/search/", {"q": number}, headers=HTMX))


def test_the_finder_says_no_with_a_way_on(person, facility):
    """ui.md §8, S4."""
    nothing = seen(person.post("/search/", {"q": "Nuñes"}, headers=HTMX))

    assert "Nothing found for “Nuñes”" in nothing
    assert "/orders/new/" in nothing
    assert "two letters" in seen(person.post("/search/", {"q": "N"}, headers=HTMX))
    assert person.post("/search/", {"q": ""}, headers=HTMX).content == b""


def test_the_finder_works_as_a_page_too_and_never_by_address(person, patient):
    assert f'href="/patients/{patient.pk}/"' in seen(person.post("/search/", {"q": "yamada"}))
    assert person.get("/search/?q=yamada").status_code == 405


def test_two_facilities_never_see_each_others_rows(make_user, facility, patient):
    """architecture.md §4: every row belongs to a facility."""
    step = make_step(facility, patient=patient, station=make_station(facility))
    other_facility()
    stranger = signed_in(make_user, "administrator", name="nora", facility_code="north")
    number = step.requested_procedure.service_request.accession_number

    for path in ("/worklist/", "/worklist/?view=all", "/board/", "/orders/new/"):
        page = seen(stranger.get(path))
        assert "402-8816" not in page
        assert f'id="step-{step.pk}"' not in page
    for path in (
        f"/exams/{step.pk}/",
        f"/exams/{step.pk}/body/",
        f"/exams/{step.pk}/row/",
        f"/exams/{step.pk}/card/",
        f"/exams/{step.pk}/move/",
        f"/exams/{step.pk}/cancel/",
        f"/patients/{patient.pk}/",
        f"/patients/{patient.pk}/edit/",
    ):
        assert stranger.get(path).status_code == 404
    for path in (f"/exams/{step.pk}/arrive/", f"/exams/{step.pk}/undo/"):
        assert stranger.post(path, {"reason": "x"}).status_code == 404
    for text in ("yamada", number):
        assert "Nothing found" in seen(stranger.post("/search/", {"q": text}, headers=HTMX))
    assert "402-8816" not in seen(stranger.get(f"/orders/new/?patient={patient.pk}"))
    step.refresh_from_db()
    assert step.status == "SCHEDULED"


@pytest.mark.parametrize("path", ["/board/", "/worklist/", "/orders/new/", "/patients/1/"])
def test_without_sign_in_every_page_asks_for_it(client, facility, path):
    assert client.get(path)["Location"] == f"/sign-in/?next={path}"
