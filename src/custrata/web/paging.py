"""Keyset pagination: a page starts after a row, so late pages cost as much as the first.

A cursor holds the sort values of the row at a page's edge. It is signed in the URL, so it cannot be forged.

    cursor = Cursor.read(request.GET, of="-at")
    rows = keyset(Entry.objects.all(), ("-at", "-id"), cursor, limit=50)
    shown = page(rows, query=request.GET, cursor=cursor, limit=50, key=lambda row: (row.at, row.id), of="-at")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.core.exceptions import BadRequest
from django.db import models
from django.http import QueryDict

Value = str | int | float | bool | Decimal | datetime | date | None
Row = TypeVar("Row")
ModelT = TypeVar("ModelT", bound=models.Model)

NAME = "cursor"
SALT, EARLIER_SALT = "custrata.web.cursor", "custrata.web.paging"
READERS: dict[str, Callable[[str], Value]] = {
    "decimal": Decimal,
    "instant": datetime.fromisoformat,
    "day": date.fromisoformat,
}


@dataclass(frozen=True)
class Cursor:
    """The row a page starts after, by its sort values, the last of them unique; `backwards`: the page before it.

    `of` names the order and whatever else the list depends on: a cursor of another list is no cursor.
    """

    key: tuple[Value, ...]
    backwards: bool = False
    of: str = ""

    @classmethod
    def read(cls, query: QueryDict, of: str = "") -> Cursor | None:
        """The cursor in a query string; None on the first page. Raises `BadRequest` on an invalid signature."""
        written = query.get(NAME)
        if not written:
            return None
        cursor = cls.parse(written)
        if cursor is None:
            raise BadRequest("not one of our cursors")
        return cursor if cursor.of == of else None

    @classmethod
    def parse(cls, written: str) -> Cursor | None:
        """The parsed cursor; None for an invalid one."""
        try:
            key, backwards, order = _unsigned(written)
            return cls(tuple(_value(value) for value in key), bool(backwards), str(order))
        except (signing.BadSignature, ValueError, TypeError, KeyError):
            return None

    def write(self) -> str:
        """The signed cursor for a URL; the same cursor is the same text whenever it is written."""
        parts = [[_plain(value) for value in self.key], self.backwards, self.of]
        return signing.Signer(salt=SALT).sign_object(parts, compress=True)


def _unsigned(text: str) -> Any:
    """The parts of a signed cursor, also of one with a time, as earlier versions signed them."""
    try:
        return signing.Signer(salt=SALT).unsign_object(text)
    except signing.BadSignature:
        return signing.loads(text, salt=EARLIER_SALT)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows to show, and the addresses of the pages around them; empty where there is none."""

    rows: Sequence[Row]
    first: str = ""
    previous: str = ""
    next: str = ""


def page(
    rows: Sequence[Row],
    *,
    query: QueryDict,
    cursor: Cursor | None,
    limit: int,
    key: Callable[[Row], tuple[Value, ...]],
    of: str = "",
) -> Page[Row]:
    """The page that a cursor opens, of up to `limit + 1` rows that follow it, nearest first.

    The extra row tells whether there are more. With a backwards cursor the rows are in reverse order.
    """
    backwards, more = bool(cursor and cursor.backwards), len(rows) > limit
    page_rows = list(rows[:limit])
    if backwards:
        page_rows.reverse()
    has_previous, has_next = (more, True) if backwards else (cursor is not None, more)
    if not page_rows:
        return Page(page_rows, first=_address(query, None) if cursor else "")
    return Page(
        page_rows,
        first=_address(query, None) if has_previous else "",
        previous=_address(query, Cursor(key(page_rows[0]), True, of)) if has_previous else "",
        next=_address(query, Cursor(key(page_rows[-1]), False, of)) if has_next else "",
    )


def keyset(rows: models.QuerySet[ModelT], order: Sequence[str], cursor: Cursor | None, *, limit: int) -> list[ModelT]:
    """Up to `limit + 1` rows after a cursor (before it, nearest first, where it goes backwards).

    `order` is as in `order_by`, its last field unique and none of them empty.
    """
    backwards = bool(cursor and cursor.backwards)
    fields = [(name.lstrip("-"), name.startswith("-") != backwards) for name in order]
    if cursor is not None:
        rows = rows.filter(_beyond(fields, cursor.key))
    return list(rows.order_by(*(f"-{name}" if falls else name for name, falls in fields))[: limit + 1])


def _beyond(fields: Sequence[tuple[str, bool]], key: Sequence[Value]) -> models.Q:
    """Rows that come after a key: greater in the first field, or equal there and greater in the next, and so on."""
    if len(fields) != len(key):
        raise BadRequest("a cursor of another list")
    condition = models.Q()
    for place, (name, falls) in enumerate(fields):
        equal = models.Q(**{field: value for (field, _), value in zip(fields[:place], key, strict=False)})
        condition |= equal & models.Q(**{f"{name}__{'lt' if falls else 'gt'}": key[place]})
    # Redundant, so that an index on the first field can be used.
    name, falls = fields[0]
    return condition & models.Q(**{f"{name}__{'lte' if falls else 'gte'}": key[0]})


def _address(query: QueryDict, cursor: Cursor | None) -> str:
    parameters = [(name, value) for name, values in query.lists() for value in values if name != NAME]
    return "?" + urlencode([*parameters, *([(NAME, cursor.write())] if cursor else [])])


def _plain(value: Value) -> object:
    """A value for JSON; types that JSON lacks are tagged."""
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, datetime):
        return ["instant", value.isoformat()]
    return ["day", value.isoformat()] if isinstance(value, date) else value


def _value(plain: object) -> Value:
    if isinstance(plain, list):
        kind, written = plain
        return READERS[kind](written)
    assert plain is None or isinstance(plain, str | int | float | bool)
    return plain
