"""The whole product: `custrata up` on a workspace of its own, and a browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

MAIN = "from custrata.__main__ import main; main()"
HERE = Path(__file__).parent
PATIENCE = 60.0
HEIGHT = 900
QUIET = 30  # milliseconds without a request after which a page is idle: scripts send theirs as soon as it is loaded
# Two frames later the page was drawn again; what still changes from one colour to the other arrives at once.
SETTLED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  const ending = document.getAnimations().filter(each => isFinite(each.effect.getComputedTiming().endTime));
  ending.forEach(each => each.finish());
  done();
})))"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Publish a scheme and refresh to the present day last: after it no run of an earlier day is made."""
    places = [place for place, item in enumerate(items) if item.path.parent == HERE]
    ordered = sorted((items[place] for place in places), key=lambda item: item.path.name == "test_vip_scheme.py")
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


@dataclass(frozen=True)
class Served:
    """The running product: its address, its workspace, and an administrator's name and password."""

    url: str
    folder: Path
    name: str
    password: str


@pytest.fixture(scope="package")
def product(graded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`custrata up` with web, worker and scheduler."""
    home = tmp_path_factory.mktemp("product")
    shutil.copytree(graded, home / "shop", ignore=shutil.ignore_patterns("server"))
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CUSTRATA_WORKSPACE"}
    }
    environment = inherited | {"CUSTRATA_WORKSPACE": str(home / "shop")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (home / "log").open("wb") as log:
        command = [sys.executable, "-c", MAIN, "up", "--port", str(port)]
        tree = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/ready", tree, home / "log")
        completed = subprocess.run([sys.executable, "-c", MAIN, "manage", "create_person", "ann"],
                              env=environment, check=True, capture_output=True, text=True)  # fmt: skip
        password = re.search(r"password (\S+)", completed.stdout)
        assert password, completed.stdout
        yield Served(f"http://127.0.0.1:{port}", home / "shop", "ann", password[1])
    finally:
        tree.terminate()
        tree.wait(PATIENCE)


def _wait(address: str, tree: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert tree.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@dataclass
class Window:
    """A browser window, the errors recorded in it, and its requests that have not ended."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)
    pending: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        page, wrong = self.page, self.wrong
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._fail)

    def _begin(self, request: Request) -> None:
        self.pending.add(request)
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.wrong.append(request.url)

    def _end(self, request: Request) -> None:
        self.pending.discard(request)

    def _fail(self, request: Request) -> None:
        """A request that the browser aborted because the next page was opened did not fail."""
        self._end(request)
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"{request.url}: {request.failure}")

    def open(self, path: str) -> Page:
        """Go to a page and wait until it is idle."""
        self.pending.clear()
        self.page.goto(self.url + path)
        until = time.monotonic() + PATIENCE
        self.page.wait_for_timeout(QUIET)
        while self.pending:
            assert time.monotonic() < until, [request.url for request in self.pending]
            self.page.wait_for_timeout(QUIET)
        return self.page

    def show(self, colours: str, width: int) -> None:
        """Change the size of the window and the colours of the system, and wait until the page follows."""
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]  # light or dark
        self.page.evaluate(SETTLED)


Open = Callable[..., Window]


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    """Sign in with the initial password, and choose another, as every new user has to."""
    page.goto(f"{url}/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("form button.btn-primary")
    page.wait_for_url(f"{url}/account/me/password/")
    page.fill("input[name=present]", password)
    page.fill("input[name=password]", f"{password} of my own")
    page.fill("input[name=repeated]", f"{password} of my own")
    page.click("main form button.btn-primary")
    page.wait_for_url(f"{url}/account/me/")


@pytest.fixture(scope="package")
def session(chromium: Browser, product: Served) -> dict[str, Any]:
    """The cookies of a person who signed in through the form."""
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, product.url, product.name, product.password)
    cookies = {"cookies": context.cookies(), "origins": []}
    context.close()
    return cookies


@contextmanager
def opened_windows(chromium: Browser, product: Served, session: dict[str, Any]) -> Iterator[Open]:
    """Opens windows in which the administrator is signed in, until the block ends."""
    contexts: list[BrowserContext] = []

    def new(*, language: str = "en", width: int = 1440, **more: Any) -> Window:
        viewport = {"width": width, "height": HEIGHT}
        contexts.append(chromium.new_context(viewport=viewport, storage_state=session, **more))  # type: ignore[arg-type]  # a dict is a viewport
        contexts[-1].add_cookies([{"name": "django_language", "value": language, "url": product.url}])
        return Window(contexts[-1].new_page(), product.url)

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def window(chromium: Browser, product: Served, session: dict[str, Any]) -> Iterator[Open]:
    """Opens windows in which the administrator is signed in."""
    with opened_windows(chromium, product, session) as new:
        yield new
