"""An archive that confirms whatever it is asked, at once, on a new association; in its own process.

python -m tests.bench.fast_archive PORT PORTAL_PORT
"""

from __future__ import annotations

import queue
import sys
import threading
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.presentation import build_role
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

AE_TITLE = "ARCHIVE"


def main() -> None:
    """Listen until the standard input ends."""
    port, portal_port = (int(word) for word in sys.argv[1:3])
    asked: queue.Queue[Dataset] = queue.Queue()

    def on_action(event: evt.Event) -> tuple[int, None]:
        asked.put(event.action_information)
        return 0x0000, None

    ae = AE(ae_title=AE_TITLE)
    ae.add_supported_context(StorageCommitmentPushModel)
    ae.add_supported_context(Verification)
    handlers: list[Any] = [(evt.EVT_N_ACTION, on_action), (evt.EVT_C_ECHO, lambda event: 0x0000)]
    ae.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    threading.Thread(target=_tell, args=(asked, portal_port), daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    sys.stdin.read()


def _tell(asked: queue.Queue[Dataset], portal_port: int) -> None:
    ae = AE(ae_title=AE_TITLE)
    ae.add_requested_context(StorageCommitmentPushModel)
    role = build_role(StorageCommitmentPushModel, scp_role=True)
    while True:
        action = asked.get()
        report = Dataset()
        report.TransactionUID = action.TransactionUID
        report.ReferencedSOPSequence = action.ReferencedSOPSequence
        assoc = ae.associate("127.0.0.1", portal_port, ae_title="PORTAL", ext_neg=[role])
        if not assoc.is_established:
            raise SystemExit("the portal does not take reports")
        assoc.send_n_event_report(
            report, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        assoc.release()


if __name__ == "__main__":
    main()
