"""Limits on the size and duration of requests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from tests.server.api.conftest import make_program, reset_counters

from custrata.config.urls import handler400, handler500
from custrata.config.urls import urlpatterns as addresses
from custrata.engine import DuckEngine
from custrata.engine.deadline import TookTooLong, deadline
from custrata.lake import Workspace
from custrata.web import computing
from custrata.web.computing import ServerBusy
from custrata.web.rights import Role

__all__ = ["handler400", "handler500", "make_program", "reset_counters"]
ENDLESS = "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b"
SLOW_ROWS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 1000000000) SELECT max(n) FROM t"


def endless(request: HttpRequest) -> HttpResponse:
    with computing.computing(), DuckEngine(threads=1) as engine:
        engine.raw.execute(ENDLESS)
    return HttpResponse()


def run_endless(workspace: Workspace, definition: object, engine: DuckEngine, **more: object) -> None:
    engine.raw.execute(ENDLESS)


def endless_database(request: HttpRequest) -> HttpResponse:
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(SLOW_ROWS)
    return HttpResponse()


def too_long(request: HttpRequest) -> HttpResponse:
    raise DataError("value too long for type character varying(64)")


trials = [path("endless", endless), path("endless-database", endless_database), path("too-long", too_long)]
urlpatterns = [*trials, *addresses]


@pytest.fixture
def short_deadline(settings: Any, served: Workspace) -> None:
    """A deadline short enough for tests."""
    settings.REQUEST_SECONDS = 0.4
    settings.ROOT_URLCONF = __name__


@pytest.mark.parametrize("address", ["/endless", "/endless-database"])
@pytest.mark.django_db(transaction=True)
def test_what_takes_too_long_is_stopped_in_the_engine_and_told(
    short_deadline: None, stranger: Client, address: str
) -> None:
    began = time.monotonic()
    answer = stranger.get(address)
    assert time.monotonic() - began < 20
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "0.4" in answer.content.decode()


def test_a_value_the_database_has_no_room_for_is_refused(short_deadline: None, db: None, stranger: Client) -> None:
    assert stranger.get("/too-long").status_code == 400


def test_a_simulation_over_the_api_has_a_deadline_too(
    settings: Any, served: Workspace, make_program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "custrata.apps.schemes.api.schemes.simulate", lambda *arguments, **named: arguments[2].raw.execute(ENDLESS)
    )
    settings.REQUEST_SECONDS = 0.5
    scheme = {"key": "vip", "kind": "threshold", "trait": "spend", "tiers": [{"key": "a", "line": 1}, {"key": "b"}]}
    answer = make_program().post("/schemes/simulate", scheme=scheme)
    assert (answer.status_code, answer.json()["code"]) == (503, "TookTooLong")


def test_a_preview_that_takes_too_long_says_so_in_its_place(
    settings: Any, own_workspace: Workspace, signed_in: Callable[[Role], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custrata.apps.schemes.queries.simulations.preview", run_endless)
    settings.REQUEST_SECONDS = 0.5
    answer = signed_in(Role.ADMINISTRATOR).post("/tiers/value/edit/preview/", {})
    assert answer.status_code == 200
    assert "0.5 seconds" in answer.content.decode()


def test_no_more_compute_at_once_than_leave_threads_for_pages(settings: Any) -> None:
    acquired = [computing._admitted.acquire(blocking=False) for _ in range(computing.AT_ONCE + computing.WAITING)]
    try:
        with pytest.raises(ServerBusy), computing.computing():
            pass
    finally:
        for _ in filter(None, acquired):
            computing._admitted.release()


def test_within_the_deadline_nothing_is_stopped() -> None:
    with deadline(30), DuckEngine(threads=1) as engine:
        assert engine.raw.execute("SELECT 1").fetchall() == [(1,)]


def test_the_next_statement_does_not_go_on_either() -> None:
    def run_twice(engine: DuckEngine) -> None:
        with contextlib.suppress(Exception):
            engine.raw.execute(ENDLESS)
        engine.raw.execute(ENDLESS)

    with pytest.raises(TookTooLong), deadline(0.3), DuckEngine(threads=1) as engine:
        run_twice(engine)


@pytest.mark.parametrize(
    "address",
    ["/tiers/?q=%00", "/account/sign-in/?next=" + "a" * 5000, "/tiers/?" + "k" * 5000 + "=1", "/audit/?until=%00"],
)
def test_unknown_input_is_refused(served: Workspace, signed_in: Callable[[Role], Client], address: str) -> None:
    assert signed_in(Role.ADMINISTRATOR).get(address).status_code == 400


def test_a_cookie_with_nul_is_refused(served: Workspace, db: None) -> None:
    assert Client().get("/tiers/", headers={"Cookie": r'sessionid="a\000b"'}).status_code == 400


@pytest.mark.parametrize(
    "address", ["/account/sign-in/?next=abc", "/audit/?until=9999-12-31", "/audit/?since=0001-01-01"]
)
def test_odd_words_and_days_break_no_page(served: Workspace, signed_in: Callable[[Role], Client], address: str) -> None:
    assert signed_in(Role.ADMINISTRATOR).get(address).status_code in (200, 302)


def test_a_day_that_no_calendar_counts_on_from_is_refused(served: Workspace, make_program: Any) -> None:
    program = make_program()
    address = "/customers/c001/tiers/value/override"
    assert program.post(address, tier="high", reason="x", until="9999-12-31T23:59:59Z").status_code == 422


def test_an_id_with_a_line_end_leads_nowhere(served: Workspace, signed_in: Callable[[Role], Client]) -> None:
    answer = signed_in(Role.ADMINISTRATOR).post("/customers/-/tag/", {"customer_id": "a\r\nb", "name": "vip"})
    assert answer.status_code == 400
