"""axe-core, Deque's rules for accessible pages, let loose on what Chromium shows."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUN = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"


def violations(page: Any) -> list[str]:
    """Say which of axe's rules the page breaks as it stands, and where; by its own default rules.

    Evaluated over the browser's debugging protocol: the page's policy stays in force.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    return [
        f"{broken['id']} ({broken['help']}): {node['html'][:160]}"
        for broken in page.evaluate(RUN)
        for node in broken["nodes"]
    ]


@cache
def _source() -> str:
    install = ["sh", str(HERE / "node" / "install.sh")]
    folder = subprocess.run(install, check=True, capture_output=True, text=True).stdout.strip()
    return (Path(folder) / "node_modules" / "axe-core" / "axe.min.js").read_text()
