"""Check the lake and the runs of a workspace for damage, without changing anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

from custrata.lake.delta import LOG, check_entry, check_log, files_of
from custrata.lake.durable import UNREADABLE, Damaged
from custrata.lake.erasures import FILE as ERASURES
from custrata.lake.erasures import KEY, Erasures
from custrata.lake.exclusions import FILE as EXCLUSIONS
from custrata.lake.exclusions import Exclusions
from custrata.lake.findings import Finding, damaged, notice, whole
from custrata.lake.intents import Intents
from custrata.lake.manifest import COPY, DataFile, Manifest, TableState
from custrata.lake.recovery import JOURNAL
from custrata.lake.runs import ASIDE, WITHDRAWN, Runs
from custrata.lake.sums import check, checksums_in
from custrata.schema import TABLES
from custrata.wording import LazyPhrase

LAKE, RUNS, DECISIONS = "lake", "runs", "decisions"


def examine_lake(home: Path, *, deep: bool = False) -> Iterator[Finding]:
    """The manifest, and of every table its log, its files, their footers and, with `deep`, their check sums."""
    folder = home / "lake"
    try:
        manifest = Manifest.read(folder)
    except Damaged as error:
        yield damaged(LAKE, home, error, "repair" if copy_of_manifest(folder) is not None else "backup")
        return
    if copy_of_manifest(folder) != manifest and (folder / COPY).exists():
        yield notice(LAKE, f"lake/{COPY}", "copy_differs")
    if (folder / JOURNAL).exists():
        yield notice(LAKE, f"lake/{JOURNAL}", "change_stopped")
    for name in sorted(TABLES.keys() - manifest.tables.keys()):
        if (folder / name / LOG).exists() and not (folder / JOURNAL).exists():
            stranger = Damaged(
                file=folder / "manifest.json", reason=LazyPhrase("lake", "damage.stranger", {"table": name})
            )
            yield damaged(LAKE, home, stranger, "backup")
    for name, state in sorted(manifest.tables.items()):
        yield from _table(home, folder / name, state, deep=deep)


def _table(home: Path, folder: Path, state: TableState, *, deep: bool) -> Iterator[Finding]:
    faults = list(damage_of_files(folder, state, deep=deep))
    yield from (damaged(LAKE, home, error, "file_from_backup") for error in faults)
    if not faults and (error := damage_of_log(folder, state)) is not None:
        faults.append(error)
        yield damaged(LAKE, home, error, "repair" if state.files else "backup")
    if not faults:
        yield whole(LAKE, f"lake/{folder.name}", "table", rows=f"{state.rows:,}", files=len(state.files))


def damage_of_files(folder: Path, state: TableState, *, deep: bool) -> Iterator[Damaged]:
    """The damage of the data files of a table, one error per file."""
    if not state.files:
        try:
            files_of(folder, state, deep=deep)
        except Damaged as error:
            yield error
    for file in state.files:
        try:
            check(folder / file.name, [file.sum], deep=deep)
            _check_footer(folder / file.name, file)
        except Damaged as error:
            yield error


def damage_of_log(folder: Path, state: TableState) -> Damaged | None:
    """The damage of the log of a table whose data files are undamaged."""
    try:
        check_entry(folder, state.version)
        for entry in sorted((folder / LOG).glob("*.json")):
            _check_entry(entry)
        check_log(folder, state)
    except Damaged as error:
        return error
    return None


def _check_entry(entry: Path) -> None:
    """Raises `Damaged` where a log entry is not JSON, even where a later checkpoint contains its content."""
    try:
        actions = [json.loads(line) for line in entry.read_text("utf-8").splitlines() if line.strip()]
        if not actions or not all(isinstance(action, dict) for action in actions):
            raise TypeError("no actions")
    except UNREADABLE as error:
        raise Damaged(file=entry, reason=LazyPhrase("lake", "damage.form")) from error


def _check_footer(path: Path, file: DataFile | None = None) -> None:
    """Raises `Damaged` where a Parquet file does not say what it holds, or other rows than it was written with."""
    try:
        rows = pq.read_metadata(path).num_rows
    except UNREADABLE as error:
        raise Damaged(file=path, reason=LazyPhrase("lake", "damage.form")) from error
    if file is not None and rows != file.rows:
        raise Damaged(file=path, reason=LazyPhrase("lake", "damage.rows", {"rows": rows, "expected": file.rows}))


def copy_of_manifest(folder: Path) -> Manifest | None:
    """The second copy of the manifest, where it can be read and the files it names are there."""
    path = folder / COPY
    try:
        copy = Manifest.from_text(path.read_text(encoding="utf-8"), path)
        for name, state in copy.tables.items():
            files_of(folder / name, state)
    except (Damaged, *UNREADABLE):
        return None
    return copy


def examine_runs(home: Path, *, deep: bool = False) -> Iterator[Finding]:
    """The pointer, and of every run its record, its tables, their footers and, with `deep`, their check sums."""
    runs = Runs(home / "derived")
    try:
        ids = runs.ids()
    except Damaged as error:
        yield damaged(RUNS, home, error, "repair")
        return
    faults = 0
    for run_id in ids:
        fault = damage_of_run(runs, run_id, deep=deep)
        if fault is not None:
            faults += 1
            yield damaged(RUNS, home, fault, "run_aside")
    for fault in runs.damaged():
        if Path(str(fault.facts["file"])).parent.name == WITHDRAWN:
            yield damaged(RUNS, home, fault, "repair")
    try:
        runs.rebuilding()
    except Damaged as error:
        yield damaged(RUNS, home, error, "repair")
    if not faults:
        yield whole(RUNS, "derived", "runs", runs=len(ids))
    for path in sorted((runs.folder / ASIDE).glob("*")):
        yield notice(RUNS, path.relative_to(home).as_posix(), "aside")


def damage_of_run(runs: Runs, run_id: str, *, deep: bool) -> Damaged | None:
    """The damage of a published run; None where it has none."""
    try:
        run = runs.run(run_id)
        for name, states in checksums_in(run.folder).items():
            check(run.folder / name, states, deep=deep)
        for path in sorted(run.folder.glob("*.parquet")):
            _check_footer(path)
    except Damaged as error:
        return error
    return None


def examine_decisions(home: Path) -> Iterator[Finding]:
    """The lists of excluded and erased customers, and the key of the latter."""
    yield from _list_of(home, EXCLUSIONS, lambda: len(Exclusions(home).all()))
    yield from _list_of(home, ERASURES, lambda: len(Erasures(home).all()))
    if (home / KEY).exists() or (home / ERASURES).exists():
        yield from _list_of(home, KEY, lambda: len(Erasures(home).key()))

    try:
        Intents(home).all()
    except Damaged as error:
        yield damaged(DECISIONS, home, error, "erase_again")


def _list_of(home: Path, name: str, read: Callable[[], int]) -> Iterator[Finding]:
    try:
        rows = read()
    except Damaged as error:
        yield damaged(DECISIONS, home, error, "file_from_backup")
    else:
        if (home / name).exists():
            yield whole(DECISIONS, name, "list", rows=rows)
