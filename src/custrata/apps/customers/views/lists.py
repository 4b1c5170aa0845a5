"""The list of customers: search, filters, columns, paging and export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers.actions import choose_columns, record_export
from custrata.apps.customers.forms import FindColumnForm, SearchForm
from custrata.apps.customers.queries.columns import GROUPS, ProfileColumn, available_columns, columns_of
from custrata.apps.customers.queries.filters import list_filters
from custrata.apps.customers.queries.list_query import describe_list_query, parse_list_query
from custrata.apps.customers.queries.listing import (
    ListedCustomer,
    ListPage,
    ListQuery,
    customers_without_run,
    lines_without_run,
    list_page,
    resolve_filters,
    table,
)
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS, EXPORT, SEE_CUSTOMERS
from custrata.apps.customers.views.chips import chips
from custrata.apps.customers.views.lookups import reading_or_404
from custrata.pipeline.reading import Reading
from custrata.tiering.names import scheme_name, tier_name
from custrata.web.exports import export_kind, file_response
from custrata.web.forms import checks, select
from custrata.web.gate import needs
from custrata.web.lists import (
    Empty,
    Heading,
    Kind,
    Listing,
    Table,
    other_parameters,
    query_string,
    read_page,
    sort_heading,
)
from custrata.web.lists import columns as columns_named
from custrata.web.manifest import function
from custrata.web.paging import Cursor
from custrata.web.rights import may
from custrata.web.schemes import tier_named
from custrata.web.texts import language, text
from custrata.wording import phrase

MOST_IN_EXCEL = 200_000
UNFILTERED = ("q", "sort", "run", "moved", "rfm")  # parameters that the form of filters leaves as they are
NOBODY = Empty("users", "customers.empty.nobody", "customers.empty.nobody_text")
UNGRADED = Listing(
    "customers.ungraded",
    (*columns_named("customers.column", "customer"), *columns_named("customers.attribute", "phone", "email")),
    "customers/parts/ungraded_row.html",
)


@needs(SEE_CUSTOMERS)
@require_safe
def customer_list(request: HttpRequest) -> HttpResponse:
    """A page of customers."""
    list_query = parse_list_query(request.GET)
    reading = reading_or_404(list_query.run)
    available = available_columns(reading.columns if reading is not None else {}, language())
    columns = columns_of(current_user(request), available)
    list_query = _sortable(list_query, available, reading)
    listing = _listing_page(request, reading, list_query, columns)
    return render(
        request,
        "customers/list.html",
        {
            **listing,
            "asked": list_query,
            "run": reading.run if reading is not None else None,
            "chips": list(chips(list_query, request.GET)),
            "columns": columns,
            "groups": _groups(available, columns),
            "filters": {
                "tiers": _tier_filters(list_query, reading),
                "declared": _declared_filters(list_query),
                "unchanged": [(name, value) for name, value in other_parameters(request.GET) if name in UNFILTERED],
            },
            "search": SearchForm(initial={"q": list_query.q}, auto_id="%s"),
            "find_column": FindColumnForm(use_required_attribute=False),
            "kept": list(other_parameters(request.GET, "q")),
            "query": query_string(request.GET),
            "may_export": may(request.user, EXPORT) and reading is not None,
            "may_edit": may(request.user, EDIT_CUSTOMERS),
            "may_assign": may(request.user, ASSIGN_OWNERS),
            "excel_fits": listing["many"] <= MOST_IN_EXCEL,
        },
    )


def _listing_page(
    request: HttpRequest, reading: Reading | None, list_query: ListQuery, columns: list[ProfileColumn]
) -> dict[str, Any]:
    listing: ListPage | None = None

    def read(cursor: Cursor | None) -> list[ListedCustomer]:
        nonlocal listing
        if reading is not None:
            listing = list_page(reading, list_query, columns, cursor)
        else:
            many = customers_without_run(list_query).count()
            listing = ListPage(lines_without_run(list_query, columns, cursor), many, None, [])
        return listing.rows

    order = f"{'-' if list_query.descending else ''}{list_query.sort}"
    page = read_page(request, read, key=_sort_key if reading else _by_id, of=order)
    assert listing is not None
    filtered = list_query.is_filtered or bool(page.first)
    headings = list(_headings(columns, list_query, request.GET))
    return {
        "table": Table(text("customers.title"), headings, "customers/parts/row.html", page.rows, page),
        "empty": _no_match() if filtered else NOBODY,
        "many": listing.many,
        "more": listing.search is not None and listing.search.more,
        "ungraded": UNGRADED.table(listing.ungraded),
    }


def _no_match() -> Empty:
    return Empty(
        "search", "customers.empty.none", "customers.empty.none_text", "customers.chip.all", reverse("customers:list")
    )


def _sort_key(line: ListedCustomer) -> tuple[Any, str]:
    return line.at


def _by_id(line: ListedCustomer) -> tuple[str]:
    return (line.customer_id,)


def _sortable(list_query: ListQuery, available: dict[str, ProfileColumn], reading: Reading | None) -> ListQuery:
    """The list query with a valid sort column."""
    fits = reading is not None and (
        list_query.sort == "name" or (list_query.sort in available and available[list_query.sort].sorts)
    )
    if list_query.sort == "customer_id" or (fits and reading is not None and list_query.sort in reading.columns):
        return list_query
    return replace(list_query, sort="customer_id", descending=False)


def _headings(columns: list[ProfileColumn], list_query: ListQuery, query: QueryDict) -> Iterator[Heading]:
    sort, descending = list_query.sort, list_query.descending
    label = text("customers.column.customer")
    yield sort_heading(query, "customer_id", label, sort=sort, descending=descending)
    for column in columns:
        kind: Kind = "number" if column.is_number else ""
        if not column.sorts:
            yield Heading(column.label, kind)
        else:
            # The first click sorts numbers and days in descending order, texts in ascending order.
            falls_first = column.kind not in ("text", "tier", "label")
            yield sort_heading(
                query, column.key, column.label, kind=kind, falls_first=falls_first, sort=sort, descending=descending
            )


def _groups(available: dict[str, ProfileColumn], chosen: list[ProfileColumn]) -> list[BoundField]:
    """The choice of columns, by group."""
    keys = [column.key for column in chosen]
    groups = {group: [column for column in available.values() if column.group == group] for group in GROUPS}
    return [
        checks(
            "column",
            [(column.key, column.label) for column in columns],
            keys,
            label=text(f"customers.group.{group}"),
            id=f"{group}-column",
        )
        for group, columns in groups.items()
        if columns
    ]


def _tier_filters(list_query: ListQuery, reading: Reading | None) -> list[BoundField]:
    """The choice of tiers, by published scheme."""
    if reading is None:
        return []
    selected = [f"{scheme}:{tier}" for scheme, tiers in list_query.tiers for tier in tiers]
    return [
        checks(
            "tier",
            [(f"{key}:{tier}", tier_name(key, tier, language(), graded.record)) for tier in graded.tier_keys],
            selected,
            label=scheme_name(key, language(), graded.record),
            id=f"filter-{key}-tier",
        )
        for key, graded in reading.run.schemes.items()
        if f"{key}_tier" in reading.columns
    ]


def _declared_filters(list_query: ListQuery) -> list[BoundField]:
    """The filters that apps declare; those without choices are left out."""
    values = dict(list_query.declared)
    offered = {name: list(function(declared.choices)()) for name, declared in list_filters().items()}
    return [
        select(
            name,
            [("", text("customers.filter.any")), *choices],
            values.get(name, ""),
            label=text(list_filters()[name].phrase),
            id=f"filter-{name}",
        )
        for name, choices in offered.items()
        if choices
    ]


@needs(SEE_CUSTOMERS)
@require_POST
def columns(request: HttpRequest) -> HttpResponse:
    """Save the chosen columns and return to the list."""
    back = QueryDict(request.POST.get("query", ""))
    picked = [] if "reset" in request.POST else request.POST.getlist("column")
    choose_columns(columns=picked, actor=current_user(request), at=timezone.now())
    return HttpResponseRedirect(f"{reverse('customers:list')}?{back.urlencode()}")


@needs(EXPORT)
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Export all customers of the list with the person's columns."""
    query, kind = QueryDict(request.POST.get("query", "")), export_kind(request)
    list_query = parse_list_query(query)
    reading = reading_or_404(list_query.run)
    if reading is None:
        raise Http404
    available = available_columns(reading.columns, language())
    columns = columns_of(current_user(request), available)
    list_query = _sortable(list_query, available, reading)
    many = reading.count(resolve_filters(list_query).filters)
    if kind == "xlsx" and many > MOST_IN_EXCEL:
        raise Http404
    record_export(
        chosen=describe_list_query(list_query),
        customers=many,
        kind=kind,
        actor=current_user(request),
        at=timezone.now(),
    )
    header = [text("customers.column.id"), text("customers.column.name"), *(column.label for column in columns)]
    rows = _named(table(reading, list_query, columns), columns, language())
    return file_response(kind, f"{text('customers.title')}-{reading.run.as_of:%Y%m%d}", header, rows)


def _named(rows: Iterator[list[Any]], columns: list[ProfileColumn], spoken: str) -> Iterator[list[Any]]:
    """Rows with tiers and labels by their names."""
    tier_name_of = cache(partial(tier_named, language=spoken))
    for row in rows:
        for place, column in enumerate(columns, 2):
            if row[place] is not None and column.kind == "tier":
                row[place] = tier_name_of(column.scheme, row[place])
            elif row[place] is not None and column.kind == "label":
                row[place] = phrase("tiers", f"labels.{row[place]}", spoken)
        yield row
