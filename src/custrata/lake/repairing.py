"""Repair the lake and runs from undamaged data: the copy of the manifest, the data files, or a backup.

Damaged logs and runs are moved aside, not deleted.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from secrets import token_hex

from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction, RemoveAction

from custrata.lake.delta import CONFIGURATION, LOG, sync_log
from custrata.lake.durable import UNREADABLE, Damaged, replace_file, sync
from custrata.lake.examining import copy_of_manifest, damage_of_files, damage_of_log, damage_of_run
from custrata.lake.findings import Finding, mended
from custrata.lake.lake import LOCK as LAKE_LOCK
from custrata.lake.locks import locked
from custrata.lake.manifest import COPY, Manifest, TableState
from custrata.lake.manifest import FILE as MANIFEST
from custrata.lake.run import Run, withdrawn_in
from custrata.lake.runs import ASIDE, POINTER, RECORD, STAGED, TRACE, WITHDRAWN, Runs
from custrata.lake.runs import LOCK as RUNS_LOCK
from custrata.lake.sums import FILE as SUMS
from custrata.lake.sums import Checksum, check, checksums_in, list_files, remove_entries
from custrata.private import FOLDER, private_files
from custrata.schema import TABLES

WAIT = 60.0
OLD_LOG = "_damaged_log-"

Fetch = Callable[[Path, Path], bool]
"""Puts the file of a backup, named by its place in the workspace, at a path; whether the backup has it."""


@contextmanager
def files_of_backup(backup: Path | None, home: Path) -> Iterator[Fetch]:
    """The files of a backup by their place in the workspace; none without a backup."""
    if backup is None:
        yield lambda path, target: False
        return
    with tarfile.open(backup, "r:*") as tar:
        members = {member.name: member for member in tar.getmembers() if member.isreg()}

        def fetch(path: Path, target: Path) -> bool:
            member = members.get(str(PurePosixPath("workspace") / path.relative_to(home).as_posix()))
            content = None if member is None else tar.extractfile(member)
            if content is None or member is None:
                return False
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
            os.utime(target, (member.mtime, member.mtime))
            return True

        yield fetch


def restore_from_backup(path: Path, fetch: Fetch, accept: Callable[[Path], object]) -> bool:
    """Replace a damaged file with that of a backup if `accept` succeeds; whether it was replaced.

    `accept` checks the file of the backup, and raises what reading a damaged file raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".repair-") as scratch:
        fresh = Path(scratch) / path.name
        try:
            if not fetch(path, fresh):
                return False
            accept(fresh)
        except (Damaged, *UNREADABLE):
            return False
        sync(fresh)
        fresh.replace(path)
    sync(path.parent)
    return True


def repair_lists(home: Path) -> Iterator[Finding]:
    """Recreate unreadable checksum lists; that of a run from its files where these can be read."""
    for path in sorted(home.rglob(SUMS)):
        folder = path.parent
        try:
            checksums_in(folder)
        except Damaged:
            remove_entries(folder)
            if folder.parent == home / "derived" / "runs":
                list_files(folder, [RECORD, *(file.name for file in folder.glob("*.parquet"))])
            yield mended("sums", path.relative_to(home).as_posix(), "list_made_anew")


def repair_lake(home: Path, fetch: Fetch) -> Iterator[Finding]:
    """Repair the manifest from its copy, data files from a backup, logs from the manifest."""
    folder = home / "lake"
    with private_files(), locked(folder / LAKE_LOCK, wait=WAIT):
        yield from _repair_manifest(home, folder, fetch)
        try:
            manifest = Manifest.read(folder)
        except Damaged:
            return
        for name, state in sorted(manifest.tables.items()):
            yield from _repair_files(home, folder / name, state, fetch)
            faults = any(True for _ in damage_of_files(folder / name, state, deep=False))
            if not faults and state.files and damage_of_log(folder / name, state) is not None:
                rebuild_log(folder / name, state)
                yield mended("lake", f"lake/{name}/{LOG}", "log_rebuilt", version=state.version, files=len(state.files))


def _repair_manifest(home: Path, folder: Path, fetch: Fetch) -> Iterator[Finding]:
    path = folder / MANIFEST
    try:
        manifest = Manifest.read(folder)
    except Damaged:
        copy = copy_of_manifest(folder)
        if copy is not None:
            copy.write(folder)
            yield mended("lake", f"lake/{MANIFEST}", "manifest_from_copy", imports=len(copy.imports))
        elif restore_from_backup(path, fetch, lambda fresh: Manifest.from_text(fresh.read_text("utf-8"), fresh)):
            restored = Manifest.from_text(path.read_text("utf-8"), path)
            restored.write(folder)
            yield mended("lake", f"lake/{MANIFEST}", "manifest_from_backup", imports=len(restored.imports))
        return
    if copy_of_manifest(folder) != manifest:
        replace_file(folder / COPY, manifest.text())
        yield mended("lake", f"lake/{COPY}", "copy_made_anew")


def _compare(states: Sequence[Checksum], fresh: Path) -> None:
    check(fresh, states, deep=True)


def _repair_files(home: Path, folder: Path, state: TableState, fetch: Fetch) -> Iterator[Finding]:
    files = {file.name: file for file in state.files}
    for error in list(damage_of_files(folder, state, deep=True)):
        path = Path(str(error.facts["file"]))
        file = files.get(path.name)
        if file is not None and restore_from_backup(path, fetch, partial(_compare, [file.sum])):
            yield mended("lake", path.relative_to(home).as_posix(), "file_from_backup")


def rebuild_log(folder: Path, state: TableState) -> None:
    """Rebuild the Delta log of a table from the manifest: its pinned version as a checkpoint, without older ones.

    The new log is built in a temporary folder, and the old one is moved aside; version numbers continue.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".repair-") as scratch:
        rebuilt = Path(scratch) / folder.name
        _write_log(rebuilt, folder.name, state)
        if (folder / LOG).exists():
            (folder / LOG).rename(folder / f"{OLD_LOG}{token_hex(4)}")
        (rebuilt / LOG).rename(folder / LOG)
    sync_log(folder, state.version)


def _write_log(folder: Path, name: str, state: TableState) -> None:
    schema = Schema.from_arrow(TABLES[name].schema.to_pyarrow())
    table = DeltaTable.create(folder, schema, configuration=CONFIGURATION)
    adds: list[AddAction | RemoveAction] = [
        AddAction(file.name, file.size, {}, int(file.at * 1000), True, json.dumps({"numRecords": file.rows}))
        for file in state.files
    ]
    if state.version == 0:  # a table without a file
        return
    for number in range(1, state.version):
        entry = {"commitInfo": {"timestamp": 0, "operation": "WRITE"}}
        (folder / LOG / f"{number:020d}.json").write_text(json.dumps(entry) + "\n", "utf-8")
    table.update_incremental()
    table.create_write_transaction(adds, "append", schema)
    table.update_incremental()
    table.create_checkpoint()
    for number in range(state.version):
        (folder / LOG / f"{number:020d}.json").unlink()


def repair_runs(home: Path, fetch: Fetch) -> Iterator[Finding]:
    """Repair runs from a backup, move unrepairable ones aside, and publish the undamaged ones."""
    runs = Runs(home / "derived")
    if not runs.folder.exists():
        return
    with private_files(), locked(runs.folder / RUNS_LOCK, wait=WAIT):
        yield from _repair_notes(home, runs)
        for path in sorted((runs.folder / "runs").glob("*")):
            if is_trace(path):
                continue
            error = damage_of_run(runs, path.name, deep=False)
            while error is not None and _run_file_from_backup(error, fetch):
                yield mended("runs", Path(str(error.facts["file"])).relative_to(home).as_posix(), "file_from_backup")
                error = damage_of_run(runs, path.name, deep=False)
            if error is not None and _is_pointed_at(runs, path.name):
                target = _move_aside(runs, path)
                place = target.relative_to(home).as_posix()
                yield mended("runs", path.relative_to(home).as_posix(), "run_moved", place=place)
        yield from _repair_pointer(home, runs)


def is_trace(folder: Path) -> bool:
    """Whether retention has reduced a run to its changes."""
    return (folder / TRACE).exists() and not (folder / RECORD).exists()


def _is_pointed_at(runs: Runs, run_id: str) -> bool:
    """Whether a run is published, or the pointer is unreadable; drafts of a killed refresh are left to the next one."""
    try:
        return run_id in runs.ids()
    except Damaged:
        return True


def _run_file_from_backup(error: Damaged, fetch: Fetch) -> bool:
    path = Path(str(error.facts["file"]))
    try:
        states = checksums_in(path.parent).get(path.name)
    except Damaged:
        return False
    return states is not None and restore_from_backup(path, fetch, partial(_compare, states))


def _repair_notes(home: Path, runs: Runs) -> Iterator[Finding]:
    """Remove the note of a rebuilding that cannot be read; move such notes of withdrawn runs aside."""
    try:
        runs.rebuilding()
    except Damaged:
        (runs.folder / STAGED).unlink()
        yield mended("runs", f"derived/{STAGED}", "staged_removed")
    for path in sorted((runs.folder / WITHDRAWN).glob("*.json")):
        try:
            withdrawn_in(path)
        except Damaged:
            target = _move_aside(runs, path)
            place = target.relative_to(home).as_posix()
            yield mended("runs", path.relative_to(home).as_posix(), "run_moved", place=place)


def _move_aside(runs: Runs, path: Path) -> Path:
    target = runs.folder / ASIDE / f"{path.name}-{token_hex(2)}"
    target.parent.mkdir(FOLDER, exist_ok=True)
    path.rename(target)
    sync(target.parent)
    return target


def _repair_pointer(home: Path, runs: Runs) -> Iterator[Finding]:
    """Publish the undamaged runs: of several runs of one instant the newest."""
    folders = list((runs.folder / "runs").glob("*"))
    present = {path.name for path in folders if not is_trace(path)}
    traces = [path.name for path in folders if is_trace(path)]
    try:
        pointed = [run_id for run_id in runs.ids() if run_id in present]
        if pointed == list(runs.ids()):
            return
        name = "pointer_without"
    except Damaged:
        newest: dict[datetime, Run] = {}
        for run in sorted(map(runs.run, present), key=_made_at):
            newest[run.as_of] = run
        pointed, name = sorted(run.id for run in newest.values()), "pointer_made_anew"
    runs.point_at(pointed, traces)
    yield mended("runs", f"derived/{POINTER}", name, runs=len(pointed))


def _made_at(run: Run) -> datetime:
    """When a run was computed; a run without the time counts as the oldest."""
    try:
        return datetime.fromisoformat(run.record["at"])
    except UNREADABLE:
        return datetime.min.replace(tzinfo=UTC)
