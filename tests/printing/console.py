"""What tests of the print console share: jobs that wait for a person, and what people say."""

import re

from django.utils import timezone

from printing.models import JobState, PrintJob
from tests.printing.factories import make_printer

REASON = {"reason": "wrong-patient", "comment": "other knee"}


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
