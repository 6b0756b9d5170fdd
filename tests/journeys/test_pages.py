"""Every page: fits a phone, loads nothing from elsewhere, breaks no rule of its own policy."""

from pathlib import Path

import pytest
from django.utils import timezone
from pydicom.data import get_testdata_file

from portal.models import RemoteAE
from portal.seed import demo_seed
from portal.services_knocks import knock_record
from portal.types import Actor, Knocked, KnockReason
from printing.models import Printer
from printing.services.films import film_create
from printing.services.images import image_add
from printing.services.jobs import film_print
from tests.worklist.asking import asked
from worklist.models import ScheduledProcedureStep

pytestmark = pytest.mark.browser

PAGES = [
    "/board/",
    "/worklist/?view=today",
    "/orders/new/",
    "/exams/{exam}/",
    "/films/",
    "/films/new/",
    "/films/{film}/",
    "/print/?state=all",
    "/print/jobs/{job}/",
    "/print/pools/",
    "/print/usage/",
    "/print/quotas/",
    "/printers/",
    "/printers/{printer}/",
    "/printers/{printer}/calibration/",
    "/printers/models/",
    "/devices/",
    "/devices/{device}/why/?exam={exam}",
    "/queries/",
    "/queries/{query}/?replay=1",
    "/devices/new/",
    "/devices/{device}/",
    "/devices/{device}/profile/",
    "/health/",
    "/simulated-printer/",
    "/simulate/",
]


@pytest.fixture
def addresses(portal, facility, make_user):
    """A seeded department with a film and a job; the pages' addresses."""
    actor = Actor.command("test")
    demo_seed(day=timezone.localdate(), by=actor)
    make_user("administrator")  # after the seed: with the tests' password
    source = Path(get_testdata_file("CT_small.dcm"))
    image = image_add(facility_id=facility.pk, source=source, by=actor)
    film = film_create(facility_id=facility.pk, image_ids=[image.pk], by=actor)
    printer = Printer.objects.get(name="Film simulator")
    job = film_print(film_id=film.pk, printer_id=printer.pk, by=actor)
    step = ScheduledProcedureStep.objects.earliest("pk")
    device = RemoteAE.objects.get(ae_title="CT1")
    now = timezone.now()
    called = (facility.ae_title, "SIXTEEN_LETTERS_", "2001:db8::1234:5678", "")
    stranger = Knocked(facility.pk, *called, KnockReason.CALLING_UNKNOWN, now, now)
    knock_record(knocks=[stranger])
    query = asked(device, charset="ISO_IR 192", Modality="MR", PatientName="山田*")
    names = {"exam": step.pk, "film": film.pk, "job": job.pk, "printer": printer.pk}
    names |= {"device": device.pk, "query": query.pk}
    return [portal.url + page.format(**names) for page in PAGES]


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark"), (320, "light")])
def test_every_page_fits_and_keeps_to_itself(portal, addresses, browser, width, theme):
    """Issue: no request leaves the machine; strict CSP; wide and at 390 px, light and dark."""
    context = browser.new_context(viewport={"width": width, "height": 844})
    context.add_cookies([{"name": "theme", "value": theme, "url": portal.url}])
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    portal.sign_in(page, "administrator")
    for address in addresses:
        answer = page.goto(address)
        page.wait_for_selector("#live[data-state=live]")
        assert answer.status == 200, address
        too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert too_wide <= 0, address
    foreign = [url for url in asked if not url.startswith((portal.url, "data:", "blob:"))]
    assert foreign == []
    assert complaints == []
