"""Erasures that are under way: noted before anything is removed, and until every place is clean.

Until then the note holds whom it is about in plain text, since what is left of them could not be searched for without;
afterwards only the hashes of `erasures` stay.
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
class Person:
    """Somebody who is erased: the number, and the contacts and names known of them when it began."""

    customer_id: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def joined(self, other: Person) -> Person:
        """The same person with what somebody else knows of them besides.

        >>> Person("a", names=("Ann",)).joined(Person("a", names=("Ann", "Anne"))).names
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
        return Person(self.customer_id, emails, phones, names)


@dataclass(frozen=True)
class Intent:
    """An erasure under way: of whom, when and by whom it was asked for, what there was of them by place, and which
    places are clean by now."""

    id: str
    people: tuple[Person, ...]
    at: datetime
    by: str = ""
    removed: Mapping[str, int] = field(default_factory=dict)
    clean: tuple[str, ...] = ()

    @property
    def customer_ids(self) -> list[str]:
        """The numbers of those who are erased."""
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
        self, people: Collection[Person], *, at: datetime, by: str = "", removed: Mapping[str, int] | None = None
    ) -> Intent:
        """Note an erasure, on the disk when this returns. Raises `Busy`, `NotWritable`, `Damaged`."""
        intent = Intent(token_hex(6), tuple(people), at, by, dict(removed or {}))
        with locked(self.folder / LOCK, wait=WAIT):
            self._write([*self.all(), intent])
        return intent

    def mark_clean(self, intent: Intent, place: str, removed: Mapping[str, int]) -> Intent:
        """Note that a place is clean, and what went there where that is more than was counted before."""
        more = {name: max(count, intent.removed.get(name, 0)) for name, count in removed.items() if count}
        clean = tuple(dict.fromkeys((*intent.clean, place)))
        intent = replace(intent, removed={**intent.removed, **more}, clean=clean)
        with locked(self.folder / LOCK, wait=WAIT):
            self._write([intent if other.id == intent.id else other for other in self.all()])
        return intent

    def remove(self, intent: Intent) -> None:
        """Forget an erasure that is done, and with it who it was about."""
        with locked(self.folder / LOCK, wait=WAIT):
            self._write([other for other in self.all() if other.id != intent.id])

    @contextmanager
    def working(self, *, wait: float = WAIT) -> Iterator[None]:
        """Hold the work on the erasures of this workspace, which one process does at a time. Raises `Busy`."""
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
        Person(person["customer_id"], tuple(person["emails"]), tuple(person["phones"]), tuple(person["names"]))
        for person in row["people"]
    )
    fields = (row["by"], dict(row["removed"]), tuple(row["clean"]))
    return Intent(row["id"], people, datetime.fromisoformat(row["at"]), *fields)
