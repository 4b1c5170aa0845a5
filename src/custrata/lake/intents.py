"""Erasures in progress: recorded before anything is removed, until every place is clean.

The record holds the ids and contacts in plain text, which are needed to search for remaining data; afterwards only
the hashes of `erasures` are kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from custrata.lake.durable import UNREADABLE, Damaged, replace_file
from custrata.lake.locks import locked

FILE, LOCK, WORK = "erasing.json", ".erasing.lock", ".erasing.work.lock"
WAIT = 10.0


@dataclass(frozen=True)
class ErasedPerson:
    """A person being erased: the customer id, and the contacts and names known when the erasure started."""

    customer_id: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def joined(self, other: ErasedPerson) -> ErasedPerson:
        """The person with contacts and names of both.

        >>> ErasedPerson("a", names=("Ann",)).joined(ErasedPerson("a", names=("Ann", "Anne"))).names
        ('Ann', 'Anne')
        """
        emails, phones, names = (
            tuple(sorted({*mine, *theirs}))
            for mine, theirs in (
                (self.emails, other.emails),
                (self.phones, other.phones),
                (self.names, other.names),
            )
        )
        return ErasedPerson(self.customer_id, emails, phones, names)


@dataclass(frozen=True)
class Intent:
    """An erasure in progress: the people, when and by whom it was requested, row counts by place, and which places are
    clean."""

    id: str
    people: tuple[ErasedPerson, ...]
    at: datetime
    by: str = ""
    removed: Mapping[str, int] = field(default_factory=dict)
    clean: tuple[str, ...] = ()

    @property
    def customer_ids(self) -> list[str]:
        """The ids of the customers to erase."""
        return [person.customer_id for person in self.people]


@dataclass(frozen=True)
class Intents:
    """The erasures under way in a workspace, in one small file of its folder, missing where there are none."""

    folder: Path

    def all(self) -> list[Intent]:
        """Every erasure under way, the oldest first. Raises `Damaged`."""
        try:
            rows = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
            return [_intent(row) for row in rows]
        except FileNotFoundError:
            return []
        except UNREADABLE as error:
            raise Damaged(file=self.folder / FILE, reason=error) from error

    def add(
        self, people: Collection[ErasedPerson], *, at: datetime, by: str = "", removed: Mapping[str, int] | None = None
    ) -> Intent:
        """Record an erasure durably. Raises `Busy`, `NotWritable`, `Damaged`."""
        intent = Intent(token_hex(6), tuple(people), at, by, dict(removed or {}))
        with locked(self.folder / LOCK, wait=WAIT):
            self._write([*self.all(), intent])
        return intent

    def mark_clean(self, intent: Intent, place: str, removed: Mapping[str, int]) -> Intent:
        """Mark a place as clean, with the number of removed rows where it exceeds the earlier count."""
        more = {name: max(count, intent.removed.get(name, 0)) for name, count in removed.items() if count}
        clean = tuple(dict.fromkeys((*intent.clean, place)))
        intent = replace(intent, removed={**intent.removed, **more}, clean=clean)
        with locked(self.folder / LOCK, wait=WAIT):
            self._write([intent if other.id == intent.id else other for other in self.all()])
        return intent

    def remove(self, intent: Intent) -> None:
        """Remove a finished erasure with its personal data."""
        with locked(self.folder / LOCK, wait=WAIT):
            self._write([other for other in self.all() if other.id != intent.id])

    @contextmanager
    def working(self, *, wait: float = WAIT) -> Iterator[None]:
        """Hold the lock for processing erasures, one process at a time. Raises `Busy`."""
        with locked(self.folder / WORK, wait=wait):
            yield

    def _write(self, intents: Collection[Intent]) -> None:
        if not intents:
            for name in (FILE, f"{FILE}.new"):  # the second of a kill while it was written
                (self.folder / name).unlink(missing_ok=True)
            return
        rows = [asdict(intent) for intent in intents]
        replace_file(self.folder / FILE, json.dumps(rows, default=datetime.isoformat, ensure_ascii=False, indent=1))


def _intent(row: dict[str, Any]) -> Intent:
    people = tuple(
        ErasedPerson(person["customer_id"], tuple(person["emails"]), tuple(person["phones"]), tuple(person["names"]))
        for person in row["people"]
    )
    fields = (row["by"], dict(row["removed"]), tuple(row["clean"]))
    return Intent(row["id"], people, datetime.fromisoformat(row["at"]), *fields)
