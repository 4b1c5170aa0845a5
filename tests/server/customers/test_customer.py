"""The page of one customer, and what is changed on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.server.conftest import AT, PUBLISHED
from tests.server.customers.conftest import ImportCustomers, timeline_entries

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import sync_customers
from custrata.apps.customers.models import Customer, Edit, Note
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS
from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import refresh
from custrata.pipeline.decisions import SCHEMAS, Decisions
from custrata.web.rights import Right, Role, may

SignedIn = Callable[[Role], Client]
TABS = ("portrait", "why", "timeline", "purchases", "notes")


@pytest.fixture
def browser(followed: Workspace, signed_in: SignedIn) -> Client:
    """An operator's browser."""
    return signed_in(Role.OPERATOR)


def page(browser: Client, query: str = "", customer: str = "c007") -> str:
    response = browser.get(f"/customers/{customer}/{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())  # as a browser reads it


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("tab", TABS)
def test_everybody_who_may_see_customers_sees_every_tab(
    followed: Workspace, signed_in: SignedIn, role: Role, tab: str
) -> None:
    text = page(signed_in(role), f"?tab={tab}")
    assert "王007" in text
    editing = may(User(role=role), EDIT_CUSTOMERS)
    assert ("/customers/-/tag/" in text) == editing


def test_a_stranger_is_asked_to_sign_in(followed: Workspace, stranger: Client) -> None:
    assert stranger.get("/customers/c007/")["Location"].startswith("/account/sign-in/")


def test_an_unknown_customer_is_not_found(browser: Client) -> None:
    assert browser.get("/customers/nobody/").status_code == 404


@pytest.mark.parametrize(
    ("tab", "queries"), [("portrait", 8), ("why", 7), ("timeline", 8), ("purchases", 7), ("notes", 8)]
)
def test_a_page_asks_the_database_little(
    browser: Client, tab: str, queries: int, django_assert_num_queries: Any
) -> None:
    page(browser, f"?tab={tab}")
    # Session, person, customer with owner, tags, all tags, all owners; then the tab's own.
    with django_assert_num_queries(queries - 1):
        page(browser, f"?tab={tab}")


def test_the_head_shows_a_tier_of_every_scheme(browser: Client) -> None:
    tiers = re.findall(r'class="tier-badge [^"]*" href="/customers/\?tier=(\w+):\w+"', page(browser))
    assert tiers == list(PUBLISHED)


def test_the_portrait_says_where_a_value_comes_from(browser: Client) -> None:
    text = page(browser)
    assert "From customers.csv, imported" in text
    assert "Higher than" in text


def test_why_explains_every_tier(browser: Client) -> None:
    text = page(browser, "?tab=why")
    assert len(re.findall(r'id="why-(\w+)"', text)) == len(PUBLISHED)
    assert "past 365 days" in text or "last 365 days" in text


def test_the_timeline_goes_back_to_the_beginning(browser: Client) -> None:
    entries, query = 0, "?tab=timeline"
    while query:
        text = page(browser, query, "c001")
        entries += text.count('class="happening"')
        onward = re.search(r'href="(\?tab=timeline&amp;before=[^"]+)"', text)
        query = onward[1].replace("&amp;", "&") if onward else ""
    assert entries > 0
    assert "Ordered for" in text


def test_purchases_show_rhythm_and_parts(browser: Client) -> None:
    text = page(browser, "?tab=purchases")
    assert 'data-chart="rhythm"' in text
    assert "By channel" in text
    assert re.search(r"<th scope=\"row\"> ?(shop|web|app) ?</th>", text)


def post(browser: Client, what: str, **sent: Any) -> Any:
    return browser.post(f"/customers/-/{what}/", {"customer_id": "c007", **sent}, follow=True)


def test_an_attribute_is_edited_and_the_edit_undone(browser: Client) -> None:
    assert 'name="value"' in page(browser, "?edit=name")
    text = post(browser, "edit", attribute="name", value="Ann Lee").content.decode()
    assert "<h1>Ann Lee</h1>" in text
    assert "source value: 王007" in text
    assert "<h1>王007</h1>" in post(browser, "undo", attribute="name").content.decode()


def test_a_refusal_is_said_and_nothing_changed(browser: Client) -> None:
    text = post(browser, "edit", attribute="email", value="nowhere").content.decode()
    assert "“nowhere” cannot be used here" in text
    assert not Edit.objects.exists()
    assert timeline_entries("c007") == []


def test_a_tag_is_made_put_on_and_taken_off(browser: Client) -> None:
    text = post(browser, "tag", name="vip", tab="why").content.decode()
    assert "Tag added" in text
    (tag,) = set(re.findall(r'name="tag" value="(\d+)"', text))
    assert "Tag removed" in post(browser, "untag", tag=tag).content.decode()
    assert [kind for kind, _ in timeline_entries("c007")] == ["tag", "untag"]


def test_an_owner_is_assigned(browser: Client) -> None:
    owner = User.objects.get()
    assert "Owner assigned" in post(browser, "owner", owner=owner.pk).content.decode()
    assert Customer.objects.get(customer_id="c007").owner == owner


def test_a_note_is_written_and_removed(browser: Client) -> None:
    assert "Calls on Mondays" in post(browser, "note", text="Calls on Mondays", tab="notes").content.decode()
    post(browser, "note/remove", note=Note.objects.get().pk)
    assert not Note.objects.exists()


def test_what_happened_here_stands_on_the_timeline(browser: Client) -> None:
    post(browser, "edit", attribute="city", value="Graz")
    post(browser, "tag", name="vip")
    post(browser, "owner", owner=User.objects.get().pk)
    post(browser, "note", text="x")
    text = page(browser, "?tab=timeline")
    for sentence in ("City edited", "Tag “vip” added", "operator became the owner", "Note added"):
        assert sentence in text


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("what", "sent", "right"),
    [
        ("edit", {"attribute": "name", "value": "X"}, EDIT_CUSTOMERS),
        ("undo", {"attribute": "name"}, EDIT_CUSTOMERS),
        ("tag", {"name": "vip"}, EDIT_CUSTOMERS),
        ("untag", {"tag": 1}, EDIT_CUSTOMERS),
        ("owner", {"owner": ""}, ASSIGN_OWNERS),
        ("note", {"text": "x"}, EDIT_CUSTOMERS),
        ("note/remove", {"note": 1}, EDIT_CUSTOMERS),
    ],
)
def test_changes_only_for_those_who_may(
    followed: Workspace, signed_in: SignedIn, *, role: Role, what: str, sent: dict[str, Any], right: Right
) -> None:
    answer = signed_in(role).post(f"/customers/-/{what}/", {"customer_id": "c007", **sent})
    assert answer.status_code == (302 if may(User(role=role), right) else 403)
    if answer.status_code == 403:
        assert timeline_entries("c007") == []


def test_a_form_that_is_not_ours_is_refused(browser: Client) -> None:
    assert browser.post("/customers/-/edit/", {"customer_id": "c007"}).status_code == 400


def test_a_tier_given_by_hand_says_so(own_workspace: Workspace, signed_in: SignedIn) -> None:
    sync_customers(own_workspace, at=AT)
    override = dict.fromkeys(SCHEMAS["overrides"].names) | {"customer_id": "c007", "reason": "Promised"}
    table = (
        SCHEMAS["overrides"]
        .empty_table()
        .from_pylist([override | {"scheme": "value", "tier": "high"}], SCHEMAS["overrides"])
    )
    with DuckEngine(threads=2) as engine:
        refresh(own_workspace, engine, at=AT, as_of="2025-08-01", decisions=Decisions(overrides=table))
    assert "Set manually, no end date. Promised" in page(signed_in(Role.AGENT), "?tab=why")


def test_ids_may_hold_anything(
    own_workspace: Workspace, import_customers: ImportCustomers, signed_in: SignedIn
) -> None:
    strange = "a/b?c=d&e#f%20 ü"
    import_customers(customer_id=[strange], name=["Strange"])
    sync_customers(own_workspace, at=AT)
    browser = signed_in(Role.OPERATOR)
    (address,) = re.findall(r'href="(/customers/a[^"]+)"', browser.get("/customers/?q=strange").content.decode())
    assert "<h1>Strange</h1>" in browser.get(address.replace("&amp;", "&")).content.decode()
    changed = browser.post("/customers/-/note/", {"customer_id": strange, "text": "x"}, follow=True)
    assert "Note saved" in changed.content.decode()
