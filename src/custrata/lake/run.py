"""One run in its folder: its record and its tables, and what is told of one that was withdrawn."""

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
from custrata.lake.durable import UNREADABLE, Damaged, sync
from custrata.lake.sums import check, checksums_in, replace_listed
from custrata.lake.whose import rows_of_customers, rows_without


class NoSuchRunTable(Refused):
    template = "The run {run} has no table “{table}”: an earlier version made it. Refresh the workspace to have it."


@dataclass(frozen=True)
class Run:
    """One published run: the instant it sees the customers at, its folder, and what it recorded of itself."""

    id: str
    as_of: datetime
    folder: Path
    record: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        """Whether it has all its tables: of a run that retention removed only a trace is left."""
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
    """A run that is published no more: what it recorded, and who withdrew it, when and why."""

    id: str
    as_of: datetime
    by: str
    at: datetime
    reason: str
    record: dict[str, Any]


def withdrawn_in(path: Path) -> Withdrawn:
    """The withdrawn run of a note. Raises `Damaged`."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        as_of, at = (datetime.fromisoformat(text) for text in (note["record"]["as_of"], note["at"]))
        return Withdrawn(path.stem, as_of, note["by"], at, note["reason"], note["record"])
    except UNREADABLE as error:
        raise Damaged(file=path, reason=error) from error


def damage_of(read: Callable[[], object]) -> Damaged | None:
    """What is wrong with what is read; none where it is whole."""
    try:
        read()
    except Damaged as error:
        return error
    return None


def remove_customers(customer_ids: Collection[str], path: Path, engine: DuckEngine) -> int:
    """Put a file without the customers in the place of one that has rows of theirs; how many it had."""
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
