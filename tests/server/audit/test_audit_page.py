"""The audit page: reading, searching, paging, exporting, and permissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.server.conftest import AT, Person

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Change, Subject
from custrata.apps.audit.queries import actions, actors
from custrata.web.rights import Role

PAGE = "/audit/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
SignedIn = Callable[[Role], Client]


@pytest.fixture
def anna(person: Person) -> User:
    return person(Role.OPERATOR)


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.ADMINISTRATOR)


def note(
    actor: User | None = None, action: str = "shop.open", at: datetime = AT, customer_id: str | None = None, **more: Any
) -> None:
    record(Subject("shop", 7, customer_id), action, actor=actor, at=at, **more)


def count_rows(browser: Client, query: str) -> int:
    return browser.get(PAGE + query).content.decode().count('<td class="tabular text-nowrap">')


def test_shows_who_what_before_and_after(anna: User, browser: Client) -> None:
    note(anna, "accounts.change_role", before={"role": "agent"}, after={"role": "analyst"})
    page = browser.get(PAGE).content.decode()
    assert all(text in page for text in ("operator", "Changed a role", "Agent", "Analyst", "Jul 1, 2025 12:00"))


def test_what_no_app_has_words_for_is_shown_as_it_is(browser: Client) -> None:
    note(after={"open": True})
    page = browser.get(PAGE).content.decode()
    assert all(text in page for text in ("shop.open", "System", "yes"))


def test_nothing_that_was_written_becomes_markup(browser: Client) -> None:
    note(after={"<b>x</b>": "<script>1</script>"}, customer_id="<i>")
    page = browser.get(PAGE).content.decode()
    assert "<script>1</script>" not in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    ("query", "many"),
    [
        ("", 4),
        ("?who=operator", 2),
        ("?who=:server", 2),
        ("?what=shop.close", 1),
        ("?customer=c1", 1),
        ("?customer=c", 0),
        ("?since=2025-07-02", 1),
        ("?until=2025-07-01", 3),
        ("?since=2025-07-01&until=2025-07-01&who=operator", 1),
        ("?since=nonsense&who=nobody", 4),
    ],
)
def test_finds(anna: User, browser: Client, query: str, many: int) -> None:
    note(anna)
    note(anna, at=datetime(2025, 7, 1, 16, tzinfo=UTC))  # midnight in Shanghai: July 2
    note(action="shop.close", at=datetime(2025, 7, 1, 15, 59, tzinfo=UTC))
    note(customer_id="c1")
    assert count_rows(browser, query) == many


def test_every_change_stands_on_one_page_however_many_there_are(browser: Client) -> None:
    Change.objects.bulk_create(_many(120))
    subject_ids, address = list[str](), "?what=shop.open"
    while address:
        page = browser.get(PAGE + address).context["page"]
        subject_ids += [change.subject_id for change in page.rows]
        address = page.next
    assert subject_ids == [str(number) for number in reversed(range(120))]


def _many(number: int) -> list[Change]:
    """Changes, two at each instant."""
    at = [AT + timedelta(minutes=place // 2) for place in range(number)]
    return [Change(at=at[n], action="shop.open", subject="shop", subject_id=str(n)) for n in range(number)]


def test_a_page_asks_the_database_five_times(browser: Client, django_assert_num_queries: Any) -> None:
    Change.objects.bulk_create(_many(60))
    with django_assert_num_queries(5):  # session, person, actors, actions, changes
        browser.get(PAGE)


def test_people_and_actions_are_found_without_reading_every_row(anna: User) -> None:
    note(anna)
    note()
    note(action="shop.close")
    assert (actors(), actions()) == (["", "operator"], ["shop.close", "shop.open"])


def test_an_empty_audit_says_what_will_be_here(browser: Client) -> None:
    assert "Every change is recorded here" in browser.get(PAGE).content.decode()
    note()
    assert "No matching entries" in browser.get(PAGE + "?customer=x").content.decode()


def test_exports_the_search_as_csv(anna: User, browser: Client) -> None:
    note(anna, "accounts.change_role", before={"role": "agent"}, after={"name": "王"})
    note(action="shop.close")
    rows = _csv(browser.post(PAGE + "export/?who=operator", {"file": "csv"}))
    assert rows[0] == "When,Who,Action,Subject,Subject ID,Customer ID,Before,After"
    assert rows[1:] == [
        '2025-07-01 12:00:00,operator,Changed a role,shop,7,,"{""role"": ""agent""}","{""name"": ""王""}"'
    ]


def _csv(response: Any) -> list[str]:
    return _content(response).decode("utf-8-sig").splitlines()


def _content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_exports_as_excel(browser: Client) -> None:
    note(after={"formula": "=1+1"})
    content = _content(browser.post(PAGE + "export/?what=shop.open", {"file": "xlsx"}))
    (_, row) = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    assert row[0] == datetime(2025, 7, 1, 12)
    assert row[-1] == '{"formula": "=1+1"}'


def test_exports_are_audited(browser: Client) -> None:
    rows = _csv(browser.post(PAGE + "export/?customer=c1", {"file": "csv"}))
    assert len(rows) == 1
    assert (Change.objects.get().action, Change.objects.get().after) == ("audit.export", {"customer": "c1"})


def test_there_are_no_other_files(browser: Client) -> None:
    assert browser.post(PAGE + "export/", {"file": "pdf"}).status_code == 404
    assert not Change.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_others_are_refused(signed_in: SignedIn, role: Role) -> None:
    client = signed_in(role)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE + "export/", {"file": "csv"}).status_code == 403
    assert not Change.objects.exists()


def test_a_stranger_is_asked_to_sign_in(stranger: Client) -> None:
    assert stranger.get(PAGE).status_code == 302
    assert stranger.post(PAGE + "export/", {"file": "csv"}).status_code == 302
    assert not Change.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_the_audit_is_not_editable(browser: Client, method: str) -> None:
    note()
    assert getattr(browser, method)(PAGE).status_code == 405
    assert Change.objects.count() == 1
