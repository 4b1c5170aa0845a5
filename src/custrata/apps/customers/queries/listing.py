"""The list of customers: who is asked for, a page of them, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from django.db.models import QuerySet

from custrata.apps.customers.models import Customer
from custrata.apps.customers.queries.columns import DECIDED, Column, list_columns
from custrata.apps.customers.queries.customers import contacts_of
from custrata.apps.customers.queries.filters import Selected, selected
from custrata.apps.customers.queries.searching import Found, found_customers
from custrata.identity.folding import searched
from custrata.pipeline.reading import Cell, Filter, Ids, Moved, Reading, Tiered
from custrata.web.manifest import function
from custrata.web.paging import Cursor, keyset

LIMIT = 50
FEW = 500


@dataclass(frozen=True)
class Asked:
    """Which customers a list shows, and in which order. All of it holds together; tiers of a scheme are either-or."""

    q: str = ""
    tiers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    cell: tuple[int, int] | None = None
    moved: tuple[tuple[str, str | None, str], ...] = ()
    declared: tuple[tuple[str, str], ...] = ()  # filters of the apps, by name, each with its value
    run: str | None = None
    sort: str = "customer_id"
    descending: bool = False

    @property
    def of_profile(self) -> list[Filter]:
        """What is asked of the profile."""
        cell: list[Filter] = [Cell(*self.cell)] if self.cell else []
        moves = [Moved(scheme, source, target) for scheme, source, target in self.moved]
        return [*(Tiered(scheme, tiers) for scheme, tiers in self.tiers), *cell, *moves]

    @property
    def is_filtered(self) -> bool:
        """Whether anybody is left out."""
        return bool(self.q or self.tiers or self.cell or self.moved or self.declared)


@dataclass(frozen=True)
class Chosen:
    """The filters of a question, and what its search found; `found` is none where nothing was searched for."""

    filters: tuple[Filter, ...]
    found: Found | None = None


@dataclass(frozen=True)
class Line:
    """One customer of the list: contacts and declared columns as they are now, all else as the run saw it."""

    customer_id: str
    name: str
    customer: Customer | None
    cells: Sequence[tuple[Column, Any]]
    at: tuple[Any, str] = field(repr=False, default=(None, ""))


@dataclass(frozen=True)
class Listed:
    """A page and one line more, how many there are in all, what a search found, and who of them is not graded yet."""

    rows: list[Line]
    many: int
    found: Found | None
    ungraded: list[Line]


def chosen(asked: Asked) -> Chosen:
    """The filters of a question: what the database knows becomes a filter by id."""
    filters = asked.of_profile
    found = found_customers(asked.q) if asked.q else None
    ids = [Ids(found.customer_ids)] if found is not None else []
    ids += [Ids(selection.ids(), excluded=selection.excluded) for selection in _selections(asked)]
    return Chosen((*ids, *filters), found)


def _selections(asked: Asked) -> Iterator[Selected]:
    """Whom the filters of the apps let through."""
    for name, value in asked.declared:
        selection = selected(name, value)
        if selection is not None:
            yield selection


def listed(reading: Reading, asked: Asked, columns: Sequence[Column], cursor: Cursor | None) -> Listed:
    """A page of customers after or before a cursor, and how many there are in all."""
    picked = chosen(asked)
    ids = picked.found.customer_ids if picked.found is not None else ()
    if picked.found is not None and cursor is None and len(ids) <= FEW:
        # All that were found, in one look: it tells how many they are, too.
        rows = lines(reading, asked, picked.filters, columns, None, limit=len(ids))
        return Listed(
            rows[: LIMIT + 1], len(rows), picked.found, _ungraded(asked, ids, {row.customer_id for row in rows})
        )
    rows = lines(reading, asked, picked.filters, columns, cursor)
    if picked.found is None:
        return Listed(rows, reading.count(picked.filters), None, [])
    seen = set(reading.ids(picked.filters).to_pylist())
    return Listed(rows, len(seen), picked.found, _ungraded(asked, ids, seen) if len(rows) <= LIMIT else [])


def lines(
    reading: Reading,
    asked: Asked,
    filters: Sequence[Filter],
    columns: Sequence[Column],
    cursor: Cursor | None,
    *,
    limit: int = LIMIT + 1,
) -> list[Line]:
    """Up to so many customers, after or before a cursor."""
    wanted = ["customer_id", *(column.key for column in columns if column.key in reading.columns)]
    after = (cursor.key[0], str(cursor.key[1])) if cursor is not None else None
    rows = reading.customers(
        filters,
        [*wanted, *(["name"] if "name" in reading.columns else [])],
        sort=asked.sort,
        descending=asked.descending,
        after=after,
        backwards=bool(cursor and cursor.backwards),
        limit=limit,
    )
    return _lines(rows, columns, asked.sort)


def _ungraded(asked: Asked, found: Sequence[str], seen: Set[str]) -> list[Line]:
    """Customers a search found whom the run has not seen: they came after it, and nothing but contacts is known."""
    if asked.of_profile or asked.run:
        return []
    unseen = [customer_id for customer_id in found if customer_id not in seen][:LIMIT]
    return _lines([{"customer_id": customer_id} for customer_id in unseen], (), "customer_id")


def customers_without_run(asked: Asked) -> QuerySet[Customer]:
    """Whom a question lets through before anything is graded."""
    rows = Customer.objects.all()
    if asked.q:
        for word in searched(asked.q):
            rows = rows.filter(search__contains=word)
    for selection in _selections(asked):
        rows = selection.within(rows)
    return rows


def lines_without_run(asked: Asked, columns: Sequence[Column], cursor: Cursor | None) -> list[Line]:
    """A page of them, by id."""
    held = keyset(customers_without_run(asked), ("customer_id",), cursor, limit=LIMIT)
    return _lines([{"customer_id": customer.customer_id} for customer in held], columns, "customer_id")


def ids_chosen(reading: Reading | None, asked: Asked) -> list[str]:
    """The ids of everybody a question lets through: for what is done to all of them at once."""
    if reading is not None:
        return list(reading.ids(chosen(asked).filters).to_pylist())
    return list(customers_without_run(asked).order_by().values_list("customer_id", flat=True))


def table(reading: Reading, asked: Asked, columns: Sequence[Column]) -> Iterator[list[Any]]:
    """Everybody a question lets through, as rows to take along: id, name, then the columns."""
    wanted = [column.key for column in columns if column.key in reading.columns]
    named = ["name"] if "name" in reading.columns else []
    for batch in reading.batches(
        chosen(asked).filters, [*named, *wanted], sort=asked.sort, descending=asked.descending
    ):
        yield from _rows(batch, columns)


def _rows(batch: pa.RecordBatch, columns: Sequence[Column]) -> Iterator[list[Any]]:
    for line in _lines(batch.to_pylist(), columns, "customer_id"):
        yield [line.customer_id, line.name, *(_plain(value) for _, value in line.cells)]


def _plain(value: Any) -> Any:
    """A cell as a file holds it."""
    if isinstance(value, list):
        return ", ".join(tag.name for tag in value)
    return (
        value if value is None or isinstance(value, bool | int | float) or hasattr(value, "as_tuple") else _said(value)
    )


def _said(value: Any) -> Any:
    return value if hasattr(value, "isoformat") else str(value)


def _lines(rows: Sequence[dict[str, Any]], columns: Sequence[Column], sort: str) -> list[Line]:
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
    columns: Sequence[Column],
    sort: str,
) -> Line:
    now: dict[str, Any] = {key: values.get(row["customer_id"]) for key, values in declared.items()}
    if customer is not None:
        now |= {name: getattr(customer, name) or None for name in ("phone", "email", "company")}
    cells = [(column, now[column.key] if column.key in now else row.get(column.key)) for column in columns]
    name = customer.name if customer is not None else row.get("name") or ""
    return Line(row["customer_id"], name, customer, cells, (row.get(sort), row["customer_id"]))
