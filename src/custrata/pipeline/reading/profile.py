"""Queries on the customers of one run: pages, counts, single customers, and percentiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from custrata.errors import BadInput
from custrata.lake import Run, Workspace
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.reading.connection import MEMORY, THREADS, Connection, Serving, quoted
from custrata.pipeline.reading.facts import CustomerFacts
from custrata.pipeline.reading.filters import Filter
from custrata.pipeline.reading.prepared import (
    Scale,
    columns_of,
    compute_movers,
    compute_scales,
    is_number,
    profile_of,
    read_movers,
    read_scales,
)

Row = dict[str, Any]
After = tuple[Any, str]
Published = tuple[tuple[str, ...], tuple[str, ...]]
Answer = TypeVar("Answer")


class NoSuchColumn(BadInput):
    template = "The profile has no column “{column}”. Choose a column from the reference of traits."


class NoSuchRun(BadInput):
    status = 404
    template = "There is no run “{run}”. It may have been replaced by a newer one; choose one from the list of runs."


class RunRemoved(NoSuchRun):
    template = (
        "The run {run} was removed because it is past its retention. Its changes remain in the history; choose "
        "another run from the list."
    )


def refuse_unpublished(workspace: Workspace, run_id: str) -> None:
    """Raises `RunRemoved` for a run of which only a trace is left, `NoSuchRun` for one that is not published."""
    if run_id in workspace.runs.traces():
        raise RunRemoved(run=run_id)
    if run_id not in workspace.runs.ids():
        raise NoSuchRun(run=run_id)


@dataclass(frozen=True)
class SortOrder:
    """Sort by a column, empty values last, then by `customer_id`; `backwards` reverses the whole order."""

    column: str
    descending: bool = False
    backwards: bool = False

    @property
    def sorts_descending(self) -> bool:
        """Whether the column is sorted in descending order."""
        return self.descending != self.backwards

    @property
    def sql(self) -> str:
        """The order in SQL."""
        ids = f"customer_id {'DESC' if self.backwards else 'ASC'}"
        if self.column == "customer_id":
            return f"customer_id {'DESC' if self.sorts_descending else 'ASC'}"
        nulls = "FIRST" if self.backwards else "LAST"
        return f"{quoted(self.column)} {'DESC' if self.sorts_descending else 'ASC'} NULLS {nulls}, {ids}"

    def beyond(self, after: After) -> tuple[str, list[object]]:
        """The SQL condition, with its values, for rows after a given one."""
        name, (value, customer_id) = quoted(self.column), after
        further, later = "<" if self.sorts_descending else ">", "<" if self.backwards else ">"
        if self.column == "customer_id":
            return f"customer_id {further} ?", [customer_id]
        if value is None:
            rest = f" OR {name} IS NOT NULL" if self.backwards else ""
            return f"((({name} IS NULL) AND customer_id {later} ?){rest})", [customer_id]
        rest = "" if self.backwards else f" OR {name} IS NULL"
        sql = f"({name} {further} ? OR ({name} = ? AND customer_id {later} ?){rest})"
        return sql, [value, value, customer_id]


class Reading(CustomerFacts):
    """An open run. Any number of threads may read it at once.

    With `follows`, queries continue on the newer published run when this one is superseded and its files are removed.

    `columns` are the profile's columns and their SQL types, in their order.
    """

    def __init__(self, workspace: Workspace, run: Run, serving: Serving, *, follows: bool) -> None:
        super().__init__(workspace, serving)
        self._follows = follows
        self._lock = Lock()
        self._scales: dict[str, Scale] = {}
        self._open(run)

    def _open(self, run: Run) -> None:
        with self._serving.connect() as connection:
            self.columns = columns_of(connection, run.folder)
        self.run = GradedRun.of(run)
        self._scales = {}

    def customers(
        self,
        filters: Sequence[Filter] = (),
        columns: Sequence[str] = (),
        *,
        sort: str = "customer_id",
        descending: bool = False,
        after: After | None = None,
        backwards: bool = False,
        limit: int = 50,
    ) -> list[Row]:
        """A page of customers: `customer_id` and the given columns (default: all).

        Sorted by a column, empty values last, then by `customer_id`. `after` is the end of the page before: the value
        of the sort column, and the `customer_id`, of its last row. `backwards` gives the rows before that row instead,
        the nearest first.

        Raises `NoSuchColumn`.
        """

        def query(connection: Connection) -> list[Row]:
            order = SortOrder(sort, descending, backwards)
            sql, values = self._question(connection, filters, columns, order, after)
            return list(connection.table(f"{sql} LIMIT {int(limit)}", values).to_pylist())

        return self._run_query(query)

    def batches(
        self,
        filters: Sequence[Filter] = (),
        columns: Sequence[str] = (),
        *,
        sort: str = "customer_id",
        descending: bool = False,
        rows: int = 10_000,
    ) -> Iterator[pa.RecordBatch]:
        """All customers that match the filters, in batches, for exports. Raises `NoSuchColumn`."""
        with self._serving.connect() as connection:
            sql, values = self._question(connection, filters, columns, SortOrder(sort, descending), None)
            yield from connection.batches(sql, values, rows)

    def count(self, filters: Sequence[Filter] = ()) -> int:
        """The number of customers that match the filters. Raises `NoSuchColumn`."""

        def query(connection: Connection) -> int:
            where, values = self._where(connection, filters)
            table = connection.table(f"SELECT count(*) AS many FROM {_rows_of(self.run)} WHERE {where}", values)
            return int(table["many"][0].as_py())

        return self._run_query(query)

    def ids(self, filters: Sequence[Filter] = ()) -> pa.Array:
        """The `customer_id` of every customer that matches the filters. Raises `NoSuchColumn`."""

        def query(connection: Connection) -> pa.Array:
            where, values = self._where(connection, filters)
            table = connection.table(f"SELECT customer_id FROM {_rows_of(self.run)} WHERE {where}", values)
            return table["customer_id"].combine_chunks()

        return self._run_query(query)

    def customer(self, customer_id: str, columns: Sequence[str] = ()) -> Row | None:
        """The profile of one customer; None where the run does not have them.

        All columns, or `customer_id` and the given ones, which is faster.

        Raises `NoSuchColumn`.
        """

        def query(connection: Connection) -> Row | None:
            self._check(columns)
            chosen = ", ".join(map(quoted, dict.fromkeys(("customer_id", *columns)))) if columns else "*"
            table = connection.table(f"SELECT {chosen} FROM {_rows_of(self.run)} WHERE customer_id = ?", [customer_id])
            return next(iter(table.to_pylist()), None)

        return self._run_query(query)

    def percentiles(self, customer_id: str, traits: Sequence[str] = ()) -> dict[str, float]:
        """The percentile of a customer in each trait: the share of customers with a lower value.

        From 0 to 1, accurate to about a hundredth: more than 50,000 customers are sampled. Traits that are not numeric,
        or empty for this customer, are left out; by default all traits are returned.
        """
        row = self.customer(customer_id)
        return {} if row is None else self.percentiles_of(row, traits)

    def percentiles_of(self, row: Mapping[str, Any], traits: Sequence[str] = ()) -> dict[str, float]:
        """The percentiles for a row of the profile."""
        numeric_traits = [name for name in traits or self.columns if row.get(name) is not None and self.is_number(name)]
        scales = self._scaled(numeric_traits)
        return {name: _percentile(scales[name], float(row[name])) for name in numeric_traits if len(scales[name])}

    def is_number(self, column: str) -> bool:
        """Whether a column holds numbers."""
        return is_number(self.columns.get(column, ""))

    def movers(self, scheme: str) -> list[Row]:
        """The five biggest spenders of each move in a scheme since the run before: `scheme`, `source`, `target`,
        `customer_id`, `name`, `spend`."""

        def query(connection: Connection) -> list[Row]:
            folder, named = self.run.folder, "name" in self.columns
            stored = read_movers(connection, folder, scheme)
            movers = stored if stored is not None else compute_movers(connection, folder, named=named, scheme=scheme)
            return list(movers.to_pylist())

        return self._run_query(query)

    def _scaled(self, traits: Sequence[str]) -> dict[str, Scale]:
        """The values at every thousandth of the customers, for each trait; missing scales are computed."""
        with self._lock:
            missing = [name for name in traits if name not in self._scales]
            if missing:
                self._scales |= read_scales(self.run.folder, missing)
                missing = [name for name in missing if name not in self._scales]
            if missing:
                self._scales |= self._run_query(lambda connection: compute_scales(connection, self.run.folder, missing))
            return {name: self._scales[name] for name in traits}

    def _question(
        self,
        connection: Connection,
        filters: Sequence[Filter],
        columns: Sequence[str],
        order: SortOrder,
        after: After | None,
    ) -> tuple[str, list[object]]:
        names = list(dict.fromkeys(["customer_id", *(columns or self.columns), order.column]))
        self._check(names)
        where, values = self._where(connection, filters)
        if after is not None:
            beyond, more = order.beyond(after)
            where, values = f"{where} AND {beyond}", [*values, *more]
        chosen = ", ".join(quoted(name) for name in names)
        return f"SELECT {chosen} FROM {_rows_of(self.run)} WHERE {where} ORDER BY {order.sql}", values

    def _where(self, connection: Connection, filters: Sequence[Filter]) -> tuple[str, list[object]]:
        conditions = [row_filter.condition(connection) for row_filter in filters]
        self._check([column for condition in conditions for column in condition.columns])
        sql = " AND ".join(f"({condition.sql})" for condition in conditions) or "true"
        return sql, [value for condition in conditions for value in condition.values]

    def _check(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self.columns:
                raise NoSuchColumn(column=name)

    def _run_query(self, query: Callable[[Connection], Answer]) -> Answer:
        """Run a query; where the files of the run were removed meanwhile, retry on the newer published run."""
        while True:
            run = self.run
            try:
                with self._serving.connect() as connection:
                    return query(connection)
            except Exception:  # any engine error about a missing file
                if not self._follows:
                    refuse_unpublished(self._workspace, run.id)
                if not self._reopen_newer(run):
                    raise

    def _reopen_newer(self, run: Run) -> bool:
        if not self._follows or _file_of(run).exists():
            return False
        newer = self._workspace.runs.published()
        if newer is None or newer.id == run.id:
            return False
        self._open(newer)
        return True


_OPEN: dict[tuple[Path, str | None, Serving], tuple[Published, Reading | None]] = {}
_OPENING = Lock()


def reading(
    workspace: Workspace, run_id: str | None = None, *, threads: int = THREADS, memory: str = MEMORY
) -> Reading | None:
    """The published run, or a past one by its id; opened once per process and run. None: nothing is published yet.

    Parameters: `threads` and `memory` limit all reading of this process together.

    Raises `NoSuchRun`, `RunRemoved`, `Damaged`.
    """
    serving = Serving(threads, memory)
    key, published = (workspace.folder, run_id, serving), (workspace.runs.ids(), workspace.runs.traces())
    with _OPENING:
        opened = _OPEN.get(key)
        if opened is None or opened[0] != published:
            # Past runs are opened rarely, and a server has one workspace: drop all other entries.
            for other in [other for other in _OPEN if other[1] is not None or other[0] != workspace.folder]:
                del _OPEN[other]
            opened = _OPEN[key] = (published, _opened(workspace, run_id, serving))
        return opened[1]


def _opened(workspace: Workspace, run_id: str | None, serving: Serving) -> Reading | None:
    if run_id is None:
        run = workspace.runs.published()
        return Reading(workspace, run, serving, follows=True) if run is not None else None
    refuse_unpublished(workspace, run_id)
    return Reading(workspace, workspace.runs.run(run_id), serving, follows=False)


def _file_of(run: Run) -> Path:
    return run.folder / "profile.parquet"


def _rows_of(run: Run) -> str:
    return profile_of(run.folder)


def _percentile(scale: Scale, value: float) -> float:
    return float(np.searchsorted(scale, value, "left")) / len(scale)
