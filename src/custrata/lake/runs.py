"""Runs: what a refresh computed, in a folder of its own, published by one pointer that is replaced whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from custrata.engine import DuckEngine, Engine
from custrata.errors import Refused
from custrata.lake.durable import UNREADABLE, Damaged, replace_file, sync
from custrata.lake.locks import locked
from custrata.lake.private import FOLDER
from custrata.lake.sums import check, list_files, read_sealed, replace_listed, sums_in, write_sealed
from custrata.lake.whose import others, theirs

POINTER, RECORD, LOCK, DRAFT = "published.json", "run.json", ".lock", ".draft-"
STAGED, WITHDRAWN, ASIDE = "staged.json", "withdrawn", "damaged"
STAMP = "%Y%m%dT%H%M%S%fZ"


class NoSuchRunTable(Refused):
    template = "The run {run} has no table “{table}”: an earlier version made it. Refresh the workspace to have it."


@dataclass(frozen=True)
class Run:
    """One published run: the instant it sees the customers at, its folder, and what it recorded of itself."""

    id: str
    as_of: datetime
    folder: Path
    record: dict[str, Any]

    def read(self, name: str, engine: Engine) -> ir.Table:
        """The rows of `<name>.parquet`. Raises `NoSuchRunTable`, `Damaged`."""
        return engine.read_parquet([self.table(name)])

    def table(self, name: str) -> Path:
        """The file of a table, compared with its check sum. Raises `NoSuchRunTable`, `Damaged`."""
        path = self.folder / f"{name}.parquet"
        states = sums_in(self.folder).get(path.name)
        if states is not None:
            check(path, states)
        elif not path.exists():
            raise NoSuchRunTable(run=self.id, table=name)
        return path


@dataclass(frozen=True)
class _Published:
    """The pointer: the ids of all runs by `as_of`, and the current one."""

    runs: tuple[str, ...] = ()
    current: str | None = None


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
        """Every published run, by `as_of`, but those that `damaged` lists. Raises `Damaged` where it is the newest."""
        return self._load(lambda published: published.runs, but_damaged=True)

    def damaged(self) -> list[Damaged]:
        """What is wrong with published runs, and with the records of withdrawn ones. Raises `Damaged`."""
        published = self.ids()
        notes = [path for path in sorted((self.folder / WITHDRAWN).glob("*.json")) if path.stem not in published]
        reads = [
            *(partial(self._check, run_id) for run_id in published),
            *(partial(withdrawn_in, path) for path in notes),
        ]
        return [error for read in reads if (error := _damage_of(read)) is not None]

    def ids(self) -> tuple[str, ...]:
        """The ids of every published run, by `as_of`; what they recorded is not read. Raises `Damaged`."""
        return self._pointer().runs

    def run(self, run_id: str) -> Run:
        """The published run of that id. Raises `Damaged`, also where it has been superseded."""
        return self._run(run_id)

    def published(self) -> Run | None:
        """The current run: the one that looks from the latest instant. Raises `Damaged`."""
        runs = self._load(lambda published: (published.current,) if published.current else ())
        return runs[0] if runs else None

    @contextmanager
    def draft(self, *, wait: float = 0.0) -> Iterator[Path]:
        """An empty folder to write a run's tables into; one refresh at a time.

        What was not published when the block ends is removed, and so is what a killed refresh left behind.

        Raises `Busy` where another refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait):
            self._begin()
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
            self._begin()
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
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    def withdrawn(self) -> list[Withdrawn]:
        """The runs that were withdrawn, by `as_of`, but those that `damaged` lists. Raises `Damaged`."""
        published = self.ids()
        paths = [path for path in sorted((self.folder / WITHDRAWN).glob("*.json")) if path.stem not in published]
        return [withdrawn_in(path) for path in paths if _damage_of(partial(withdrawn_in, path)) is None]

    def _note_withdrawn(self, run: Run, *, by: str, at: datetime, reason: str) -> None:
        home = self.folder / WITHDRAWN
        home.mkdir(exist_ok=True)
        told = {"by": by, "at": at.isoformat(), "reason": reason, "record": run.record}
        replace_file(home / f"{run.id}.json", json.dumps(told, ensure_ascii=False, indent=1))

    def _place(self, draft: Path, record: Mapping[str, object]) -> Run:
        """Put a draft among the folders of runs, on the disk, not pointed at yet."""
        as_of = datetime.fromisoformat(str(record["as_of"]))
        run_id = f"{as_of.astimezone(UTC):{STAMP}}-{token_hex(4)}"
        text = json.dumps(record, default=_as_text, ensure_ascii=False, indent=1)
        (draft / RECORD).write_text(text, encoding="utf-8")
        list_files(draft, [path.name for path in draft.iterdir()])
        for path in (*draft.iterdir(), draft):
            sync(path)
        draft.rename(self._home(run_id))
        sync(self.folder / "runs")
        return self._run(run_id)

    def _switch(self, added: Collection[str], removed: Collection[str]) -> None:
        """Publish some runs in place of others, in one moment."""
        # Ids begin with the instant, so they sort by it.
        kept = sorted({*added, *self._pointer().runs} - set(removed))
        pointer = _Published(tuple(kept), kept[-1] if kept else None)
        self._point(pointer)
        for run_id in removed:
            shutil.rmtree(self._home(run_id), ignore_errors=True)

    def point_at(self, run_ids: Collection[str]) -> None:
        """Publish these runs and no others; whoever repairs holds the lock."""
        pointed = tuple(sorted(run_ids))
        self._point(_Published(pointed, pointed[-1] if pointed else None))

    def _point(self, pointer: _Published) -> None:
        write_sealed(self.folder / POINTER, json.dumps(asdict(pointer)))

    def _begin(self) -> None:
        """Point at no run before there is one: from then on a missing pointer is damage."""
        if not (self.folder / POINTER).exists() and not any(self.folder.glob("runs/*")):
            self._point(self._pointer())

    def rewrite(self, *customer_ids: str, wait: float = 60.0) -> int:
        """Take customers out of every table of every run; how many rows went.

        Raises `Busy` where a refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait), DuckEngine() as engine:
            self._begin()
            self._clear()
            shutil.rmtree(self.folder / ASIDE, ignore_errors=True)  # nobody can say who is in damaged files
            tables = sorted(self.folder.glob("runs/*/*.parquet"))
            return sum(_without(customer_ids, path, engine) for path in tables)

    def _home(self, run_id: str) -> Path:
        home = self.folder / "runs" / run_id
        home.parent.mkdir(exist_ok=True)
        return home

    def _pointer(self) -> _Published:
        path = self.folder / POINTER
        try:
            pointer = json.loads(read_sealed(path))
            runs, current = pointer["runs"], pointer["current"]
            if not isinstance(runs, list) or not all(isinstance(one, str) for one in (*runs, current or "")):
                raise TypeError("not a list of ids")
            return _Published(tuple(runs), current)
        except FileNotFoundError as error:
            if any(self.folder.glob("runs/*")):
                raise Damaged(file=path, reason=error) from error
            return _Published()
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    def _load(self, choose: Callable[[_Published], Collection[str]], *, but_damaged: bool = False) -> list[Run]:
        while True:
            published, runs, damage = self._pointer(), [], None
            for run_id in choose(published):
                try:
                    runs.append(self._run(run_id))
                except Damaged as error:
                    damage = damage if but_damaged and run_id != published.current else error
            # A run may be superseded between our reading the pointer and the run: then there is a newer pointer.
            if self._pointer() == published:
                if damage is not None:
                    raise damage
                return runs

    def _run(self, run_id: str) -> Run:
        home = self.folder / "runs" / run_id
        try:
            record = json.loads(read_sealed(home / RECORD))
            run = Run(run_id, datetime.fromisoformat(record["as_of"]), home, record)
            if not run_id.startswith(f"{run.as_of.astimezone(UTC):{STAMP}}"):
                raise ValueError("the record of another run")
        except UNREADABLE as error:
            raise Damaged(file=home / RECORD, reason=error) from error
        self._check(run_id)
        return run

    def _check(self, run_id: str) -> None:
        """Compare a run with its list of check sums, its tables by size alone. Raises `Damaged`."""
        home = self.folder / "runs" / run_id
        sums = sums_in(home)
        try:
            if sums:
                read_sealed(home / RECORD)
            else:  # of an earlier version
                json.loads((home / RECORD).read_text("utf-8"))
        except UNREADABLE as error:
            raise Damaged(file=home / RECORD, reason=error) from error
        for name, states in sums.items():
            check(home / name, states, content=False)

    def _staged(self) -> tuple[str, ...]:
        """The ids of runs that wait to be published together with others."""
        path = self.folder / STAGED
        try:
            return tuple(json.loads(path.read_text(encoding="utf-8"))["runs"])
        except FileNotFoundError:
            return ()
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    def _clear(self) -> None:
        """Remove what killed processes left: drafts, runs that were never pointed at, halves of rewritten files."""
        wanted = {*self._pointer().runs, *self._staged()}
        orphans = [run for run in self.folder.glob("runs/*") if run.name not in wanted]
        for folder in (*self.folder.glob(f"{DRAFT}*"), *orphans):
            shutil.rmtree(folder, ignore_errors=True)
        for half in self.folder.glob("runs/*/*.new"):
            half.unlink()


class Stage:
    """What `Runs.staging` hands out: runs as they would be published, those made meanwhile among them."""

    def __init__(self, runs: Runs, *, at: datetime) -> None:
        self._runs = runs
        self._at = at
        self._published = {run.as_of: run for run in runs.all()}
        self._present = dict(self._published)
        known = {run.id for run in self._published.values()}
        staged = [one for one in runs._staged() if _damage_of(partial(runs.run, one)) is None]
        self._waiting = {run.as_of: run for run in map(runs.run, staged) if run.id not in known}
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


def withdrawn_in(path: Path) -> Withdrawn:
    """The withdrawn run of a note. Raises `Damaged`."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        as_of, at = (datetime.fromisoformat(text) for text in (told["record"]["as_of"], told["at"]))
        return Withdrawn(path.stem, as_of, told["by"], at, told["reason"], told["record"])
    except UNREADABLE as error:
        raise Damaged(file=path, reason=error) from error


def _damage_of(read: Callable[[], object]) -> Damaged | None:
    """What is wrong with what is read; none where it is whole."""
    try:
        read()
    except Damaged as error:
        return error
    return None


def _without(customer_ids: Collection[str], path: Path, engine: DuckEngine) -> int:
    """Put a file without the customers in the place of one that has rows of theirs; how many it had."""
    try:
        if "customer_id" not in pq.read_schema(path).names:
            return 0
    except UNREADABLE as error:
        raise Damaged(file=path, reason=error) from error
    rows = engine.read_parquet([path])
    counted = theirs(rows, customer_ids, engine).aggregate(rows=ibis._.count())
    gone = int(engine.arrow(counted)["rows"][0].as_py())
    if gone:
        fresh = path.with_name(f"{path.name}.new")
        engine.write_parquet(others(rows, customer_ids, engine), fresh)
        sync(fresh)
        replace_listed(path, fresh)
        sync(path.parent)
    return gone


def _as_text(value: object) -> str:
    """How what JSON has no form for is kept: instants and days as ISO 8601, decimals to the last digit."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a run cannot record {value!r}")
