"""Health checks and metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from custrata.lake import Workspace
from custrata.web import metrics

pytestmark = pytest.mark.django_db


def test_health_needs_no_database(stranger: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        answer = stranger.get("/health")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_is_ready_where_everything_is_there(served: Workspace, stranger: Client) -> None:
    answer = stranger.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "checks": {"database": True, "migrations": True, "workspace": True}}


def test_is_not_ready_without_a_workspace(stranger: Client, settings: Settings) -> None:
    settings.WORKSPACE = "/nowhere"
    answer = stranger.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": True, "migrations": True, "workspace": False}


def test_is_not_ready_before_all_migrations_ran(served: Workspace, stranger: Client) -> None:
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("accounts")
    MigrationRecorder(connection).record_unapplied(*newest)
    assert stranger.get("/ready").json()["checks"]["migrations"] is False


def test_is_not_ready_without_a_database(served: Workspace, stranger: Client) -> None:
    with connection.execute_wrapper(_gone):
        assert stranger.get("/ready").json()["checks"]["database"] is False


def _gone(*_: object) -> None:
    raise OSError("the database is gone")


def test_probes_are_answered_without_https_and_pages_are_not(stranger: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert [Client().get(path).status_code for path in ("/health", "/account/sign-in/")] == [200, 301]


def test_counts_requests_by_view_and_status(stranger: Client) -> None:
    stranger.get("/nowhere/c001/")
    metrics = stranger.get("/metrics").content.decode()
    assert 'custrata_requests_total{method="GET",status="404",view="none"}' in metrics
    assert 'custrata_request_seconds_bucket{le="0.2",view="none"}' in metrics
    assert "c001" not in metrics


def test_tells_what_an_app_adds(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_gauges", {})
    metrics.add_gauge("custrata_parcels", "Parcels.", "state", lambda: {"waiting": 3, "sent": 1})
    assert 'custrata_parcels{state="waiting"} 3.0' in stranger.get("/metrics").content.decode()


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("10.0.0.7", {"Authorization": "Bearer the-token"}, 200),
        ("10.0.0.7", {"Authorization": "Bearer wrong"}, 403),
        ("127.0.0.1", {"X-Real-IP": "203.0.113.9"}, 403),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 403),
        ("10.0.0.7", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("", {}, 403),
    ],
)
def test_metrics_are_given_on_this_machine_or_with_the_token(
    settings: Settings, address: str, headers: Mapping[str, str], status: int
) -> None:
    settings.METRICS_TOKEN = "the-token"
    assert Client().get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_behind_a_proxy_metrics_take_the_token_even_where_the_proxy_says_nothing(settings: Settings) -> None:
    settings.PROXIES, settings.METRICS_TOKEN = 1, "the-token"
    assert Client().get("/metrics").status_code == 403
    assert Client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    assert Client().get("/metrics", headers={"Authorization": "Bearer the-token"}).status_code == 200


def test_no_token_opens_metrics_where_none_is_set() -> None:
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="10.0.0.7").status_code == 403


def test_an_answer_tells_how_long_it_took(served: Workspace, stranger: Client) -> None:
    assert re.fullmatch(r"app;dur=\d+\.\d", stranger.get("/health").headers["Server-Timing"])
