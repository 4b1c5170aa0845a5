"""Excluding a customer from grading, on their page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from tests.server.conftest import AT
from tests.server.customers.conftest import audit_changes, timeline_entries

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import NoSuchCustomer, exclude_customers, include_customers
from custrata.lake import Workspace
from custrata.lake.exclusions import NoReason
from custrata.web.rights import Role

SignedIn = Callable[[Role], Client]
PAGE = "/customers/c007/"
FORM = {"customer_id": "c007", "tab": "notes"}


def test_is_shown_audited_and_on_the_timeline_once(followed: Workspace, anna: User) -> None:
    for _ in range(2):
        exclude_customers(followed, customer_ids=["c007"], reason="till card", actor=anna, at=AT)
    assert timeline_entries("c007") == [("exclude", {"reason": "till card"})]
    assert [change.customer_id for change in audit_changes("exclude")] == ["c007"]
    assert include_customers(followed, customer_ids=["c007", "c008"], actor=anna, at=AT) == ["c007"]
    assert followed.exclusions.all() == {}


@pytest.mark.parametrize(
    ("customer", "reason", "refusal"), [("nobody", "card", NoSuchCustomer), ("c007", " ", NoReason)]
)
def test_refuses(followed: Workspace, anna: User, customer: str, reason: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        exclude_customers(followed, customer_ids=[customer], reason=reason, actor=anna, at=AT)
    assert followed.exclusions.all() == {}
    assert timeline_entries(customer) == []


def test_the_page_excludes_says_why_and_undoes(followed: Workspace, signed_in: SignedIn) -> None:
    client = signed_in(Role.OPERATOR)
    client.post("/customers/-/exclude/", FORM | {"reason": "till card"})
    page = client.get(PAGE).content.decode()
    assert "till card" in page
    client.post("/customers/-/include/", FORM)
    assert "till card" not in client.get(PAGE).content.decode()


def test_agents_and_analysts_may_not(followed: Workspace, signed_in: SignedIn) -> None:
    for role in (Role.AGENT, Role.ANALYST):
        client = signed_in(role)
        assert client.post("/customers/-/exclude/", FORM | {"reason": "card"}).status_code == 403
        assert "/customers/-/exclude/" not in client.get(PAGE).content.decode()
    assert followed.exclusions.all() == {}
