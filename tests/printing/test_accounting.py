"""The account of films: every film that a printer accepted is counted once, wasted ones too.

printing.md §7.7 and the paper it cites: film that is printed twice costs money and dose.
"""

import csv
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.models import Membership
from printing.models import PageState, PrintedPage, PrintJob, PrintUse, RejectReason
from printing.selectors.accounting import print_uses
from printing.selectors.usage import (
    DIMENSIONS,
    Usage,
    UsageFilter,
    rejects_by_reason,
    step_start,
    usage_by,
    usage_by_each,
    usage_by_time,
    usage_most,
    usage_total,
    uses_filtered,
    values_used,
)
from printing.services.accounting import page_use_record
from printing.services.job_facts import job_facts
from printing.services.job_reprints import job_reprint
from tests.printing.factories import BY, make_image, make_job, make_printer
from tests.printing.pages import other_facility, seen, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def printer(facility, free_port):
    return make_printer(facility, free_port)


@pytest.fixture
def job(facility, printer):
    """A job of two films, two copies of each at once."""
    images = [make_image(facility, InstanceNumber=str(number)) for number in (1, 2)]
    return make_job(printer, images, number_of_copies=2)


def accept(page, job):
    """Bring a page out, as a worker does it, and account for it."""
    page.state, page.action_sent_at = PageState.SENT, timezone.now()
    page.state, page.accepted_at = PageState.ACCEPTED, timezone.now()
    page.save()
    page_use_record(page, job)


def become(page, job, state):
    """Move a page on, and account for it."""
    page.state = state
    page.save()
    page_use_record(page, job)


def films(job):
    """Return what is counted for a job: all films, and the wasted ones of them."""
    used = usage_total(PrintUse.objects.filter(job_number=job.pk))
    return used.total, used.rejects


def test_an_accepted_page_counts_with_all_its_copies(job):
    page = job.pages.get(number=1)

    accept(page, job)

    use = PrintUse.objects.get()
    assert (use.films, use.page_number, use.copy, use.job_number) == (2, 1, 1, job.pk)
    assert (use.printer_name, use.film_size_id) == ("FILM", "14INX17IN")
    assert (use.created_by_name, use.reprint_reason) == (job.created_by_name, "")
    assert films(job) == (2, 0)


def test_recording_the_same_acceptance_twice_counts_once(job):
    """A worker that lost the database tries to record until it succeeds."""
    page = job.pages.get(number=1)
    accept(page, job)

    page_use_record(page, job)
    become(page, job, PageState.PRINTED)

    assert films(job) == (2, 0)


def test_a_film_that_failed_after_it_was_accepted_is_wasted_and_its_successor_another_film(job):
    """PS3.4 H.4.5: a print job may fail after its N-ACTION was accepted."""
    page = job.pages.get(number=1)
    accept(page, job)
    become(page, job, PageState.FAILED)
    assert films(job) == (2, 2)
    accept(page, job)

    assert films(job) == (4, 2)
    rows = PrintUse.objects.order_by("sending")
    assert list(rows.values_list("copy", "sending", "is_wasted", "reprint_reason")) == [
        (1, 1, True, ""),
        (1, 2, False, ""),
    ]
    assert rejects_by_reason(rows, "modality") == {"OT": {"printer-fault": 2}}


def test_a_film_given_up_after_it_was_accepted_is_wasted(job):
    page = job.pages.get(number=1)
    accept(page, job)
    become(page, job, PageState.FAILED)

    become(page, job, PageState.DISCARDED)

    assert films(job) == (2, 2)


def test_a_person_who_says_that_it_was_printed_takes_the_waste_back(job):
    page = job.pages.get(number=1)
    accept(page, job)
    become(page, job, PageState.FAILED)

    become(page, job, PageState.ACCEPTED)

    assert films(job) == (2, 0)


def test_of_a_failed_page_one_copy_came_out_and_the_other_is_sent_again(job):
    """The row keeps the copies that came out; a new one is sent: three films, one wasted."""
    page = job.pages.get(number=1)
    accept(page, job)
    become(page, job, PageState.FAILED)
    page.copies = 1
    become(page, job, PageState.ACCEPTED)
    rest = PrintedPage.objects.get(pk=page.pk)
    rest.pk, rest.copy, rest.copies, rest.state = None, 2, 1, PageState.PENDING
    rest.action_sent_at = None
    rest.save()

    accept(rest, job)

    assert films(job) == (3, 1)


def test_an_unknown_page_counts_when_a_person_says_how_many_came_out(job):
    """Nobody had counted it: no answer had come."""
    page = job.pages.get(number=1)
    page.action_sent_at, page.state = timezone.now(), PageState.UNKNOWN
    page_use_record(page, job)
    assert films(job) == (0, 0)
    page.copies = 1

    become(page, job, PageState.ACCEPTED)

    assert films(job) == (1, 0)


def test_an_unknown_page_that_is_given_up_was_never_counted(job):
    page = job.pages.get(number=1)
    page.action_sent_at = timezone.now()

    become(page, job, PageState.DISCARDED)

    assert films(job) == (0, 0)


def test_the_films_of_a_reprint_carry_its_reason(job):
    """Reject analysis: the film before was wasted, for this reason; a further copy is no waste."""
    PrintJob.objects.update(reprint_reason=RejectReason.MOTION)
    job.refresh_from_db()
    accept(job.pages.get(number=1), job)
    assert films(job) == (2, 2)
    PrintUse.objects.all().delete()
    PrintJob.objects.update(reprint_reason=RejectReason.EXTRA_COPY)
    job.refresh_from_db()

    accept(job.pages.get(number=1), job)

    assert films(job) == (2, 0)


def reprint(job, reason, copies=1, pages=None):
    """Queue a job again, as a person does it, and bring its films out."""
    job.pages.update(state=PageState.DISCARDED)
    PrintJob.objects.filter(pk=job.pk).update(state="completed")
    again = job_reprint(
        job_id=job.pk,
        is_exact=False,
        reason=reason,
        number_of_copies=copies,
        pages=pages,
        by=BY,
    )
    for page in again.pages.all():
        accept(page, again)
    return again


def everything():
    """Return what is counted for all jobs: all films, and the wasted ones of them."""
    used = usage_total(PrintUse.objects.all())
    assert (
        sum(sum(r.values()) for r in rejects_by_reason(PrintUse.objects, "modality").values())
        == used.rejects
    )
    return used.total, used.rejects


def failed(job, number=1):
    """Bring a page out, and let the printer fail over it."""
    page = job.pages.get(number=number)
    accept(page, job)
    become(page, job, PageState.FAILED)
    return page


def test_a_film_that_failed_and_its_reprint_are_one_waste_with_the_reason_that_was_given(job):
    """Two films went out, one was needed: one wasted; with two copies, twice that."""
    become(failed(job), job, PageState.DISCARDED)
    assert everything() == (2, 2)

    reprint(job, RejectReason.FILM_DAMAGED, copies=2, pages=[1])

    assert everything() == (4, 2)
    assert rejects_by_reason(PrintUse.objects.all(), "modality") == {"OT": {"film-damaged": 2}}


def test_a_reprint_of_the_second_page_replaces_the_second_page(job):
    """It is page 1 of the reprint: found by what is on it, not by its number."""
    PrintedPage.objects.filter(number=2).update(film_size_id="8INX10IN")
    accept(job.pages.get(number=1), job)
    failed(job, number=2)

    reprint(job, RejectReason.PRINTER_FAULT, copies=2, pages=[2])

    assert everything() == (6, 2)
    assert not PrintUse.objects.filter(is_wasted=True).exists()


def test_of_two_films_that_failed_one_is_printed_again(job):
    """The other stays wasted, by the printer."""
    become(failed(job), job, PageState.DISCARDED)

    reprint(job, RejectReason.OTHER, copies=1, pages=[1])

    assert everything() == (3, 2)
    found = rejects_by_reason(PrintUse.objects.all(), "modality")["OT"]
    assert found == {"printer-fault": 1, "other": 1}


def test_one_more_copy_of_a_film_that_failed_is_no_reject_and_the_failure_one(job):
    become(failed(job), job, PageState.DISCARDED)

    reprint(job, RejectReason.EXTRA_COPY, copies=1, pages=[1])

    assert everything() == (3, 2)
    assert usage_total(PrintUse.objects.all()).extra == 1


def test_a_reprint_that_fails_too_is_another_waste(job):
    """F wasted by motion; its reprint by the printer; the third film is good: 2 of 3."""
    page = job.pages.get(number=1)
    page.copies = 1
    accept(page, job)
    again = reprint(job, RejectReason.MOTION, pages=[1])
    assert everything() == (2, 1)
    become(again.pages.get(), again, PageState.FAILED)

    accept(again.pages.get(), again)

    assert everything() == (3, 2)
    found = rejects_by_reason(PrintUse.objects.all(), "modality")["OT"]
    assert found == {"printer-fault": 1, "motion": 1}


def test_a_film_printed_again_before_the_printer_says_that_it_failed_is_one_waste(job):
    """A job in the printer's queue may be reprinted; its Failure comes later (H.4.5)."""
    page = job.pages.get(number=1)
    accept(page, job)
    reprint(job, RejectReason.LOST, copies=2, pages=[1])

    become(page, job, PageState.FAILED)
    become(page, job, PageState.DISCARDED)

    assert everything() == (4, 2)


def test_paper_from_a_film_printer_is_paper(job):
    """A DICOM printer may make sheets: PS3.3 C.13.1 PAPER."""
    PrintJob.objects.update(medium_type="PAPER")
    job.refresh_from_db()

    accept(job.pages.get(number=1), job)

    assert usage_total(PrintUse.objects.all()).sheets == 2


def test_a_clock_that_goes_slow_does_not_count_a_film_twice(job):
    """The page went out by the worker's clock; the person who decides asks another host."""
    page = job.pages.get(number=1)
    page.action_sent_at = timezone.now() + timedelta(seconds=30)
    for state in (PageState.ACCEPTED, PageState.FAILED, PageState.ACCEPTED):
        become(page, job, state)

    assert films(job) == (2, 0)


def test_size_and_medium_are_those_that_came_out(job):
    """0116 or a changed value: the printer took another film than was asked for."""
    page = job.pages.get(number=1)
    page.differences = [
        {"attribute": "Film Size ID", "asked": "14INX17IN", "granted": "8INX10IN"},
        {
            "attribute": "Medium Type",
            "keyword": "MediumType",
            "asked": "BLUE FILM",
            "granted": "CLEAR FILM",
        },
        {"attribute": "Max Density", "asked": "300", "granted": "290"},
    ]

    accept(page, job)

    use = PrintUse.objects.get()
    assert (use.film_size_id, use.medium_type) == ("8INX10IN", "CLEAR FILM")


def test_the_account_stays_when_the_job_is_removed(job):
    accept(job.pages.get(number=1), job)
    number = job.pk
    PrintedPage.objects.filter(job=job).delete()
    job.delete()

    assert PrintUse.objects.get().job_number == number


STEPS_OF_A_PAGE = st.lists(
    st.sampled_from(["accept", "record", "fail", "printed", "some", "again", "give-up"]),
    max_size=12,
)


@given(steps=STEPS_OF_A_PAGE, copies=st.integers(1, 5), some=st.integers(1, 4))
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_whatever_becomes_of_a_page_the_account_equals_a_count_on_the_printers_tray(
    job, steps, copies, some
):
    """Random lives of a page beside a naive count: films accepted, and those that failed."""
    PrintUse.objects.all().delete()
    page = job.pages.get(number=1)
    page.copies, page.state, page.action_sent_at = copies, PageState.PENDING, None
    sendings: list[list[int]] = []  # films accepted, films wasted, of each sending
    for step in steps:
        if step == "accept" and page.state == PageState.PENDING:
            accept(page, job)
            sendings.append([page.copies, 0])
        elif step == "record":
            page_use_record(page, job)
        elif step == "fail" and page.state == PageState.ACCEPTED:
            become(page, job, PageState.FAILED)
            lost = sendings[-1]
            lost[1] = lost[0]
        elif page.state == PageState.FAILED:
            if step == "printed":
                sendings[-1][1] = 0
                become(page, job, PageState.ACCEPTED)
            elif step == "some" and some < page.copies:
                gone = page.copies - some
                page.copies = some
                sendings[-1] = [some, 0]
                sendings.insert(0, [gone, gone])
                become(page, job, PageState.ACCEPTED)
            elif step == "again":
                page.state = PageState.PENDING
            elif step == "give-up":
                become(page, job, PageState.DISCARDED)

        assert films(job) == (sum(s[0] for s in sendings), sum(s[1] for s in sendings))


# --- what a job is about ----------------------------------------------------------------------


def test_facts_of_a_job_are_what_its_pictures_agree_on(facility, printer):
    one = make_image(facility, InstanceNumber="1", Modality="CT", PatientID="S-1")
    two = make_image(
        facility,
        InstanceNumber="2",
        Modality="MR",
        PatientID="S-2",
        StudyInstanceUID=one.study_instance_uid,
    )

    facts = job_facts([one, two], printer=printer)

    assert facts["study_instance_uid"] == one.study_instance_uid
    assert (facts["modality"], facts["patient_id"]) == ("CT/MR", "")
    assert job_facts([one], printer=printer)["patient_id"] == "S-1"
    assert job_facts([], printer=printer)["modality"] == ""


def test_the_unit_comes_from_the_exam_and_several_units_are_none(facility, printer, settings):
    """settings.UNIT_OF_STUDY: printing asks, and does not know who answers."""
    settings.UNIT_OF_STUDY = "tests.printing.test_accounting.unit_of_accession"
    ward = make_image(facility, InstanceNumber="1", AccessionNumber="WARD-1")
    other = make_image(facility, InstanceNumber="2", AccessionNumber="WARD-2")
    clinic = make_image(facility, InstanceNumber="3", AccessionNumber="CLINIC-1")

    assert job_facts([ward, other], printer=printer)["requesting_unit"] == "WARD"
    assert job_facts([ward, clinic], printer=printer)["requesting_unit"] == ""
    known = job_facts(
        [ward, clinic], printer=printer, study_instance_uid="1.2", accession_number="CLINIC-9"
    )
    assert known["requesting_unit"] == "CLINIC"


def unit_of_accession(facility_id, study_instance_uid, accession_number):
    """Say which unit asked, as the worklist would."""
    return accession_number.partition("-")[0]


@pytest.mark.parametrize(
    ("color", "has_color", "photometric", "samples", "expected"),
    [
        ("never", True, "RGB", 3, False),
        ("always", False, "MONOCHROME2", 1, True),
        ("auto", True, "RGB", 3, True),
        ("auto", True, "PALETTE COLOR", 1, True),
        ("auto", True, "MONOCHROME2", 1, False),
        ("auto", False, "RGB", 3, False),
    ],
)
def test_colour_follows_the_printers_rule_and_the_pictures(
    facility, printer, color, has_color, photometric, samples, expected
):
    printer.color, printer.model.has_color = color, has_color
    image = make_image(facility)
    image.photometric_interpretation, image.samples_per_pixel = photometric, samples

    assert job_facts([image], printer=printer)["is_color"] is expected


# --- sums ---------------------------------------------------------------------------------------


def make_uses(facility, count, seed=7):
    """Fill the account with random rows over a year, seeded."""
    dice = random.Random(seed)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    rows = [
        PrintUse(
            facility=facility,
            at=start + timedelta(minutes=dice.randrange(365 * 24 * 60)),
            job_number=number,
            page_number=1,
            films=dice.randint(1, 4),
            printer_name=dice.choice(["FILM", "DRY 1", "Paper"]),
            film_size_id=dice.choice(["14INX17IN", "8INX10IN", "A4"]),
            medium_type=dice.choice(["", "BLUE FILM", "PAPER"]),
            is_paper=dice.random() < 0.3,
            created_by_name=dice.choice(["anna", "ben"]),
            requesting_unit=dice.choice(["", "Ward 1", "Clinic", "Emergency"]),
            modality=dice.choice(["CT", "MR", "CR", "CT/MR", ""]),
            patient_id=f"S-{dice.randrange(30)}",
            reprint_reason=dice.choice([""] * 6 + list(RejectReason.values)),
            is_wasted=dice.random() < 0.1,
            is_calibration=dice.random() < 0.05,
        )
        for number in range(count)
    ]
    PrintUse.objects.bulk_create(rows)
    return rows


def naive(rows):
    """Count rows one by one, as a person with a pencil would."""
    return Usage(
        total=sum(row.films for row in rows),
        sheets=sum(row.films for row in rows if row.is_paper),
        rejects=sum(
            row.films
            for row in rows
            if row.is_wasted or row.reprint_reason not in ("", RejectReason.EXTRA_COPY)
        ),
        extra=sum(
            row.films
            for row in rows
            if row.reprint_reason == RejectReason.EXTRA_COPY and not row.is_wasted
        ),
        tests=sum(row.films for row in rows if row.is_calibration),
    )


FILTERS = [
    UsageFilter(),
    UsageFilter(since=date(2025, 3, 1), until=date(2025, 3, 31)),
    UsageFilter(requesting_unit=""),
    UsageFilter(requesting_unit="Ward 1", modality="CT"),
    UsageFilter(is_paper=True),
    UsageFilter(is_paper=False, film_size_id="8INX10IN", medium_type="BLUE FILM"),
    UsageFilter(printer_name="DRY 1", created_by_name="ben", since=date(2025, 6, 15)),
    UsageFilter(patient_id="S-3"),
    UsageFilter(until=date.max),
    UsageFilter(since=date(2030, 1, 1)),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_every_sum_equals_a_naive_count_and_all_tables_add_up(facility, wanted, settings):
    """The same rows, counted in SQL and by hand, in a zone whose days are not UTC's."""
    settings.TIME_ZONE = "Asia/Tokyo"
    with timezone.override("Asia/Tokyo"):
        rows = [row for row in make_uses(facility, 400) if is_meant(row, wanted)]
        uses = uses_filtered(PrintUse.objects.all(), wanted)

        total = usage_total(uses)

        assert total == naive(rows)
        for dimension in DIMENSIONS:
            found = usage_by(uses, dimension)
            assert sum((row.usage for row in found), Usage()) == total
            for row in found:
                assert row.usage == naive([r for r in rows if getattr(r, dimension) == row.value])
            assert usage_most(uses, dimension, 3) == (found[:3], len(found))
        for dimension, found in usage_by_each(uses).items():
            assert found == usage_by(uses, dimension)
            assert {row.value for row in found} == values_used(uses)[dimension]
        for step in ("day", "week", "month"):
            course = usage_by_time(uses, step, wanted.since, None)
            assert sum((usage for _, usage in course), Usage()) == total
            for start, usage in course:
                in_it = [r for r in rows if step_start(step, local_day(r)) == start]
                assert usage == naive(in_it)
        table = rejects_by_reason(uses, "requesting_unit")
        assert sum(sum(counts.values()) for counts in table.values()) == total.rejects


def local_day(row):
    """Return the day of a row by the site's clock."""
    return timezone.localtime(row.at).date()


def is_meant(row, wanted):
    """Say whether a row fits a filter, attribute by attribute."""
    names = (*DIMENSIONS, "is_paper")
    if any(getattr(wanted, n) not in (None, getattr(row, n)) for n in names):
        return False
    day = local_day(row)
    return (wanted.since or date.min) <= day <= (wanted.until or date.max)


def test_the_course_shows_days_without_films_too(facility):
    make_uses(facility, 1)
    day = local_day(PrintUse.objects.get())

    course = usage_by_time(
        PrintUse.objects.all(), "day", day - timedelta(days=2), day + timedelta(days=1)
    )

    assert [usage.total > 0 for _, usage in course] == [False, False, True, False]


# --- pages --------------------------------------------------------------------------------------


YEAR = "since=2025-01-01&until=2025-12-31"


def test_the_page_shows_the_sums_and_every_table_has_its_total(facility, make_user):
    rows = make_uses(facility, 200)
    total = naive(rows)

    page = seen(signed_in(make_user, "technologist").get(f"/print/usage/?{YEAR}"))

    assert f"{total.total} films were used" in page
    assert f"{total.rejects} of them ({total.rate:.1f} %) were wasted" in page
    foot = f'<td class="end">{total.total}</td><td class="end">{total.sheets}</td>'
    assert page.count(foot) == len(DIMENSIONS)
    assert "Ward 1" in page
    assert "not known" in page


def test_filters_offer_what_there_is_in_the_period_and_what_was_chosen(facility, make_user):
    rows = make_uses(facility, 200)
    march = [row for row in rows if local_day(row).month == 3]
    PrintUse.objects.filter(pk__in=[row.pk for row in march]).update(modality="ES")
    client = signed_in(make_user, "technologist")
    period = "since=2025-03-01&until=2025-03-31"

    wide, narrow, nothing = (
        seen(client.get(f"/print/usage/?{period}{more}"))
        for more in ("", "&kind=paper", "&modality=%3DCT")
    )

    for page in (wide, narrow):
        assert '<option value="=ES">ES</option>' in page
        assert '<option value="=CT">CT</option>' not in page
    assert "No film was used" in nothing
    assert '<option value="=CT" selected>CT</option>' in nothing
    assert '<details class="mt"> <summary' in wide.replace("><summary", "> <summary")
    assert '<details class="mt" open> <summary' in nothing.replace("><summary", "> <summary")
    assert '<option value="=ES">ES</option>' in nothing


def test_the_patients_table_folds_the_rest_into_one_line(facility, make_user):
    rows = make_uses(facility, 400)
    patients = len({row.patient_id for row in rows})

    page = seen(signed_in(make_user, "technologist").get(f"/print/usage/?{YEAR}"))

    assert f"{patients - 12} others" in page


def test_a_patient_is_counted_by_post_and_stays_out_of_addresses(facility, make_user):
    rows = make_uses(facility, 200)
    mine = naive([row for row in rows if row.patient_id == "S-3"])
    client = signed_in(make_user, "technologist")

    page = seen(client.post(f"/print/usage/?{YEAR}", {"patient_id": "S-3"}))
    sheet = client.post(f"/print/usage.csv?{YEAR}", {"patient_id": "S-3"})

    assert f"{mine.total} films were used" in page
    assert "href" in page
    assert not [word for word in page.split() if "href=" in word and "S-3" in word]
    assert csv_sums(sheet.getvalue().decode().splitlines()) == (mine.total, mine.rejects)


def csv_sums(lines):
    """Return what a spreadsheet adds up to: all films, and the wasted ones."""
    rows = list(csv.DictReader(lines))
    wasted = [row for row in rows if row["wasted"] == "1"]
    return sum(int(r["films"]) for r in rows), sum(int(r["films"]) for r in wasted)


def test_the_csv_has_every_row_once_and_adds_up(facility, make_user):
    rows = make_uses(facility, 150)
    client = signed_in(make_user, "auditor")

    answer = client.get(f"/print/usage.csv?{YEAR}&requesting_unit=%3DClinic")
    lines = answer.getvalue().decode().splitlines()
    meant = [row for row in rows if row.requesting_unit == "Clinic"]
    assert answer["Content-Type"].startswith("text/csv")
    assert len(lines) == len(meant) + 1
    assert csv_sums(lines) == (naive(meant).total, naive(meant).rejects)


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("x")'])
def test_no_spreadsheet_runs_what_a_name_says(facility, make_user, value):
    """A patient ID comes from outside: a cell that begins like a formula is marked as text."""
    make_uses(facility, 1)
    PrintUse.objects.update(patient_id=value, requesting_unit=value)
    client = signed_in(make_user, "auditor")

    line = client.get(f"/print/usage.csv?{YEAR}").getvalue().decode().splitlines()[1]

    cells = [cell.strip('"') for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t"))]
    assert f"'{value[0]}" in line


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday+evening",
        "since=2026-05-01&until=2026-04-01",
        "since=1900-01-01",
        "modality=%3DXX",
        "kind=glass",
        "until=9999-12-31&since=9998-01-01",
    ],
)
def test_nonsense_in_the_address_is_answered_with_words(facility, make_user, query):
    make_uses(facility, 5)

    answer = signed_in(make_user, "technologist").get(f"/print/usage/?{query}")

    assert answer.status_code in (200, 422)
    assert "Film used" in seen(answer)


def test_what_was_not_understood_is_not_counted(facility, make_user):
    """ui.md §1.5: no sentence about a day that nobody asked for, and no file of it."""
    client = signed_in(make_user, "technologist")

    page = client.get("/print/usage/?since=31+Foo")
    sheet = client.get("/print/usage.csv?since=31+Foo")

    assert page.status_code == 422
    assert "Nothing was counted: correct what is asked for." in seen(page)
    assert "No film was used" not in seen(page)
    assert (sheet.status_code, "text/csv" in sheet["Content-Type"]) == (400, False)


def test_a_text_that_no_database_holds_finds_nothing(facility, make_user):
    """PostgreSQL refuses a NUL; a person who pastes one sees a list all the same."""
    client = signed_in(make_user, "operator")

    assert client.post("/print/usage/", {"patient_id": "S\0 3"}).status_code == 200
    assert client.post("/print/", {"text": "S\0 3"}).status_code == 200
    assert client.get("/print/?modality=C%00T").status_code == 200
    assert client.get("/print/usage/?modality=%3DC%00T").status_code == 200


def test_nobody_sees_the_films_of_another_facility(facility, make_user):
    make_uses(other_facility(), 20)
    client = signed_in(make_user, "administrator")

    page = seen(client.get(f"/print/usage/?{YEAR}"))

    assert "No film was used" in page
    assert "Ward 1" not in page
    assert len(client.get(f"/print/usage.csv?{YEAR}").getvalue().splitlines()) == 1
    user = Membership.objects.get(facility__code="main").user
    assert not print_uses(visible_to=user).exists()


def test_the_page_asks_the_database_a_fixed_number_of_times(
    facility, make_user, django_assert_max_num_queries
):
    make_uses(facility, 300)
    client = signed_in(make_user, "technologist")

    with django_assert_max_num_queries(16):
        client.get(f"/print/usage/?{YEAR}")
