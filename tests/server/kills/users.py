"""Concurrent users while the server is killed: some read pages, one writes notes."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import count, cycle
from urllib.parse import urlencode

PAUSE = 0.3  # seconds between two clicks of one person
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
CUSTOMER_ID = "C00000042"
PAGES = ("/", "/tiers/", "/tiers/value/", "/tiers/rfm/map/", "/tiers/runs/", "/customers/", "/customers/?q=139",
         "/customers/?tier=value:high&sort=-spend", f"/customers/{CUSTOMER_ID}/", f"/customers/{CUSTOMER_ID}/?tab=why",
         f"/customers/{CUSTOMER_ID}/?tab=timeline", f"/customers/{CUSTOMER_ID}/?tab=notes",
         "/jobs/", "/audit/")  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A response; status 0 where there was none or it was cut off."""

    status: int
    text: str = ""


class Browser:
    """Sends requests with the cookies of one person, each over a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def request(self, path: str, sent: dict[str, str] | None = None) -> Answer:
        """Get a page, or submit a form. Does not raise where the server is down."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= {"X-CSRFToken": self.cookies.get("csrftoken", "")}
        if sent is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                body = None if sent is None else urlencode(sent)
                connection.request("GET" if sent is None else "POST", path, body, headers)
                answer = connection.getresponse()
                text = answer.read().decode()
        except (OSError, HTTPException):
            return Answer(0)
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            if name in ("csrftoken", "sessionid"):
                self.cookies[name] = value
        return Answer(answer.status, text)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in as a person would."""
        token = TOKEN.search(self.request("/account/sign-in/").text)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "username": name, "password": password}
        assert self.request("/account/sign-in/", form).status == 302


class Users:
    """Several concurrent users until the block ends; `answers` counts the statuses by page."""

    def __init__(self, browser: Browser, readers: int = 2) -> None:
        self.browser = browser
        self.answers: Counter[tuple[str, int]] = Counter()
        self.notes: dict[str, bool] = {}  # text, and whether the server confirmed it
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(late,), daemon=True) for late in range(readers)]
        self._threads.append(threading.Thread(target=self._write, daemon=True))

    def __enter__(self) -> Users:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *how: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _read(self, late: int) -> None:
        pages = cycle(PAGES[late * 5 :] + PAGES[: late * 5])
        while not self._over.is_set():
            page = next(pages)
            self.answers[page, self.browser.request(page).status] += 1
            time.sleep(PAUSE)

    def _write(self) -> None:
        for number in count():
            if self._over.is_set():
                return
            text = f"note {number}"
            sent = {"customer_id": CUSTOMER_ID, "text": text, "tab": "notes"}
            self.notes[text] = self.browser.request("/customers/-/note/", sent).status == 302
            time.sleep(PAUSE)
