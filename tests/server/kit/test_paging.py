"""Pages of long lists."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from django.core import signing
from django.core.exceptions import BadRequest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries
from tests.examples import examples

from custrata.apps.accounts.models import User
from custrata.web.paging import EARLIER_SALT, Cursor, Page, Value, keyset, page

pytestmark = pytest.mark.database

JOINED = datetime(2025, 1, 1, tzinfo=UTC)
ORDER = ("-joined_at", "id")


def query(address: str = "") -> QueryDict:
    return QueryDict(address.lstrip("?"))


def read(address: str, of: str = "") -> Cursor | None:
    return Cursor.read(query(address), of)


@pytest.fixture
def people(db: None) -> list[str]:
    """Seven people in the order of the list, two of whom joined at the same instant."""
    joined = [JOINED.replace(day=day) for day in (9, 8, 7, 7, 5, 4, 3)]
    users = [User(username=f"u{place}", role="agent", joined_at=at) for place, at in enumerate(joined)]
    return [user.username for user in User.objects.bulk_create(users)]


def fetch_page(address: str, limit: int = 3) -> Page[User]:
    cursor = read(address, "joined")
    rows = keyset(User.objects.all(), ORDER, cursor, limit=limit)
    parameters = query(address)
    return page(
        rows, query=parameters, cursor=cursor, limit=limit, key=lambda user: (user.joined_at, user.pk), of="joined"
    )


def names(user_page: Page[User]) -> list[str]:
    return [user.username for user in user_page.rows]


values = st.none() | st.booleans() | st.integers() | st.text() | st.dates() | st.decimals(allow_nan=False)


@examples(60)
@given(key=st.lists(values | st.datetimes(timezones=st.just(UTC)), max_size=4), backwards=st.booleans(), of=st.text())
def test_a_cursor_reads_as_it_was_written(key: list[Value], backwards: bool, of: str) -> None:
    written = Cursor(tuple(key), backwards, of)
    parameters = query()
    parameters = parameters.copy()
    parameters["cursor"] = written.write()
    assert Cursor.read(parameters, of) == written


def test_there_is_no_cursor_on_the_first_page() -> None:
    assert read("") is None


def test_the_cursor_of_another_list_is_none() -> None:
    assert read("cursor=" + Cursor((1,), of="name").write(), "joined") is None


@pytest.mark.parametrize("made_up", ["x", "W1tdLGZhbHNlLCIiXQ:1:abc", "🙂", "." * 500])
def test_a_cursor_that_we_did_not_write_is_refused(made_up: str) -> None:
    with pytest.raises(BadRequest):
        read(f"cursor={made_up}")


def test_a_cursor_that_was_changed_is_refused() -> None:
    written = Cursor((Decimal("1.50"), date(2025, 1, 1))).write()
    with pytest.raises(BadRequest):
        read(f"cursor=A{written}")


def test_walks_forwards_and_back_over_the_same_pages(people: list[str]) -> None:
    first = fetch_page("")
    second = fetch_page(first.next)
    third = fetch_page(second.next)
    assert names(first) + names(second) + names(third) == people
    assert names(fetch_page(third.previous)) == names(second)
    assert names(fetch_page(fetch_page(third.previous).previous)) == names(first)


def test_says_where_there_is_more(people: list[str]) -> None:
    first, last = fetch_page(""), fetch_page(fetch_page(fetch_page("").next).next)
    assert (bool(first.first), bool(first.previous), bool(first.next)) == (False, False, True)
    assert (bool(last.first), bool(last.previous), bool(last.next)) == (True, True, False)


def test_a_full_last_page_has_none_behind_it(people: list[str]) -> None:
    assert fetch_page("", limit=7).next == ""


def test_keeps_what_else_was_asked_for(people: list[str]) -> None:
    address = fetch_page("?tier=value%3Ahigh&tier=value%3Alow&q=%E7%8E%8B").next
    parameters = parse_qs(address.lstrip("?"))
    assert (parameters["tier"], parameters["q"]) == (["value:high", "value:low"], ["王"])
    assert len(parameters["cursor"]) == 1


def test_rows_that_went_leave_an_empty_page_with_a_way_back(people: list[str]) -> None:
    address = fetch_page("").next
    User.objects.all().delete()
    empty_page = fetch_page(address)
    assert (empty_page.rows, empty_page.first) == ([], "?")


def test_a_page_costs_one_query(people: list[str], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    address = fetch_page("").next
    with django_assert_num_queries(1):
        fetch_page(address)


def test_refuses_a_cursor_with_other_values_than_the_order_has(people: list[str]) -> None:
    with pytest.raises(BadRequest):
        keyset(User.objects.all(), ORDER, Cursor((1,)), limit=3)


def test_a_cursor_is_the_same_text_whenever_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = Cursor((1, "a"), of="-at")
    before = cursor.write()
    monkeypatch.setattr("time.time", lambda: 9_999_999_999.0)
    assert cursor.write() == before


def test_a_cursor_of_an_earlier_version_is_still_read() -> None:
    assert Cursor.parse(signing.dumps([[1, "a"], False, "-at"], salt=EARLIER_SALT, compress=True)) == Cursor(
        (1, "a"), of="-at"
    )
