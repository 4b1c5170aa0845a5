"""An index of all parts of what customers are searched by; a migration that rebuilds the table has to make it again.

On SQLite it is a full-text table of trigrams without texts, kept in step by triggers, and the list of its trigrams. Two
line ends behind each text let every character of it begin a trigram. On PostgreSQL it is an index by pg_trgm, and one
of the parts of one or two characters that hold others than ASCII, which a trigram cannot find.
"""

from __future__ import annotations

import logging

from django.db import DatabaseError, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

log = logging.getLogger("custrata.database")

TABLE = "customers_trigrams"
# "delete" takes the very text that was added.
ADD = f"INSERT INTO {TABLE} (rowid, search) VALUES (NEW.id, NEW.search || char(10, 10));"
TAKE = f"INSERT INTO {TABLE} ({TABLE}, rowid, search) VALUES ('delete', OLD.id, OLD.search || char(10, 10));"
SQLITE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(search, content='', columnsize=0, detail=none,"
    " tokenize='trigram case_sensitive 1')",
    f"CREATE VIRTUAL TABLE {TABLE}_known USING fts5vocab({TABLE}, row)",
    f"CREATE TRIGGER {TABLE}_insert AFTER INSERT ON customers_customer BEGIN {ADD} END",
    f"CREATE TRIGGER {TABLE}_delete AFTER DELETE ON customers_customer BEGIN {TAKE} END",
    f"CREATE TRIGGER {TABLE}_update AFTER UPDATE OF search ON customers_customer WHEN OLD.search <> NEW.search"
    f" BEGIN {TAKE} {ADD} END",
    f"INSERT INTO {TABLE} (rowid, search) SELECT id, search || char(10, 10) FROM customers_customer",
)
SQLITE_BACK = (
    *(f"DROP TRIGGER {TABLE}_{event}" for event in ("insert", "delete", "update")),
    f"DROP TABLE {TABLE}_known",
    f"DROP TABLE {TABLE}",
)
PG_TRGM = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX customers_customer_parts ON customers_customer USING gin (search gin_trgm_ops)",
)
# What it costs keeps the planner from asking it of row after row.
POSTGRESQL = (
    r"""
    CREATE FUNCTION customers_short_parts(searched text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100000 AS $$
        SELECT coalesce(array_agg(DISTINCT part), '{}')
        FROM unnest(string_to_array(searched, chr(10))) AS line,
            generate_series(1, length(line)) AS start,
            generate_series(1, 2) AS many,
            LATERAL (SELECT substr(line, start, many) AS part) AS cut
        WHERE octet_length(line) > length(line) AND octet_length(part) > many
    $$
    """,
    "CREATE INDEX customers_customer_short_parts ON customers_customer USING gin (customers_short_parts(search))",
)
POSTGRESQL_BACK = (
    "DROP INDEX IF EXISTS customers_customer_parts",
    "DROP INDEX customers_customer_short_parts",
    "DROP FUNCTION customers_short_parts(text)",
)


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Index everybody who is there, and whoever comes."""
    _all(SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL, editor)
    if editor.connection.vendor == "postgresql":
        try:
            with transaction.atomic(editor.connection.alias):
                _all(PG_TRGM, editor)
        except DatabaseError:
            log.warning("pg_trgm is not to be had: a search looks through all customers; docs/server/deploy.md")


def leave(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take it away; the extension stays, others may use it."""
    _all(SQLITE_BACK if editor.connection.vendor == "sqlite" else POSTGRESQL_BACK, editor)


def _all(statements: tuple[str, ...], editor: BaseDatabaseSchemaEditor) -> None:
    for statement in statements:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_create_customers")]

    operations = [migrations.RunPython(make, leave)]
