"""Examination and repair of a whole workspace: settings, lake, runs, decisions, schemes, database.

Both work on a workspace that cannot be opened: damaged settings are reported as a finding.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from custrata.engine.guard import guarded
from custrata.errors import BadInput, CustrataError
from custrata.lake import Damaged, NotAWorkspace, Workspace
from custrata.lake.durable import UNREADABLE
from custrata.lake.erasures import FILE as ERASURES
from custrata.lake.erasures import KEY
from custrata.lake.examining import examine_decisions, examine_lake, examine_runs
from custrata.lake.exclusions import FILE as EXCLUSIONS
from custrata.lake.findings import Finding, damaged, mended, notice, phrase_of, whole
from custrata.lake.repairing import Fetch, files_of_backup, repair_lake, repair_lists, repair_runs, restore_from_backup
from custrata.lake.sums import ABSENT, checksums_in, write_checked
from custrata.lake.sums import FILE as SUMS
from custrata.lake.workspace import FILE as SETTINGS
from custrata.lake.workspace import Settings
from custrata.private import open_paths
from custrata.tiering.learned import LearnedLines
from custrata.tiering.library import SchemeLibrary
from custrata.wording import LazyPhrase

DATABASE = Path("server") / "server.sqlite3"
COPIES = Path("server") / "backups"
LEFTOVERS = (".backup-*", ".repair-*", "derived/.draft-*", "lake/.repair-*", "quarantine/*.waiting", "**/*.new")
OPEN = "file:{path}?mode=ro"
INDEX_FAULTS = ("missing from index", "wrong # of entries", "non-unique entry")


class NoSuchBackupFile(BadInput):
    template = "There is no backup {file}, or it cannot be read. Nothing was changed."


@guarded
def examine(folder: Path | str, *, deep: bool = False) -> list[Finding]:
    """Check everything in a workspace, and remove read permissions of other users; nothing else is changed.

    Parameters: `deep` computes the checksum of every file, not only of those whose modification time changed.

    Raises `NotAWorkspace`.
    """
    home = _home(folder)
    findings = [*_examine_lists(home), *_examine_settings(home), *examine_lake(home, deep=deep)]
    findings += [*examine_runs(home, deep=deep), *examine_decisions(home), *_examine_schemes(home)]
    return [*findings, *_examine_database(home), *_restrict_permissions(home), *_leftovers(home)]


@guarded
def repair(folder: Path | str, *, backup: Path | None = None) -> list[Finding]:
    """Repair what can be repaired from intact files, or from a backup where one is named; returns the findings.

    Raises `NotAWorkspace`, `NoSuchBackupFile`, `Busy`.
    """
    home = _home(folder)
    with ExitStack() as stack:
        try:
            fetch = stack.enter_context(files_of_backup(backup, home))
        except (OSError, tarfile.TarError) as error:
            raise NoSuchBackupFile(file=backup) from error
        findings = [*_repair_settings(home, fetch), *repair_lists(home), *repair_lake(home, fetch)]
        findings += [*repair_runs(home, fetch), *_repair_texts(home, fetch), *_repair_database(home)]
    return [*findings, *(finding for finding in examine(home) if finding.state in ("damaged", "mended"))]


def _home(folder: Path | str) -> Path:
    home = Path(folder).expanduser().resolve()
    if not any((home / part).exists() for part in (SETTINGS, "lake/manifest.json", "lake/manifest.copy.json")):
        raise NotAWorkspace(folder=home)
    return home


def _examine_lists(home: Path) -> Iterator[Finding]:
    for path in sorted(home.rglob(SUMS)):
        try:
            checksums_in(path.parent)
        except Damaged as error:
            yield damaged("sums", home, error, "repair")


def _examine_settings(home: Path) -> Iterator[Finding]:
    try:
        Workspace.open(home)
    except CustrataError as error:
        fault = Damaged(file=home / SETTINGS, reason=error.__cause__ or LazyPhrase("lake", "damage.form"))
        yield damaged("settings", home, fault, "settings")
    else:
        yield whole("settings", SETTINGS, "settings")


def _repair_settings(home: Path, fetch: Fetch) -> Iterator[Finding]:
    if any(finding.state == "damaged" for finding in _examine_settings(home)) and restore_from_backup(
        home / SETTINGS, fetch, lambda fresh: Workspace.open(fresh.parent)
    ):
        yield mended("settings", SETTINGS, "older_from_backup")


def _texts(home: Path) -> Iterator[Path]:
    """The files of decisions, schemes and learned lines: those that exist, and those that the checksum lists name."""
    folders = [home, *(path for path in (home / "schemes", *(home / "schemes").rglob("*")) if path.is_dir())]
    for folder in folders:
        names = {path.name for path in folder.glob("*") if path.suffix in (".yaml", ".json") and path.name != SUMS}
        with suppress(Damaged):  # reported by _examine_lists
            listed = checksums_in(folder).items()
            names |= {name for name, states in listed if ABSENT not in states}
        yield from (folder / name for name in sorted(names) if folder != home or name in (EXCLUSIONS, ERASURES))
    if (home / KEY).exists() or (home / ERASURES).exists():
        yield home / KEY


def _read_text(home: Path, path: Path) -> object:
    """Parse one of these files. Raises `Damaged`."""
    workspace = _without_settings(home)
    if path.name in (EXCLUSIONS, ERASURES, KEY):
        lists = {EXCLUSIONS: workspace.exclusions.all, ERASURES: workspace.erasures.all, KEY: workspace.erasures.key}
        return lists[path.name]()
    if path.suffix == ".yaml":
        return SchemeLibrary(workspace).version(path.parent.name, int(path.stem))
    if path.parent == workspace.schemes:
        return SchemeLibrary(workspace).published()
    version, _, _ = path.stem.partition("-")
    return LearnedLines(workspace).all(path.parent.parent.name, int(version))


def _without_settings(home: Path) -> Workspace:
    """The workspace with placeholder settings, to access its folders where the settings are damaged."""
    return Workspace(home, Settings("", "USD", "UTC", "en"))


def _damage_of_text(home: Path, path: Path) -> Damaged | None:
    try:
        _read_text(home, path)
    except Damaged as error:
        return error
    except (CustrataError, *UNREADABLE) as error:
        return Damaged(file=path, reason=error.__cause__ or LazyPhrase("lake", "damage.form"))
    return None


def _examine_schemes(home: Path) -> Iterator[Finding]:
    faults = 0
    paths = [path for path in _texts(home) if path.parent != home]
    for path in paths:
        error = _damage_of_text(home, path)
        if error is not None and Path(str(error.facts["file"])) == path:
            faults += 1
            yield damaged("schemes", home, error, "file_from_backup")
    if paths and not faults:
        yield whole("schemes", "schemes", "schemes", files=len(paths))


def _repair_texts(home: Path, fetch: Fetch) -> Iterator[Finding]:
    """Take damaged lists, schemes and learned lines from a backup."""
    for path in list(_texts(home)):
        error = _damage_of_text(home, path)
        if error is None or Path(str(error.facts["file"])) != path:
            continue
        if restore_from_backup(path, fetch, lambda fresh: fresh.read_text("utf-8")):
            if path.name != KEY:
                write_checked(path, path.read_text("utf-8"))
            yield mended("decisions", path.relative_to(home).as_posix(), "older_from_backup")


def _examine_database(home: Path) -> Iterator[Finding]:
    """Run SQLite's integrity check on the server's database; PostgreSQL is not checked."""
    path = home / DATABASE
    if not path.exists():
        return
    faults = _faults_of(path)
    if not faults:
        yield whole("database", DATABASE.as_posix(), "database")
        return
    copies = sorted((home / COPIES).glob("*.sqlite3"), reverse=True)
    newest = next((copy for copy in copies if not _faults_of(copy)), None)
    way = phrase_of("ways.backup") if newest is None else phrase_of("ways.copy", copy=_named(newest, home))
    if all(any(marker in fault for marker in INDEX_FAULTS) for fault in faults):
        way = phrase_of("ways.repair")
    yield Finding("database", DATABASE.as_posix(), "damaged", phrase_of("database_faults", faults=len(faults)), way)


def _faults_of(path: Path) -> list[str]:
    """The errors that SQLite reports for a database."""
    try:
        with closing(sqlite3.connect(OPEN.format(path=path), uri=True)) as connection:
            rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
            strays = connection.execute("PRAGMA foreign_key_check").fetchmany(20)
    except sqlite3.DatabaseError as error:
        return [type(error).__name__]
    return [row for row in rows if row != "ok"] + [f"foreign key of {row[0]}" for row in strays]


def _repair_database(home: Path) -> Iterator[Finding]:
    """Rebuild the indexes where only indexes are damaged."""
    path = home / DATABASE
    faults = _faults_of(path) if path.exists() else []
    if not faults or not all(any(marker in fault for marker in INDEX_FAULTS) for fault in faults):
        return
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("REINDEX")
    if not _faults_of(path):
        yield mended("database", DATABASE.as_posix(), "indexes_made_anew")


def _restrict_permissions(home: Path) -> Iterator[Finding]:
    """Remove permissions that let other users of the machine read files."""
    paths = open_paths(home)
    for open_path in paths:
        if open_path.ours:
            open_path.close()
    closed = [open_path for open_path in paths if open_path.ours]
    if closed:
        yield mended("permissions", ".", "closed", paths=len(closed), example=_named(closed[0].path, home))
    foreign = [open_path for open_path in paths if not open_path.ours]
    if foreign:
        what = phrase_of("open", paths=len(foreign), example=_named(foreign[0].path, home))
        yield Finding("permissions", ".", "damaged", what, phrase_of("ways.owner", user=os.geteuid()))
    if not paths:
        yield whole("permissions", ".", "private")


def _named(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix()


def _leftovers(home: Path) -> Iterator[Finding]:
    """Files left by killed commands; the next command of the kind removes them."""
    for pattern in LEFTOVERS:
        for path in sorted(home.glob(pattern)):
            yield notice("leavings", path.relative_to(home).as_posix(), "left")
