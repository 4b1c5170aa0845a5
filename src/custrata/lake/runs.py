"""Runs: the results of refreshes, one folder each, published by one pointer that is replaced atomically."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from secrets import token_hex

from custrata.engine import DuckEngine
from custrata.lake.durable import UNREADABLE, Damaged, replace_file, sync
from custrata.lake.locks import Busy, locked
from custrata.lake.run import Run, Withdrawn, damage_of, remove_customers, withdrawn_in
from custrata.lake.single_reads import forget, read_once
from custrata.lake.sums import check, checksums_in, list_files, read_checked, write_checked
from custrata.private import FOLDER

POINTER, RECORD, LOCK, DRAFT = "published.json", "run.json", ".lock", ".draft-"
STAGED, WITHDRAWN, LEASE, ASIDE = "staged.json", "withdrawn", ".lease", "damaged"
STAMP = "%Y%m%dT%H%M%S%fZ"
# The trace of a run that retention removed: a short record, and the changes for the history.
TRACE, CHANGES = "trace.json", "changes.parquet"


@dataclass(frozen=True)
class _Published:
    """The pointer: the ids of all runs by `as_of`, the current one, and those reduced to a trace."""

    runs: tuple[str, ...] = ()
    current: str | None = None
    traces: tuple[str, ...] = ()


class Runs:
    """The published runs of a workspace, in `derived/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Run]:
        """Every published run, by `as_of`, except damaged ones. Raises `Damaged` where the newest one is damaged."""
        return self._load(lambda published: published.runs, but_damaged=True)

    def damaged(self) -> list[Damaged]:
        """The damage of published runs, and of the records of withdrawn ones. Raises `Damaged`."""
        published = self.ids()
        notes = [path for path in sorted((self.folder / WITHDRAWN).glob("*.json")) if path.stem not in published]
        reads: list[Callable[[], object]] = [
            *(partial(self._check, run_id) for run_id in published),
            *(partial(withdrawn_in, path) for path in notes),
        ]
        return [error for read in reads if (error := damage_of(read)) is not None]

    def ids(self) -> tuple[str, ...]:
        """The ids of every published run, by `as_of`, without reading their records. Raises `Damaged`."""
        return self._pointer().runs

    def run(self, run_id: str) -> Run:
        """The published run of that id. Raises `Damaged`, also where it has been superseded."""
        return self._run(run_id)

    def traces(self) -> tuple[str, ...]:
        """The ids of the runs reduced to a trace, by `as_of`. Raises `Damaged`."""
        return self._pointer().traces

    def history_ids(self) -> tuple[str, ...]:
        """The ids of every published run and every trace, by `as_of`. Raises `Damaged`."""
        pointer = self._pointer()
        return tuple(sorted((*pointer.runs, *pointer.traces)))

    def recorded(self, run_id: str) -> Run:
        """The published run of that id, or its trace. Raises `Damaged`."""
        return self._run(run_id, TRACE if run_id in self.traces() else RECORD)

    def history(self) -> list[Run]:
        """Every published run and every trace, by `as_of`, for the history.

        A trace has a short record and the table `changes`, no other. Raises `Damaged`.
        """
        return self._load(lambda published: sorted((*published.runs, *published.traces)), but_damaged=True)

    @contextmanager
    def reading(self, *, wait: float = 60.0) -> Iterator[None]:
        """Within the block no file of a run is removed, even if runs are published or removed.

        Without write permission no lock is held. Raises `Busy`.
        """
        if self.folder.exists() and not os.access(self.folder, os.W_OK):
            yield
            return
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LEASE, wait=wait, shared=True):
            self.forget_pointer()
            yield

    def forget_pointer(self) -> None:
        """Read the pointer again within `single_reads`, to see what other processes published meanwhile."""
        forget(self.folder / POINTER)

    def published(self) -> Run | None:
        """The current run, with the latest `as_of`. Raises `Damaged`."""
        runs = self._load(lambda published: (published.current,) if published.current else ())
        return runs[0] if runs else None

    @contextmanager
    def draft(self, *, wait: float = 0.0) -> Iterator[Path]:
        """An empty folder to write a run's tables into; one refresh at a time.

        A draft that is not published when the block ends is removed, and so are leftovers of a killed refresh.

        Raises `Busy` where another refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait):
            self._ensure_pointer()
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
        """Publish a draft atomically in place of the runs it supersedes; the newest is the current one.

        Parameters: `draft` is the folder of the `draft` block we are in; `record` has at least `as_of`, an instant or
        its ISO 8601 text; decimals, dates and instants are kept as text. `supersedes` are ids of runs that leave the
        list.
        """
        run = self._place(draft, record)
        self._switch([run.id], supersedes)
        return run

    @contextmanager
    def staging(self, *, at: datetime, wait: float = 0.0) -> Iterator[Stage]:
        """Compute several runs that are published together atomically when the block ends without an error.

        Until then, and after a kill, the published runs are unchanged. Runs staged before an error are kept, and the
        next stage may reuse them. `at` is when the work began, as `rebuilding` returns it.

        Raises `Busy` where another refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait):
            self._ensure_pointer()
            self._clear()
            stage = Stage(self, at=at)
            try:
                yield stage
            except BaseException:
                stage.leave()
                raise
            stage.commit()

    def rebuilding(self) -> datetime | None:
        """When a rebuild that is running or was interrupted began; None otherwise."""
        path = self.folder / STAGED
        try:
            return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["at"])
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    def withdrawn(self) -> list[Withdrawn]:
        """The runs that were withdrawn, by `as_of`, except damaged ones. Raises `Damaged`."""
        published = self.ids()
        paths = [path for path in sorted((self.folder / WITHDRAWN).glob("*.json")) if path.stem not in published]
        return [withdrawn_in(path) for path in paths if damage_of(partial(withdrawn_in, path)) is None]

    def _note_withdrawn(self, run: Run, *, by: str, at: datetime, reason: str) -> None:
        home = self.folder / WITHDRAWN
        home.mkdir(exist_ok=True)
        note = {"by": by, "at": at.isoformat(), "reason": reason, "record": run.record}
        replace_file(home / f"{run.id}.json", json.dumps(note, ensure_ascii=False, indent=1))

    def _place(self, draft: Path, record: Mapping[str, object]) -> Run:
        """Move a draft durably to the folders of runs, without publishing it."""
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
        """Publish some runs in place of others atomically."""
        # Ids begin with the instant, so they sort by it.
        before = self._pointer()
        published = sorted({*added, *before.runs} - set(removed))
        passed = self._passed(before.traces, added)
        traces = tuple(trace for trace in before.traces if trace not in passed)
        self._point(_Published(tuple(published), published[-1] if published else None, traces))
        self._remove(map(self._home, (*removed, *passed)))

    def _passed(self, traces: Collection[str], added: Collection[str]) -> set[str]:
        """The traces between a new run and its previous run: its changes replace theirs."""
        passed: set[str] = set()
        for run_id in added if traces else ():
            before = str(self._run(run_id).record.get("before") or "")
            passed |= {trace for trace in traces if before < trace < run_id}
        return passed

    def _point(self, pointer: _Published) -> None:
        write_checked(self.folder / POINTER, json.dumps(asdict(pointer)))

    def _remove(self, folders: Iterable[Path]) -> None:
        """Remove folders, unless a reader holds the lease: then the next refresh removes them."""
        with suppress(Busy), locked(self.folder / LEASE, wait=0):
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

    def reduce_to_traces(self, records: Mapping[str, Mapping[str, object]], *, wait: float = 0.0) -> None:
        """Reduce published runs to a trace: the short record given by id, and their changes.

        The change is atomic. The files are removed when no reader holds `reading`; after a kill, or if one does, by the
        next refresh or retention. During a rebuild, or after an interrupted one, nothing is done, since it may continue
        from any run.

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
                remaining = tuple(run_id for run_id in before.runs if run_id not in gone)
                self._point(_Published(remaining, before.current, tuple(sorted({*before.traces, *gone}))))
            self._strip()

    def clear(self, *, wait: float = 0.0) -> None:
        """Remove leftovers of killed processes.

        Raises `Busy` where a refresh is at work for longer than `wait` seconds.
        """
        with locked(self.folder / LOCK, wait=wait):
            self._clear()

    def dead_folders(self) -> set[Path]:
        """The folders of runs that are neither published nor staged nor traces. Raises `Damaged`."""
        needed = {*self.history_ids(), *self._staged()}
        return {run for run in self.folder.glob("runs/*") if run.name not in needed}

    def _strip(self) -> None:
        """Remove the files that traces no longer need."""
        with suppress(Busy), locked(self.folder / LEASE, wait=0):
            for trace in self._pointer().traces:
                for path in self._home(trace).iterdir():
                    if path.name not in {TRACE, CHANGES}:
                        path.unlink()

    def point_at(self, run_ids: Collection[str], traces: Collection[str]) -> None:
        """Publish exactly these runs and traces; the caller holds the lock."""
        pointed = tuple(sorted(run_ids))
        self._point(_Published(pointed, pointed[-1] if pointed else None, tuple(sorted(traces))))

    def _ensure_pointer(self) -> None:
        """Write an empty pointer before the first run, so that a missing pointer is detected as damage."""
        if not (self.folder / POINTER).exists() and not any(self.folder.glob("runs/*")):
            self._point(self._pointer())

    def remove_customers(self, *customer_ids: str, wait: float = 60.0) -> int:
        """Remove customers from every table of every run; how many rows were removed.

        Raises `Busy` where a refresh is at work for longer than `wait` seconds.
        """
        self.folder.mkdir(FOLDER, parents=True, exist_ok=True)
        with locked(self.folder / LOCK, wait=wait), DuckEngine() as engine:
            self._ensure_pointer()
            self._clear()
            shutil.rmtree(self.folder / ASIDE, ignore_errors=True)  # damaged files cannot be searched for customers
            tables = sorted(self.folder.glob("runs/*/*.parquet"))
            return sum(remove_customers(customer_ids, path, engine) for path in tables)

    def _home(self, run_id: str) -> Path:
        home = self.folder / "runs" / run_id
        home.parent.mkdir(exist_ok=True)
        return home

    def _pointer(self) -> _Published:
        """The pointer, read once within `single_reads`; whoever holds the lock reads it anew first (`_clear`)."""
        return read_once(self.folder / POINTER, self._read_pointer)

    def _read_pointer(self) -> _Published:
        path = self.folder / POINTER
        try:
            pointer = json.loads(read_checked(path))
            runs, current, traces = pointer["runs"], pointer["current"], pointer.get("traces", [])
            if not all(isinstance(part, list) for part in (runs, traces)):
                raise TypeError("not lists")
            if not all(isinstance(run_id, str) for run_id in (*runs, *traces, current or "")):
                raise TypeError("not ids")
            return _Published(tuple(runs), current, tuple(traces))
        except FileNotFoundError as error:
            if any(self.folder.glob("runs/*")):
                raise Damaged(file=path, reason=error) from error
            return _Published()
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    def _load(self, choose: Callable[[_Published], Collection[str]], *, but_damaged: bool = False) -> list[Run]:
        while True:
            published, runs, damages = self._pointer(), [], dict[str, Damaged]()
            for run_id in choose(published):
                try:
                    runs.append(self._run(run_id, TRACE if run_id in published.traces else RECORD))
                except Damaged as error:
                    damages[run_id] = error
            if not damages:
                return runs
            # A run may be superseded between our reading the pointer and the run: then there is a newer pointer.
            self.forget_pointer()
            if self._pointer() == published:
                for run_id, damage in damages.items():
                    if not but_damaged or run_id == published.current:
                        raise damage
                return runs

    def _run(self, run_id: str, name: str = RECORD) -> Run:
        home = self.folder / "runs" / run_id
        try:
            record = json.loads(read_checked(home / name))
            run = Run(run_id, datetime.fromisoformat(record["as_of"]), home, record)
            if not run_id.startswith(f"{run.as_of.astimezone(UTC):{STAMP}}"):
                raise ValueError("the record of another run")
        except UNREADABLE as error:
            raise Damaged(file=home / name, reason=error) from error
        if name == RECORD:
            self._check(run_id)
        return run

    def _check(self, run_id: str) -> None:
        """Compare a run with its list of check sums, its tables by size alone. Raises `Damaged`."""
        home = self.folder / "runs" / run_id
        sums = checksums_in(home)
        try:
            text = read_checked(home / RECORD)
            if not sums:  # of an earlier version
                json.loads(text)
        except UNREADABLE as error:
            raise Damaged(file=home / RECORD, reason=error) from error
        for name, states in sums.items():
            check(home / name, states, content=False)

    def _staged(self) -> tuple[str, ...]:
        """The ids of staged runs."""
        path = self.folder / STAGED
        try:
            return tuple(json.loads(path.read_text(encoding="utf-8"))["runs"])
        except FileNotFoundError:
            return ()
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    def _clear(self) -> None:
        """Remove leftovers of killed processes: drafts, unpublished runs, partially rewritten files."""
        self.forget_pointer()
        self._remove((*self.folder.glob(f"{DRAFT}*"), *self.dead_folders()))
        for half in self.folder.glob("runs/*/*.new"):
            half.unlink()
        self._strip()


class Stage:
    """The stage that `Runs.staging` yields: the runs as they will be published, including new ones."""

    def __init__(self, runs: Runs, *, at: datetime) -> None:
        self._runs = runs
        self._at = at
        self._published = {run.as_of: run for run in runs.all()}
        self._present = dict(self._published)
        published = {run.id for run in self._published.values()}
        staged = [run_id for run_id in runs._staged() if damage_of(partial(runs.run, run_id)) is None]
        self._waiting = {run.as_of: run for run in map(runs.run, staged) if run.id not in published}
        self._write()

    def all(self) -> list[Run]:
        """Every run as it will be published, by `as_of`."""
        return [self._present[instant] for instant in sorted(self._present)]

    def waiting(self, as_of: datetime) -> Run | None:
        """A run of that instant from an earlier, interrupted stage."""
        return self._waiting.get(as_of)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder to write a run's tables into, as `Runs.draft` gives one."""
        with self._runs._draft() as draft:
            yield draft

    def take(self, run: Run) -> Run:
        """Stage a waiting run in place of the run of its instant."""
        self._present[run.as_of] = run
        self._waiting.pop(run.as_of, None)
        self._write()
        return run

    def publish(self, draft: Path, record: Mapping[str, object], supersedes: Collection[str] = ()) -> Run:
        """Stage a draft in place of the run of its instant."""
        return self.take(self._runs._place(draft, record))

    def withdraw(self, run: Run, *, by: str, reason: str) -> None:
        """Stop publishing a run; its record is kept, with who withdrew it and why."""
        self._runs._note_withdrawn(run, by=by, at=self._at, reason=reason)
        del self._present[run.as_of]

    def commit(self) -> None:
        """Publish all staged runs atomically, and remove the replaced ones."""
        before = {run.id for run in self._published.values()}
        after = {run.id for run in self._present.values()}
        if before != after:
            self._runs._switch(after - before, before - after)
        (self._runs.folder / STAGED).unlink(missing_ok=True)
        for run in self._waiting.values():
            shutil.rmtree(run.folder, ignore_errors=True)

    def leave(self) -> None:
        """Publish nothing; staged runs are kept for the next stage."""
        if not self._staged():
            (self._runs.folder / STAGED).unlink(missing_ok=True)

    def _staged(self) -> list[str]:
        added = [run.id for run in self._present.values() if run != self._published.get(run.as_of)]
        return sorted({*added, *(run.id for run in self._waiting.values())})

    def _write(self) -> None:
        note = {"at": self._at.isoformat(), "runs": self._staged()}
        replace_file(self._runs.folder / STAGED, json.dumps(note))


def _as_text(value: object) -> str:
    """Serialize values for JSON: instants and days as ISO 8601, decimals as exact text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a run cannot record {value!r}")
