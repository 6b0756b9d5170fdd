"""What goes wrong at the film printer of the tests, request by request."""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom import sop_class as sop

from printing.dicom.simulator_reports import report

WARNINGS = {0x0107, 0x0116}


@dataclass
class Rule:
    """One request that is answered otherwise than well."""

    on: str  # "N-SET BasicGrayscaleImageBox", or the verb alone
    nth: int | None = None  # of an association; none: every one
    status: int = 0  # after a warning the request is carried out all the same
    comment: str = ""
    tags: tuple[int, ...] = ()  # Attribute Identifier List (0000,1005), of a failure
    delay: float = 0  # before it acts
    delay_after: float = 0  # it acted and does not say so yet
    is_aborting: bool = False  # A-ABORT in the place of the answer
    is_dropping: bool = False  # the connection closed without a word
    is_done: bool = False  # with one of these two: it acts first, nobody hears of it
    report: tuple[int, str] | None = None  # a printer event before the answer (printing.md §2.5)
    granted: dict[str, Any] = field(default_factory=dict)  # values that it uses instead
    times: int | None = None  # how often in all; none: always


class Refused(Exception):
    """The request is answered with this failure status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


def matching(rules: list[Rule], name: str, nth: int, nth_of_verb: int) -> Rule | None:
    """Return the rule for this request, and count down how often it may still be used."""
    for rule in rules:
        if rule.times == 0 or rule.on not in {name, name.split()[0]}:
            continue
        if rule.nth not in {None, nth if rule.on == name else nth_of_verb}:
            continue
        if rule.times is not None:
            rule.times -= 1
        return rule
    return None


def is_failure(status: int) -> bool:
    """Say whether nothing is done with this status."""
    is_warning = status in WARNINGS or status >> 8 == 0xB6
    return status != 0 and not is_warning


def answer_of(
    rule: Rule, event: evt.Event, act: Callable[[evt.Event], Any], printer: Any
) -> tuple[int, str, Dataset | None]:
    """Return status, comment and dataset of the answer, after whatever the rule does."""
    time.sleep(rule.delay)
    if rule.report is not None:
        _report(event.assoc, printer.ae_title, *rule.report)
    is_silent = rule.is_aborting or rule.is_dropping
    if is_silent and not rule.is_done:
        end(event.assoc, is_dropped=rule.is_dropping)
        return 0x0110, "", None
    if is_failure(rule.status):
        return rule.status, rule.comment, None
    try:
        code, ds = act(event)
    except Refused as refused:
        return refused.status, rule.comment, None
    time.sleep(rule.delay_after)
    if is_silent:
        end(event.assoc, is_dropped=rule.is_dropping)
        return 0x0110, "", None
    if rule.granted and ds is None:
        ds = Dataset()
    for keyword, value in rule.granted.items():
        setattr(ds, keyword, value)
    return rule.status or code, rule.comment, ds


def end(assoc: Any, *, is_dropped: bool) -> None:
    """Break the association off, by A-ABORT or by closing the connection."""
    if not is_dropped:
        assoc.abort()
        return
    wire = assoc.dul.socket
    if wire is not None and wire.socket is not None:
        with contextlib.suppress(OSError):  # the other end was quicker
            wire.socket.shutdown(socket.SHUT_RDWR)


def _report(assoc: Any, name: str, kind: int, info: str) -> None:
    """Send a printer event between a request and its answer (PS3.4 H.4.6.2.1)."""
    ds = Dataset()
    ds.PrinterName, ds.PrinterStatusInfo = name, info
    report(assoc, ds, kind, sop.Printer, sop.PrinterInstance, meta_class(assoc))


def meta_class(assoc: Any) -> Any:
    """Return the meta SOP class that the association was opened with."""
    known = (sop.BasicGrayscalePrintManagementMeta, sop.BasicColorPrintManagementMeta)
    accepted = (context.abstract_syntax for context in assoc.accepted_contexts)
    return next((uid for uid in accepted if uid in known), None)
