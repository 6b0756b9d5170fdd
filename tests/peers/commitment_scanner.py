"""A scanner of another maker that asks for commitment and waits for its report: dcmjs-dimse."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@contextmanager
def dcmjs_scanner(
    port: int,
    listen: int,
    transaction_uid: str,
    references: list[tuple[str, str]],
    *,
    calling: str = "CT1",
    action_type: int = 1,
) -> Iterator["subprocess.Popen[str]"]:
    """Start it in Node; `told_of` returns what it understood when it has ended."""
    folder = subprocess.run(
        ["sh", str(HERE / "node" / "install.sh")], capture_output=True, text=True, check=True
    ).stdout.strip()
    elements = {
        "TransactionUID": transaction_uid,
        "ReferencedSOPSequence": [
            {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": sop_instance}
            for sop_class, sop_instance in references
        ],
    }
    asked: dict[str, Any] = {
        "port": port,
        "listen": listen,
        "aet": calling,
        "actionType": action_type,
        "elements": elements,
    }
    scanner = subprocess.Popen(
        ["node", str(HERE / "node" / "commit.js")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "NODE_PATH": f"{folder}/node_modules"},
        text=True,
    )
    assert scanner.stdin
    scanner.stdin.write(json.dumps(asked))
    scanner.stdin.close()
    scanner.stdin = None
    try:
        yield scanner
    finally:
        scanner.kill()
        scanner.communicate()


def told_of(scanner: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return status, event type and report, when it has ended by itself."""
    output, errors = scanner.communicate(timeout=60)
    assert scanner.returncode == 0, errors
    found: dict[str, Any] = json.loads(output)
    return found
