"""Lists on pages: columns, rows, pages, sorting and the empty state, drawn by `web/list.html` and `web/table.html`.

    JOBS = Listing("jobs.title", columns("jobs.column", "job", "status"), "jobs/row.html", order=("-pk",))

    page = JOBS.page(request, Job.objects.all())
    table = JOBS.table(page.rows, page=page, empty=Empty("list-check", "jobs.empty.title", "jobs.empty.text"))

The template of a row has the row as `row` and the whole context of the page. `read_page` pages rows that are not in the
database. (For lists of the REST API see `listing`.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from django.db import models
from django.http import HttpRequest, QueryDict

from custrata.web.paging import NAME as CURSOR
from custrata.web.paging import Cursor, Page, Value, keyset, page
from custrata.web.texts import text

ModelT = TypeVar("ModelT", bound=models.Model)
Row = TypeVar("Row")
Kind = Literal["", "number", "choice", "actions"]
LIMIT = 50


@dataclass(frozen=True)
class Heading:
    """A column header. `href` sorts by the column; `sorted` is "ascending", "descending" or empty."""

    label: str
    kind: Kind = ""
    href: str = ""
    sorted: str = ""


@dataclass(frozen=True)
class Column:
    """A declared column: the phrase of its header; the header of `actions` is read aloud only."""

    phrase: str
    kind: Kind = ""

    @property
    def name(self) -> str:
        """The last part of its phrase."""
        return self.phrase.rpartition(".")[2]

    def heading(self) -> Heading:
        """The header in the reader's language."""
        return Heading(text(self.phrase), self.kind)


@dataclass(frozen=True)
class Empty:
    """What a list without rows says: phrases, and a next step where there is one."""

    icon: str
    title: str
    text: str = ""
    action: str = ""
    href: str = ""


@dataclass(frozen=True)
class Table:
    """A list to draw. Without a page it is shown as a whole."""

    label: str
    headings: Sequence[Heading]
    row: str
    rows: Sequence[Any]
    page: Page[Any] | None = None
    empty: Empty | None = None


@dataclass(frozen=True)
class Listing:
    """A declared list: its title, its columns, the template of a row, and its order for paging.

    The last field of the order is unique. The cursors of lists with different names are not exchangeable.
    """

    title: str
    columns: tuple[Column, ...]
    row: str
    order: tuple[str, ...] = ("pk",)
    name: str = ""

    def page(self, request: HttpRequest, rows: models.QuerySet[ModelT]) -> Page[ModelT]:
        """The requested page, of 50 rows, in one query. Raises `BadRequest` on an invalid cursor."""
        fields = [field.lstrip("-") for field in self.order]
        return read_page(
            request,
            lambda cursor: keyset(rows, self.order, cursor, limit=LIMIT),
            key=lambda row: tuple(getattr(row, field) for field in fields),
            of=self.name,
        )

    def table(
        self,
        rows: Sequence[Any],
        *,
        page: Page[Any] | None = None,
        empty: Empty | None = None,
        without: Collection[str] = (),
    ) -> Table:
        """The list with these rows. `page` is the page they are on; columns named in `without` are left out."""
        headings = [column.heading() for column in self.columns if column.name not in without]
        return Table(text(self.title), headings, self.row, rows, page, empty)


def read_page(
    request: HttpRequest,
    read: Callable[[Cursor | None], Sequence[Row]],
    *,
    key: Callable[[Row], tuple[Value, ...]],
    of: str,
    limit: int = LIMIT,
) -> Page[Row]:
    """The requested page of a list. Raises `BadRequest` on an invalid cursor.

    `read` returns up to `limit + 1` rows after a cursor (before it, nearest first, where it goes backwards); `key` is
    the place of a row in the order, `of` the name of list and order.
    """
    cursor = Cursor.read(request.GET, of=of)
    return page(read(cursor), query=request.GET, cursor=cursor, limit=limit, key=key, of=of)


def rows_below(rows: Sequence[Row], key: Callable[[Row], str], cursor: Cursor | None, limit: int = LIMIT) -> list[Row]:
    """For `read_page`: the rows below a cursor, of rows in memory in descending order of a unique key."""
    if cursor is None:
        return list(rows[: limit + 1])
    edge = str(cursor.key[0])
    if cursor.backwards:
        return [row for row in reversed(rows) if key(row) > edge][: limit + 1]
    return [row for row in rows if key(row) < edge][: limit + 1]


def columns(prefix: str, *names: str, **kinds: Kind) -> tuple[Column, ...]:
    """Columns whose headers are the phrases `prefix.name`; `kinds` gives the kind of those that are not text."""
    return tuple(Column(f"{prefix}.{name}", kinds.get(name, "")) for name in names)


def sort_heading(
    query: QueryDict, key: str, label: str, *, sort: str, descending: bool, falls_first: bool = False, kind: Kind = ""
) -> Heading:
    """A header that sorts by `key`. Clicked first it sorts in descending order if `falls_first`, then the other way."""
    is_first = sort != key
    falls = falls_first if is_first else not descending
    now = "" if is_first else ("descending" if descending else "ascending")
    return Heading(label, kind, f"?{query_string(query, sort=('-' if falls else '') + key)}", now)


def query_string(query: QueryDict, **changed: str) -> str:
    """The parameters of a list without its cursor, for links and exports of all its pages."""
    parameters = query.copy()
    parameters.pop(CURSOR, None)
    for name, value in changed.items():
        parameters[name] = value
    return parameters.urlencode()


def other_parameters(query: QueryDict, *names: str) -> Iterator[tuple[str, str]]:
    """Every parameter but the named ones and the cursor, for the hidden fields of a form."""
    for name, values in query.lists():
        if name not in (*names, CURSOR):
            yield from ((name, value) for value in values)


def remove_parameter(query: QueryDict, name: str, value: str | None = None) -> str:
    """The address of a list without a filter, or without one of its values."""
    parameters = query.copy()
    remaining = [other for other in parameters.getlist(name) if value is not None and other != value]
    parameters.setlist(name, remaining)
    return f"?{query_string(parameters)}"
