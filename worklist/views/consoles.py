"""Consoles of simulated scanners: what each has in hand, and what its buttons send.

A console's state lies in the cache alone, per facility and device: it is a toy, and what it has
reported stands in the database like what any scanner reports.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.dicom.association import Peer
from portal.errors import Conflict, InvalidInput
from portal.models import RemoteAE
from worklist.dicom.simulator import entries, performed, scanner
from worklist.dicom.simulator.entries import Entry
from worklist.dicom.simulator.images import SeriesPlan, images
from worklist.dicom.simulator.performed import Ended
from worklist.dicom.simulator.scanner import Said

KEPT_SECONDS = 24 * 3600
BUSY_SECONDS = 120
MESSAGES_KEPT = 30
MOST_IMAGES = 500
FLAVOURS = ("listed", "wrong-patient", "no-mpps")


@dataclass(frozen=True)
class Message:
    """One message of a console, when, to whom, and what was answered."""

    at: datetime
    sender: str
    receiver: str
    said: Said


@dataclass(frozen=True)
class Console:
    """What a scanner's screen shows: its list, or the exam in hand."""

    listed: str = ""  # which list it is: a choice from an older one does not count
    entries: tuple[Entry, ...] = ()
    exam: str = ""  # our own name of the exam in hand, and its MPPS' UID where it has one
    entry: Entry | None = None
    has_mpps: bool = False
    is_running: bool = False
    series: tuple[SeriesPlan, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def image_count(self) -> int:
        """Return how many images the exam in hand has."""
        return sum(one.count for one in self.series)

    @property
    def references(self) -> list[tuple[str, str]]:
        """Return class and instance of each image."""
        return [(one.sop_class_uid, uid) for one in self.series for uid in one.instance_uids]


@dataclass(frozen=True)
class Wires:
    """Where a console's messages go."""

    device: RemoteAE
    portal: Peer
    archive: Peer
    modality: str


@dataclass(frozen=True)
class Wish:
    """What a person asked of a console."""

    exam: str = ""
    listed: str = ""
    entry: str = ""
    flavour: str = "listed"
    count: int = 0
    reason: str = ""


Act = Callable[[Console, Wires, Wish], Console]


def console_of(device: RemoteAE) -> Console:
    """Return what a console has in hand; a new one where nothing is remembered."""
    found = cache.get(_key(device))
    return found if isinstance(found, Console) else Console()


def act(name: str, wires: Wires, wish: Wish) -> Console:
    """Press a button of a console, and remember what came of it."""
    with _alone(wires.device):
        before = console_of(wires.device)
        if name not in FREE and wish.exam != before.exam:
            raise Conflict(
                _(
                    "This console has another exam in hand by now, or has lost it: consoles live "
                    "in memory. What it reported stands; an exam may still be in progress."
                )
            )
        after = ACTS[name](before, wires, wish)
        cache.set(_key(wires.device), after, KEPT_SECONDS)
        return after


def query(console: Console, wires: Wires, wish: Wish) -> Console:
    """Ask for the worklist of today."""
    said, found = scanner.query(wires.portal, wires.device.ae_title, timezone.localdate())
    heard = replace(console, listed=uuid.uuid4().hex, entries=tuple(found))
    return _said(heard, wires.portal, said)


def start(console: Console, wires: Wires, wish: Wish) -> Console:
    """Begin the exam that was chosen."""
    _require_idle(console)
    if wish.listed != console.listed or not wish.entry.isdecimal():
        raise Conflict(_("The list of this console has changed. Choose from the new one."))
    if int(wish.entry) >= len(console.entries):
        raise InvalidInput(_("There is no such line in the list."), "entry")
    entry = console.entries[int(wish.entry)]
    if wish.flavour == "wrong-patient":
        entry = entries.wrong_patient(entry)
    return _begin(console, wires, entry, has_mpps=wish.flavour != "no-mpps")


def unscheduled(console: Console, wires: Wires, wish: Wish) -> Console:
    """Begin an exam that nobody has ordered, under a Study Instance UID of the scanner's own."""
    _require_idle(console)
    number = int(uuid.uuid4().hex[:8], 16) % 9999 + 1
    entry = entries.unscheduled(_new_uid(), wires.modality, number)
    return _begin(console, wires, entry, has_mpps=wish.flavour != "no-mpps")


def acquire(console: Console, wires: Wires, wish: Wish) -> Console:
    """Make a series and send it to the archive."""
    entry = _in_hand(console)
    if not 1 <= wish.count <= MOST_IMAGES:
        raise InvalidInput(_("A series has 1 to %(most)s images.") % {"most": MOST_IMAGES}, "count")
    number = len(console.series) + 1
    modality = entry.modality or wires.modality
    plan = SeriesPlan(entry.study_instance_uid, number, wish.count, modality, console.exam)
    said = scanner.store(wires.archive, images(plan, entry.dataset, timezone.localtime()))
    # A scanner has made what it has made, whether or not the archive took it.
    made = replace(console, series=(*console.series, plan))
    return _said(made, wires.archive, said)


def finish(console: Console, wires: Wires, wish: Wish) -> Console:
    """End the exam; without MPPS nobody is told."""
    return _end(console, wires, "")


def discontinue(console: Console, wires: Wires, wish: Wish) -> Console:
    """Break the exam off, with a reason."""
    if wish.reason not in performed.REASONS:
        raise InvalidInput(_("Choose why the exam is discontinued."), "reason")
    return _end(console, wires, wish.reason)


def leave(console: Console, wires: Wires, wish: Wish) -> Console:
    """Forget the exam and tell nobody, as when a scanner is switched off."""
    _in_hand(console)
    return replace(console, exam="", entry=None, is_running=False, series=())


def commit(console: Console, wires: Wires, wish: Wish) -> Console:
    """Ask by ourselves for commitment; the portal passes it on where its rule says so."""
    if not console.series:
        raise Conflict(_("There are no images yet that somebody could confirm."))
    said = scanner.commit(wires.portal, _new_uid(), console.references)
    return _said(console, wires.portal, said)


FREE = {"query", "start", "unscheduled"}
ACTS: dict[str, Act] = {
    "query": query,
    "start": start,
    "unscheduled": unscheduled,
    "acquire": acquire,
    "finish": finish,
    "discontinue": discontinue,
    "leave": leave,
    "commit": commit,
}


def _begin(console: Console, wires: Wires, entry: Entry, *, has_mpps: bool) -> Console:
    begun = replace(
        console,
        exam=_new_uid(),
        entry=entry,
        has_mpps=has_mpps,
        is_running=True,
        series=(),
    )
    if not has_mpps:
        return begun
    ds = performed.created(entry, wires.device.ae_title, timezone.localtime())
    said = scanner.start(wires.portal, begun.exam, ds)
    # Refused: the scanner goes on without MPPS only if somebody tells it to.
    return _said(begun if said.is_taken else console, wires.portal, said)


def _end(console: Console, wires: Wires, reason: str) -> Console:
    entry = _in_hand(console)
    over = replace(console, is_running=False)
    if not console.has_mpps:
        return over
    end = Ended(console.series, reason, wires.archive.called_ae_title)
    ds = performed.ended(entry, end, timezone.localtime())
    said = scanner.change(wires.portal, console.exam, ds)
    return _said(over if said.is_taken else console, wires.portal, said)


def _in_hand(console: Console) -> Entry:
    if console.entry is None or not console.is_running:
        raise Conflict(_("No exam is in progress at this console. Start one first."))
    return console.entry


def _require_idle(console: Console) -> None:
    if console.is_running:
        raise Conflict(_("This console has an exam in progress. Finish it, or leave it."))


def _said(console: Console, peer: Peer, said: Said) -> Console:
    message = Message(timezone.now(), peer.calling_ae_title, peer.called_ae_title, said)
    return replace(console, messages=(*console.messages, message)[-MESSAGES_KEPT:])


def _new_uid() -> str:
    return f"2.25.{uuid.uuid4().int}"


def _key(device: RemoteAE) -> str:
    return f"simulated-console-{device.facility_id}-{device.pk}"


@contextmanager
def _alone(device: RemoteAE) -> Iterator[None]:
    """Let one person at a time press a console's buttons."""
    key = f"{_key(device)}-busy"
    if not cache.add(key, True, BUSY_SECONDS):
        raise Conflict(_("Somebody is just pressing a button of this console. Try again."))
    try:
        yield
    finally:
        cache.delete(key)
