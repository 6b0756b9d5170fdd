"""The print room's console: what is asked before a job changes, several jobs, pools, alerts."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from printing.models import JobState, PageState, Printer, PrintJob, PrintJobEvent, PrintPool
from printing.selectors.console import needing_people
from printing.services.pools import pool_set
from tests.printing.factories import BY, make_job, make_printer
from tests.printing.pages import HTMX, other_facility, picture, seen, signed_in

pytestmark = pytest.mark.django_db
REASON = {"reason": "wrong-patient", "comment": "other knee"}


@pytest.fixture
def operator(make_user):
    return signed_in(make_user, "operator")


@pytest.fixture
def printer(facility):
    return make_printer(facility, 104)


@pytest.fixture
def job(facility, printer):
    """A job of two films."""
    images = [picture(facility, number, AccessionNumber="A-17") for number in (1, 2)]
    return make_job(printer, images)


def second(facility, name="OTHER", port=105):
    return make_printer(facility, port, name=name, ae_title=name)


def stopped(job, *states, reason="outcome-unknown"):
    """Bring a job where a person must say what became of its films."""
    for page, state in zip(job.pages.order_by("copy", "number"), states, strict=True):
        job.pages.filter(pk=page.pk).update(state=state, action_sent_at=timezone.now())
    PrintJob.objects.filter(pk=job.pk).update(
        state=JobState.PROCESSING_STOPPED, state_reasons=[reason]
    )
    job.refresh_from_db()
    return job


def states(job):
    return list(job.pages.order_by("copy", "number").values_list("state", flat=True))


def token(person, job):
    page = person.get(f"/print/jobs/{job.pk}/").content.decode()
    return re.search(r'name="film" value="([^"]+)"', page)[1]


def decide(person, job, verdict, **values):
    values = {"verdict": verdict, "film": token(person, job)} | values
    return person.post(f"/print/jobs/{job.pk}/decide/", values)


# --- the question ---------------------------------------------------------------------------------


def test_every_answer_says_what_follows_from_it(operator, job):
    """printing.md §2.5: a person decides; nobody has to guess what a button does."""
    page = seen(operator.get(f"/print/jobs/{stopped(job, 'unknown', 'pending').pk}/"))

    assert "Yes, it is in the tray</b><small>It counts as printed. Then film 2 is sent." in page
    assert "Film 1 is sent to FILM once more. Then film 2 is sent." in page
    assert "It counts as not printed and is not sent again. Then film 2 is sent." in page


@pytest.mark.parametrize(
    ("verdict", "state", "films"),
    [
        ("printed", "pending", ["accepted", "pending"]),
        ("again", "pending", ["pending", "pending"]),
        ("give-up", "pending", ["discarded", "pending"]),
    ],
)
def test_an_answer_settles_the_film_and_the_job_goes_on(operator, job, verdict, state, films):
    decide(operator, stopped(job, "unknown", "pending"), verdict)

    job.refresh_from_db()
    assert (job.state, states(job)) == (state, films)


def test_the_question_is_the_only_way_on(operator, job, facility):
    """No verb passes over it: not from the drawer, the row's menu, a form or several at once."""
    stopped(job, "unknown", "pending")
    target = f"printer-{second(facility).pk}"

    menu = seen(operator.get(f"/print/jobs/{job.pk}/menu/"))
    assert "Say what became of the film" in menu
    assert "<form" not in menu
    for verb in ("retry", "move", "hold", "cancel", "top", "hold-until", "place", "reprint"):
        operator.post(f"/print/jobs/{job.pk}/{verb}/", REASON | {"target": target})
    for verb in ("retry", "move", "hold", "cancel", "release", "top"):
        values = {"job": job.pk, "do": verb, "asked": 1, "target": target} | REASON
        operator.post("/print/bulk/", values)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["outcome-unknown"])
    assert states(job) == ["unknown", "pending"]
    assert PrintJob.objects.count() == 1


def test_some_copies_came_out_and_only_the_others_are_sent(operator, facility, printer):
    """printing.md §2.5: a resume must not multiply again."""
    job = stopped(make_job(printer, [picture(facility)], number_of_copies=3), "unknown")
    assert "Did all 3 copies of film 1 come out of FILM?" in seen(
        operator.get(f"/print/jobs/{job.pk}/")
    )

    decide(operator, job, "some", copies_out=2)

    rows = list(job.pages.order_by("copy").values_list("state", "copies"))
    assert rows == [("accepted", 2), ("pending", 1)]


@pytest.mark.parametrize("count", ["", "0", "3", "-1", "x"])
def test_a_number_of_copies_that_cannot_be_is_refused(operator, facility, printer, count):
    job = stopped(make_job(printer, [picture(facility)], number_of_copies=3), "unknown")

    assert decide(operator, job, "some", copies_out=count).status_code == 400
    assert states(job) == ["unknown"]


def test_one_answer_for_all_films_of_a_document(operator, job):
    stopped(job, "unknown", "unknown")
    assert "Answer for both at once" in seen(operator.get(f"/print/jobs/{job.pk}/"))

    decide(operator, job, "printed", every=1)

    job.refresh_from_db()
    assert (job.state, states(job)) == ("completed", ["accepted", "accepted"])


def test_an_answer_about_an_earlier_sending_is_no_answer_about_this_one(operator, job):
    """A film that was sent once more is asked about anew: an old page must not answer."""
    old = token(operator, stopped(job, "accepted", "unknown"))
    job.pages.filter(number=2).update(action_sent_at=timezone.now() + timedelta(seconds=9))

    late = decide(operator, job, "again", film=old)

    assert late.status_code == 409
    assert "this answer was not taken" in seen(late)
    assert states(job) == ["accepted", "unknown"]


def test_a_film_that_failed_in_the_printer_is_asked_about_too(operator, job):
    stopped(job, "printed", "failed", reason="job-failed-in-device")
    job.pages.filter(number=2).update(execution_status_info="FILM JAM")

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert "FILM failed over film 2. Is it in the tray?" in page
    assert "then said: FILM JAM" in page


def test_who_may_not_decide_sees_the_question_without_answers(make_user, job):
    stopped(job, "unknown", "pending")
    scheduler = signed_in(make_user, "scheduler")

    page = seen(scheduler.get(f"/print/jobs/{job.pk}/"))

    assert "Did film 1 come out" in page
    assert "Who asked for the films or runs the queue decides." in page
    assert 'class="answer' not in page


def test_another_film_than_asked_for_is_a_question_as_well(operator, job):
    """printing.md §2.4: size or medium changed: offer to stop before N-ACTION."""
    stopped(job, "pending", "pending", reason="attributes-substituted")
    changed = {"attribute": "Film Size ID", "asked": "14INX17IN", "granted": "10INX12IN"}
    job.pages.filter(number=1).update(differences=[changed])

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))
    assert "FILM offers another film. Print on it?" in page
    assert "10INX12IN" in page
    assert 'id="job-retry"' not in page
    operator.post(f"/print/jobs/{job.pk}/accept/")

    job.refresh_from_db()
    assert (job.state, job.is_substitution_accepted) == ("pending", True)


# --- what is asked first --------------------------------------------------------------------------


def test_cancelling_asks_why_and_names_the_patient(operator, job):
    """ui.md §7: identity, consequences, a reason, the verb on the button."""
    page = seen(operator.get(f"/print/jobs/{job.pk}/cancel/"))
    assert "Synthetic, Pat" in page
    assert "Keep job" in page
    refused = operator.post(f"/print/jobs/{job.pk}/cancel/", {"reason": ""})
    assert refused.status_code == 422
    assert "Choose a reason." in seen(refused)

    operator.post(f"/print/jobs/{job.pk}/cancel/", REASON)

    job.refresh_from_db()
    assert (job.state, job.cancel_reason) == ("canceled", "Wrong patient: other knee")


def test_something_else_as_a_reason_wants_words(operator, job):
    refused = operator.post(f"/print/jobs/{job.pk}/cancel/", {"reason": "other"}, headers=HTMX)

    assert refused.status_code == 422
    assert "Say in a few words why." in seen(refused)
    assert "<html" not in seen(refused)


def test_a_job_moves_to_another_printer_or_a_pool(operator, job, facility):
    other = second(facility)
    pool = pool_set(facility_id=facility.pk, name="Films", printer_ids=[other.pk], by=BY)

    operator.post(f"/print/jobs/{job.pk}/move/", {"target": f"printer-{other.pk}"})
    job.refresh_from_db()
    assert job.printer == other
    operator.post(f"/print/jobs/{job.pk}/move/", {"target": f"pool-{pool.pk}"})
    job.refresh_from_db()
    assert job.pool == pool


@pytest.mark.parametrize("target", ["", "printer-0", "printer-999999", "pool-7", "x", "printer"])
def test_a_target_that_is_none_is_refused(operator, job, target):
    before = job.printer_id

    assert operator.post(f"/print/jobs/{job.pk}/move/", {"target": target}).status_code == 422
    job.refresh_from_db()
    assert job.printer_id == before


def test_a_printer_that_has_not_the_size_is_not_offered(operator, job, facility):
    other = second(facility)
    other.model.film_size_ids = ["8INX10IN"]
    other.model.save()
    third = make_printer(facility, 106, name="THIRD", ae_title="THIRD", model="generic-8bit")

    page = seen(operator.get(f"/print/jobs/{job.pk}/move/"))

    assert f'value="printer-{third.pk}"' in page
    assert f'value="printer-{other.pk}"' not in page


@pytest.mark.parametrize(("how_long", "minutes"), [("30", 30), ("240", 240)])
def test_a_job_is_held_for_a_while(operator, job, how_long, minutes):
    operator.post(f"/print/jobs/{job.pk}/hold-until/", {"how_long": how_long})

    job.refresh_from_db()
    away = job.hold_until - timezone.now() - timedelta(minutes=minutes)
    assert job.state == "pending-held"
    assert abs(away) < timedelta(minutes=1)
    assert "Held until" in seen(operator.get(f"/print/jobs/{job.pk}/row/"))


def test_a_job_is_held_until_a_time_that_is_ahead(operator, job):
    ahead = timezone.localtime() + timedelta(days=2)
    past = {"how_long": "at", "until": "2020-01-01T08:00"}
    refused = operator.post(f"/print/jobs/{job.pk}/hold-until/", past)
    assert "That time is over already." in seen(refused)

    operator.post(f"/print/jobs/{job.pk}/hold-until/", {"until": f"{ahead:%Y-%m-%dT%H:%M}"})

    job.refresh_from_db()
    assert timezone.localtime(job.hold_until).date() == ahead.date()


def test_place_and_priority_are_changed(operator, job, printer, facility):
    later = make_job(printer, [picture(facility, 3)])

    operator.post(
        f"/print/jobs/{later.pk}/place/", {"print_priority": "MED", "before": str(job.pk)}
    )
    later.refresh_from_db()
    assert later.rank < job.rank
    assert "place 1 of 2" in seen(operator.get(f"/print/jobs/{later.pk}/"))
    operator.post(f"/print/jobs/{job.pk}/place/", {"print_priority": "HIGH", "before": ""})
    job.refresh_from_db()
    assert job.print_priority == "HIGH"


def test_printing_again_asks_why_and_takes_some_films(operator, job):
    """Issue 11: reprints with reason codes."""
    PrintJob.objects.update(state="completed", state_reasons=["sent-to-printer"])
    job.pages.update(state=PageState.ACCEPTED)
    address = f"/print/jobs/{job.pk}/reprint/"
    values = {"how": "anew", "pages": [2], "number_of_copies": 2, "printer": job.printer_id}
    assert operator.post(address, values).status_code == 422

    operator.post(address, values | {"reason": "motion", "comment": "blurred"})

    again = PrintJob.objects.exclude(pk=job.pk).get()
    assert (again.reprint_of, again.reprint_reason, again.reprint_comment) == (
        job,
        "motion",
        "blurred",
    )
    assert [page.copies for page in again.pages.all()] == [2]
    assert f"Job {again.pk}" in seen(operator.get(f"/print/jobs/{job.pk}/"))


def test_byte_for_byte_is_offered_only_while_the_pixels_are_there(operator, job):
    PrintJob.objects.update(state="completed", state_reasons=["sent-to-printer"])

    page = seen(operator.get(f"/print/jobs/{job.pk}/reprint/"))

    assert "Not possible any more: the pixels that were sent are not kept." in page


def test_a_colleague_is_told_that_this_is_not_his_to_change(make_user, job):
    bob = signed_in(make_user, "technologist", name="bob")

    for verb in ("cancel", "move", "reprint", "place", "hold-until"):
        assert bob.get(f"/print/jobs/{job.pk}/{verb}/").status_code == 403
        assert bob.post(f"/print/jobs/{job.pk}/{verb}/", REASON).status_code == 403
    job.refresh_from_db()
    assert job.state == "pending"


# --- several at once ------------------------------------------------------------------------------


def test_several_jobs_at_once_each_with_its_own_answer(operator, job, printer, facility):
    other = make_job(printer, [picture(facility, 3)])
    done = make_job(printer, [picture(facility, 4)])
    PrintJob.objects.filter(pk=done.pk).update(state="completed")

    answer = operator.post(
        "/print/bulk/", {"job": [job.pk, other.pk, done.pk], "do": "hold"}, headers=HTMX
    )

    page = seen(answer)
    assert "Hold: 2 jobs." in page
    assert f"Not changed, job {done.pk}:" in page
    assert answer["HX-Trigger"] == "bulk-done"
    held = PrintJob.objects.filter(state="pending-held").values_list("pk", flat=True)
    assert set(held) == {job.pk, other.pk}


def test_cancelling_several_shows_every_patient_and_asks_why(operator, job, printer, facility):
    other = make_job(printer, [picture(facility, 3, PatientID="S-9", PatientName="Third^Pat")])
    values = {"job": [job.pk, other.pk], "do": "cancel", "back": "?state=all"}

    page = seen(operator.post("/print/bulk/", values))
    assert "Cancel 2 jobs?" in page
    assert "Third, Pat" in page
    assert not PrintJob.objects.filter(state="canceled").exists()
    answer = operator.post("/print/bulk/", values | {"asked": 1} | REASON)

    assert answer["Location"] == "/print/?state=all"
    assert PrintJob.objects.filter(state="canceled").count() == 2


def test_all_jobs_of_a_printer_are_moved(operator, job, printer, facility):
    other = second(facility)
    values = {"all_of": printer.pk, "do": "move"}
    assert f'name="job" value="{job.pk}"' in seen(operator.post("/print/bulk/", values))

    operator.post(
        "/print/bulk/",
        {"job": job.pk, "do": "move", "asked": 1, "target": f"printer-{other.pk}"},
    )

    job.refresh_from_db()
    assert job.printer == other


@pytest.mark.parametrize(
    "values", [{"do": "hold"}, {"do": "burn", "job": "1"}, {"do": "hold", "job": "x"}, {}]
)
def test_nothing_chosen_or_nothing_known_is_said(operator, job, values):
    assert operator.post("/print/bulk/", values).status_code == 400


def test_jobs_of_another_facility_are_not_among_the_chosen(operator, job):
    north = other_facility()
    theirs = make_job(make_printer(north, 109), [picture(north)])

    operator.post("/print/bulk/", {"job": [job.pk, theirs.pk], "do": "hold"})

    theirs.refresh_from_db()
    job.refresh_from_db()
    assert (job.state, theirs.state) == ("pending-held", "pending")


def test_nobody_is_led_to_another_site_afterwards(operator, job):
    answer = operator.post(
        "/print/bulk/", {"job": job.pk, "do": "hold", "back": "//elsewhere.example/"}
    )

    assert answer["Location"] == "/print/"


# --- filters --------------------------------------------------------------------------------------


def listed(response):
    return {int(pk) for pk in re.findall(r'<tr id="job-(\d+)"', response.content.decode())}


def test_filters_narrow_the_list_and_keep_their_tab(operator, job, facility, printer):
    other = second(facility)
    theirs = make_job(other, [picture(facility, 7)])
    PrintJob.objects.filter(pk=job.pk).update(modality="CT")
    pool = pool_set(facility_id=facility.pk, name="Films", printer_ids=[other.pk], by=BY)
    PrintJob.objects.filter(pk=theirs.pk).update(pool=pool)

    assert listed(operator.get(f"/print/?printer={other.pk}")) == {theirs.pk}
    assert listed(operator.get("/print/?modality=CT")) == {job.pk}
    assert listed(operator.get(f"/print/?pool={pool.pk}")) == {theirs.pk}
    assert "state=needs&amp;modality=CT" in operator.get("/print/?modality=CT").content.decode()


@pytest.mark.parametrize("text", ["A-17", "a-17", "S-1"])
def test_text_finds_and_stands_in_no_address(operator, job, facility, printer, text):
    """ui.md §4: no patient ID in any address."""
    make_job(printer, [picture(facility, 3, PatientID="S-2", AccessionNumber="B-1")])

    answer = operator.post("/print/?state=all", {"text": text}, headers=HTMX)

    assert listed(answer) == {job.pk}
    assert "HX-Push-Url" not in answer
    links = re.findall(r'(?:href|action|hx-\w+)="([^"]*)"', answer.content.decode())
    assert not [link for link in links if text in link]


def test_a_job_is_found_by_its_number(operator, job, facility, printer):
    make_job(printer, [picture(facility, 3)])

    assert listed(operator.post("/print/?state=all", {"text": f"#{job.pk}"})) == {job.pk}


def test_addresses_that_make_no_sense_show_the_queue(operator, job):
    for query in ("?state=x", "?printer=-1", "?by=99999999999999", "?page=0", "?pool=%00"):
        assert operator.get(f"/print/{query}").status_code == 200


# --- attention ------------------------------------------------------------------------------------


def test_the_menu_counts_jobs_that_wait_for_a_person(operator, make_user, job):
    user = make_user("operator", name="eve")
    assert needing_people(user) == 0

    stopped(job, "unknown", "pending")

    assert needing_people(user) == 1
    tabs = operator.get("/print/tabs/?state=active").content.decode()
    assert f'data-needs="{job.pk}"' in tabs
    assert '<span class="count warn">1' in operator.get("/menu/printing:queue/").content.decode()


def test_a_failed_job_that_was_printed_again_needs_nobody(make_user, job):
    user = make_user("operator")
    PrintJob.objects.update(state="aborted", ended_at=timezone.now())
    assert needing_people(user) == 1

    PrintJob.objects.create(
        facility=job.facility, printer=job.printer, created_by_name="x", reprint_of=job
    )

    assert needing_people(user) == 0


def test_a_printer_without_film_says_so_and_is_tried_when_it_is_loaded(operator, job, printer):
    PrintJob.objects.update(state_reasons=["media-needed"], message="No film.")
    cards = seen(operator.get("/print/printers/"))
    assert "Out of film" in cards
    assert "1 waits for film" in cards

    operator.post(f"/printers/{printer.pk}/loaded/")

    job.refresh_from_db()
    assert job.state_reasons == []


def test_all_printers_are_paused_and_started_at_once(operator, make_user, facility, printer):
    second(facility)
    assert 'id="pause-all"' in seen(operator.get("/print/"))

    operator.post("/print/pause-all/")
    assert not Printer.objects.filter(is_enabled=True).exists()
    operator.post("/print/start-all/")
    assert not Printer.objects.filter(is_enabled=False).exists()

    technologist = signed_in(make_user, "technologist")
    assert technologist.post("/print/pause-all/").status_code == 403
    assert not Printer.objects.filter(is_enabled=False).exists()


def test_a_card_shows_supplies_and_the_printers_own_words(operator, printer):
    """ui.md §8: printer's own words shown unchanged after ours."""
    Printer.objects.update(
        supplies=[{"name": "14×17", "level": 8, "says": ""}, {"name": "Ink", "says": "LOW"}, "x"],
        status="WARNING",
        status_info="SUPPLY LOW",
    )

    card = seen(operator.get("/print/printers/"))

    assert "8 %" in card
    assert "WARNING SUPPLY LOW" in card


def test_what_was_said_is_grouped_by_connection(operator, job):
    for number, text in ((0, "Queued."), (1, "First."), (1, "Lost."), (2, "Second.")):
        PrintJobEvent.objects.create(
            facility_id=job.facility_id,
            job=job,
            at=timezone.now(),
            text=text,
            association=number,
        )

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert page.count('<details class="conn') == 2
    assert page.index("Connection 1") < page.index("Lost.") < page.index("Connection 2")


def test_a_long_history_is_cut_in_the_drawer_and_whole_on_its_page(operator, job):
    PrintJobEvent.objects.bulk_create(
        PrintJobEvent(
            facility_id=job.facility_id, job=job, at=timezone.now(), text=f"line-{number}-"
        )
        for number in range(300)
    )

    drawer = seen(operator.get(f"/print/jobs/{job.pk}/"))
    whole = seen(operator.get(f"/print/jobs/{job.pk}/history/"))

    assert "line-0-" not in drawer
    assert "line-299-" in drawer
    assert "line-0-" in whole


def test_a_cropped_picture_is_said_loudly(operator, job):
    """printing.md §2.4: B609: warn loudly, anatomy may be missing."""
    job.pages.filter(number=1).update(warnings=[{"code": 0xB609, "says": "Cropped (B609)"}])

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert "a picture was cropped, anatomy may be missing" in page
    assert "tone-bad slim" in page


# --- pools ----------------------------------------------------------------------------------------


def test_a_pool_is_made_changed_and_removed(operator, facility, printer):
    other = second(facility)
    values = {"name": "Films", "strategy": "failover", "is_accepting": "on"}
    places = {f"place-{other.pk}": "1", f"place-{printer.pk}": "2"}

    operator.post("/print/pools/new/", values | places)
    pool = PrintPool.objects.get()
    assert [member.printer for member in pool.members.all()] == [other, printer]
    page = seen(operator.get("/print/pools/"))
    assert page.index("OTHER</a>") < page.index("FILM</a>")
    operator.post(
        f"/print/pools/{pool.pk}/",
        values | {"strategy": "balance", f"place-{printer.pk}": "1", "version": pool.version},
    )
    pool.refresh_from_db()
    assert pool.strategy == "balance"
    assert [member.printer for member in pool.members.all()] == [printer]
    operator.post(f"/print/pools/{pool.pk}/remove/")
    assert not PrintPool.objects.exists()


@pytest.mark.parametrize(
    ("places", "sentence"),
    [({}, "Choose at least one printer."), ({0: "1", 1: "1"}, "has this place already.")],
)
def test_a_pool_that_cannot_be_is_refused(operator, facility, printer, places, sentence):
    printers = [printer, second(facility)]
    values = {f"place-{printers[n].pk}": place for n, place in places.items()}

    answer = operator.post("/print/pools/new/", {"name": "P", "strategy": "failover"} | values)

    assert answer.status_code == 422
    assert sentence in seen(answer)


def test_who_was_slower_with_a_pool_hears_so(operator, facility, printer):
    pool = pool_set(facility_id=facility.pk, name="Films", printer_ids=[printer.pk], by=BY)
    values = {"name": "Films", "strategy": "failover", f"place-{printer.pk}": "1", "version": 1}
    operator.post(f"/print/pools/{pool.pk}/", values)

    late = operator.post(f"/print/pools/{pool.pk}/", values)

    assert late.status_code == 422
    assert "Somebody else changed this pool meanwhile." in seen(late)


def test_pools_are_for_who_runs_printers(make_user, facility, printer):
    technologist = signed_in(make_user, "technologist")
    north = other_facility()
    theirs = pool_set(
        facility_id=north.pk, name="N", printer_ids=[make_printer(north, 109).pk], by=BY
    )

    assert technologist.get("/print/pools/").status_code == 200
    assert technologist.get("/print/pools/new/").status_code == 403
    administrator = signed_in(make_user, "administrator")
    assert administrator.get(f"/print/pools/{theirs.pk}/").status_code == 404
    assert administrator.post(f"/print/pools/{theirs.pk}/remove/").status_code == 404
