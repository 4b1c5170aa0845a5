"""Translates the errors of disks and database files: full, read-only, not permitted, or damaged.

Python, Arrow, Delta Lake, DuckDB and SQLite each report them differently; here every kind has one error.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from custrata.errors import CustrataError, Refused
from custrata.wording import LazyPhrase


class DiskFull(Refused):
    template = (
        "The disk is full: {place} could not be written. Unfinished work changed nothing. Make room, for example "
        "with `custrata compact`, and try again."
    )


class DiskReadOnly(Refused):
    template = "The disk cannot be written to: the location of {place} is read-only. Nothing was changed."


class NotPermitted(Refused):
    template = (
        "This user has no permission to read or write {place}. Nothing was changed. Run the command as the owner of "
        "the workspace, or change the permissions."
    )


class DiskFailed(Refused):
    template = (
        "The disk cannot read or write {place}. Unfinished work changed nothing. Check the disk, then run `custrata "
        "doctor`."
    )


class StoredFileDamaged(Refused):
    template = (
        "A file of the workspace is damaged and cannot be read ({place}). `custrata doctor` lists all damage, "
        "`custrata repair` repairs what it can."
    )


class DatabaseDamaged(Refused):
    template = (
        "The server's database is damaged. `custrata doctor` reports the extent and the available copies; `custrata "
        "repair` repairs what it can; otherwise restore a backup."
    )


NUMBERS: dict[int, type[Refused]] = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EFBIG: DiskFull,
    errno.EROFS: DiskReadOnly,
    errno.EACCES: NotPermitted,
    errno.EPERM: NotPermitted,
    errno.EIO: DiskFailed,
    errno.ESTALE: DiskFailed,
}
# What the libraries say, in small letters; the first that fits.
WORDS: tuple[tuple[tuple[str, ...], type[Refused]], ...] = (
    (("no space left", "disk is full", "disk full", "quota exceeded", "failed to offload"), DiskFull),
    (("read-only file system", "readonly database"), DiskReadOnly),
    (("permission denied", "operation not permitted", "unable to open database file"), NotPermitted),
    (("input/output error", "disk i/o error"), DiskFailed),
    (("file is not a database", "disk image is malformed", "malformed database schema"), DatabaseDamaged),
)
_DAMAGED = ("magic bytes", "parquet", "thrift", "corrupt", "decompress", "snappy", "zstd", "footer", "page header")
LIBRARIES = frozenset({"duckdb", "_duckdb", "pyarrow", "deltalake", "_internal", "sqlite3", "django"})
CUT = re.compile(r"\s|\.\.\.")  # a statement that an error quotes, or shortens
PANIC = "PanicException"  # of the library below Delta Lake, no Exception


def storage_error(error: BaseException) -> CustrataError | None:
    """The Custrata error for an error of a disk or a database file; `None` for any other error.

    >>> type(storage_error(OSError(errno.ENOSPC, "No space left on device", "orders.csv"))).__name__
    'DiskFull'
    >>> storage_error(ValueError("not ours")) is None
    True
    """
    if isinstance(error, CustrataError):
        return None
    for cause in _causes(error):
        kind = _kind(cause)
        if kind is not None:
            return kind() if kind is DatabaseDamaged else kind(place=_place(cause))
    return None


def reason_of(error: BaseException) -> object:
    """Why a file cannot be read or written, in words that a sentence of any language can take."""
    number = getattr(error, "errno", None)
    name = REASONS.get(number) if isinstance(number, int) else None
    if name is not None:
        return LazyPhrase("lake", f"disk.{name}")
    return getattr(error, "strerror", None) or error


REASONS = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read_only",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.ENOENT: "gone",
    errno.EISDIR: "folder",
    errno.ENOTDIR: "no_folder",
    errno.EEXIST: "exists",
    errno.ENAMETOOLONG: "long_name",
    errno.EIO: "failed",
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it."""
    visited: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in visited:
        visited.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _kind(error: BaseException) -> type[Refused] | None:
    if isinstance(error, OSError) and error.errno in NUMBERS:
        return NUMBERS[error.errno]
    library = type(error).__module__.partition(".")[0]
    if library not in LIBRARIES and not isinstance(error, OSError):
        return None
    words = str(error).lower()
    kind = next((kind for parts, kind in WORDS if any(part in words for part in parts)), None)
    if kind is None and library in ("duckdb", "_duckdb", "pyarrow") and any(part in words for part in _DAMAGED):
        return StoredFileDamaged
    return kind


def _place(error: BaseException) -> object:
    """The file that an error names, else the phrase for a file of the workspace."""
    name = getattr(error, "filename", None)
    if name:
        return name
    quoted = str(error).replace("'", '"').split('"')[1::2]
    paths = [part for part in quoted if part.startswith("/") and not CUT.search(part)]
    return paths[0] if paths else LazyPhrase("lake", "disk.some_file")
