"""Printers, a queue and people in one process: what is really in the trays, and what is recorded.

No network: a talk is what a worker records of it, and it may end, or its worker die, anywhere.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from portal.errors import PortalError
from printing.models import JobState, PageState, PrintedPage, Printer, PrinterAddress, PrintJob
from printing.services import claims, following, jobs, outcomes, printer_queue
from printing.types import (
    ClaimedJob,
    ClaimedPage,
    Difference,
    Outcome,
    PageAnswer,
    PrintJobStatus,
    TalkResult,
)
from tests.printing.factories import BY

TO_DECIDE = (PageState.UNKNOWN, PageState.FAILED)
BEFORE = (  # how a talk can end before an N-ACTION, or with an answer to it that says no
    Outcome.GIVEN_BACK,
    Outcome.NOT_REACHED,
    Outcome.NOT_READY,
    Outcome.NO_MEDIA,
    Outcome.SESSION_FAULT,
    Outcome.SUBSTITUTED,
    Outcome.NO_SPACE,
    Outcome.NOT_ADMITTED,
)
VERBS = ("cancel", "retry", "hold", "release", "move", "pool", "top", "acknowledge", "accept")


@dataclass
class Film:
    """What one N-ACTION made of a page: in the tray, failed, or still in the printer's queue."""

    films: int
    uid: str = ""  # of its print job
    state: str = "DONE"
    is_told: bool = False  # that was confirmed: the printer has forgotten its print job
    device: tuple[str, int] = ("", 0)


@dataclass
class World:
    """The printers as they are, and everybody who works with them."""

    dice: random.Random
    printers: list[Printer]
    pool_id: int
    films: dict[int, list[Film]] = field(default_factory=dict)  # by row of the page
    told: list[str] = field(default_factory=list)
    taken: set[tuple[str, int]] = field(default_factory=set)  # devices that somebody talks to
    _number: int = 0

    def step(self) -> None:
        """Let one thing happen."""
        does = self.dice.choice(
            [self.talk] * 5 + [self.verb] * 3 + [self.decide] * 2 + [self.follow] * 2
            + [self.end_film] * 2 + [self.vanish, self.printer_verb, self.give_up_following]
        )  # fmt: skip
        does()

    def drain(self) -> None:
        """Let everything come to its end without further trouble."""
        for _ in range(200):
            for printer in Printer.objects.filter(is_enabled=False):
                printer_queue.printer_enable(printer_id=printer.pk, is_enabled=True, by=BY)
            for film in self._queued():
                film.state = self.dice.choice(["DONE", "DONE", "FAILURE"])
            self.vanish()
            for job in PrintJob.objects.filter(state__in=PrintJob.ACTIVE):
                self._do("release" if job.state == JobState.PENDING_HELD else "accept", job)
                self._do("retry", job)
            self.decide()
            self.talk(is_calm=True)
            self.follow()
            active = PrintJob.objects.filter(state__in=PrintJob.ACTIVE)
            if not active.exists() and not PrintJob.objects.exclude(follow_at=None).exists():
                return
        raise AssertionError("it does not come to an end", *self.told[-30:])

    def talk(self, *, is_calm: bool = False) -> None:
        """Have a worker print a job, or die over it."""
        PrintJob.objects.filter(state=JobState.PENDING).update(next_attempt_at=None)
        owner = self._name("worker")
        job = claims.job_claim(lease_owner=owner)
        if job is None:
            return
        undecided = PrintedPage.objects.filter(job_id=job.job_id, state__in=TO_DECIDE)
        assert not undecided.exists(), (job.job_id, *self.told)
        assert (job.host, job.port) not in self.taken, (job.job_id, *self.told)
        self.taken.add((job.host, job.port))
        for page in job.pages:
            trouble = None if is_calm or self.dice.random() > 0.3 else self.dice.choice(BEFORE)
            if trouble or not self._print(job, page, is_calm=is_calm):
                if trouble:
                    self._record(job, trouble, page)
                return
        if is_calm or self.dice.random() > 0.1:
            self._record(job, Outcome.ACCEPTED)
        else:
            self.told.append(f"{owner} dies after job {job.job_id}")

    def _print(self, job: ClaimedJob, page: ClaimedPage, *, is_calm: bool) -> bool:
        """Send a page; say whether the talk goes on."""
        owned = {"job_id": job.job_id, "lease_owner": job.lease_owner}
        if not is_calm and self.dice.random() < 0.1:
            self._verb_during(job)
        if not outcomes.page_sent(**owned, page_id=page.page_id, film_box_uid="1"):
            self._record(job, Outcome.CANCELED)
            return False
        ways = ["taken"] * 5 + ["lost"] * 3 + ["no"] * 2 + ["refused"]
        ends = "taken" if is_calm else self.dice.choice(ways)
        if ends in ("refused", "no"):
            self._record(job, Outcome.REFUSED if ends == "refused" else Outcome.NOT_READY, page)
            return False
        made = self.dice.randint(1, page.copies) if self.dice.random() < 0.3 else page.copies
        film = Film(made, *self.dice.choice([("", "DONE"), (self._name("1.2"), "PENDING")]))
        film.device = job.host, job.port
        is_there = ends == "taken" or self.dice.random() < 0.5
        self.films.setdefault(page.page_id, []).append(film if is_there else Film(0))
        self.told.append(f"job {job.job_id} page {page.page_id}: {ends}, {film}")
        if ends == "lost":
            if self.dice.random() < 0.5:
                self._record(job, Outcome.UNKNOWN, page)
            return False
        self._report(job, film)
        differences = (
            (Difference("Number of Copies", "NumberOfCopies", str(page.copies), str(made)),)
            if made < page.copies
            else ()
        )
        answer = PageAnswer(differences=differences, print_job_uid=film.uid)
        outcomes.page_accepted(**owned, page_id=page.page_id, answer=answer)
        self._report(job, film)
        if self.dice.random() < 0.8:  # of an earlier association
            others = [other for other in self._queued() if other.device == film.device]
            self._report(job, self.dice.choice([film, *others]))
        return True

    def _report(self, job: ClaimedJob, film: Film) -> None:
        if not film.uid or self.dice.random() > 0.2:
            return
        film.state = film.state if film.state != "PENDING" else self._end()
        status = PrintJobStatus(film.uid, film.state, "NORMAL")
        outcomes.print_job_heard(job_id=job.job_id, lease_owner=job.lease_owner, status=status)
        film.is_told = True
        self.told.append(f"told to job {job.job_id}: {status}")

    def _record(self, job: ClaimedJob, outcome: Outcome, page: ClaimedPage | None = None) -> None:
        self.told.append(f"job {job.job_id}: {outcome}")
        self.taken.discard((job.host, job.port))
        where = (page.number, page.page_id) if page else (None, None)
        result = TalkResult(outcome, "Because.", *where)
        outcomes.job_record(job_id=job.job_id, lease_owner=job.lease_owner, result=result)

    def vanish(self) -> None:
        """Let the claims of workers that died run out."""
        past = timezone.now() - timedelta(seconds=1)
        PrintJob.objects.exclude(lease_until=None).update(lease_until=past)
        PrinterAddress.objects.exclude(lease_until=None).update(lease_until=past)
        claims.leases_take_over()
        self.taken.clear()

    def follow(self) -> None:
        """Ask printers about the films of a job, or die over it."""
        PrintJob.objects.exclude(follow_at=None).update(follow_at=timezone.now())
        owner = self._name("follower")
        job = following.follow_claim(lease_owner=owner)
        if job is None:
            return
        devices = {(printer.device.host, printer.device.port) for printer in job.printers}
        assert not devices & self.taken, (job.job_id, *self.told)
        self.taken |= devices
        known = {film.uid: film for films in self.films.values() for film in films}
        statuses = {
            printer.printer_id: [
                PrintJobStatus(uid, "GONE" if known[uid].is_told else known[uid].state, "NORMAL")
                for uid in printer.print_job_uids
                if self.dice.random() > 0.2
            ]
            for printer in job.printers
        }
        if self.dice.random() < 0.2:
            self._do(self.dice.choice(VERBS), PrintJob.objects.get(pk=job.job_id))
        self.told.append(f"job {job.job_id} is asked about: {statuses}")
        if self.dice.random() > 0.1:
            following.follow_record(job_id=job.job_id, lease_owner=owner, statuses=statuses)
            self.taken -= devices

    def end_film(self) -> None:
        """Let a film that a printer has in its queue come out, or not; nobody is told."""
        if queued := self._queued():
            self.dice.choice(queued).state = self._end()

    def give_up_following(self) -> None:
        """Let the time pass in which a printer might have told what became of its films."""
        followed = list(PrintJob.objects.exclude(follow_until=None).order_by("pk"))
        if followed and self.dice.random() < 0.2:
            past = timezone.now() - timedelta(seconds=1)
            PrintJob.objects.filter(pk=self.dice.choice(followed).pk).update(follow_until=past)

    def decide(self) -> None:
        """Look into the trays, and say what became of the pages that are asked about."""
        for page in PrintedPage.objects.filter(
            state__in=TO_DECIDE, job__state=JobState.PROCESSING_STOPPED
        ):
            last = self.films[page.pk][-1]
            if last.state == "PENDING":
                continue  # it may yet come out
            out = min(self._out_of(last), page.copies)
            verdict = self.dice.choice(["send-again", "send-again", "give-up"])
            if out == page.copies:
                verdict = "printed"
            self.told.append(f"{page} {page.pk}: {out} of {page.copies} came out: {verdict}")
            jobs.page_decide(
                job_id=page.job_id,
                page_number=page.number,
                copy=page.copy,
                verdict=verdict,
                copies_out=out or None,
                by=BY,
            )

    def verb(self) -> None:
        """Have somebody do something with a job, whatever its state."""
        jobs_there = list(PrintJob.objects.order_by("pk"))
        self._do(self.dice.choice(VERBS), self.dice.choice(jobs_there))

    def _verb_during(self, job: ClaimedJob) -> None:
        self._do(self.dice.choice(VERBS), PrintJob.objects.get(pk=job.job_id))

    def _do(self, verb: str, job: PrintJob) -> None:
        before, to = job.state, self.dice.choice(self.printers).pk
        does = {
            "cancel": lambda: jobs.job_cancel(job_id=job.pk, by=BY),
            "retry": lambda: jobs.job_retry(job_id=job.pk, by=BY),
            "hold": lambda: jobs.job_hold(job_id=job.pk, by=BY),
            "release": lambda: jobs.job_release(job_id=job.pk, by=BY),
            "move": lambda: jobs.job_move(job_id=job.pk, printer_id=to, by=BY),
            "pool": lambda: jobs.job_move(job_id=job.pk, pool_id=self.pool_id, by=BY),
            "top": lambda: jobs.job_reorder(job_id=job.pk, to="top", by=BY),
            "acknowledge": lambda: jobs.job_acknowledge(job_id=job.pk, by=BY),
            "accept": lambda: jobs.job_accept_substitution(job_id=job.pk, by=BY),
        }
        if verb == "cancel" and self.dice.random() > 0.3:
            return
        try:
            does[verb]()
        except PortalError:
            return
        job.refresh_from_db()
        self.told.append(f"{verb} job {job.pk}: {before} -> {job.state} at {job.printer_id}")

    def printer_verb(self) -> None:
        """Have somebody stop or start a printer, or say that film is in it."""
        printer, dice = self.dice.choice(self.printers), self.dice
        if dice.random() < 0.3:
            printer_queue.printer_media_loaded(printer_id=printer.pk, by=BY)
            return
        printer_queue.printer_enable(printer_id=printer.pk, is_enabled=dice.random() < 0.7, by=BY)

    def out(self, page: PrintedPage) -> int:
        """Count what came out of a row of a page, of all its sendings."""
        return sum(self._out_of(film) for film in self.films.get(page.pk, ()))

    def is_told(self, page: PrintedPage) -> bool:
        """Say whether its printer told how the print job of a page ended, and was thanked."""
        uid = page.print_job_uid
        return any(film.is_told for film in self.films.get(page.pk, ()) if uid and film.uid == uid)

    def _queued(self) -> list[Film]:
        every = [film for films in self.films.values() for film in films]
        return [film for film in every if film.state == "PENDING"]

    def _out_of(self, film: Film) -> int:
        return film.films if film.state == "DONE" else 0

    def _end(self) -> str:
        return self.dice.choice(["DONE", "DONE", "FAILURE"])

    def _name(self, kind: str) -> str:
        self._number += 1
        return f"{kind}.{self._number}"
