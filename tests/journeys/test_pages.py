"""Every page: for everybody, on every screen, from nowhere else, by its own policy."""

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
from tests.journeys.looking import WIDE, faults_of
from tests.journeys.walking import walked
from tests.worklist.asking import asked
from worklist.models import ScheduledProcedureStep

pytestmark = pytest.mark.browser

ENTRANCE = ["/sign-in/", "/sign-in/inactive/", "/sign-in/reset/", "/sign-in/signup/"]
# Where the walk begins: what links of these pages lead to is looked at as well.
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


@pytest.mark.timeout(900)  # some sixty pages, each looked at a dozen times
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_for_everybody(portal, addresses, browser, theme):
    """Issue: no request leaves the machine, strict CSP; ui.md §13: axe finds nothing, wide and on a
    phone, light and dark; §10: at 320 px and at 200 % zoom only tables scroll sideways.
    """
    context = browser.new_context(viewport=WIDE, device_scale_factor=2)
    context.add_cookies([{"name": "theme", "value": theme, "url": portal.url}])
    page = context.new_page()
    page.set_default_timeout(60_000)  # a busy machine is slow
    asked, faults = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    entrance = [portal.url + path for path in ENTRANCE]
    for address, answer in walked(page, portal.url, entrance):
        faults += [f"{address}: {fault}" for fault in faults_of(page, answer)]
    portal.sign_in(page, "administrator")
    kinds = 0
    for address, answer in walked(page, portal.url, addresses):
        faults += [f"{address}: {fault}" for fault in faults_of(page, answer)]
        kinds += 1
    assert kinds > len(addresses)
    assert [url for url in asked if not url.startswith((portal.url, "data:", "blob:"))] == []
    assert faults == []
