"""Devices that are asked something while no job runs: about films, about themselves."""

from dataclasses import dataclass

from printing.types.printers import Capabilities


@dataclass(frozen=True)
class AskedDevice:
    """Where a device is reached, and by whom it is asked."""

    lease_owner: str
    host: str
    port: int
    called_ae_title: str  # empty: IPP
    calling_ae_title: str
    has_tls: bool
    capabilities: Capabilities
    ipp_uri: str = ""


@dataclass(frozen=True)
class PolledPrinter:
    """A printer that is asked how it is."""

    printer_id: int
    device: AskedDevice


@dataclass(frozen=True)
class FollowedPrinter:
    """A printer that has films of a job in its own queue."""

    printer_id: int
    device: AskedDevice
    print_job_uids: tuple[str, ...]


@dataclass(frozen=True)
class FollowedJob:
    """A job whose films are in printers' own queues: of several when it was moved half way."""

    job_id: int
    printers: tuple[FollowedPrinter, ...]
    ipp_job_id: int | None = None  # to be taken out of the printer's queue
    canceler: str = ""  # who wants that
