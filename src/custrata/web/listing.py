"""Lists of the REST API, a page at a time: `limit`, the `cursor` of the page before, and `next`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ninja import Field, Schema

from custrata.errors import BadInput
from custrata.web.paging import Cursor, Value

Row = TypeVar("Row")
MOST = 1000


class NotACursor(BadInput):
    template = "“{cursor}” is not a cursor of this list. Use the `next` of the previous page, or none to start."


class Paged(Schema):
    """The requested page of a list."""

    limit: int = Field(100, ge=1, le=MOST, description="How many at most.")
    cursor: str = Field("", max_length=2000, description="`next` of the page before; none for the first page.")


def place_in(paged: Paged, of: str) -> tuple[Value, ...] | None:
    """The key of the row that a page starts after; None on the first. Raises `NotACursor`."""
    return key_of(paged.cursor, of) if paged.cursor else None


def key_of(written: str, of: str) -> tuple[Value, ...]:
    """The key in a cursor of the list `of`. Raises `NotACursor`."""
    cursor = Cursor.parse(written)
    if cursor is None or cursor.of != of:
        raise NotACursor(cursor=written[:40])
    return cursor.key


def cut(
    rows: Sequence[Row], paged: Paged, of: str, key: Callable[[Row], tuple[Value, ...]]
) -> tuple[Sequence[Row], str | None]:
    """Of up to `limit + 1` rows those of the page, and the cursor of the next page, where there is one."""
    page_rows = rows[: paged.limit]
    return page_rows, Cursor(key(page_rows[-1]), of=of).write() if len(rows) > paged.limit else None
