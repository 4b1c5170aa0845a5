"""Edits: manual values override the sources, and can be undone."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.conftest import AT
from tests.server.customers.conftest import audit_changes, timeline_entries

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.customers.actions import (
    NoSuchCustomer,
    NotEditable,
    NothingToUndo,
    UnusableValue,
    edit_attribute,
    undo_edit,
)
from custrata.apps.customers.actions.editing import usable_value
from custrata.apps.customers.models import Customer, Edit, TimelineEntry
from custrata.apps.customers.queries import search_customers
from custrata.lake import Workspace

pytestmark = pytest.mark.usefixtures("followed")


def edit(anna: User, attribute: str, value: str, customer_id: str = "c007", source: str | None = "王007") -> bool:
    return edit_attribute(
        customer_id=customer_id, attribute=attribute, value=value, source_value=source, actor=anna, at=AT
    )


def nothing_changed() -> bool:
    entries = TimelineEntry.objects.exclude(kind="tier")
    return not (Edit.objects.exists() or entries.exists() or Change.objects.exists())


def test_an_edit_is_kept_shown_audited_and_on_the_timeline(anna: User) -> None:
    assert edit(anna, "name", "  Ann   Lee ")
    assert Customer.objects.get(customer_id="c007").name == "Ann Lee"
    assert search_customers("ann lee").customer_ids == ("c007",)
    facts = {"attribute": "name", "before": "王007", "after": "Ann Lee"}
    assert timeline_entries("c007") == [("edit", facts)]
    (change,) = audit_changes("edit")
    assert (change.before, change.after, change.customer_id) == ({"name": "王007"}, {"name": "Ann Lee"}, "c007")
    assert change.actor_name == anna.username


def test_the_same_again_changes_nothing(anna: User) -> None:
    edit(anna, "name", "Ann Lee")
    assert not edit(anna, "name", "Ann Lee")
    assert not edit(anna, "email", "c007@example.com", source="c007@example.com")
    assert len(audit_changes("edit")) == 1


def test_an_empty_value_empties_the_attribute(anna: User) -> None:
    edit(anna, "phone", "", source="+8613800130007")
    assert Edit.objects.get().value is None
    assert Customer.objects.get(customer_id="c007").phone == ""
    assert search_customers("13800130007").customer_ids == ()


def test_undo_restores_the_value_of_the_source(anna: User) -> None:
    edit(anna, "name", "Ann Lee")
    undo_edit(customer_id="c007", attribute="name", source_value="王007", actor=anna, at=AT)
    assert not Edit.objects.exists()
    assert Customer.objects.get(customer_id="c007").name == "王007"
    assert [kind for kind, _ in timeline_entries("c007")] == ["edit", "undo"]
    assert len(audit_changes("undo")) == 1


def test_refuses_to_undo_what_nobody_edited(anna: User) -> None:
    with pytest.raises(NothingToUndo):
        undo_edit(customer_id="c007", attribute="name", source_value=None, actor=anna, at=AT)
    assert nothing_changed()


@pytest.mark.parametrize("attribute", ["registered_at", "customer_id", "spend", "search"])
def test_refuses_what_is_not_to_be_edited(anna: User, attribute: str) -> None:
    with pytest.raises(NotEditable, match=attribute):
        edit(anna, attribute, "x")
    assert nothing_changed()


def test_refuses_customers_that_are_not_there(anna: User) -> None:
    with pytest.raises(NoSuchCustomer, match="nobody"):
        edit(anna, "name", "x", customer_id="nobody")
    assert nothing_changed()


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("email", "not an address"),
        ("birthday", "31.12.1980"),
        ("gender", "?"),
        ("kind", "robot"),
        ("phone", "no"),
        ("city", "x" * 1_001),
    ],
)
def test_refuses_values_that_make_no_sense(anna: User, attribute: str, value: str) -> None:
    with pytest.raises(UnusableValue):
        edit(anna, attribute, value)
    assert nothing_changed()


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("email", "Ann@Example.COM", "ann@example.com"),
        ("birthday", "1980-02-29", "1980-02-29"),
        ("phone", "+86 138 0013 8000", "+8613800138000"),
        ("phone", "0316 123 456", "0316 123 456"),
        ("gender", "female", "female"),
        ("city", "", None),
    ],
)
def test_values_are_kept_as_imports_keep_them(attribute: str, value: str, expected: Any) -> None:
    assert usable_value(attribute, value) == expected


def test_an_edit_without_a_source_value_is_accepted(followed: Workspace, anna: User) -> None:
    assert edit(anna, "city", "Graz", source=None)
    assert timeline_entries("c007") == [("edit", {"attribute": "city", "before": None, "after": "Graz"})]
