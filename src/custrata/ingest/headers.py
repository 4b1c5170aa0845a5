"""Normalize headers and match them to fields."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

# The columns that a quarantine file adds to those of its source file.
ROW, COLUMN, VALUE, REASON, LINE = "_row", "_column", "_value", "_reason", "_line_id"
OURS = (ROW, COLUMN, VALUE, REASON, LINE)
UNIT = re.compile(r"[(\[（【〔].*?[)\]）】〕]")


@lru_cache(maxsize=1)
def _data() -> tuple[dict[str, list[str]], dict[int, int]]:
    data = tomllib.loads((resources.files(__package__) / "synonyms.toml").read_text("utf-8"))
    return data["headers"], str.maketrans(data["traditional"]["from"], data["traditional"]["to"])


def plain_header(header: str) -> str:
    """A header without case, signs, units in brackets, full width and traditional characters.

    >>> plain_header("Customer ID"), plain_header("實付金額（元）")
    ('customerid', '实付金额')
    """
    text = unicodedata.normalize("NFKC", header).strip().lower()
    bare = UNIT.sub("", text)
    letters = "".join(character for character in (bare or text) if character.isalnum())
    return simplified(letters)


def simplified(text: str) -> str:
    """Traditional characters of headers and statuses as the simplified ones."""
    return text.translate(_data()[1])


def rank(header: str, entry: str) -> int | None:
    """How well a header names a field, 0 being best; None where it does not. `entry` is one synonym list or several.

    >>> rank("订单编号", "order_id"), rank("colour", "order_id")
    (2, None)
    """
    words = [word for part in entry.split() for word in _data()[0][part]]
    plain = plain_header(header)
    return words.index(plain) if plain in words else None


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every Chinese header word, in simplified and traditional characters; used to detect encodings."""
    words, simplify = _data()
    back = {after: before for before, after in simplify.items()}
    simple = {word for entry in words.values() for word in entry if any(letter > "\u2e80" for letter in word)}
    return frozenset(simple | {word.translate(back) for word in simple})


@lru_cache(maxsize=1)
def _every_word() -> frozenset[str]:
    return frozenset(word for entry in _data()[0].values() for word in entry)


@lru_cache(maxsize=4096)
def is_known(header: str) -> bool:
    """Whether a header names a field of some kind of file.

    >>> is_known("Order ID"), is_known("colour")
    (True, False)
    """
    return plain_header(header) in _every_word()


def unique_headers(cells: Iterable[str]) -> tuple[str, ...]:
    """Headers without blanks and repeats: `column_3` for a nameless column, `amount_2` for a second `amount`.

    >>> unique_headers(["id", "", "id"])
    ('id', 'column_2', 'id_2')
    """
    taken: set[str] = set()
    names = []
    for place, cell in enumerate(cells, start=1):
        base = _bare(cell) or f"column_{place}"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        names.append(name)
    return tuple(names)


def repeated_headers(cells: Iterable[str]) -> dict[str, list[str]]:
    """Headers that a file gives to several columns, and the unique header of each of these.

    >>> repeated_headers(["id", "amount", "amount"])
    {'amount': ['amount', 'amount_2']}
    """
    by_cell: dict[str, list[str]] = {}
    written = [_bare(cell) for cell in cells]
    for cell, unique in zip(written, unique_headers(written), strict=True):
        if cell:
            by_cell.setdefault(cell, []).append(unique)
    return {cell: names for cell, names in by_cell.items() if len(names) > 1}


def _bare(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").split())


def is_quarantine(headers: Iterable[str]) -> bool:
    """Whether a file is a corrected quarantine file of Custrata."""
    return {ROW, COLUMN, VALUE, REASON} <= set(headers)
