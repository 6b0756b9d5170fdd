"""Learning what a printer takes: it is asked, and what it does not tell is tried, unprinted.

Printer Configuration Retrieval where it is offered (PS3.4 H.4.12); else film sessions and film
boxes are created and deleted (printing.md §5.3). Nothing here can print: see probe_talk.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import sop_class as sop
from pynetdicom.presentation import build_context

from portal.dicom.association import Limits, Peer, associate
from portal.dicom.errors import DicomError, NetworkError, Rejected
from printing.dicom.probe_steps import COLOR, FURTHER, GRAY, Look, Steps
from printing.dicom.probe_talk import SYNTAXES, OutOfTime, Trials
from printing.types import Capabilities

SECONDS = 120.0


@dataclass
class ProbeResult:
    """What a probe learned: fields of Capabilities as JSON, and sentences for a person."""

    learned: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def look(peer: Peer, *, limits: Limits) -> Look:
    """See which SOP classes a printer accepts; raise when it lets us in for none."""
    contexts = [build_context(uid, SYNTAXES) for uid in FURTHER]
    for meta in (GRAY, COLOR):  # two contexts each: does it take explicit VR at all?
        contexts += [build_context(meta, [syntax]) for syntax in SYNTAXES]
    with associate(peer, contexts, limits=limits) as assoc:
        accepted = list(assoc.accepted_contexts)
    classes = frozenset(str(context.abstract_syntax) for context in accepted)
    syntaxes = {str(c.transfer_syntax[0]) for c in accepted if c.abstract_syntax in (GRAY, COLOR)}
    if not syntaxes:
        where = f"{peer.called_ae_title} at {peer.host}:{peer.port}"
        raise Rejected(f"{where} takes no films by Basic Print.", is_transient=False)
    return Look(classes, is_implicit_only=str(SYNTAXES[0]) not in syntaxes)


def probe(
    peer: Peer, wanted: Capabilities, *, limits: Limits, seconds: float = SECONDS
) -> ProbeResult:
    """Learn what a printer takes; no film comes out. Raise when it lets us in for nothing."""
    seen = look(peer, limits=limits)
    deadline = time.monotonic() + seconds
    steps = Steps(wanted, seen)
    try:
        with Trials(peer, seen.meta, limits=limits, deadline=deadline) as trials:
            trials.is_implicit_only = seen.is_implicit_only
            steps.run(trials)
        steps.note_alone(is_alone=_is_alone(peer, limits))
    except OutOfTime:
        steps.say("The time was over: what is not said here stays as the model says it.")
    except DicomError as error:
        steps.say(f"The probe ended early: {error}")
    return ProbeResult(steps.learned, tuple(steps.lines))


def _is_alone(peer: Peer, limits: Limits) -> bool:
    """Say whether it associates for the Printer class alone, as polling does (PS3.4 H.3.1)."""
    try:
        with associate(peer, [build_context(sop.Printer, SYNTAXES)], limits=limits) as assoc:
            return bool(assoc.accepted_contexts)
    except NetworkError:
        return False
