"""One Delta table in its folder: its versions, the files of each, and how a new one is committed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from custrata.lake.durable import Damaged, sync
from custrata.lake.manifest import DataFile, TableState
from custrata.lake.sums import check, sha256_of
from custrata.schema import TableSpec
from custrata.wording import LazyPhrase

# Automatic log cleanup during a commit could remove the version that the manifest still pins.
CONFIGURATION = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 0 days",
    "delta.checkpointInterval": "20",
}
LOG = "_delta_log"
# What reading a damaged log may raise: its own errors, and Arrow's and Python's of what is in it.
UNREADABLE_LOG = (DeltaError, TableNotFoundError, pa.ArrowException, OSError, ValueError, KeyError, TypeError)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Commit:
    """The files that a new version adds and removes; `rearranged` when the rows stay the same."""

    added: tuple[DataFile, ...]
    removed: tuple[DataFile, ...]
    at: datetime
    rearranged: bool = False


def files_at(folder: Path, version: int) -> tuple[DataFile, ...]:
    """The files of one version, from the log of the table. Raises `Damaged` where the version is missing."""
    try:
        actions = pa.table(DeltaTable(folder, version=version).get_add_actions(flatten=True)).to_pylist()
        files = [DataFile(file["path"], int(file["num_records"]), int(file["size_bytes"])) for file in actions]
    except UNREADABLE_LOG as error:
        raise _missing(folder, version) from error
    return tuple(sorted(files, key=lambda file: file.name))


def files_of(folder: Path, state: TableState, *, deep: bool = False) -> tuple[DataFile, ...]:
    """The files of a table as the manifest pins them; each is there as it was written.

    Where an earlier version wrote the manifest, the log names them, and their rows must add up. `deep` computes every
    check sum.

    Raises `Damaged`.
    """
    files = state.files or files_at(folder, state.version)
    for file in files:
        check(folder / file.name, [file.sum], deep=deep)
    if (rows := sum(file.rows for file in files)) != state.rows:
        log = folder / LOG / f"{state.version:020d}.json"
        raise Damaged(file=log, reason=LazyPhrase("lake", "damage.rows", {"rows": rows, "expected": state.rows}))
    return files


def check_entry(folder: Path, version: int) -> None:
    """Whether the log has an entry of a version. Raises `Damaged`."""
    entry = folder / LOG / f"{version:020d}.json"
    if not entry.exists() or entry.stat().st_size == 0:
        raise _missing(folder, version)


def check_log(folder: Path, state: TableState) -> None:
    """Whether the log names, for the version that the manifest pins, the files of the manifest. Raises `Damaged`."""
    pinned = {(file.name, file.rows, file.size) for file in files_of(folder, state)}
    if {(file.name, file.rows, file.size) for file in files_at(folder, state.version)} != pinned:
        raise Damaged(file=folder / LOG, reason=LazyPhrase("lake", "damage.files", {"version": state.version}))


def _missing(folder: Path, version: int) -> Damaged:
    return Damaged(file=folder / LOG, reason=LazyPhrase("lake", "damage.version", {"version": version}))


def roll_back(folder: Path, version: int) -> int:
    """Make `version` the newest again, by a new version with the same files, and return that one's number."""
    try:
        table = DeltaTable(folder)
        if table.version() == version:
            return version
        table.restore(version)
        return table.version()
    except UNREADABLE_LOG as error:
        raise _missing(folder, version) from error


def commit(folder: Path, spec: TableSpec, change: Commit) -> int:
    """Make the next version, and the table where there is none yet; its number is returned."""
    schema = Schema.from_arrow(spec.schema.to_pyarrow())
    if not DeltaTable.is_deltatable(str(folder)):
        DeltaTable.create(folder, schema, configuration=CONFIGURATION)
    millis, matters = int(change.at.timestamp() * 1000), not change.rearranged
    actions: list[AddAction | RemoveAction] = [
        AddAction(file.name, file.size, {}, millis, matters, _statistics(folder / file.name, spec.at))
        for file in change.added
    ]
    actions += [RemoveAction(file.name, matters, millis, file.size, {}) for file in change.removed]
    table = DeltaTable(folder)
    table.create_write_transaction(actions, "append", schema)
    table.update_incremental()
    sync_log(folder, table.version())
    return table.version()


def sync_log(folder: Path, version: int) -> None:
    """Wait until the log up to a version is on the disk."""
    log = folder / LOG
    sync(log / f"{version:020d}.json")
    sync(log)
    sync(folder)


def purge_history(folder: Path, version: int) -> None:
    """Remove the log entries that the newest version does not need."""
    table = DeltaTable(folder, version=version)
    table.create_checkpoint()
    table.cleanup_metadata()


def written_file(path: Path) -> DataFile:
    """A Parquet file as a table lists it."""
    status = path.stat()
    return DataFile(path.name, pq.read_metadata(path).num_rows, status.st_size, sha256_of(path), status.st_mtime)


def _statistics(path: Path, instant: str | None) -> str:
    """The statistics of a file in the log: its row count and the range of its instants, no personal data."""
    metadata = pq.read_metadata(path)
    statistics: dict[str, object] = {"numRecords": metadata.num_rows}
    if instant is not None and (span := _span(metadata, instant)) is not None:
        statistics |= {"minValues": {instant: _stamp(span[0])}, "maxValues": {instant: _stamp(span[1] + MILLISECOND)}}
    return json.dumps(statistics)


def _span(metadata: pq.FileMetaData, column: str) -> tuple[datetime, datetime] | None:
    """The least and the greatest instant of a column, where every row group says so."""
    index = next(at for at in range(metadata.num_columns) if metadata.schema.column(at).path == column)
    groups = [metadata.row_group(group).column(index).statistics for group in range(metadata.num_row_groups)]
    if not groups or any(group is None or not group.has_min_max for group in groups):
        return None
    return min(group.min for group in groups), max(group.max for group in groups)


def _stamp(instant: datetime) -> str:
    """As Delta writes instants in statistics: UTC, cut to milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
