"""Exports of tiers: content, permissions, and the audit."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import BytesIO, StringIO

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.server.conftest import CUSTOMERS

from custrata.apps.audit.models import Change
from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db


def export_file(client: Client, file: str, key: str = "value", **more: str) -> bytes:
    response = client.post(f"/tiers/{key}/export/", {"file": file, **more})
    assert response.status_code == 200
    return bytes(response.getvalue())


def rows(file: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(file.decode("utf-8-sig"))))


def test_the_tiers_add_up(served: Workspace, operator: Client) -> None:
    head, *tiers = rows(export_file(operator, "tiers.csv"))
    assert head[:4] == ["As of", "Key", "Tier", "Customers"]
    assert [row[1] for row in tiers] == ["high", "mid", "low"]
    assert sum(int(row[3]) for row in tiers) == CUSTOMERS


def test_excel_holds_the_same(served: Workspace, operator: Client) -> None:
    book = CalamineWorkbook.from_filelike(BytesIO(export_file(operator, "tiers.xlsx")))
    sheet = book.get_sheet_by_index(0).to_python()
    assert [row[1] for row in sheet] == ["Key", "high", "mid", "low"]


@pytest.mark.parametrize("key", ["value", "lifecycle", "rfm", "usage_cycle"])
def test_every_customer_has_a_line(served: Workspace, operator: Client, key: str) -> None:
    head, *customers = rows(export_file(operator, "customers.csv", key))
    assert head[:2] == ["Customer ID", "Name"]
    assert [row[0] for row in customers] == sorted(row[0] for row in customers)
    assert len(customers) == CUSTOMERS


def test_customers_come_as_excel_too(served: Workspace, operator: Client) -> None:
    book = CalamineWorkbook.from_filelike(BytesIO(export_file(operator, "customers.xlsx")))
    assert len(book.get_sheet_by_index(0).to_python()) == CUSTOMERS + 1


def test_an_earlier_run_can_be_taken(served: Workspace, operator: Client) -> None:
    _, *tiers = rows(export_file(operator, "tiers.csv", run=served.runs.ids()[0]))
    assert tiers[0][0] == "Apr 1, 2025"


def test_it_is_written_down(served: Workspace, operator: Client) -> None:
    export_file(operator, "tiers.csv")
    change = Change.objects.get()
    assert (change.action, change.subject_id, change.actor_name) == ("tiers.export", "value", "operator")


@pytest.mark.parametrize(("key", "file"), [("value", "tiers.exe"), ("value", ""), ("nothing", "tiers.csv")])
def test_what_there_is_not_cannot_be_taken(served: Workspace, operator: Client, key: str, file: str) -> None:
    assert operator.post(f"/tiers/{key}/export/", {"file": file}).status_code == 404
    assert not Change.objects.exists()


def test_agents_are_refused_and_not_offered_it(served: Workspace, signed_in: Callable[[Role], Client]) -> None:
    agent = signed_in(Role.AGENT)
    assert agent.post("/tiers/value/export/", {"file": "tiers.csv"}).status_code == 403
    assert "/export/" not in agent.get("/tiers/value/").content.decode()
    assert not Change.objects.exists()


def test_a_stranger_is_asked_to_sign_in(served: Workspace, stranger: Client) -> None:
    assert stranger.post("/tiers/value/export/", {"file": "tiers.csv"}).status_code == 302
