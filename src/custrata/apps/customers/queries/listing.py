"""The list of customers: its query, its pages and its count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from django.db.models import QuerySet

from custrata.apps.customers.models import Customer
from custrata.apps.customers.queries.columns import DECIDED, ProfileColumn, list_columns
from custrata.apps.customers.queries.customers import contacts_of
from custrata.apps.customers.queries.filters import Selection, selection_of
from custrata.apps.customers.queries.searching import SearchResult, search_customers
from custrata.identity.folding import searched
from custrata.pipeline.reading import Filter, Ids, InRfmCell, Moved, Reading, Tiered
from custrata.web.lists import LIMIT
from custrata.web.manifest import function
from custrata.web.paging import Cursor, keyset

FEW = 500


@dataclass(frozen=True)
class ListQuery:
    """The filters and order of a list. Filters are combined with AND, tiers of the same scheme with OR."""

    q: str = ""
    tiers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    cell: tuple[int, int] | None = None
    moved: tuple[tuple[str, str | None, str], ...] = ()
    declared: tuple[tuple[str, str], ...] = ()  # filters that apps declare: name and value
    run: str | None = None
    sort: str = "customer_id"
    descending: bool = False

    @property
    def of_profile(self) -> list[Filter]:
        """The filters on the profile."""
        cell: list[Filter] = [InRfmCell(*self.cell)] if self.cell else []
        moves = [Moved(scheme, source, target) for scheme, source, target in self.moved]
        return [*(Tiered(scheme, tiers) for scheme, tiers in self.tiers), *cell, *moves]

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.q or self.tiers or self.cell or self.moved or self.declared)


@dataclass(frozen=True)
class ResolvedFilters:
    """The filters of a list query, and its search result; None without a search."""

    filters: tuple[Filter, ...]
    search: SearchResult | None = None


@dataclass(frozen=True)
class ListedCustomer:
    """One customer of the list: contacts and declared columns are current, the rest is as of the run."""

    customer_id: str
    name: str
    customer: Customer | None
    cells: Sequence[tuple[ProfileColumn, Any]]
    at: tuple[Any, str] = field(repr=False, default=(None, ""))


@dataclass(frozen=True)
class ListPage:
    """A page plus one row, the total count, the search result, and found customers that are not graded yet."""

    rows: list[ListedCustomer]
    many: int
    search: SearchResult | None
    ungraded: list[ListedCustomer]


def resolve_filters(list_query: ListQuery) -> ResolvedFilters:
    """The filters of a list query; filters on the database become filters by id."""
    filters = list_query.of_profile
    result = search_customers(list_query.q) if list_query.q else None
    ids = [Ids(result.customer_ids)] if result is not None else []
    ids += [Ids(selection.ids(), excluded=selection.excluded) for selection in _selections(list_query)]
    return ResolvedFilters((*ids, *filters), result)


def _selections(list_query: ListQuery) -> Iterator[Selection]:
    """The customers that the declared filters select."""
    for name, value in list_query.declared:
        selection = selection_of(name, value)
        if selection is not None:
            yield selection


def list_page(
    reading: Reading, list_query: ListQuery, columns: Sequence[ProfileColumn], cursor: Cursor | None
) -> ListPage:
    """A page of customers after or before a cursor, and the total count."""
    picked = resolve_filters(list_query)
    ids = picked.search.customer_ids if picked.search is not None else ()
    if picked.search is not None and cursor is None and len(ids) <= FEW:
        # One query for all search results, which also gives the count.
        rows = lines(reading, list_query, picked.filters, columns, None, limit=len(ids))
        return ListPage(
            rows[: LIMIT + 1], len(rows), picked.search, _ungraded(list_query, ids, {row.customer_id for row in rows})
        )
    rows = lines(reading, list_query, picked.filters, columns, cursor)
    if picked.search is None:
        return ListPage(rows, reading.count(picked.filters), None, [])
    graded_ids = set(reading.ids(picked.filters).to_pylist())
    return ListPage(
        rows, len(graded_ids), picked.search, _ungraded(list_query, ids, graded_ids) if len(rows) <= LIMIT else []
    )


def lines(
    reading: Reading,
    list_query: ListQuery,
    filters: Sequence[Filter],
    columns: Sequence[ProfileColumn],
    cursor: Cursor | None,
    *,
    limit: int = LIMIT + 1,
) -> list[ListedCustomer]:
    """Up to `limit` customers after or before a cursor."""
    keys = ["customer_id", *(column.key for column in columns if column.key in reading.columns)]
    after = (cursor.key[0], str(cursor.key[1])) if cursor is not None else None
    rows = reading.customers(
        filters,
        [*keys, *(["name"] if "name" in reading.columns else [])],
        sort=list_query.sort,
        descending=list_query.descending,
        after=after,
        backwards=bool(cursor and cursor.backwards),
        limit=limit,
    )
    return _lines(rows, columns, list_query.sort)


def _ungraded(list_query: ListQuery, customer_ids: Sequence[str], graded_ids: Set[str]) -> list[ListedCustomer]:
    """Customers found by a search that are not in the run, since they are newer; only their contacts are known."""
    if list_query.of_profile or list_query.run:
        return []
    unseen = [customer_id for customer_id in customer_ids if customer_id not in graded_ids][:LIMIT]
    return _lines([{"customer_id": customer_id} for customer_id in unseen], (), "customer_id")


def customers_without_run(list_query: ListQuery) -> QuerySet[Customer]:
    """The customers that match a list query before the first run."""
    rows = Customer.objects.all()
    if list_query.q:
        for word in searched(list_query.q):
            rows = rows.filter(search__contains=word)
    for selection in _selections(list_query):
        rows = selection.within(rows)
    return rows


def lines_without_run(
    list_query: ListQuery, columns: Sequence[ProfileColumn], cursor: Cursor | None
) -> list[ListedCustomer]:
    """A page of these customers, by id."""
    customers = keyset(customers_without_run(list_query), ("customer_id",), cursor, limit=LIMIT)
    return _lines([{"customer_id": customer.customer_id} for customer in customers], columns, "customer_id")


def matching_ids(reading: Reading | None, list_query: ListQuery) -> list[str]:
    """The ids of all customers that match a list query, for bulk actions."""
    if reading is not None:
        return list(reading.ids(resolve_filters(list_query).filters).to_pylist())
    return list(customers_without_run(list_query).order_by().values_list("customer_id", flat=True))


def table(reading: Reading, list_query: ListQuery, columns: Sequence[ProfileColumn]) -> Iterator[list[Any]]:
    """All customers that match a list query, as export rows: id, name, then the columns."""
    keys = [column.key for column in columns if column.key in reading.columns]
    named = ["name"] if "name" in reading.columns else []
    for batch in reading.batches(
        resolve_filters(list_query).filters, [*named, *keys], sort=list_query.sort, descending=list_query.descending
    ):
        yield from _rows(batch, columns)


def _rows(batch: pa.RecordBatch, columns: Sequence[ProfileColumn]) -> Iterator[list[Any]]:
    for line in _lines(batch.to_pylist(), columns, "customer_id"):
        yield [line.customer_id, line.name, *(_plain(value) for _, value in line.cells)]


def _plain(value: Any) -> Any:
    """A cell as written to a file."""
    if isinstance(value, list):
        return ", ".join(tag.name for tag in value)
    return (
        value
        if value is None or isinstance(value, bool | int | float) or hasattr(value, "as_tuple")
        else _date_or_text(value)
    )


def _date_or_text(value: Any) -> Any:
    return value if hasattr(value, "isoformat") else str(value)


def _lines(rows: Sequence[dict[str, Any]], columns: Sequence[ProfileColumn], sort: str) -> list[ListedCustomer]:
    ids = [row["customer_id"] for row in rows]
    contacts = contacts_of(ids)
    declared = {
        column.key: function(list_columns()[column.key].values)(contacts)
        for column in columns
        if column.group == DECIDED
    }
    return [_line(row, contacts.get(row["customer_id"]), declared, columns, sort) for row in rows]


def _line(
    row: dict[str, Any],
    customer: Customer | None,
    declared: Mapping[str, Mapping[str, Any]],
    columns: Sequence[ProfileColumn],
    sort: str,
) -> ListedCustomer:
    now: dict[str, Any] = {key: values.get(row["customer_id"]) for key, values in declared.items()}
    if customer is not None:
        now |= {name: getattr(customer, name) or None for name in ("phone", "email", "company")}
    cells = [(column, now[column.key] if column.key in now else row.get(column.key)) for column in columns]
    name = customer.name if customer is not None else row.get("name") or ""
    return ListedCustomer(row["customer_id"], name, customer, cells, (row.get(sort), row["customer_id"]))
