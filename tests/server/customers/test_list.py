"""The list of customers: permissions, search, filters, columns, pages, exports and bulk actions."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.server.conftest import AT, CUSTOMERS
from tests.server.customers.conftest import ImportCustomers, audit_changes, timeline_entries

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import make_tag, sync_customers, tag_customers
from custrata.apps.customers.models import Customer, CustomerTag, ListColumns, TagGroup
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS, EXPORT
from custrata.lake import Workspace
from custrata.pipeline.reading import InRfmCell, Moved, Reading, Tiered, reading
from custrata.web.rights import Role, may

pytestmark = pytest.mark.database

LIST = "/customers/"
SignedIn = Callable[[Role], Client]


@pytest.fixture
def browser(followed: Workspace, signed_in: SignedIn) -> Client:
    """An administrator's browser."""
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def profile(followed: Workspace) -> Reading:
    published = reading(followed)
    assert published is not None
    return published


def ids(browser: Client, query: str = "") -> list[str]:
    """Ids of the customers on the page."""
    return re.findall(r'<th scope="row"><a href="/customers/(c\d+)/"', page(browser, query))


def page(browser: Client, query: str = "") -> str:
    response = browser.get(LIST + query)
    assert response.status_code == 200
    return unquote(response.content.decode())


def count_customers(browser: Client, query: str) -> int:
    match = re.search(r'class="found-many">([\d,]+)', page(browser, query))
    return int(match[1].replace(",", "")) if match else 0


@pytest.mark.parametrize("role", list(Role))
def test_everybody_who_may_see_customers_comes_in(followed: Workspace, signed_in: SignedIn, role: Role) -> None:
    assert signed_in(role).get(LIST).status_code == 200


def test_a_stranger_is_asked_to_sign_in(followed: Workspace, stranger: Client) -> None:
    for address in (LIST, "/customers/c001/", "/customers/-/tags/", "/customers/-/together/tag/"):
        assert stranger.get(address)["Location"].startswith("/account/sign-in/")


def test_a_page_asks_the_database_little(browser: Client, django_assert_num_queries: Any) -> None:
    browser.get(LIST)
    # Session, person, their columns, contacts and tags of the page, all tags, all owners; places they are signed in.
    with django_assert_num_queries(7):
        browser.get(LIST + "?tier=value:high&sort=-spend")


def test_pages_go_on_and_back(browser: Client) -> None:
    customer_ids, query, pages = [], "?sort=-spend", []
    while query:
        text = page(browser, query)
        pages.append(ids(browser, query))
        customer_ids += pages[-1]
        onward = re.search(r'rel="next" href="([^"]+)"', text)
        query = onward[1].replace("&amp;", "&") if onward else ""
    assert len(customer_ids) == len(set(customer_ids)) == CUSTOMERS
    back = re.search(r'rel="prev" href="([^"]+)"', text)
    assert back is not None
    assert ids(browser, back[1].replace("&amp;", "&")) == pages[-2]


@pytest.mark.parametrize("q", ["0013000", "王00", "c00", "C00", "c001@exam", "138 0013 000", "００１"])
def test_finds_by_a_part_of_anything_one_knows(browser: Client, q: str) -> None:
    assert "c001" in ids(browser, f"?q={q}")


def test_a_search_finds_nobody_else(browser: Client) -> None:
    assert ids(browser, "?q=0130007") == ["c007"]
    assert count_customers(browser, "?q=0130007") == 1
    assert "No matching customers" in page(browser, "?q=zzz")
    assert "No matching customers" in page(browser, "?q=%25")


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("tier=value:high", [Tiered("value", ("high",))]),
        ("tier=value:high&tier=value:mid", [Tiered("value", ("high", "mid"))]),
        ("tier=value:high&tier=lifecycle:churned", [Tiered("value", ("high",)), Tiered("lifecycle", ("churned",))]),
        ("rfm=5-5", [InRfmCell(5, 5)]),
        ("moved=value:mid:low", [Moved("value", "mid", "low")]),
        ("moved=value:-:low", [Moved("value", None, "low")]),
        ("tier=nonsense&rfm=9-9&moved=value:high&tag=x&owner=-1&sort=shoe_size", []),
    ],
)
def test_filters_are_those_of_the_profile(browser: Client, profile: Reading, query: str, filters: list[Any]) -> None:
    assert count_customers(browser, f"?{query}") == profile.count(filters)


def test_every_filter_is_a_chip_one_can_take_away(browser: Client) -> None:
    text = page(browser, "?tier=value:high&tier=value:mid&rfm=5-5&q=c0&owner=none&moved=value:mid:high")
    chips = re.findall(r'class="chip" href="([^"]*)"', text)
    assert len(chips) == 6
    assert "?tier=value:mid&amp;rfm=5-5&amp;q=c0&amp;owner=none&amp;moved=value:mid:high" in chips


def test_a_past_run_is_listed_as_it_was(browser: Client, followed: Workspace) -> None:
    past = followed.runs.all()[0]
    profile = reading(followed, past.id)
    assert profile is not None
    assert count_customers(browser, f"?tier=value:high&run={past.id}") == profile.count([Tiered("value", ("high",))])
    assert browser.get(LIST + "?run=none").status_code == 404


def test_filters_by_tag_and_owner(browser: Client, anna: User) -> None:
    tag = make_tag(name="vip", actor=anna, at=AT)
    tag_customers(customer_ids=["c003", "c009"], tag_id=tag.pk, actor=anna, at=AT)
    Customer.objects.filter(customer_id="c009").update(owner=anna)
    assert ids(browser, f"?tag={tag.pk}") == ["c003", "c009"]
    assert ids(browser, f"?owner={anna.pk}") == ["c009"]
    assert count_customers(browser, "?owner=none") == CUSTOMERS - 1
    assert ids(browser, f"?tag={tag.pk}&owner=none") == ["c003"]


def test_columns_are_kept_per_person(browser: Client) -> None:
    response = browser.post("/customers/-/columns/", {"column": ["silence", "email", "nonsense"], "query": "q=c00"})
    assert response["Location"] == "/customers/?q=c00"
    text = page(browser)
    assert ("Silence" in text, "c001@example.com" in text, "Spend, 365 days</a>" in text) == (True, True, False)
    browser.post("/customers/-/columns/", {"reset": "1"})
    assert not ListColumns.objects.exists()


def test_who_came_after_the_run_is_found_too(
    own_workspace: Workspace, import_customers: ImportCustomers, signed_in: SignedIn
) -> None:
    import_customers(customer_id=["late"], name=["Late Comer"])
    sync_customers(own_workspace, at=AT)
    text = page(signed_in(Role.AGENT), "?q=late")
    assert "Added after the last refresh" in text
    assert "/customers/late/" in text


def test_lists_contacts_before_anything_is_graded(tmp_path: Any, settings: Any, signed_in: SignedIn) -> None:
    settings.WORKSPACE = tmp_path / "new"
    Workspace.create(settings.WORKSPACE, currency="USD", timezone="UTC", language="en")
    browser = signed_in(Role.AGENT)
    assert "No customers yet" in page(browser)
    Customer.objects.create(customer_id="c1", name="Ann", search="c1\nann", mark=1)
    assert "Ann" in page(browser)
    assert "Ann" in page(browser, "?q=ann&tier=value:high&rfm=5-5")


def export_file(browser: Client, kind: str, query: str = "tier=value:high&sort=-spend") -> Any:
    response = browser.post("/customers/-/export/", {"file": kind, "query": query})
    assert response.status_code == 200, response.status_code
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]  # a streaming response


def test_exports_what_is_filtered_as_csv(browser: Client, profile: Reading) -> None:
    rows = list(csv.reader(StringIO(export_file(browser, "csv").decode("utf-8-sig"))))
    assert rows[0][:4] == ["Customer ID", "Name", "Purchase amount", "Lifecycle"]
    assert len(rows) - 1 == profile.count([Tiered("value", ("high",))])
    assert {row[2] for row in rows[1:]} == {"High value"}
    spent = [float(row[rows[0].index("Spend, 365 days")]) for row in rows[1:]]
    assert spent == sorted(spent, reverse=True)
    assert audit_changes("export")[0].after == {
        "chosen": "tier=value:high",
        "customers": len(rows) - 1,
        "kind": "csv",
    }


def test_exports_what_is_filtered_as_excel(browser: Client) -> None:
    book = CalamineWorkbook.from_filelike(BytesIO(export_file(browser, "xlsx", "q=0130007")))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[:2] for row in rows] == [["Customer ID", "Name"], ["c007", "王007"]]


@pytest.mark.parametrize("role", list(Role))
def test_exports_for_those_who_may(followed: Workspace, signed_in: SignedIn, role: Role) -> None:
    browser = signed_in(role)
    status = browser.post("/customers/-/export/", {"file": "csv"}).status_code
    assert status == (200 if may(User(role=role), EXPORT) else 403)
    assert bool(audit_changes("export")) == (status == 200)


def test_tags_everybody_the_list_shows_after_saying_how_many(browser: Client) -> None:
    tag = make_tag(name="vip", actor=None, at=AT)
    address = "/customers/-/together/tag/?q=00130"
    count = count_customers(browser, "?q=00130")
    assert f"Adds or removes a tag for {count} customers" in browser.get(address).content.decode()
    done = browser.post(address, {"tag": tag.pk, "seen": count}, follow=True)
    assert f"{count} customers changed" in done.content.decode()
    assert CustomerTag.objects.count() == count
    browser.post(address, {"tag": tag.pk, "seen": count, "untag": "1"})
    assert not CustomerTag.objects.exists()


def test_does_nothing_where_the_list_has_changed_meanwhile(browser: Client) -> None:
    tag = make_tag(name="vip", actor=None, at=AT)
    answer = browser.post("/customers/-/together/tag/?q=00130", {"tag": tag.pk, "seen": 1})
    assert answer.status_code == 422
    assert "The list has changed" in answer.content.decode()
    assert not CustomerTag.objects.exists()


def test_assigns_everybody_the_list_shows(browser: Client) -> None:
    owner = User.objects.get()
    browser.post("/customers/-/together/owner/?q=0130007", {"owner": owner.pk, "seen": 1})
    assert list(Customer.objects.filter(owner=owner).values_list("customer_id", flat=True)) == ["c007"]
    assert timeline_entries("c007") == [("own", {"owner": "administrator"})]


def test_the_audit_says_how_many_were_chosen_but_not_what_was_searched_for(browser: Client) -> None:
    tag, query = make_tag(name="vip", actor=None, at=AT), "?q=王0&tier=value:high&owner=none"
    browser.post(f"/customers/-/together/tag/{query}", {"tag": tag.pk, "seen": count_customers(browser, query)})
    export_file(browser, "csv", query[1:])
    for change in (audit_changes("tag")[0], audit_changes("export")[0]):
        assert change.after is not None
        assert change.after["chosen"] == "tier=value:high&owner=none&searched=yes"
        assert change.after["customers"] > 0


@pytest.mark.parametrize("role", list(Role))
def test_does_to_many_only_what_the_role_may(followed: Workspace, signed_in: SignedIn, role: Role) -> None:
    browser, person = signed_in(role), User(role=role)
    tagging = browser.get("/customers/-/together/tag/?q=c001").status_code
    owning = browser.get("/customers/-/together/owner/?q=c001").status_code
    assert tagging == (200 if may(person, EDIT_CUSTOMERS) else 403)
    assert owning == (200 if may(person, ASSIGN_OWNERS) else 403)


def test_tags_are_made_listed_and_removed(browser: Client) -> None:
    browser.post("/customers/-/tags/group/", {"name": "level", "exclusive": "on"})
    assert "level" in browser.get("/customers/-/tags/").content.decode()
    browser.post("/customers/-/tags/make/", {"name": "gold", "group": ""})
    again = browser.post("/customers/-/tags/make/", {"name": "Gold"}, follow=True)
    assert "The name “Gold” is already in use" in again.content.decode()
    (tag,) = re.findall(r"/customers/-/tags/(\d+)/remove/", browser.get("/customers/-/tags/").content.decode())
    assert "0 customers have this tag" in browser.get(f"/customers/-/tags/{tag}/remove/").content.decode()
    browser.post(f"/customers/-/tags/{tag}/remove/")
    assert "No tags yet" in browser.get("/customers/-/tags/").content.decode()


def test_a_refused_tag_stays_in_its_field(browser: Client) -> None:
    group = TagGroup.objects.create(name="level")
    sent = {"name": "", "group": str(group.pk)}
    answer = browser.post("/customers/-/tags/make/", sent)
    assert answer.status_code == 422
    assert 'id="id_name_error"' in answer.content.decode()
    assert f'<option value="{group.pk}" selected>level</option>' in answer.content.decode()
