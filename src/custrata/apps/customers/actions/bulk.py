"""Many rows into the database at once: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

Row = Sequence[Any]


def append(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Add rows to a table; instants are given as `datetime`, JSON as text."""
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            # The types ask for a list of rows; the database takes them one at a time.
            one_at_a_time: Any = rows
            cursor.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({places})', one_at_a_time)


@contextmanager
def staged(columns: dict[str, str], rows: Iterable[Row]) -> Iterator[str]:
    """A temporary table of rows, gone when the block ends; `columns` are names and SQL types. Within a transaction."""
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
    """Carry out one statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return int(cursor.rowcount)


def instant(at: Any) -> object:
    """An instant as this database takes it where Django does not stand between."""
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
    """One timeline entry for each customer that a query (`SELECT customer_id …`) finds."""
    # A query's own columns have no type a JSON text would be turned into by itself.
    as_json = "CAST(%s AS jsonb)" if connection.vendor == "postgresql" else "%s"
    return run(
        "INSERT INTO customers_timelineentry (customer_id, at, kind, facts, actor_id, run) "
        f"SELECT customer_id, %s, %s, {as_json}, CAST(%s AS bigint), '' FROM ({customers}) AS told",
        [instant(at), kind, json.dumps(facts, ensure_ascii=False), actor_id, *values],
    )
