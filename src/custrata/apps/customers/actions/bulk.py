"""Bulk inserts: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

Row = Sequence[Any]


def append(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Append rows to a table; instants are passed as `datetime`, JSON as text."""
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            # The type stubs require a sequence; the database accepts an iterator.
            one_at_a_time: Any = rows
            cursor.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({places})', one_at_a_time)


@contextmanager
def staged(columns: dict[str, str], rows: Iterable[Row]) -> Iterator[str]:
    """A temporary table of rows, dropped at the end of the block; `columns` are names and SQL types.

    Use it within a transaction.
    """
    name = "customers_staged"
    described = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
        cursor.execute(f'CREATE TEMPORARY TABLE "{name}" ({described})')
    append(name, list(columns), rows)
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE "{name}"')


def run(sql: str, values: Sequence[Any] = ()) -> int:
    """Execute a statement; return the number of affected rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return int(cursor.rowcount)


def instant(at: Any) -> object:
    """An instant in the database's representation, for raw SQL."""
    return connection.ops.adapt_datetimefield_value(at)


def record_on_timelines(
    customers: str,
    values: Sequence[Any],
    *,
    kind: str,
    facts: dict[str, object],
    actor_id: int | None,
    at: Any,
) -> int:
    """Insert one timeline entry per customer that a query (`SELECT customer_id …`) returns; return how many."""
    # Select-list parameters are untyped, so JSON text is not converted implicitly.
    as_json = "CAST(%s AS jsonb)" if connection.vendor == "postgresql" else "%s"
    return run(
        "INSERT INTO customers_timelineentry (customer_id, at, kind, facts, actor_id, run) "
        f"SELECT customer_id, %s, %s, {as_json}, CAST(%s AS bigint), '' FROM ({customers}) AS told",
        [instant(at), kind, json.dumps(facts, ensure_ascii=False), actor_id, *values],
    )
