"""The simulated scanners' own ports: they answer C-ECHO and take reports of commitment."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from portal.dicom import status
from portal.dicom.listening import ListenerConfig, listening
from worklist.dicom.simulator.journal import Journal

logger = logging.getLogger(__name__)


@contextmanager
def simulated_scanners(
    address: tuple[str, int], directory: Path, *, ae_titles: list[str]
) -> Iterator[list[Any]]:
    """Listen as these scanners, on ports in a row from the first; a port that is taken is not."""
    host, first = address
    with ExitStack() as stack:
        servers = []
        for number, ae_title in enumerate(ae_titles):
            config = _config(ae_title, (host, first + number if first else 0), Journal(directory))
            try:
                servers.append(stack.enter_context(listening(config)))
            except OSError:
                logger.warning("port %d is taken: no scanner %s", first + number, ae_title)
        yield servers


def _config(ae_title: str, address: tuple[str, int], journal: Journal) -> ListenerConfig:
    commitment = build_context(StorageCommitmentPushModel)
    commitment.scu_role = commitment.scp_role = True

    def on_report(event: evt.Event) -> tuple[int, None]:
        information = event.event_information
        journal.write(
            "told",
            ae_title,
            status=status.SUCCESS,
            count=len(information.get("ReferencedSOPSequence") or []),
            other=len(information.get("FailedSOPSequence") or []),
        )
        return status.SUCCESS, None

    return ListenerConfig(
        is_stock=True,
        ae_title=ae_title,
        address=address,
        contexts=[build_context(Verification), commitment],
        handlers=[
            (evt.EVT_C_ECHO, lambda event: status.SUCCESS),
            (evt.EVT_N_EVENT_REPORT, on_report),
        ],
    )
