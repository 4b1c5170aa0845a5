"""Runs: what a refresh computed, in a folder of its own, published by one pointer that is replaced whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
from custrata.lake.locks import Busy, locked
from custrata.lake.private import FOLDER
from custrata.lake.whose import others, theirs

POINTER, RECORD, LOCK, DRAFT = "published.json", "run.json", ".lock", ".draft-"
STAGED, WITHDRAWN, LEASE = "staged.json", "withdrawn", ".lease"
# What stays of a run that retention removed: a short record, and the changes that the history is made of.
TRACE, CHANGES = "trace.json", "changes.parquet"


class NoSuchRunTable(Refused):
    template = "The run {run} holds no table “{table}”. Refresh the workspace and try again."


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
        """The rows of `<name>.parquet`. Raises `NoSuchRunTable`."""
        path = self.folder / f"{name}.parquet"
        if not path.exists():
            raise NoSuchRunTable(run=self.id, table=name)
        return engine.read_parquet([path])


@dataclass(frozen=True)
class _Published:
    """The pointer: the ids of all runs by `as_of`, the current one, and those of which only a trace is left."""

    runs: tuple[str, ...] = ()
    current: str | None = None
    traces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Withdrawn:
    """A run that is published no more: what it recorded, and who withdrew it, when and why."""

    id: str
    as_of: datetime
    by: str
    at: datetime
    reason: str
    record: dict[str, Any]


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

    def traces(self) -> tuple[str, ...]:
        """The ids of the runs that retention removed, by `as_of`; their changes stay. Raises `Damaged`."""
        return self._pointer().traces

    def history_ids(self) -> tuple[str, ...]:
        """The ids of every published run and every trace, by `as_of`. Raises `Damaged`."""
        pointer = self._pointer()
        return tuple(sorted((*pointer.runs, *pointer.traces)))

    def recorded(self, run_id: str) -> Run:
        """The published run of that id, or its trace. Raises `Damaged`."""
        return self._run(run_id, TRACE if run_id in self.traces() else RECORD)

    def history(self) -> list[Run]:
        """Every published run and every trace, by `as_of`: what the history is made of.

        A trace has a short record and the table `changes`, no other. Raises `Damaged`.
        """
        return self._load(lambda published: sorted((*published.runs, *published.traces)))

    @contextmanager
    def reading(self, *, wait: float = 60.0) -> Iterator[None]:
        """Within the block no file of a run is removed, however many runs are published or removed meanwhile.

        A workspace that nobody here may write to needs no such promise. Raises `Busy`.
        """
        if self.folder.exists() and not os.access(self.folder, os.W_OK):
            yield
            return
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LEASE, wait=wait, shared=True):
            yield

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
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait):
            self._clear()
            with self._draft() as draft:
                yield draft

    @contextmanager
    def _draft(self) -> Iterator[Path]:
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
        run = self._place(draft, record)
        self._switch([run.id], supersedes)
        return run

    @contextmanager
    def staging(self, *, at: datetime, wait: float = 0.0) -> Iterator[Stage]:
        """Make several runs that are published together, in one moment, when the block ends without an error.

        Until then, and for good where it is killed, the published runs are the former ones. What was staged before an
        error stays aside, and the next stage may take it instead of making it again. `at` is when the work began, for
        those who ask `rebuilding`.

        Raises `Busy` where another refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait):
            self._clear()
            stage = Stage(self, at=at)
            try:
                yield stage
            except BaseException:
                stage.leave()
                raise
            stage.commit()

    def rebuilding(self) -> datetime | None:
        """When the making of several runs began that is under way, or was stopped half-way; nothing otherwise."""
        path = self.folder / STAGED
        try:
            return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["at"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=path, reason=error) from error

    def withdrawn(self) -> list[Withdrawn]:
        """The runs that were withdrawn, by `as_of`. Raises `Damaged`."""
        published = self.ids()
        paths = sorted((self.folder / WITHDRAWN).glob("*.json"))
        return [_withdrawn(path) for path in paths if path.stem not in published]

    def _note_withdrawn(self, run: Run, *, by: str, at: datetime, reason: str) -> None:
        home = self.folder / WITHDRAWN
        home.mkdir(exist_ok=True)
        told = {"by": by, "at": at.isoformat(), "reason": reason, "record": run.record}
        replace_file(home / f"{run.id}.json", json.dumps(told, ensure_ascii=False, indent=1))

    def _place(self, draft: Path, record: Mapping[str, object]) -> Run:
        """Put a draft among the folders of runs, on the disk, not pointed at yet."""
        as_of = datetime.fromisoformat(str(record["as_of"]))
        run_id = f"{as_of.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{token_hex(4)}"
        text = json.dumps(record, default=_as_text, ensure_ascii=False, indent=1)
        (draft / RECORD).write_text(text, encoding="utf-8")
        for path in (*draft.iterdir(), draft):
            sync(path)
        draft.rename(self._home(run_id))
        sync(self.folder / "runs")
        return self._run(run_id)

    def _switch(self, added: Collection[str], removed: Collection[str]) -> None:
        """Publish some runs in place of others, in one moment."""
        # Ids begin with the instant, so they sort by it.
        before = self._pointer()
        kept = sorted({*added, *before.runs} - set(removed))
        passed = self._passed(before.traces, added)
        traces = tuple(trace for trace in before.traces if trace not in passed)
        self._point(_Published(tuple(kept), kept[-1] if kept else None, traces))
        self._remove(map(self._home, (*removed, *passed)))

    def _passed(self, traces: Collection[str], added: Collection[str]) -> set[str]:
        """The traces that lie between a new run and the one it went on from: its changes take the place of theirs."""
        passed: set[str] = set()
        for run_id in added if traces else ():
            before = str(self._run(run_id).record.get("before") or "")
            passed |= {trace for trace in traces if before < trace < run_id}
        return passed

    def _point(self, pointer: _Published) -> None:
        replace_file(self.folder / POINTER, json.dumps(asdict(pointer)))

    def _remove(self, folders: Iterable[Path]) -> None:
        """Remove folders, unless somebody is reading: then what makes the next run does."""
        with suppress(Busy), locked(self.folder / LEASE, wait=0):
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

    def thin(self, records: Mapping[str, Mapping[str, object]], *, wait: float = 0.0) -> None:
        """Leave of published runs only a trace: the short record that is passed by id, and their changes.

        It happens in one moment. The files go once nobody holds `reading`: after a kill, or where somebody does, by
        the next that makes or thins runs. While several runs are being made, or their making was stopped half-way,
        nothing is done: they may go on from any run.

        Raises `Busy` where a refresh is at work for longer than `wait` seconds.
        """
        with locked(self.folder / LOCK, wait=wait):
            self._clear()
            before = self._pointer()
            gone = {run_id for run_id in records if run_id in before.runs and run_id != before.current}
            if self.rebuilding() is not None:
                return
            for run_id in gone:
                text = json.dumps({**records[run_id], "trace": True}, default=_as_text, ensure_ascii=False)
                replace_file(self._home(run_id) / TRACE, text)
            if gone:
                kept = tuple(run_id for run_id in before.runs if run_id not in gone)
                self._point(_Published(kept, before.current, tuple(sorted({*before.traces, *gone}))))
            self._strip()

    def clear(self, *, wait: float = 0.0) -> None:
        """Remove what killed processes left.

        Raises `Busy` where a refresh is at work for longer than `wait` seconds.
        """
        with locked(self.folder / LOCK, wait=wait):
            self._clear()

    def dead_folders(self) -> set[Path]:
        """The folders of runs that are neither published nor wait for it, nor hold a trace. Raises `Damaged`."""
        wanted = {*self.history_ids(), *self._staged()}
        return {run for run in self.folder.glob("runs/*") if run.name not in wanted}

    def _strip(self) -> None:
        """Remove of every trace what belongs to it no more."""
        with suppress(Busy), locked(self.folder / LEASE, wait=0):
            for trace in self._pointer().traces:
                for path in self._home(trace).iterdir():
                    if path.name not in {TRACE, CHANGES}:
                        path.unlink()

    def rewrite(self, *customer_ids: str, wait: float = 60.0) -> int:
        """Take customers out of every table of every run; how many rows went.

        Raises `Busy` where a refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait), DuckEngine() as engine:
            self._clear()
            tables = sorted(self.folder.glob("runs/*/*.parquet"))
            return sum(_without(customer_ids, path, engine) for path in tables)

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
            return _Published(tuple(found["runs"]), found["current"], tuple(found.get("traces", ())))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=path, reason=error) from error

    def _load(self, choose: Callable[[_Published], Collection[str]]) -> list[Run]:
        while True:
            published = self._pointer()
            try:
                traces = set(published.traces)
                return [self._run(one, TRACE if one in traces else RECORD) for one in choose(published)]
            except Damaged:
                # A run may be superseded between our reading the pointer and the run: then there is a newer pointer.
                if self._pointer() == published:
                    raise

    def _run(self, run_id: str, name: str = RECORD) -> Run:
        home = self.folder / "runs" / run_id
        try:
            record = json.loads((home / name).read_text(encoding="utf-8"))
            return Run(run_id, datetime.fromisoformat(record["as_of"]), home, record)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=home / name, reason=error) from error

    def _staged(self) -> tuple[str, ...]:
        """The ids of runs that wait to be published together with others."""
        path = self.folder / STAGED
        try:
            return tuple(json.loads(path.read_text(encoding="utf-8"))["runs"])
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=path, reason=error) from error

    def _clear(self) -> None:
        """Remove what killed processes left: drafts, runs that were never pointed at, halves of rewritten files."""
        self._remove((*self.folder.glob(f"{DRAFT}*"), *self.dead_folders()))
        for half in self.folder.glob("runs/*/*.new"):
            half.unlink()
        self._strip()


class Stage:
    """What `Runs.staging` hands out: runs as they would be published, those made meanwhile among them."""

    def __init__(self, runs: Runs, *, at: datetime) -> None:
        self._runs = runs
        self._at = at
        self._published = {run.as_of: run for run in runs.all()}
        self._present = dict(self._published)
        known = {run.id for run in self._published.values()}
        self._waiting = {run.as_of: run for run in map(runs.run, runs._staged()) if run.id not in known}
        self._write()

    def all(self) -> list[Run]:
        """Every run as it would be published, by `as_of`."""
        return [self._present[instant] for instant in sorted(self._present)]

    def waiting(self, as_of: datetime) -> Run | None:
        """A run of that instant that an earlier stage had made before it was stopped."""
        return self._waiting.get(as_of)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder to write a run's tables into, as `Runs.draft` gives one."""
        with self._runs._draft() as draft:
            yield draft

    def take(self, run: Run) -> Run:
        """Publish, together with the others, a run that waited; in place of the one of its instant."""
        self._present[run.as_of] = run
        self._waiting.pop(run.as_of, None)
        self._write()
        return run

    def publish(self, draft: Path, record: Mapping[str, object], supersedes: Collection[str] = ()) -> Run:
        """Take a draft among the runs that will be published together; it takes the place of the one of its instant."""
        return self.take(self._runs._place(draft, record))

    def withdraw(self, run: Run, *, by: str, reason: str) -> None:
        """Let a run be published no more; what it recorded is kept, with who withdrew it and why."""
        self._runs._note_withdrawn(run, by=by, at=self._at, reason=reason)
        del self._present[run.as_of]

    def commit(self) -> None:
        """Publish all in one moment, and remove what they replace."""
        before = {run.id for run in self._published.values()}
        after = {run.id for run in self._present.values()}
        if before != after:
            self._runs._switch(after - before, before - after)
        (self._runs.folder / STAGED).unlink(missing_ok=True)
        for run in self._waiting.values():
            shutil.rmtree(run.folder, ignore_errors=True)

    def leave(self) -> None:
        """Publish nothing; what was made waits for the next stage."""
        if not self._staged():
            (self._runs.folder / STAGED).unlink(missing_ok=True)

    def _staged(self) -> list[str]:
        made = [run.id for run in self._present.values() if run != self._published.get(run.as_of)]
        return sorted({*made, *(run.id for run in self._waiting.values())})

    def _write(self) -> None:
        told = {"at": self._at.isoformat(), "runs": self._staged()}
        replace_file(self._runs.folder / STAGED, json.dumps(told))


def _withdrawn(path: Path) -> Withdrawn:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        as_of, at = (datetime.fromisoformat(text) for text in (told["record"]["as_of"], told["at"]))
        return Withdrawn(path.stem, as_of, told["by"], at, told["reason"], told["record"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(file=path, reason=error) from error


def _without(customer_ids: Collection[str], path: Path, engine: DuckEngine) -> int:
    """Put a file without the customers in the place of one that has rows of theirs; how many it had."""
    if "customer_id" not in pq.read_schema(path).names:
        return 0
    rows = engine.read_parquet([path])
    counted = theirs(rows, customer_ids, engine).aggregate(rows=ibis._.count())
    gone = int(engine.arrow(counted)["rows"][0].as_py())
    if gone:
        fresh = path.with_name(f"{path.name}.new")
        engine.write_parquet(others(rows, customer_ids, engine), fresh)
        sync(fresh)
        fresh.replace(path)
        sync(path.parent)
    return gone


def _as_text(value: object) -> str:
    """How what JSON has no form for is kept: instants and days as ISO 8601, decimals to the last digit."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a run cannot record {value!r}")
