"""Where somebody is named in rows nobody has read yet: cells compared as an import would read them."""

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
from custrata.lake.intents import Person

PARTS = re.compile(r"[,;|\t\r\n\"]")
LONGEST_CELL = 2**31 - 1
HALF = ".half"  # of a file that is being written anew

Named = Callable[[Collection[str]], set[str]]  # those of some values that name somebody sought, as they stand there


def parts_of(cells: Iterable[str]) -> set[str]:
    """The values in cells: each by itself and, of a line that was not understood, its parts.

    >>> sorted(parts_of(["a,b", "c"]))
    ['a', 'a,b', 'b', 'c']
    """
    found: set[str] = set()
    for cell in cells:
        found.add(cell)
        if PARTS.search(cell):
            found.update(part.strip() for part in PARTS.split(cell))
    return found - {""}


def read_as(values: Collection[str], region: str | None, *, phones: bool) -> dict[str, dict[str, set[str]]]:
    """What an import would take each value for: by what it may be (`customer`, `email`, `phone`), then by what it is
    then, the values as they stand there. Reading `phones` takes long, and can be left out."""
    told: dict[str, dict[str, set[str]]] = {CUSTOMER: {}, EMAIL: {}, PHONE: {}}
    given = sorted(values)
    with DuckEngine() as engine:
        rows = engine.from_arrow(pa.table({"value": pa.array(given, pa.string())}))
        tidy = engine.arrow(rows.select("value", plain=tidy_id(rows.value, lower=True))).to_pylist()
    for row in tidy:
        if (plain := row["plain"]) is not None:
            told[CUSTOMER].setdefault(plain, set()).add(row["value"])
            if "@" in plain:
                told[EMAIL].setdefault(plain, set()).add(row["value"])
    plain_numbers = {row["plain"]: row["value"] for row in tidy if row["plain"] and PHONE_LIKE.match(row["plain"])}
    for row in phone_book(sorted(plain_numbers), region, lambda share: None).to_pylist() if phones else ():
        if row["e164"]:
            told[PHONE].setdefault(row["e164"], set()).add(plain_numbers[row["text"]])
    return told


def plain_id(customer_id: str) -> str:
    """The number of a customer as imports keep it.

    >>> plain_id(" Ｃ００１ ")
    'C001'
    """
    with DuckEngine() as engine:
        text = ibis.literal(customer_id, "string")
        plain = engine.arrow(ibis.memtable({"one": [1]}).select(plain=tidy_id(text, lower=True)))["plain"][0].as_py()
    return plain or customer_id


def naming(people: Collection[Person], region: str | None) -> Named:
    """Which values name one of these people, by number, e-mail address or phone."""
    sought: Mapping[str, set[str]] = {
        CUSTOMER: {person.customer_id for person in people},
        EMAIL: {email.lower() for person in people for email in person.emails},
        PHONE: {phone for person in people for phone in person.phones},
    }

    def named(values: Collection[str]) -> set[str]:
        found: set[str] = set(values) & sought[CUSTOMER]
        for what, by_value in read_as(values, region, phones=bool(sought[PHONE])).items():
            found |= {value for plain in by_value.keys() & sought[what] for value in by_value[plain]}
        return found

    return named


def rows_naming(path: Path, named: Named) -> int:
    """How many rows of a file of rejected rows name somebody."""
    rows = _rows(path)
    return len(rows) - len(_others(rows, named))


def take_out(path: Path, named: Named) -> int:
    """Write a file of rejected rows anew without those that name somebody, whole or not at all; how many went."""
    rows = _rows(path)
    kept = _others(rows, named)
    if len(kept) == len(rows):
        return 0
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=HALF)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as written:
        csv.writer(written).writerows(kept)
        written.flush()
        os.fsync(written.fileno())
    os.replace(beside, path)
    return len(rows) - len(kept)


def files_of(folder: Path) -> Iterator[Path]:
    """The files of rejected rows in a folder, those of killed imports among them."""
    yield from sorted(folder.glob("*.csv*"))


def _rows(path: Path) -> list[list[str]]:
    csv.field_size_limit(LONGEST_CELL)  # a line that was too long to be read stands there whole
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _others(rows: list[list[str]], named: Named) -> list[list[str]]:
    """The header, and the rows that name nobody sought."""
    values = parts_of(cell for row in rows[1:] for cell in row)
    found = named(values) if values else set()
    return rows if not found else [*rows[:1], *(row for row in rows[1:] if found.isdisjoint(parts_of(row)))]
