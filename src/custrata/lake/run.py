"""One run in its folder: its record and its tables, and the record of a withdrawn run."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from custrata.engine import DuckEngine, Engine
from custrata.errors import Refused
from custrata.lake.customer_rows import rows_of_customers, rows_without
from custrata.lake.durable import UNREADABLE, Damaged, sync
from custrata.lake.sums import check, checksums_in, replace_listed


class NoSuchRunTable(Refused):
    status = 404
    template = (
        "The run {run} has no table “{table}” because an earlier version made it. Refresh the workspace to create it."
    )


@dataclass(frozen=True)
class Run:
    """One published run: its instant, its folder and its record."""

    id: str
    as_of: datetime
    folder: Path
    record: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        """Whether it has all its tables: retention reduces old runs to a trace."""
        return not self.record.get("trace")

    def read(self, name: str, engine: Engine) -> ir.Table:
        """The rows of `<name>.parquet`. Raises `NoSuchRunTable`, `Damaged`."""
        return engine.read_parquet([self.table(name)])

    def table(self, name: str) -> Path:
        """The file of a table, compared with its check sum. Raises `NoSuchRunTable`, `Damaged`."""
        path = self.folder / f"{name}.parquet"
        states = checksums_in(self.folder).get(path.name)
        if states is not None:
            check(path, states)
        elif not path.exists():
            raise NoSuchRunTable(run=self.id, table=name)
        return path


@dataclass(frozen=True)
class Withdrawn:
    """A run that is no longer published: its record, and who withdrew it, when and why."""

    id: str
    as_of: datetime
    by: str
    at: datetime
    reason: str
    record: dict[str, Any]


def withdrawn_in(path: Path) -> Withdrawn:
    """The withdrawn run recorded in a file. Raises `Damaged`."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        as_of, at = (datetime.fromisoformat(text) for text in (note["record"]["as_of"], note["at"]))
        return Withdrawn(path.stem, as_of, note["by"], at, note["reason"], note["record"])
    except UNREADABLE as error:
        raise Damaged(file=path, reason=error) from error


def damage_of(read: Callable[[], object]) -> Damaged | None:
    """The `Damaged` error that `read` raises; None where it raises none."""
    try:
        read()
    except Damaged as error:
        return error
    return None


def remove_customers(customer_ids: Collection[str], path: Path, engine: DuckEngine) -> int:
    """Rewrite a file without the rows of the customers; how many rows were removed."""
    try:
        if "customer_id" not in pq.read_schema(path).names:
            return 0
    except UNREADABLE as error:
        raise Damaged(file=path, reason=error) from error
    rows = engine.read_parquet([path])
    counted = rows_of_customers(rows, customer_ids, engine).aggregate(rows=ibis._.count())
    gone = int(engine.arrow(counted)["rows"][0].as_py())
    if gone:
        fresh = path.with_name(f"{path.name}.new")
        engine.write_parquet(rows_without(rows, customer_ids, engine), fresh)
        sync(fresh)
        replace_listed(path, fresh)
        sync(path.parent)
    return gone
