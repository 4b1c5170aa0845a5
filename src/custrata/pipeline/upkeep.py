"""Cleanup of a workspace: dead files of the lake, runs past their retention, old rejected rows, leftovers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from custrata.lake import Busy, Damaged, Run, Runs, Workspace
from custrata.lake.retention import compacting_share, days_kept, instant_of, runs_to_remove
from custrata.lake.workspace import LEFT_INSIDE, SCRATCH
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.marks import method_of

Progress = Callable[[str, float], None]
WAIT = 60.0
# The parts of a record that history, stays and the feed of changes read of a run whose tables were removed.
BRIEF = ("as_of", "zone", "currency", "at", "version", "before", "headline", "marks")
OF_SCHEME = ("waiting", "version", "tiers", "notes")
PARTS = ("facts", "dead", "lake_log", "runs", "quarantine", "backups", "database", "scratch", "other")
FOLDERS = {"derived": "runs", "server": "database"} | {name: name for name in ("quarantine", "backups", SCRATCH)}

COPIES = Path("server") / "backups"  # of the database, made before an upgrade


@dataclass(frozen=True)
class Room:
    """Free and total bytes of a disk that are available to this user."""

    free: int
    size: int

    @property
    def nearly_full(self) -> bool:
        """Whether less than a tenth of the disk is free."""
        return self.free * 10 < self.size


@dataclass(frozen=True)
class DiskUse:
    """Bytes of a workspace by part of `PARTS`; `freeable` is what compacting and retention would free, by part.

    `expendable` is how many runs retention would remove; `room` is the disk's.
    """

    parts: Mapping[str, int]
    freeable: Mapping[str, int]
    expendable: int
    room: Room

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Retained:
    """Runs that retention removed, by `as_of`, and the bytes it freed."""

    runs: tuple[datetime, ...] = ()
    freed: int = 0


@dataclass(frozen=True)
class Tidied:
    """What was removed: bytes by part, small files written together, runs, and files of rejected rows.

    `busy` names the parts that were left alone, since somebody was at work there.
    """

    freed: Mapping[str, int] = field(default_factory=dict)
    merged: int = 0
    runs: tuple[datetime, ...] = ()
    quarantined: int = 0
    busy: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All bytes freed."""
        return sum(self.freed.values())


def disk_use(workspace: Workspace, *, at: datetime) -> DiskUse:
    """What the workspace takes on the disk, and what `tidy` would free of it at an instant. Raises `Damaged`."""
    parts = dict.fromkeys(PARTS, 0)
    for entry in os.scandir(workspace.folder):
        if entry.name != "lake":
            part = "scratch" if entry.name.startswith(LEFT_INSIDE) else FOLDERS.get(entry.name, "other")
            parts[part] += _bytes_of(Path(entry.path))
    copies = _bytes_of(workspace.folder / COPIES)
    parts |= {"backups": parts["backups"] + copies, "database": parts["database"] - copies}
    lake, whole = workspace.lake.usage(), _bytes_of(workspace.lake.folder)
    parts |= {"facts": lake.live, "dead": lake.dead, "lake_log": lake.log}
    parts["other"] += max(0, whole - lake.live - lake.dead - lake.log)
    gone = _expendable(workspace)
    freeable = {
        "dead": lake.dead,
        "runs": sum(_bytes_of(workspace.runs.folder / "runs" / run_id) for run_id in gone),
        "quarantine": sum(path.stat().st_size for path in _old_quarantine(workspace, at)),
    }
    return DiskUse(parts, freeable, len(gone), disk_room(workspace.folder))


def disk_room(folder: Path) -> Room:
    """The free space on the disk of a folder; space reserved for root is not counted."""
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    return Room(free, free + (disk.f_blocks - disk.f_bfree) * disk.f_frsize)


def retain(workspace: Workspace, *, wait: float = 0.0) -> Retained:
    """Remove the runs past the workspace's retention; their changes stay in the history.

    Raises `Busy` where a refresh runs for longer than `wait` seconds.
    """
    gone = _expendable(workspace)
    if not gone:
        return Retained()
    traces = {}
    for run_id in gone:
        with suppress(Damaged):  # superseded meanwhile, or damaged: it is skipped, and the others are removed
            traces[run_id] = trace_of(workspace.runs.run(run_id))
    folders = [workspace.runs.folder / "runs" / run_id for run_id in gone]
    before = sum(map(_bytes_of, folders))
    workspace.runs.reduce_to_traces(traces, wait=wait)
    freed = max(0, before - sum(map(_bytes_of, folders)))
    return Retained(tuple(instant_of(run_id) for run_id in gone if run_id in workspace.runs.traces()), freed)


def trace_of(run: Run) -> dict[str, Any]:
    """The part of the record that stays of a removed run."""
    return GradedRun.of(run).brief(BRIEF, OF_SCHEME)


def compact_if_due(workspace: Workspace, *, at: datetime, wait: float = 5.0) -> int:
    """Compact the lake where it has more dead or small files than its settings allow; returns the bytes freed.

    Where the lake stays locked for longer than `wait` seconds nothing is done; the next change tries again.
    """
    before = workspace.lake.usage()
    if not before.is_due(compacting_share(workspace.settings.compact_at)):
        return 0
    with suppress(Busy):
        workspace.lake.compact(at=at, wait=wait)
        after = workspace.lake.usage()
        return max(0, before.live + before.dead + before.log - after.live - after.dead - after.log)
    return 0


def is_due(workspace: Workspace) -> bool:
    """Whether `tidy` has something to do by the settings. Raises `Damaged`."""
    share = compacting_share(workspace.settings.compact_at)
    return workspace.lake.usage().is_due(share) or bool(_expendable(workspace))


def tidy(workspace: Workspace, *, at: datetime, wait: float = WAIT, progress: Progress | None = None) -> Tidied:
    """Compact the lake, remove runs past their retention, old rejected rows, and leftovers of killed processes.

    Each step is atomic: after a kill, calling it again does the rest. Parts that stay locked for longer than `wait`
    seconds are skipped and listed in `busy`.
    """
    tell, busy, freed = progress or (lambda step, share: None), list[str](), dict[str, int]()
    tell("compact", 0.0)
    before, merged = workspace.lake.usage(), 0
    try:
        merged = sum(workspace.lake.compact(at=at, wait=wait).values())
    except Busy:
        busy.append("dead")
    after = workspace.lake.usage()
    freed |= {"dead": before.dead - after.dead + before.live - after.live, "lake_log": before.log - after.log}
    tell("retain", 0.5)
    retained = Retained()
    try:
        retained = retain(workspace, wait=wait)
        workspace.runs.clear(wait=wait)
    except Busy:
        busy.append("runs")
    freed["runs"] = retained.freed
    tell("quarantine", 0.8)
    old = _old_quarantine(workspace, at)
    freed["quarantine"] = sum(map(_remove, old))
    workspace.remove_leftovers()
    tell("compacted", 1.0)
    freed = {part: size for part, size in freed.items() if size > 0}
    return Tidied(freed, max(0, merged), retained.runs, len(old), tuple(busy))


def _expendable(workspace: Workspace) -> list[str]:
    """The ids of the runs that retention removes; none during a rebuild."""
    runs, settings = workspace.runs, workspace.settings
    if runs.rebuilding() is not None:
        return []
    run_ids = runs_to_remove(runs.ids(), days=days_kept(settings.keep_runs), zone=settings.timezone)
    openings = _openings(runs.folder, runs.history_ids()) if run_ids else frozenset()
    return [run_id for run_id in run_ids if run_id not in openings]


@lru_cache(maxsize=8)
def _openings(folder: Path, ids: Sequence[str]) -> frozenset[str]:
    """The first runs graded by the current method, for each scheme of the newest run.

    Stays in tiers are counted from there on, and need the profile of that run. The result depends only on the list of
    runs, so it is cached by it.
    """
    runs = Runs(folder).history()
    keys = GradedRun.of(runs[-1]).schemes if runs else ()
    return frozenset(run_id for key in keys for run_id in _opening(runs, key))


def _opening(runs: Sequence[Run], key: str) -> list[str]:
    """The first run that graded a scheme by the method of the newest run; none where that one did not grade it."""
    graded = [run for run in runs if method_of(run, key) is not None]
    now = method_of(runs[-1], key)
    return [run.id for run in takewhile(lambda run: method_of(run, key) == now, reversed(graded))][-1:]


def _old_quarantine(workspace: Workspace, at: datetime) -> list[Path]:
    """The files of rejected rows past their retention, by the instant of their import."""
    days = days_kept(workspace.settings.keep_quarantine)
    if days is None:
        return []
    since = at - timedelta(days=days)
    old = [record.import_id for record in workspace.lake.snapshot().imports if record.rejected and record.at < since]
    paths = (workspace.quarantine / f"{import_id}.csv" for import_id in old)
    return [path for path in paths if path.exists()]


def _remove(path: Path) -> int:
    size = path.stat().st_size
    path.unlink(missing_ok=True)
    return size


def _bytes_of(path: Path) -> int:
    """The size of a file or of all files in a folder; files removed meanwhile count as 0."""
    return sum(_size(file) for file in (_files(path) if path.is_dir() else [path]))


def _files(folder: Path) -> Iterator[Path]:
    for home, _, names in os.walk(folder):
        yield from (Path(home) / name for name in names)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
