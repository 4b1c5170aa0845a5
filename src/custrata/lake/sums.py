"""Checksums of the files in a folder, to detect changed and missing files.

`.sums.json` lists files of its folder with size, SHA-256 and time of change. A file is compared by size and time, and
by its SHA-256 where the time differs (a copy of the workspace, or damage). While a file is replaced both states are
listed, so that a kill at any moment leaves a listed state.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path

from custrata.lake.durable import UNREADABLE, Damaged, replace_file
from custrata.wording import LazyPhrase

FILE = ".sums.json"
EXACT = 0.001  # seconds by which archives round the time of change
READS, PAUSE = 5, 0.02

Checksums = dict[str, tuple["Checksum", ...]]


@dataclass(frozen=True)
class Checksum:
    """A file as it was written: its bytes, their SHA-256 (empty: unknown), and when it was changed."""

    size: int
    sha256: str
    at: float

    @classmethod
    def of(cls, path: Path) -> Checksum:
        """The file as it is now."""
        status = path.stat()
        return cls(status.st_size, sha256_of(path), status.st_mtime)


# Listed beside the first state of a file until it is in its place: a kill before that leaves none, which is no damage.
ABSENT = Checksum(-1, "", 0.0)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, computed once per process as long as the file stays the same."""
    status = path.stat()
    return _sha256(path, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _sha256(path: Path, inode: int, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(path: Path, states: Sequence[Checksum], *, deep: bool = False, content: bool = True) -> None:
    """Compare a file with the states it may have; `deep` computes the SHA-256 whatever its time of change.

    Without `content` only its size is compared.

    Raises `Damaged`.
    """
    try:
        status = path.stat()
    except OSError as error:
        if isinstance(error, FileNotFoundError) and ABSENT in states:
            return
        raise Damaged(file=path, reason=error) from error
    alike = [state for state in states if state.size == status.st_size]
    if not alike:
        sizes = {"size": status.st_size, "expected": states[-1].size}
        raise Damaged(file=path, reason=LazyPhrase("lake", "damage.size", sizes))
    if not content or (not deep and any(abs(state.at - status.st_mtime) < EXACT for state in alike)):
        return
    if all(state.sha256 for state in alike) and _hashed(path) not in {state.sha256 for state in alike}:
        raise Damaged(file=path, reason=LazyPhrase("lake", "damage.content"))


def _hashed(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise Damaged(file=path, reason=error) from error


def checksums_in(folder: Path) -> Checksums:
    """The listed files of a folder by name; none where it has no list. Raises `Damaged`."""
    path = folder / FILE
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: tuple(Checksum(int(size), str(sha), float(at)) for size, sha, at in rows)
            for name, rows in listed.items()
        }
    except FileNotFoundError:
        return {}
    except UNREADABLE as error:
        raise Damaged(file=path, reason=error) from error


def list_files(folder: Path, names: Iterable[str]) -> None:
    """List files of a folder as they are now, in place of what was listed."""
    _write(folder, {name: (Checksum.of(folder / name),) for name in sorted(names)})


def replace_listed(path: Path, fresh: Path) -> None:
    """Replace a file with a complete one, and update its checksum if it is listed."""
    with _exclusive(path.parent):
        listed, state = checksums_in(path.parent), Checksum.of(fresh)
        if path.name in listed:
            _write(path.parent, listed | {path.name: (*listed[path.name], state)})
        fresh.replace(path)
        if path.name in listed:
            _write(path.parent, listed | {path.name: (state,)})


def write_checked(path: Path, text: str) -> None:
    """Replace a text file, as `replace_file` does, and list its checksum."""
    digest = hashlib.sha256(data := text.encode()).hexdigest()
    with _exclusive(path.parent):
        listed, state = checksums_in(path.parent), Checksum(len(data), digest, 0.0)
        before = listed.get(path.name, _unlisted(path))
        _write(path.parent, listed | {path.name: (*before, state)})
        replace_file(path, text)
        _write(path.parent, listed | {path.name: (state,)})


def read_checked(path: Path) -> str:
    """The text of a file, verified by its checksum.

    Raises `FileNotFoundError` where it was never written, `Damaged` where it is missing or changed.
    """
    for _ in range(READS):
        states, data = checksums_in(path.parent).get(path.name), _bytes(path)
        if data is None and (states is None or ABSENT in states):
            raise FileNotFoundError(path)
        if data is not None and (states is None or _is_listed(data, states)):
            return _text(path, data)
        time.sleep(PAUSE)  # it may have been replaced between the two readings
    raise Damaged(file=path, reason=LazyPhrase("lake", "damage.gone" if data is None else "damage.content"))


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(file=path, reason=error) from error


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Damaged(file=path, reason=error) from error


def _is_listed(data: bytes, states: Sequence[Checksum]) -> bool:
    digest = hashlib.sha256(data).hexdigest()
    return any(digest == state.sha256 for state in states)


def _unlisted(path: Path) -> tuple[Checksum, ...]:
    """The state of a file that is not listed: it is listed until the new one is in its place."""
    return (Checksum.of(path) if path.exists() else ABSENT,)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on the checksum list of a folder; the folder itself is the lock file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(folder: Path, listed: Mapping[str, Sequence[Checksum]]) -> None:
    text = json.dumps({name: [astuple(state) for state in states] for name, states in listed.items()}, indent=1)
    replace_file(folder / FILE, text)


def remove_entries(folder: Path, *names: str) -> None:
    """Take files off the list of a folder; without names, remove the list."""
    with _exclusive(folder):
        if not names:
            (folder / FILE).unlink(missing_ok=True)
        else:
            _write(folder, {name: states for name, states in checksums_in(folder).items() if name not in names})


def is_listed(path: Path) -> bool:
    """Whether a file has a checksum. Raises `Damaged`."""
    return path.name in checksums_in(path.parent)
