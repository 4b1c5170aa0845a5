"""The tables of the server's database, out to files and in again, on any database."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from custrata.errors import Refused

BATCH = 2_000
# Sign-ins end with a restore, and Django fills its own catalogues when it migrates.
LEFT_OUT = {"sessions.session", "contenttypes.contenttype", "auth.permission", "auth.group"}
LEFT_OUT_APPS = {"axes"}


class DatabaseNotEmpty(Refused):
    template = "The database holds {rows} rows in {table} already. Restore into a new database."


def dump_tables(folder: Path, *, release: Callable[[], None]) -> dict[str, Any]:
    """Write every table as JSON lines, all as of one moment; migrations applied and rows by table.

    `release` is called as soon as the moment is fixed, so that others need not wait for the writing.
    """
    folder.mkdir(parents=True)
    # On SQLite the first read fixes what a transaction sees, and keeps no writer waiting; PostgreSQL must be asked.
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # SQLite's own
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        applied = sorted(MigrationRecorder(connection).applied_migrations())
        release()
        rows = {model._meta.label_lower: _dump(model, folder) for model in _kept(apps)}
    return {"migrations": [list(one) for one in applied], "rows": rows}


def _kept(registry: Apps) -> Iterator[type[models.Model]]:
    for model in registry.get_models(include_auto_created=True):
        meta = model._meta
        if meta.label_lower not in LEFT_OUT and meta.app_label not in LEFT_OUT_APPS and meta.managed and not meta.proxy:
            yield model


def _dump(model: type[models.Model], folder: Path) -> int:
    names = [field.attname for field in model._meta.concrete_fields if not field.generated]
    rows = model._base_manager.order_by("pk").values_list(*names).iterator(chunk_size=BATCH)
    count = 0
    with (folder / f"{model._meta.label_lower}.jsonl").open("w", encoding="utf-8") as out:
        out.write(json.dumps(names) + "\n")
        for count, row in enumerate(rows, start=1):  # noqa: B007  # the count outlives the loop
            out.write(json.dumps(row, default=_as_text, ensure_ascii=False, sort_keys=True) + "\n")
    return count


def _as_text(value: object) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    raise TypeError(f"a backup cannot hold {value!r}")


def load_tables(folder: Path, migrations: Iterable[tuple[str, str]]) -> None:
    """Fill an empty database: migrate it to where the backup stood, load every table, and migrate on to today.

    Raises `DatabaseNotEmpty`.
    """
    executor = MigrationExecutor(connection)
    known = set(executor.loader.graph.nodes)
    targets = [one for one in migrations if one in known]
    executor.migrate(_leaves(executor, targets))
    then = MigrationExecutor(connection).loader.project_state(_leaves(executor, targets)).apps
    with transaction.atomic():
        for model in _kept(then):
            file = folder / f"{model._meta.label_lower}.jsonl"
            if file.exists():
                _load(model, file)
        _set_sequences(then)
    call_command("migrate", verbosity=0)


def _leaves(executor: MigrationExecutor, targets: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The newest migration of each app among those applied."""
    graph, applied = executor.loader.graph, set(targets)
    return [one for one in targets if not any(child.key in applied and child.key[0] == one[0]
                                              for child in graph.node_map[one].children)]  # fmt: skip


def _load(model: type[models.Model], file: Path) -> None:
    held = model._base_manager.count()
    if held:
        raise DatabaseNotEmpty(rows=held, table=model._meta.db_table)
    with file.open(encoding="utf-8") as lines:
        names = json.loads(next(lines))
        fields = {field.attname: field for field in model._meta.concrete_fields}
        readers = [fields[name].to_python for name in names]
        while batch := list(islice(lines, BATCH)):
            rows = (json.loads(line) for line in batch)
            model._base_manager.bulk_create(
                [model(**{name: read(value) for name, read, value in zip(names, readers, row, strict=True)})
                 for row in rows]
            )  # fmt: skip


def _set_sequences(registry: Apps) -> None:
    from django.core.management.color import no_style

    statements = connection.ops.sequence_reset_sql(no_style(), list(_kept(registry)))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
