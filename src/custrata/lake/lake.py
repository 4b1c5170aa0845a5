"""The lake: Delta tables that change atomically together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from custrata.lake.change import LakeChange
from custrata.lake.locks import Busy, locked
from custrata.lake.manifest import FILE, Manifest
from custrata.lake.recovery import journal, recover, sweep
from custrata.lake.snapshot import LakeSnapshot
from custrata.lake.usage import LakeUsage, dead_files, usage_of

WAIT = 60.0
LOCK, LEASE = ".lock", ".lease"


class Lake:
    """The tables of a workspace, each a Delta table in its folder; `manifest.json` pins the version of each.

    One process writes at a time; concurrent readers see the state before or after a change. Other programs may read
    the tables; their writes are rolled back by the next change.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Make an empty lake, where there is none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / FILE).exists():
            Manifest().write(self.folder)

    def snapshot(self) -> LakeSnapshot:
        """The current state of the lake, without waiting for locks. Raises `Damaged`."""
        return LakeSnapshot.take(self.folder)

    def at_versions(self, versions: Mapping[str, int], rows: Mapping[str, int]) -> LakeSnapshot | None:
        """The tables at these versions, with these row counts; None where a version no longer exists."""
        return LakeSnapshot.of_versions(self.folder, versions, rows)

    @contextmanager
    def reading(self, *, wait: float = WAIT) -> Iterator[LakeSnapshot]:
        """A snapshot whose files are kept until the block ends: `erase` and `compact` wait for it.

        Code that publishes results computed from customers stays in the block until they are published, so that an
        erasure in between is not undone.

        Without write permission for the lake no lock is held, and the snapshot is an ordinary one.

        Raises `Busy` where old files are being removed for longer than `wait` seconds, `Damaged`.
        """
        if self.folder.exists() and not os.access(self.folder, os.W_OK):
            yield self.snapshot()
            return
        with locked(self.folder / LEASE, wait=wait, shared=True):
            yield self.snapshot()

    @contextmanager
    def change(self, *, at: datetime, wait: float = WAIT) -> Iterator[LakeChange]:
        """A change that becomes visible atomically when the block ends without an error, and never otherwise.

        Parameters: `at` is the instant of the change; `wait` how many seconds to wait for another writer.

        Raises `Busy`, `Damaged`.
        """
        with self._change(at=at, wait=wait) as change:
            yield change

    def erase(self, *customer_ids: str, at: datetime, wait: float = WAIT) -> dict[str, int]:
        """Delete customers from every table, and every older version and file; rows deleted, by table.

        Raises `Busy` where another process writes, or holds `reading`, for longer than `wait` seconds, and `Damaged`;
        then nothing is deleted.
        """
        with self._change(at=at, wait=wait, sweeping=True) as change:
            return change.delete_customers(customer_ids)

    def compact(self, *, at: datetime, wait: float = WAIT) -> dict[str, int]:
        """Merge small files and remove every older version; how many files fewer, by table.

        Raises as `erase` does.
        """
        with self._change(at=at, wait=wait, sweeping=True) as change:
            return change.compact()

    def usage(self) -> LakeUsage:
        """The disk usage of the lake, and how much compacting would free. Raises `Damaged`."""
        return usage_of(self.folder)

    def dead_files(self) -> set[Path]:
        """The data files that the current version does not need, including those of a change in progress."""
        return dead_files(self.folder)

    @contextmanager
    def _change(self, *, at: datetime, wait: float, sweeping: bool = False) -> Iterator[LakeChange]:
        with locked(self.folder / LOCK, wait=wait):
            manifest = self._finish_sweep(recover(self.folder))
            try:
                with journal(self.folder) as token:
                    change = LakeChange(self.folder, manifest, at=at, token=token)
                    yield change
                    self._publish(manifest, change.commit(), wait=wait, sweeping=sweeping)
            except BaseException:
                recover(self.folder)
                raise

    def _publish(self, current: Manifest, manifest: Manifest, *, wait: float, sweeping: bool) -> None:
        if not sweeping:
            if manifest != current:
                manifest.write(self.folder)
            return
        # The lease is taken before the change is visible: if a reader does not finish, nothing has changed.
        with locked(self.folder / LEASE, wait=wait):
            self._sweep(manifest)

    def _sweep(self, manifest: Manifest) -> Manifest:
        """Write the manifest and remove unreferenced files; after a kill the next change finishes this."""
        replace(manifest, sweep_due=True).write(self.folder)
        swept = sweep(self.folder, manifest)
        swept.write(self.folder)
        return swept

    def _finish_sweep(self, manifest: Manifest) -> Manifest:
        """Finish the cleanup of a killed erasure, unless a reader holds the lease."""
        if manifest.sweep_due:
            with suppress(Busy), locked(self.folder / LEASE, wait=0):
                return self._sweep(manifest)
        return manifest
