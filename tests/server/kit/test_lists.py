"""Lists on pages: the links of their headings, filters and exports."""

from __future__ import annotations

import pytest
from django.http import Http404, QueryDict
from django.test import RequestFactory

from custrata.web.exports import export_kind
from custrata.web.lists import (
    Listing,
    columns,
    other_parameters,
    query_string,
    read_page,
    remove_parameter,
    rows_below,
    sort_heading,
)
from custrata.web.paging import Page

QUERY = QueryDict("q=王&tier=a&tier=b&cursor=x")


def test_links_of_a_list_begin_at_its_first_page() -> None:
    assert query_string(QUERY, sort="name") == "q=%E7%8E%8B&tier=a&tier=b&sort=name"


def test_a_form_repeats_every_other_parameter() -> None:
    assert list(other_parameters(QUERY, "q")) == [("tier", "a"), ("tier", "b")]


def test_one_value_of_a_filter_is_removed() -> None:
    assert remove_parameter(QUERY, "tier", "a") == "?q=%E7%8E%8B&tier=b"
    assert remove_parameter(QUERY, "tier") == "?q=%E7%8E%8B"


@pytest.mark.parametrize(
    ("sort", "descending", "href", "now"),
    [
        ("name", False, "?sort=-spend", ""),
        ("spend", True, "?sort=spend", "descending"),
        ("spend", False, "?sort=-spend", "ascending"),
    ],
)
def test_a_heading_sorts_and_then_turns_the_order(sort: str, descending: bool, href: str, now: str) -> None:
    heading = sort_heading(QueryDict(), "spend", "Spend", sort=sort, descending=descending, falls_first=True)
    assert (heading.href, heading.sorted) == (href, now)


def test_an_export_of_an_unknown_kind_is_not_found() -> None:
    with pytest.raises(Http404):
        export_kind(RequestFactory().post("/", {"file": "pdf"}))


def open_page(query: str, rows: list[str]) -> Page[str]:
    """A page of two rows of a list in memory, the last of which comes first."""
    request = RequestFactory().get(f"/{query}")
    return read_page(
        request, lambda cursor: rows_below(rows[::-1], str, cursor, 2), key=lambda row: (row,), of="rows", limit=2
    )


def test_a_list_in_memory_has_pages() -> None:
    first = open_page("", ["a", "b", "c", "d", "e"])
    second = open_page(first.next, ["a", "b", "c", "d", "e"])
    assert (first.rows, first.previous, second.rows) == (["e", "d"], "", ["c", "b"])
    assert open_page(second.previous, ["a", "b", "c", "d", "e"]).rows == ["e", "d"]
    assert open_page(second.next, ["a", "b", "c", "d", "e"]).rows == ["a"]


def test_a_page_continues_where_its_edge_was_removed() -> None:
    assert open_page(open_page("", ["a", "b", "c", "d"]).next, ["a", "b", "d"]).rows == ["b", "a"]


def test_a_column_is_left_out() -> None:
    listing = Listing("jobs.title", columns("jobs.column", "job", "took", took="number"), "jobs/row.html")
    assert [heading.kind for heading in listing.table([], without=["job"]).headings] == ["number"]
