"""Fixtures for all tests: the engines, one connection of each for the whole session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from custrata.engine import DuckEngine, Engine, connect
from tests.examples import DEEP, examples
from tests.times import register_times

REQUIRE_ALL = os.environ.get("CUSTRATA_REQUIRE_ALL") == "1"
NO_JAVA = "Spark needs a Java runtime (on Debian: apt-get install default-jre-headless)"

# Command-line switches that keep Chromium from contacting other hosts.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
SERVER = Path(__file__).parent / "server"
LONGEST = ("browser", "erasing", "kills", "backup", "jobs")  # folders of the server's tests

# No deadline, since a machine may be busy; CI tries the same examples every time.
settings.register_profile("here", examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# The language of the output must not depend on the environment of the tests.
for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "CUSTRATA_LANGUAGE"):
    os.environ.pop(name, None)


def lacking(what: str) -> NoReturn:
    """Skip the test for want of an optional part; fail it where all parts must be there."""
    if REQUIRE_ALL:
        pytest.fail(f"{what}; CUSTRATA_REQUIRE_ALL=1 asks for everything")
    pytest.skip(what)


def pytest_configure(config: pytest.Config) -> None:
    """Measure processor times where that is wanted."""
    register_times(config)


def uses_spark(item: pytest.Item) -> bool:
    """Whether a test needs the session of Spark."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return "spark" in getattr(item, "fixturenames", ()) or parameters.get("engine") == "spark"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Send every test that uses Spark to one worker, since a session takes seconds to start; so with browser walks."""
    if uses_spark(item):
        item.add_marker(pytest.mark.xdist_group("spark"))
    elif item.path.is_relative_to(SERVER / "browser"):
        item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is alone with it at the end."""
    folders = [SERVER / name for name in LONGEST]
    items.sort(key=lambda item: not (uses_spark(item) or any(map(item.path.is_relative_to, folders))))


class Scheduling(LoadGroupScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """Groups as they are marked; all other tests of a file stay on one worker, which makes its fixtures once."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return nodeid.split("::")[0] if scope == nodeid else scope


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """How parallel runs with groups divide the tests."""
    return Scheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def duck() -> Iterator[DuckEngine]:
    """DuckDB, for tests of what is the same on every engine anyway; in the long trials with two threads."""
    with DuckEngine(threads=2 if DEEP else 1) as engine:
        yield engine


@pytest.fixture(scope="session")
def spark() -> Iterator[Engine]:
    """Spark, started by the first test that asks for it."""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        lacking(NO_JAVA)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # Tables of a few rows: compiling Java code and planning for size cost more than they bring.
    small = {"spark.sql.shuffle.partitions": "1", "spark.sql.adaptive.enabled": "false"}
    # The quick compiler alone: a session of small queries ends before the thorough one pays.
    small |= {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss4m"}
    small |= {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    with connect("spark", threads=2, memory_limit="3GB", spark_options=small) as engine:
        yield engine


@pytest.fixture(scope="session", params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: the same test, the same result."""
    selected: Engine = request.getfixturevalue("duck" if request.param == "duckdb" else "spark")
    return selected


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium of the system: one for all tests, since Playwright cannot be started twice at a time."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        lacking("pages are looked at in Chromium (on Debian: apt-get install chromium)")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs an event loop in this thread
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()
