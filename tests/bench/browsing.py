"""A signed-in reader of pages, without a browser: how long the server takes for them."""

from __future__ import annotations

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request

PASSWORD = "radiology-bench"


class Reader:
    """A session of the technologist; addresses are relative."""

    def __init__(self, port: int) -> None:
        """Sign in at the portal on that port."""
        self._base = f"http://127.0.0.1:{port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        form = self.read("/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        if token is None:
            raise SystemExit("the sign-in page has no form")
        sent = {"csrfmiddlewaretoken": token[1], "login": "technologist", "password": PASSWORD}
        self._opener.open(f"{self._base}/sign-in/", urllib.parse.urlencode(sent).encode()).read()

    def read(self, address: str) -> str:
        """Return a page; an error status raises."""
        with self._opener.open(self._base + address, timeout=60) as answer:
            return str(answer.read().decode())

    def timed(self, address: str) -> tuple[float, str]:
        """Return how many milliseconds a page took, and the page."""
        began = time.perf_counter()
        page = self.read(address)
        return 1e3 * (time.perf_counter() - began), page
