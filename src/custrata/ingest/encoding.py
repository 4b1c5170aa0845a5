"""Detect the encoding of a text file by strict decoding, and convert it to UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from custrata.errors import BadInput
from custrata.ingest.files import BLOCK, HEAD, NotATable, blocks

UTF8 = "utf-8"
BOMS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the UTF-16 mark, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
UNREADABLE = "\ufffd"
ODD_BYTES = 200_000
LINE_SHOWN = 60
FEW = 50  # of so many bytes one may be a NUL or another control character
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class UnknownEncoding(BadInput):
    template = "The character encoding of “{file}” cannot be determined. Save it as CSV UTF-8 and import it again."


def find_encoding(path: Path, name: str, words: frozenset[str], declared: str | None = None) -> str:
    """The encoding of a text file; `words` are headers that decide where several encodings would do.

    `declared` is the encoding the text declares: it counts where it is not UTF-8 and the text can be read so.

    Raises `NotATable` for a file that is no text, `UnknownEncoding`.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    if b"\x00" in head and (wide := _wide(head)):
        return wide
    if len(re.findall(rb"[\x00-\x08\x0e-\x1f]", head)) > len(head) / FEW:
        raise NotATable(file=name, form="binary")
    if _is_utf8(path):
        return UTF8
    lines = _odd_lines(path)
    with suppress(LookupError):
        if declared and all(_decoded(line, declared) is not None for line in lines):
            return declared
    return _legacy(lines, name, words)


def to_utf8(path: Path, encoding: str, target: Path, name: str) -> int:
    """Write the text in UTF-8; returns how many characters could not be read and became `\\ufffd`.

    Raises `UnknownEncoding` where that is more than one in a hundred.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    characters = unreadable = 0
    with path.open("rb") as source, target.open("w", encoding=UTF8, newline="") as out:
        for block in blocks(source):
            text = decoder.decode(block)
            characters += len(text)
            unreadable += text.count(UNREADABLE)
            out.write(text.removeprefix("\ufeff") if characters == len(text) else text)
        rest = decoder.decode(b"", final=True)
        unreadable += rest.count(UNREADABLE)
        out.write(rest)
    if unreadable * 100 > characters:
        raise UnknownEncoding(file=name)
    return unreadable


@dataclass(frozen=True)
class Nuls:
    """NUL characters removed from a text: their number, and the line number and text of the first."""

    count: int
    line: int
    text: str


def nuls_in(path: Path, name: str) -> Nuls | None:
    """The NUL characters of a UTF-8 text; None where it has none.

    Raises `NotATable` where they are too many for a text.
    """
    count, lines, first = 0, 0, None
    with path.open("rb") as file:
        if not any(b"\x00" in block for block in blocks(file)):
            return None
        file.seek(0)
        for block in blocks(file):
            if (place := block.find(b"\x00")) >= 0:
                count += block.count(b"\x00")
                start, end = block.rfind(b"\n", 0, place) + 1, block.find(b"\n", place)
                text = block[start : end if end >= 0 else None].replace(b"\x00", b"")
                first = first or (lines + block.count(b"\n", 0, place) + 1, text[:LINE_SHOWN].decode(errors="replace"))
            lines += block.count(b"\n")
    if count * FEW > path.stat().st_size:
        raise NotATable(file=name, form="binary")
    return Nuls(count, *first) if first else None


def without_nuls(path: Path, target: Path) -> Path:
    """The same text without NUL characters."""
    with path.open("rb") as file, target.open("wb") as out:
        for block in blocks(file):
            out.write(block.replace(b"\x00", b""))
    return target


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: text with line ends and without control characters."""
    for encoding, size in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        text = head[: len(head) // size * size].decode(encoding, errors="replace")[:-1]
        if "\n" in text and text.count(UNREADABLE) * 100 < len(text) and not CONTROL.search(text):
            return encoding
    return None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder(UTF8)()
    clean = True
    with path.open("rb") as file:
        for block in blocks(file):
            if clean and block.isascii():
                continue
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return False
            clean = not decoder.getstate()[0]
    return clean


def _odd_lines(path: Path) -> list[bytes]:
    """Lines with bytes beyond ASCII, enough of them to judge by."""
    lines, size = [], 0
    for line in _lines(path):
        if not line.isascii():
            lines.append(line)
            size += len(line)
        if size > ODD_BYTES:
            break
    return lines


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(BLOCK):
            yield line.rstrip(b"\r\n")


def _legacy(lines: list[bytes], name: str, words: frozenset[str]) -> str:
    valid = sum(_decoded(line, UTF8) is not None for line in lines)
    if valid * 2 > len(lines):
        return UTF8  # mostly valid UTF-8: a few lines are damaged, and are reported
    scores = {encoding: _score(lines, encoding, words) for encoding in ("gb18030", "big5hkscs", "cp1252")}
    best = max(scores, key=lambda encoding: scores[encoding])
    if scores[best] >= 0.6:
        return best
    guess = from_bytes(b"\n".join(lines), cp_exclusion=["utf_7"]).best()
    if guess is None:
        raise UnknownEncoding(file=name)
    return guess.encoding


def _score(lines: list[bytes], encoding: str, words: frozenset[str]) -> float:
    """The share of lines that decode, times the share of characters that are common there; known headers decide."""
    texts = [text for line in lines if (text := _decoded(line, encoding)) is not None]
    odd = [character for text in texts for character in text if not character.isascii()]
    if not odd:
        return 0.0
    matches = sum(word in words for text in texts[:3] for word in re.split(r'[,;\t|"]', text))
    common = sum(_common(character, encoding) for character in odd) / len(odd)
    return common * len(texts) / len(lines) + (matches if encoding != "cp1252" else 0)


def _common(character: str, encoding: str) -> bool:
    if encoding == "cp1252":
        return character.isalpha() or character in "£€°–’“”«»©®·½²×±¿¡"
    if "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uffef":
        return True
    try:
        lead = character.encode("gb2312" if encoding == "gb18030" else "big5")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= lead <= 0xD7 if encoding == "gb18030" else 0xA4 <= lead <= 0xC6


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
