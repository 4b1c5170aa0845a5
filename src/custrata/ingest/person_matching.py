"""Find people in quarantined rows: cells are compared after the normalization of imports."""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import ibis
import pyarrow as pa

from custrata.engine import DuckEngine
from custrata.ingest.contacts import PHONE_LIKE, phone_book
from custrata.ingest.texts import tidy_id
from custrata.lake.erasures import CUSTOMER, EMAIL, PHONE
from custrata.lake.intents import ErasedPerson

PARTS = re.compile(r"[,;|\t\r\n\"]")
LONGEST_CELL = 2**31 - 1
PARTIAL_SUFFIX = ".half"  # of a file that is being written anew

Matcher = Callable[[Collection[str]], set[str]]  # those of some values that name somebody sought, as they stand there


def cell_values(cells: Iterable[str]) -> set[str]:
    """The values in cells: each cell and, for an unparsed line, its parts.

    >>> sorted(cell_values(["a,b", "c"]))
    ['a', 'a,b', 'b', 'c']
    """
    parts: set[str] = set()
    for cell in cells:
        parts.add(cell)
        if PARTS.search(cell):
            parts.update(part.strip() for part in PARTS.split(cell))
    return parts - {""}


def interpretations(values: Collection[str], region: str | None, *, phones: bool) -> dict[str, dict[str, set[str]]]:
    """How an import would read each value: by type (`customer`, `email`, `phone`), then by normalized value, the
    original values. Parsing `phones` is slow and optional."""
    readings: dict[str, dict[str, set[str]]] = {CUSTOMER: {}, EMAIL: {}, PHONE: {}}
    texts = sorted(values)
    with DuckEngine() as engine:
        rows = engine.from_arrow(pa.table({"value": pa.array(texts, pa.string())}))
        tidy = engine.arrow(rows.select("value", plain=tidy_id(rows.value, lower=True))).to_pylist()
    for row in tidy:
        if (plain := row["plain"]) is not None:
            readings[CUSTOMER].setdefault(plain, set()).add(row["value"])
            if "@" in plain:
                readings[EMAIL].setdefault(plain, set()).add(row["value"])
    plain_numbers = {row["plain"]: row["value"] for row in tidy if row["plain"] and PHONE_LIKE.match(row["plain"])}
    for row in phone_book(sorted(plain_numbers), region, lambda share: None).to_pylist() if phones else ():
        if row["e164"]:
            readings[PHONE].setdefault(row["e164"], set()).add(plain_numbers[row["text"]])
    return readings


def normalized_id(customer_id: str) -> str:
    """The id of a customer as imports normalize it.

    >>> normalized_id(" Ｃ００１ ")
    'C001'
    """
    with DuckEngine() as engine:
        text = ibis.literal(customer_id, "string")
        plain = engine.arrow(ibis.memtable({"one": [1]}).select(plain=tidy_id(text, lower=True)))["plain"][0].as_py()
    return plain or customer_id


def person_matcher(people: Collection[ErasedPerson], region: str | None) -> Matcher:
    """A function that returns the values that match one of these people, by id, e-mail address or phone."""
    sought: Mapping[str, set[str]] = {
        CUSTOMER: {person.customer_id for person in people},
        EMAIL: {email.lower() for person in people for email in person.emails},
        PHONE: {phone for person in people for phone in person.phones},
    }

    def named(values: Collection[str]) -> set[str]:
        matches: set[str] = set(values) & sought[CUSTOMER]
        for what, by_value in interpretations(values, region, phones=bool(sought[PHONE])).items():
            matches |= {value for plain in by_value.keys() & sought[what] for value in by_value[plain]}
        return matches

    return named


def count_matching_rows(path: Path, named: Matcher) -> int:
    """How many rows of a quarantine file match."""
    rows = _rows(path)
    return len(rows) - len(_remaining_rows(rows, named))


def delete_rows(path: Path, named: Matcher) -> int:
    """Rewrite a quarantine file atomically without the matching rows; how many were deleted."""
    rows = _rows(path)
    remaining = _remaining_rows(rows, named)
    if len(remaining) == len(rows):
        return 0
    handle, replacement = tempfile.mkstemp(dir=path.parent, suffix=PARTIAL_SUFFIX)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as written:
        csv.writer(written).writerows(remaining)
        written.flush()
        os.fsync(written.fileno())
    os.replace(replacement, path)
    return len(rows) - len(remaining)


def quarantine_files(folder: Path) -> Iterator[Path]:
    """The quarantine files in a folder, including those of killed imports."""
    yield from sorted(folder.glob("*.csv*"))


def _rows(path: Path) -> list[list[str]]:
    csv.field_size_limit(LONGEST_CELL)  # a line that was too long to be read stands there whole
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _remaining_rows(rows: list[list[str]], named: Matcher) -> list[list[str]]:
    """The header, and the rows that do not match."""
    values = cell_values(cell for row in rows[1:] for cell in row)
    matches = named(values) if values else set()
    return rows if not matches else [*rows[:1], *(row for row in rows[1:] if matches.isdisjoint(cell_values(row)))]
