"""Detect the format of a file by its content, never by its name, and refuse files that are not tables."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from custrata.engine.storage import reason_of
from custrata.errors import BadInput

Form = Literal["text", "excel", "parquet", "html", "spreadsheetml"]

BLOCK = 1 << 20
HEAD = 1 << 16
BOMB_BYTES, BOMB_RATIO = 1 << 30, 200
ROOM_LEFT = 256 << 20

# Formats that are refused, by their first bytes.
UNSUPPORTED = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"SQLite format 3": "SQLite",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"\x7fELF": "program",
    b"MZ\x90": "program",
    b"$FL2": "SPSS",
    b"{\\rtf": "RTF",
    b"ARROW1": "Arrow",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
    b"%!PS": "PostScript",
    b"bplist": "plist",
}
# Zip-based formats that are refused, by one of their members.
PACKAGES = {"word/document.xml": "Word", "ppt/presentation.xml": "PowerPoint", "Index/Document.iwa": "Numbers"}
JSON_LIKE = re.compile(rb"^(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
HTML_TAGS = rb"(?:!doctype\s+html|html|head|body|meta|table|style|div|tr|center|form|title)\b"
HTML_LIKE = re.compile(rb"^(?:<!--.*?-->\s*)*<" + HTML_TAGS, re.DOTALL)
SPREADSHEETML = b"urn:schemas-microsoft-com:office:spreadsheet"
MAIL_HEADER = rb"[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*"
MHTML_LIKE = re.compile(rb"^(?:" + MAIL_HEADER + rb"){0,20}?(?:mime-version:|content-type:\s*multipart/)")


class FileMissing(BadInput):
    template = "There is no file “{file}”."


class NotAFile(BadInput):
    template = "“{file}” is a folder. Name the file to import."


class FileNotReadable(BadInput):
    template = "“{file}” cannot be read: {reason}."


class EmptyFile(BadInput):
    template = "“{file}” is empty."


class NotATable(BadInput):
    template = (
        "“{file}” is not a table ({form}). Custrata reads CSV, TSV, gzip of these, Excel, OpenDocument and Parquet."
    )


class OtherForm(NotATable):
    template = (
        "“{file}” is actually {form}. Open it in a suitable program, save it as .xlsx or as CSV UTF-8 and import that."
    )


class ArchiveFile(BadInput):
    template = "“{file}” is an archive. Unpack it and import the table inside."


class DamagedGzip(BadInput):
    template = "“{file}” is damaged or cut short: its gzip stream does not end properly. Copy it again."


class TooLargeUnpacked(BadInput):
    template = (
        "“{file}” would unpack to more than {ratio} times its size. "
        "This looks like a decompression bomb; it was not unpacked."
    )


class NoRoom(BadInput):
    template = "There is not enough disk space to unpack “{file}”."


@dataclass(frozen=True)
class SourceFile:
    """A readable file: its path, format, unpacked data, and its fingerprint, computed in the background."""

    path: Path
    form: Form
    data: Path
    fingerprint: Future[str]

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    @property
    def sha256(self) -> str:
        """The fingerprint of the file as it was named, packed or not.

        Raises `FileNotReadable`.
        """
        try:
            return self.fingerprint.result()
        except OSError as error:
            raise _not_readable(self.path, error) from error


def open_file(path: Path, scratch: Path) -> SourceFile:
    """Find out what a file is, and unpack it into `scratch` where it is gzip.

    Raises `FileMissing`, `NotAFile`, `FileNotReadable`, `EmptyFile`, `NotATable`, `ArchiveFile`, `DamagedGzip`,
    `TooLargeUnpacked`, `NoRoom`.
    """
    head = _head(path)
    if not head:
        raise EmptyFile(file=path.name)
    fingerprint = _in_background(path)
    if not head.startswith(b"\x1f\x8b"):
        return SourceFile(path, _form(path, path, head), path, fingerprint)
    unpacked = scratch / "unpacked"
    _unpack(path, unpacked)
    with unpacked.open("rb") as file:
        inside = file.read(HEAD)
    if not inside:
        raise EmptyFile(file=path.name)
    if inside.startswith(b"\x1f\x8b"):
        raise ArchiveFile(file=path.name)
    return SourceFile(path, _form(path, unpacked, inside), unpacked, fingerprint)


def blocks(file: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """The bytes of an open file, block by block."""
    while block := file.read(size):
        yield block


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise NotAFile(file=path.name)
    try:
        if not path.is_file():
            raise FileMissing(file=str(path))
        with path.open("rb") as file:
            return file.read(HEAD)
    except (OSError, ValueError) as error:
        raise _not_readable(path, error) from error


def _not_readable(path: Path, error: Exception) -> FileNotReadable:
    return FileNotReadable(file=path.name, reason=reason_of(error))


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in blocks(file):
            digest.update(block)
    return digest.hexdigest()


def _in_background(path: Path) -> Future[str]:
    """The fingerprint, computed in a background thread: hashing takes as long as all other checks of the file."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fingerprint")
    try:
        return executor.submit(_fingerprint, path)
    finally:
        executor.shutdown(wait=False)


def _form(path: Path, data: Path, head: bytes) -> Form:
    for magic, form in UNSUPPORTED.items():
        if head.startswith(magic):
            raise NotATable(file=path.name, form=form)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path, data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "excel"
    return _written_as(path, _plain_start(head))


def _plain_start(head: bytes) -> bytes:
    """The beginning of a text without its mark, in one byte per plain letter."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, errors="replace").encode().lstrip()
    return head.removeprefix(codecs.BOM_UTF8).lstrip()


def _written_as(path: Path, start: bytes) -> Form:
    """Which of the forms that are texts too a text is in."""
    lower = start[:4096].lower()
    if MHTML_LIKE.match(lower):
        raise OtherForm(file=path.name, form="MHTML")
    if JSON_LIKE.match(start):
        raise OtherForm(file=path.name, form="JSON")
    if SPREADSHEETML in lower and lower.startswith((b"<?xml", b"<workbook", b"<ss:workbook", b"<?mso")):
        return "spreadsheetml"
    if HTML_LIKE.match(lower):
        return "html"
    if lower.startswith(b"<?xml"):
        if b"<html" in lower or b"<table" in lower:
            return "html"
        raise OtherForm(file=path.name, form="XML")
    return "text"


def _zipped(path: Path, data: Path) -> Form:
    """An Excel or OpenDocument table is a zip archive too."""
    from custrata.ingest.excel import DamagedExcel  # beside its reader

    try:
        with zipfile.ZipFile(data) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DamagedExcel(file=path.name) from error
    named = {member.filename for member in members}
    for part, form in PACKAGES.items():
        if part in named:
            raise OtherForm(file=path.name, form=form)
    if not named & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
        raise ArchiveFile(file=path.name)
    _refuse_bomb(path, data.stat().st_size, sum(member.file_size for member in members))
    return "excel"


def _refuse_bomb(path: Path, packed: int, unpacked: int) -> None:
    if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed:
        raise TooLargeUnpacked(file=path.name, ratio=BOMB_RATIO)


def _unpack(path: Path, target: Path) -> None:
    packed, written = path.stat().st_size, 0
    try:
        with gzip.open(path, "rb") as source, target.open("wb") as out:
            while block := source.read(BLOCK):
                written += len(block)
                _refuse_bomb(path, packed, written)
                if shutil.disk_usage(target.parent).free < ROOM_LEFT:
                    raise NoRoom(file=path.name)
                out.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedGzip(file=path.name) from error
    except OSError as error:
        raise _not_readable(path, error) from error
