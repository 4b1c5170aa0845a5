"""Forget customers: whoever was erased from the lake leaves the database too."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.db import OperationalError, connection, transaction

from custrata.apps.audit.actions import erase_customers, opened
from custrata.apps.audit.models import Change
from custrata.apps.customers.actions.bulk import run, staged
from custrata.apps.customers.actions.scrubbing import scrub
from custrata.apps.customers.models import Customer, Edit
from custrata.apps.customers.queries.personal import personal_models
from custrata.errors import Refused
from custrata.lake.intents import Person

CUSTOMER = "customer_id"
TRIGRAMS = "customers_trigrams"
COPIES = "backups/*.sqlite3*", "backups/*.half*"  # of the database, made before migrations
PORTION = 20_000


class DatabaseBusy(Refused):
    template = "the database is in use: {reason}"


@transaction.atomic
def forget(*, customer_ids: Sequence[str], at: datetime) -> int:
    """Take customers, and everything that was decided or written down about them, out of the database; how many."""
    return _forget(customer_ids, at).get(Customer._meta.db_table, 0)


def _forget(customer_ids: Sequence[str], at: datetime) -> dict[str, int]:
    gone: dict[str, int] = {}
    with staged({CUSTOMER: "text"}, ((one,) for one in customer_ids)) as name:
        for table in _tables():
            gone[table] = run(f'DELETE FROM "{table}" WHERE customer_id IN (SELECT customer_id FROM {name})')
    gone[Change._meta.db_table] = erase_customers(customer_ids=customer_ids, at=at)
    return gone


def _tables() -> list[str]:
    """Every table of rows about one customer, of whatever app, the customers themselves last; not the audit."""
    erased = [model for model, declared in personal_models() if declared.erased and model is not Customer]
    return [*(model._meta.db_table for model in erased), Customer._meta.db_table]


class ServerDatabase:
    """The server's database, as an erasure needs it (`custrata.ingest.erasure.Database`).

    Parameters: `state` is the folder with the copies that are kept of a SQLite database.
    """

    def __init__(self, state: Path) -> None:
        self.state = state

    def people(self, customer_ids: Collection[str]) -> list[Person]:
        """Names and contacts of these customers as the database has them, edited ones among them."""
        known: dict[str, dict[str, set[str]]] = {}
        for one in Customer.objects.filter(customer_id__in=list(customer_ids)):
            told = {"email": {one.email}, "phone": {one.phone}, "name": {one.name, one.company}}
            known[one.customer_id] = {name: values - {""} for name, values in told.items()}
        edits = Edit.objects.filter(customer_id__in=list(known), attribute__in=["email", "phone", "name"])
        for customer_id, attribute, value in edits.values_list(CUSTOMER, "attribute", "value"):
            known[customer_id][attribute] |= {value} if value else set()
        return [
            Person(one, *(tuple(sorted(told[name])) for name in ("email", "phone", "name")))
            for one, told in known.items()
        ]

    def rows(self, people: Sequence[Person]) -> dict[str, int]:
        """How many rows are about these people, by table."""
        found: dict[str, int] = {}
        with transaction.atomic(), staged({CUSTOMER: "text"}, ((one.customer_id,) for one in people)) as name:
            for table in (*_tables(), Change._meta.db_table):
                with connection.cursor() as cursor:
                    cursor.execute(
                        f'SELECT count(*) FROM "{table}" WHERE customer_id IN (SELECT customer_id FROM {name})'
                    )
                    found[table] = int(cursor.fetchone()[0])
        return {table: count for table, count in found.items() if count}

    def customer_ids(self) -> Iterator[str]:
        """Every customer that a table speaks of."""
        for table in (*_tables(), Change._meta.db_table):
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT DISTINCT customer_id FROM "{table}" WHERE customer_id IS NOT NULL')
                while rows := cursor.fetchmany(PORTION):
                    yield from (row[0] for row in rows)

    def erase(self, people: Sequence[Person], *, at: datetime) -> dict[str, int]:
        """Delete all rows about these people, take them out of all other texts, and give the room of both back.

        What was deleted leaves the pages of the file too: SQLite writes it anew without them and empties its log,
        PostgreSQL vacuums. Copies of a SQLite database from before a migration are removed, since they are older.

        Raises `DatabaseBusy`.
        """
        ids = [person.customer_id for person in people]
        try:
            with transaction.atomic():
                removed = _forget(ids, at)
                with opened(connection):
                    for table, count in scrub(people).items():
                        removed[table] = removed.get(table, 0) + count
            transaction.on_commit(lambda: give_room_back(list(removed)))
        except OperationalError as error:
            raise DatabaseBusy(reason=error) from error
        copies = [path for pattern in COPIES for path in self.state.glob(pattern)]
        for copy in copies:
            copy.unlink(missing_ok=True)
        return {table: count for table, count in {**removed, "copies": len(copies)}.items() if count}


def give_room_back(tables: Sequence[str]) -> None:
    """Let deleted rows leave the files of the database, outside of a transaction."""
    with closing(connection.cursor()) as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"INSERT INTO {TRIGRAMS} ({TRIGRAMS}) VALUES ('optimize')")  # else it notes who is gone
            cursor.execute("PRAGMA temp_store=FILE")  # a copy of the whole database, for a moment
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()
            if busy and busy[0]:
                raise OperationalError("somebody is reading the database")
        else:
            for table in tables:
                cursor.execute(f'VACUUM "{table}"')
