"""Walk through the portal as links lead: every kind of page once, and what is on it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

NOT_PAGES = ("admin:", "api:")


def kind_of(address: str) -> str:
    """Name what an address leads to; nothing for what is no page of ours."""
    path = urlsplit(address).path
    try:
        name = resolve(path).view_name
    except Resolver404:
        return path
    is_file = "." in path.rsplit("/", 1)[-1]
    return "" if is_file or name.startswith(NOT_PAGES) else name


def walked(page: Any, home: str, addresses: list[str]) -> Iterator[tuple[str, Any]]:
    """Open these addresses, and one of each further kind that a link on any of them leads to."""
    ahead = list(addresses)
    known = {kind_of(address) for address in ahead}
    while ahead:
        address = ahead.pop(0)
        answer = page.goto(address)
        if page.locator("#live").count():
            page.wait_for_selector("#live[data-state=live]")
        yield address.removeprefix(home), answer
        links = page.eval_on_selector_all(
            "a[href]:not([download])", "all => all.map((link) => link.href)"
        )
        for link in links:
            kind = kind_of(link) if link.startswith(home) else ""
            if kind and kind not in known:
                known.add(kind)
                ahead.append(link)
