"""Wait for a script in the page to say yes."""

from typing import Any

from playwright.sync_api import Page

from tests.waiting import wait_until


def wait_script(page: Page, script: str, arg: Any = None) -> None:
    """Ask the page until the script is true.

    Playwright's own `wait_for_function` asks again by `eval`, which our content security policy
    forbids: it works only where the first answer is yes.
    """
    wait_until(lambda: page.evaluate(script, arg), every=0.05)
