"""Which jobs the queue lists: filters of its address, text that stands in none."""

import re

import pytest

from printing.models import PrintJob
from printing.services.pools import pool_set
from tests.printing.console import second
from tests.printing.factories import BY, make_job, make_printer
from tests.printing.pages import HTMX, picture, seen

pytestmark = pytest.mark.django_db


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


def test_a_long_active_list_says_what_has_come_to_belong_on_its_page(operator, facility):
    """ui.md §6: rows never jump; what came waits behind a link, in the order of the queue."""
    printer = make_printer(facility, 104)
    PrintJob.objects.bulk_create(PrintJob(facility=facility, printer=printer) for _ in range(53))
    jobs = list(PrintJob.objects.order_by("pk").values_list("pk", flat=True))
    page = operator.get("/print/").content.decode()
    place = '<div id="new-jobs" hx-get="/print/came/?state=active"'
    assert place in page
    assert 'id="show-came"' not in page

    PrintJob.objects.filter(pk=jobs[-1]).update(state="processing-stopped")
    asking = f"/print/came/?state=active&shown={','.join(map(str, jobs[:50]))}"
    came = seen(operator.get(asking, headers=HTMX))

    assert "One other job belongs on this page by now." in came
    assert 'hx-get="/print/?state=active" hx-target="#queue-list"' in came
    asking = f"/print/came/?state=active&page=2&shown={','.join(map(str, jobs[49:]))}"
    assert "show-came" not in seen(operator.get(asking, headers=HTMX))
