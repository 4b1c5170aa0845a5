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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

MAIN = "from custrata.__main__ import main; main()"
PATIENCE = 60.0


@dataclass(frozen=True)
class Served:
    """The running product: its address, its workspace, and an administrator's name and password."""

    url: str
    folder: Path
    name: str
    password: str


@pytest.fixture(scope="module")
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
    """A browser window, and the errors recorded in it."""

    page: Page
    wrong: list[str]
    url: str

    def open(self, path: str) -> Page:
        """Go to a page and wait until it is idle."""
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("networkidle")
        return self.page


Open = Callable[..., Window]


def _is_outside(address: str, ours: str) -> bool:
    return not address.startswith((ours, "data:", "blob:"))


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


@pytest.fixture(scope="module")
def session(chromium: Browser, product: Served) -> dict[str, Any]:
    """The cookies of a person who signed in through the form."""
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, product.url, product.name, product.password)
    cookies = {"cookies": context.cookies(), "origins": []}
    context.close()
    return cookies


def _is_failure(request: Request) -> bool:
    """Whether a request failed. One that the browser aborted because the next page was opened did not."""
    return request.failure != "net::ERR_ABORTED"


@pytest.fixture
def window(chromium: Browser, product: Served, session: dict[str, Any]) -> Iterator[Open]:
    """Opens windows in which the administrator is signed in."""
    contexts: list[BrowserContext] = []

    def new(*, language: str = "en", width: int = 1440, **more: Any) -> Window:
        viewport = {"width": width, "height": 900}
        contexts.append(chromium.new_context(viewport=viewport, storage_state=session, **more))  # type: ignore[arg-type]  # a dict is a viewport
        contexts[-1].add_cookies([{"name": "django_language", "value": language, "url": product.url}])
        page, wrong = contexts[-1].new_page(), list[str]()
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
        page.on(
            "requestfailed",
            lambda request: wrong.append(f"{request.url}: {request.failure}") if _is_failure(request) else None,
        )
        page.on("request", lambda request: wrong.append(request.url) if _is_outside(request.url, product.url) else None)
        return Window(page, wrong, product.url)

    yield new
    for context in contexts:
        context.close()
