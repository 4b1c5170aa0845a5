"""Runs: what a refresh computed, in a folder of its own, published by one pointer that is replaced whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from secrets import token_hex
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from custrata.engine import DuckEngine, Engine
from custrata.errors import Refused
from custrata.lake.durable import Damaged, replace_file, sync
from custrata.lake.locks import locked

POINTER, RECORD, LOCK, DRAFT = "published.json", "run.json", ".lock", ".draft-"


class NoSuchRunTable(Refused):
    template = "The run {run} holds no table “{table}”. Refresh the workspace and try again."


@dataclass(frozen=True)
class Run:
    """One published run: the instant it sees the customers at, its folder, and what it recorded of itself."""

    id: str
    as_of: datetime
    folder: Path
    record: dict[str, Any]

    def read(self, name: str, engine: Engine) -> ir.Table:
        """The rows of `<name>.parquet`. Raises `NoSuchRunTable`."""
        path = self.folder / f"{name}.parquet"
        if not path.exists():
            raise NoSuchRunTable(run=self.id, table=name)
        return engine.read_parquet([path])


@dataclass(frozen=True)
class _Published:
    """The pointer: the ids of all runs by `as_of`, and the current one."""

    runs: tuple[str, ...] = ()
    current: str | None = None


class Runs:
    """The published runs of a workspace, in `derived/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Run]:
        """Every published run, by `as_of`. Raises `Damaged`."""
        return self._load(lambda published: published.runs)

    def ids(self) -> tuple[str, ...]:
        """The ids of every published run, by `as_of`; what they recorded is not read. Raises `Damaged`."""
        return self._pointer().runs

    def run(self, run_id: str) -> Run:
        """The published run of that id. Raises `Damaged`, also where it has been superseded."""
        return self._run(run_id)

    def published(self) -> Run | None:
        """The current run: the one that looks from the latest instant. Raises `Damaged`."""
        found = self._load(lambda published: (published.current,) if published.current else ())
        return found[0] if found else None

    @contextmanager
    def draft(self, *, wait: float = 0.0) -> Iterator[Path]:
        """An empty folder to write a run's tables into; one refresh at a time.

        What was not published when the block ends is removed, and so is what a killed refresh left behind.

        Raises `Busy` where another refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait):
            self._clear()
            draft = self.folder / f"{DRAFT}{token_hex(8)}"
            draft.mkdir()
            try:
                yield draft
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def publish(self, draft: Path, record: Mapping[str, object], supersedes: Collection[str] = ()) -> Run:
        """Take a draft among the runs, in one moment, in place of those it supersedes; the newest is the current one.

        Parameters: `draft` is the folder of the `draft` block we are in; `record` has at least `as_of`, an instant or
        its ISO 8601 text; decimals, dates and instants are kept as text. `supersedes` are ids of runs that leave the
        list.
        """
        as_of = datetime.fromisoformat(str(record["as_of"]))
        run_id = f"{as_of.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{token_hex(4)}"
        text = json.dumps(record, default=_as_text, ensure_ascii=False, indent=1)
        (draft / RECORD).write_text(text, encoding="utf-8")
        for path in (*draft.iterdir(), draft):
            sync(path)
        draft.rename(self._home(run_id))
        sync(self.folder / "runs")
        # Ids begin with the instant, so they sort by it.
        kept = sorted({run_id, *self._pointer().runs} - set(supersedes))
        replace_file(self.folder / POINTER, json.dumps(asdict(_Published(tuple(kept), kept[-1]))))
        for superseded in supersedes:
            shutil.rmtree(self._home(superseded), ignore_errors=True)
        return self._run(run_id)

    def rewrite(self, customer_id: str, *, wait: float = 60.0) -> int:
        """Take a customer out of every table of every run; how many rows went.

        Raises `Busy` where a refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait), DuckEngine() as engine:
            self._clear()
            tables = sorted(self.folder.glob("runs/*/*.parquet"))
            return sum(_without(customer_id, path, engine) for path in tables)

    def _home(self, run_id: str) -> Path:
        home = self.folder / "runs" / run_id
        home.parent.mkdir(exist_ok=True)
        return home

    def _pointer(self) -> _Published:
        path = self.folder / POINTER
        if not path.exists():
            return _Published()
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return _Published(tuple(found["runs"]), found["current"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=path, reason=error) from error

    def _load(self, choose: Callable[[_Published], Collection[str]]) -> list[Run]:
        while True:
            published = self._pointer()
            try:
                return [self._run(run_id) for run_id in choose(published)]
            except Damaged:
                # A run may be superseded between our reading the pointer and the run: then there is a newer pointer.
                if self._pointer() == published:
                    raise

    def _run(self, run_id: str) -> Run:
        home = self.folder / "runs" / run_id
        try:
            record = json.loads((home / RECORD).read_text(encoding="utf-8"))
            return Run(run_id, datetime.fromisoformat(record["as_of"]), home, record)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=home / RECORD, reason=error) from error

    def _clear(self) -> None:
        """Remove what killed processes left: drafts, runs that were never pointed at, halves of rewritten files."""
        published = self._pointer().runs
        orphans = [run for run in self.folder.glob("runs/*") if run.name not in published]
        for folder in (*self.folder.glob(f"{DRAFT}*"), *orphans):
            shutil.rmtree(folder, ignore_errors=True)
        for half in self.folder.glob("runs/*/*.new"):
            half.unlink()


def _without(customer_id: str, path: Path, engine: DuckEngine) -> int:
    """Put a file without the customer in the place of one that has rows of theirs; how many it had."""
    if "customer_id" not in pq.read_schema(path).names:
        return 0
    rows = engine.read_parquet([path])
    counted = rows.filter(rows.customer_id == customer_id).aggregate(rows=ibis._.count())
    theirs = int(engine.arrow(counted)["rows"][0].as_py())
    if theirs:
        fresh = path.with_name(f"{path.name}.new")
        engine.write_parquet(rows.filter(~rows.customer_id.identical_to(customer_id)), fresh)
        sync(fresh)
        fresh.replace(path)
        sync(path.parent)
    return theirs


def _as_text(value: object) -> str:
    """How what JSON has no form for is kept: instants and days as ISO 8601, decimals to the last digit."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a run cannot record {value!r}")
