"""Overrides: with a reason, shown on pages, applied by the next refresh, and removed again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.customers.actions import NoSuchCustomer, sync_customers
from custrata.apps.customers.models import Customer, TimelineEntry
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.tiers.actions import (
    NoSuchTier,
    NothingToEnd,
    OverrideEndsBefore,
    OverrideNeedsReason,
    delete_orphaned_overrides,
    end_override,
    set_override,
    start_refresh,
)
from custrata.apps.tiers.models import Override
from custrata.apps.tiers.queries.overrides import overrides
from custrata.errors import CustrataError
from custrata.lake import Workspace
from custrata.pipeline.reading import reading
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
AT = datetime(2025, 8, 1, tzinfo=UTC)
ADDRESS = "/tiers/value/by-hand/c007/"
FILLED = {"tier": "high", "reason": "Founding member", "until": ""}


@pytest.fixture
def ann(served: Workspace, person: Callable[[Role], User]) -> User:
    """Ann, an operator, and one customer."""
    Customer.objects.create(customer_id="c007", name="Seven", mark="0")
    return person(Role.OPERATOR)


def put_override(actor: User, **other: object) -> Override:
    defaults = {"customer_id": "c007", "scheme": "value", "tier": "high", "reason": "Founding member", "until": None}
    return set_override(**{**defaults, **other}, actor=actor, at=AT)  # type: ignore[arg-type]  # the test's business


def test_it_is_told_on_the_timeline_and_in_the_audit(ann: User) -> None:
    put_override(ann)
    put_override(ann, tier="mid")
    assert Override.objects.get().tier == "mid"
    assert list(TimelineEntry.objects.values_list("kind", "facts__tier")) == [("override", "high"), ("override", "mid")]
    assert list(Change.objects.values_list("before__tier", "after__tier")) == [(None, "high"), ("high", "mid")]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"tier": "golden"}, NoSuchTier),
        ({"scheme": "nothing"}, NoSuchTier),
        ({"reason": "  "}, OverrideNeedsReason),
        ({"until": AT}, OverrideEndsBefore),
        ({"customer_id": "nobody"}, NoSuchCustomer),
    ],
)
def test_it_refuses_by_name_and_changes_nothing(
    ann: User, wrong: dict[str, object], refusal: type[CustrataError]
) -> None:
    with pytest.raises(refusal):
        put_override(ann, **wrong)
    assert not Override.objects.exists()
    assert not Change.objects.exists()


def test_it_is_taken_back_once(ann: User) -> None:
    put_override(ann)
    end_override(customer_id="c007", scheme="value", actor=ann, at=AT)
    with pytest.raises(NothingToEnd):
        end_override(customer_id="c007", scheme="value", actor=ann, at=AT)
    assert TimelineEntry.objects.filter(kind="override_ended").count() == 1


def test_who_was_erased_has_none_left(ann: User) -> None:
    put_override(ann)
    Customer.objects.all().delete()
    assert (delete_orphaned_overrides(), Override.objects.count()) == (1, 0)


def test_the_next_refresh_takes_it_in(own_workspace: Workspace, person: Callable[[Role], User]) -> None:
    ann = person(Role.OPERATOR)
    sync_customers(own_workspace, at=AT)
    put_override(ann, scheme="combined", tier="high")
    start_refresh(as_of=date(2025, 7, 15), actor=ann, at=AT)
    perform(take_job("a worker", at=AT))  # type: ignore[arg-type]  # there is one
    row = (reading(own_workspace) or pytest.fail("no run")).customer("c007") or {}
    assert (row["combined_tier"], row["combined_status"], row["combined_reason"]) == (
        "high",
        "override",
        "Founding member",
    )


def test_the_page_puts_and_takes_back(ann: User, signed_in: Callable[[Role], Client]) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    assert browser.post(ADDRESS, FILLED | {"until": "2099-12-31"}).headers["Location"] == "/customers/c007/?tab=why"
    override = Override.objects.get()
    assert override.until == datetime(2099, 12, 31, 16, tzinfo=UTC)
    assert b"Founding member" in browser.get(ADDRESS).content
    browser.post(ADDRESS, {"end": "1"})
    assert not Override.objects.exists()


def test_the_page_gives_at_least_unless_told_exactly(ann: User, signed_in: Callable[[Role], Client]) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    assert b'name="mode"' in browser.get(ADDRESS).content
    for chosen, mode in ((None, "at_least"), ("exactly", "exactly"), ("at_least", "at_least")):
        browser.post(ADDRESS, FILLED | ({"mode": chosen} if chosen else {}))
        assert Override.objects.get().mode == mode
    assert overrides()["mode"].to_pylist() == ["at_least"]
    assert (Change.objects.latest("id").after or {})["mode"] == "at_least"


def test_where_tiers_have_no_order_there_is_nothing_to_choose(ann: User, signed_in: Callable[[Role], Client]) -> None:
    page = signed_in(Role.ADMINISTRATOR).get("/tiers/lifecycle/by-hand/c007/").content
    assert b'<input type="hidden" name="mode" value="exactly"' in page


@pytest.mark.parametrize(
    "wrong",
    [{"tier": "golden"}, {"reason": ""}, {"until": "2001-01-01"}, {"until": "soon"}, {"mode": "roughly"}],
)
def test_the_page_says_what_is_wrong(ann: User, signed_in: Callable[[Role], Client], wrong: dict[str, str]) -> None:
    assert signed_in(Role.ADMINISTRATOR).post(ADDRESS, FILLED | wrong).status_code == 422
    assert not Override.objects.exists()


@pytest.mark.parametrize(("role", "status"), [(Role.AGENT, 403), (Role.ANALYST, 403), (Role.ADMINISTRATOR, 200)])
def test_only_those_who_may_come_in(ann: User, signed_in: Callable[[Role], Client], role: Role, status: int) -> None:
    assert signed_in(role).get(ADDRESS).status_code == status


def test_a_stranger_is_asked_to_sign_in(ann: User, stranger: Client) -> None:
    assert stranger.post(ADDRESS, FILLED).status_code == 302
    assert not Override.objects.exists()


@pytest.mark.parametrize("address", ["/tiers/nothing/by-hand/c007/", "/tiers/value/by-hand/nobody/"])
def test_what_is_not_there_is_not_found(ann: User, signed_in: Callable[[Role], Client], address: str) -> None:
    assert signed_in(Role.ADMINISTRATOR).get(address).status_code == 404
