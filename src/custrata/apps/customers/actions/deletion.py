"""Delete customers that were erased from the lake from the database as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.db import OperationalError, connection, transaction

from custrata.apps.audit.actions import erase_customers, triggers_disabled
from custrata.apps.audit.models import Change
from custrata.apps.customers.actions.bulk import run, staged
from custrata.apps.customers.actions.scrubbing import scrub
from custrata.apps.customers.models import Customer, Edit
from custrata.apps.customers.queries.personal import personal_models
from custrata.errors import Refused
from custrata.lake.intents import ErasedPerson

CUSTOMER = "customer_id"
TRIGRAMS = "customers_trigrams"
COPIES = "backups/*.sqlite3*", "backups/*.half*"  # copies of the database made before migrations
PORTION = 20_000


class DatabaseBusy(Refused):
    template = "the database is in use: {reason}"


@transaction.atomic
def delete_customers(*, customer_ids: Sequence[str], at: datetime) -> int:
    """Delete customers and all data about them from the database; return how many."""
    return _delete_rows(customer_ids, at).get(Customer._meta.db_table, 0)


def _delete_rows(customer_ids: Sequence[str], at: datetime) -> dict[str, int]:
    gone: dict[str, int] = {}
    with staged({CUSTOMER: "text"}, ((customer_id,) for customer_id in customer_ids)) as name:
        for table in _tables():
            gone[table] = run(f'DELETE FROM "{table}" WHERE customer_id IN (SELECT customer_id FROM {name})')
    gone[Change._meta.db_table] = erase_customers(customer_ids=customer_ids, at=at, removed=sum(gone.values()))
    return gone


def _tables() -> list[str]:
    """Every table with rows per customer, of any app, the customers last; without the audit log."""
    erased = [model for model, declared in personal_models() if declared.erased and model is not Customer]
    return [*(model._meta.db_table for model in erased), Customer._meta.db_table]


class ServerDatabase:
    """The server's database for erasures (implements `custrata.ingest.erasure.Database`).

    Parameters: `state` is the folder with the copies of a SQLite database.
    """

    def __init__(self, state: Path) -> None:
        self.state = state

    def people(self, customer_ids: Collection[str]) -> list[ErasedPerson]:
        """Names and contacts of these customers in the database, including edits."""
        contacts: dict[str, dict[str, set[str]]] = {}
        for customer in Customer.objects.filter(customer_id__in=list(customer_ids)):
            values_by_attribute = {
                "email": {customer.email},
                "phone": {customer.phone},
                "name": {customer.name, customer.company},
            }
            contacts[customer.customer_id] = {name: values - {""} for name, values in values_by_attribute.items()}
        edits = Edit.objects.filter(customer_id__in=list(contacts), attribute__in=["email", "phone", "name"])
        for customer_id, attribute, value in edits.values_list(CUSTOMER, "attribute", "value"):
            contacts[customer_id][attribute] |= {value} if value else set()
        return [
            ErasedPerson(
                customer_id, *(tuple(sorted(values_by_attribute[name])) for name in ("email", "phone", "name"))
            )
            for customer_id, values_by_attribute in contacts.items()
        ]

    def rows(self, people: Sequence[ErasedPerson]) -> dict[str, int]:
        """The number of rows about these people, by table."""
        counts: dict[str, int] = {}
        with transaction.atomic(), staged({CUSTOMER: "text"}, ((person.customer_id,) for person in people)) as name:
            for table in (*_tables(), Change._meta.db_table):
                with connection.cursor() as cursor:
                    cursor.execute(
                        f'SELECT count(*) FROM "{table}" WHERE customer_id IN (SELECT customer_id FROM {name})'
                    )
                    counts[table] = int(cursor.fetchone()[0])
        return {table: count for table, count in counts.items() if count}

    def customer_ids(self) -> Iterator[str]:
        """The ids of all customers that occur in any table."""
        for table in (*_tables(), Change._meta.db_table):
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT DISTINCT customer_id FROM "{table}" WHERE customer_id IS NOT NULL')
                while rows := cursor.fetchmany(PORTION):
                    yield from (row[0] for row in rows)

    def erase(self, people: Sequence[ErasedPerson], *, at: datetime) -> dict[str, int]:
        """Delete all rows about these people, redact them in all other texts, and reclaim the space.

        Deleted data leaves the database files too: SQLite rewrites the file and truncates its log, PostgreSQL runs
        VACUUM. Copies of a SQLite database from before a migration are removed.

        Raises `DatabaseBusy`.
        """
        ids = [person.customer_id for person in people]
        try:
            with transaction.atomic():
                removed = _delete_rows(ids, at)
                with triggers_disabled(connection):
                    for table, count in scrub(people).items():
                        removed[table] = removed.get(table, 0) + count
            transaction.on_commit(lambda: reclaim_space(list(removed)))
        except OperationalError as error:
            raise DatabaseBusy(reason=error) from error
        copies = [path for pattern in COPIES for path in self.state.glob(pattern)]
        for copy in copies:
            copy.unlink(missing_ok=True)
        return {table: count for table, count in {**removed, "copies": len(copies)}.items() if count}


def reclaim_space(tables: Sequence[str]) -> None:
    """Remove deleted rows from the database files; outside of a transaction."""
    with closing(connection.cursor()) as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"INSERT INTO {TRIGRAMS} ({TRIGRAMS}) VALUES ('optimize')"
            )  # else the index keeps tombstones of deleted rows
            cursor.execute("PRAGMA temp_store=FILE")  # VACUUM makes a temporary copy of the whole database
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()
            if busy and busy[0]:
                raise OperationalError("somebody is reading the database")
        else:
            for table in tables:
                cursor.execute(f'VACUUM "{table}"')
