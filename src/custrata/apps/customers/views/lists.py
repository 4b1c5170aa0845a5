"""The list of customers: search, filters, columns, pages, files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.customers.actions import choose_columns, record_export
from custrata.apps.customers.queries.columns import GROUPS, Column, columns_known, columns_of
from custrata.apps.customers.queries.filters import list_filters
from custrata.apps.customers.queries.listing import (
    LIMIT,
    Asked,
    Line,
    Listed,
    chosen,
    customers_without_run,
    lines_without_run,
    listed,
    table,
)
from custrata.apps.customers.queries.questions import asked, told
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS, EXPORT, SEE_CUSTOMERS
from custrata.apps.customers.views.asking import asked_reading
from custrata.apps.customers.views.chips import chips
from custrata.pipeline.reading import Reading
from custrata.tiering.names import scheme_name, tier_name
from custrata.web.exports import csv_response, excel_response
from custrata.web.gate import needs
from custrata.web.manifest import ListFilter, function
from custrata.web.paging import NAME as CURSOR
from custrata.web.paging import Cursor, Page, page
from custrata.web.rights import may
from custrata.web.schemes import tier_named
from custrata.web.texts import language, text
from custrata.wording import phrase

FORMATS = ("csv", "xlsx")
MOST_IN_EXCEL = 200_000


@dataclass(frozen=True)
class Head:
    """The head of a column: where a click leads, and how the list is sorted by it now."""

    label: str
    href: str
    is_number: bool
    sorted: str = ""


@needs(SEE_CUSTOMERS)
@require_safe
def customer_list(request: HttpRequest) -> HttpResponse:
    """A page of customers."""
    asks = asked(request.GET)
    held = asked_reading(asks.run)
    known = columns_known(held.columns if held is not None else {}, language())
    shown = columns_of(asking_person(request), known)
    asks = _sortable(asks, known, held)
    found = _found(request, held, asks, shown)
    return render(
        request,
        "customers/list.html",
        {
            **found,
            "asked": asks,
            "run": held.run if held is not None else None,
            "chips": list(chips(asks, request.GET)),
            "heads": [_head(column, asks, request.GET) for column in shown],
            "name_head": _name_head(asks, request.GET),
            "columns": shown,
            "groups": _groups(known, shown),
            "filters": _filters(asks, held),
            "declared_filters": _declared_filters(asks),
            "kept": [(name, value) for name, value in _kept(request.GET)],
            "query": _query(request.GET),
            "may_export": may(request.user, EXPORT) and held is not None,
            "may_edit": may(request.user, EDIT_CUSTOMERS),
            "may_assign": may(request.user, ASSIGN_OWNERS),
            "excel_fits": found["many"] <= MOST_IN_EXCEL,
        },
    )


def _found(request: HttpRequest, held: Reading | None, asks: Asked, shown: list[Column]) -> dict[str, Any]:
    order = f"{'-' if asks.descending else ''}{asks.sort}"
    cursor = Cursor.read(request.GET, of=order)
    if held is None:
        found = Listed(lines_without_run(asks, shown, cursor), customers_without_run(asks).count(), None, [])
    else:
        found = listed(held, asks, shown, cursor)
    opened: Page[Line] = page(
        found.rows, query=request.GET, cursor=cursor, limit=LIMIT, key=_edge if held else _by_id, of=order
    )
    more = found.found is not None and found.found.more
    return {"page": opened, "many": found.many, "more": more, "ungraded": found.ungraded}


def _edge(line: Line) -> tuple[Any, str]:
    return line.at


def _by_id(line: Line) -> tuple[str]:
    return (line.customer_id,)


def _sortable(asks: Asked, known: dict[str, Column], held: Reading | None) -> Asked:
    """The question sorted by something one can sort by."""
    fits = held is not None and (asks.sort == "name" or (asks.sort in known and known[asks.sort].sorts))
    if asks.sort == "customer_id" or (fits and held is not None and asks.sort in held.columns):
        return asks
    return replace(asks, sort="customer_id", descending=False)


def _head(column: Column, asks: Asked, query: QueryDict) -> Head:
    if not column.sorts:
        return Head(column.label, "", column.is_number)
    # Numbers and days are asked for from the largest down first, texts from A.
    is_first = asks.sort != column.key
    falls = column.kind not in ("text", "tier", "label") if is_first else not asks.descending
    now = "" if is_first else ("descending" if asks.descending else "ascending")
    return Head(column.label, _sorted(query, f"{'-' if falls else ''}{column.key}"), column.is_number, now)


def _name_head(asks: Asked, query: QueryDict) -> Head:
    falls = asks.sort == "customer_id" and not asks.descending
    now = "" if asks.sort != "customer_id" else ("descending" if asks.descending else "ascending")
    return Head(text("customers.column.customer"), _sorted(query, f"{'-' if falls else ''}customer_id"), False, now)


def _sorted(query: QueryDict, sort: str) -> str:
    rest = query.copy()
    rest.pop(CURSOR, None)
    rest["sort"] = sort
    return "?" + rest.urlencode()


def _kept(query: QueryDict, *, but: tuple[str, ...] = ("q",)) -> Iterator[tuple[str, str]]:
    for name, values in query.lists():
        if name not in (*but, CURSOR):
            yield from ((name, value) for value in values)


def _query(query: QueryDict) -> str:
    rest = query.copy()
    rest.pop(CURSOR, None)
    return rest.urlencode()


def _groups(known: dict[str, Column], shown: list[Column]) -> list[tuple[str, list[tuple[Column, bool]]]]:
    """Every column by group, and whether it is shown."""
    keys = {column.key for column in shown}
    found = [
        (text(f"customers.group.{group}"), [(one, one.key in keys) for one in known.values() if one.group == group])
        for group in GROUPS
    ]
    return [(name, columns) for name, columns in found if columns]


def _filters(asks: Asked, held: Reading | None) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """The tiers of every published scheme, and whether they are asked for."""
    if held is None:
        return []
    wanted = dict(asks.tiers)
    return [
        (
            scheme_name(key, language(), decided),
            [
                (f"{key}:{tier}", tier_name(key, tier, language(), decided), tier in wanted.get(key, ()))
                for tier in decided["tiers"]
            ],
        )
        for key, decided in held.run.record["schemes"].items()
        if f"{key}_tier" in held.columns
    ]


def _declared_filters(asks: Asked) -> list[tuple[ListFilter, list[tuple[str, str, bool]]]]:
    """The filters of the apps that have choices, each with its choices, and whether they are asked for."""
    wanted = dict(asks.declared)
    filters = [
        (declared, [(value, label, value == wanted.get(name)) for value, label in function(declared.choices)()])
        for name, declared in list_filters().items()
    ]
    return [(declared, choices) for declared, choices in filters if choices]


@needs(SEE_CUSTOMERS)
@require_POST
def columns(request: HttpRequest) -> HttpResponse:
    """Keep the columns a person chose and go back to the list."""
    back = QueryDict(request.POST.get("query", ""))
    picked = [] if "reset" in request.POST else request.POST.getlist("column")
    choose_columns(columns=picked, actor=asking_person(request), at=timezone.now())
    return HttpResponseRedirect(f"{reverse('customers:list')}?{back.urlencode()}")


@needs(EXPORT)
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Everybody the list would show, as a file with the person's columns."""
    query, kind = QueryDict(request.POST.get("query", "")), request.POST.get("format", "")
    asks = asked(query)
    held = asked_reading(asks.run)
    if held is None or kind not in FORMATS:
        raise Http404
    known = columns_known(held.columns, language())
    shown = columns_of(asking_person(request), known)
    asks = _sortable(asks, known, held)
    many = held.count(chosen(asks).filters)
    if kind == "xlsx" and many > MOST_IN_EXCEL:
        raise Http404
    record_export(chosen=told(asks), customers=many, kind=kind, actor=asking_person(request), at=timezone.now())
    header = [text("customers.column.id"), text("customers.column.name"), *(column.label for column in shown)]
    rows = _named(table(held, asks, shown), shown, language())
    respond = csv_response if kind == "csv" else excel_response
    return respond(f"{text('customers.title')}-{held.run.as_of:%Y%m%d}", header, rows)


def _named(rows: Iterator[list[Any]], shown: list[Column], spoken: str) -> Iterator[list[Any]]:
    """Tiers and labels by the names people read."""
    for row in rows:
        for place, column in enumerate(shown, 2):
            if row[place] is not None and column.kind == "tier":
                row[place] = tier_named(column.scheme, row[place], spoken)
            elif row[place] is not None and column.kind == "label":
                row[place] = phrase("tiers", f"labels.{row[place]}", spoken)
        yield row
