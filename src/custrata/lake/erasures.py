"""Erased customers as keyed hashes: imports refuse their rows, and the list does not reveal who they are.

The hash is HMAC-SHA-256 with a key of this workspace. The key is stored next to the list in a file of mode 0600; both
are part of backups, so that a restored workspace refuses the same customers. Anyone with both can test whether a known
id was erased, so they are as confidential as the facts were.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from custrata.errors import BadInput, Refused
from custrata.lake.durable import HALF_WRITTEN, UNREADABLE, Damaged, open_locked, sync
from custrata.lake.locks import locked
from custrata.lake.sums import read_checked, write_checked
from custrata.wording import LazyPhrase

FILE, KEY, LOCK = "erasures.json", "erasures.key", ".erasures.lock"
WAIT = 10.0
KEY_BYTES, BLOCK, NAME_LENGTH = 32, 64, 12
FORMAT = 1
CUSTOMER, EMAIL, PHONE = "customer", "email", "phone"


class NoReasonToLift(BadInput):
    template = "Give a reason for lifting the erasure, for those who read it later."


class NotErased(BadInput):
    template = "There is no erasure of “{customer}” in force. `custrata erasures list` lists them."


class NotAnErasureList(BadInput):
    template = "{file} is not a list of erasures. Create one with `custrata erasures export`."


class OtherErasureKey(Refused):
    template = "{file} belongs to another workspace: its hashes use another key. Nothing was imported."


@dataclass(frozen=True)
class Erasure:
    """One erased customer: the hash of the number and of the contacts known then, when and by whom (empty: the command
    line), what was removed by place; and why, when and by whom it was lifted, where it was."""

    customer: str
    contacts: tuple[str, ...]
    at: datetime
    by: str = ""
    lifted_at: datetime | None = None
    lifted_by: str = ""
    reason: str = ""
    removed: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the customer in lists: the first digits of the hash."""
        return self.customer[:NAME_LENGTH]


@dataclass(frozen=True)
class Erasures:
    """The erased customers of a workspace, in one small file of its folder."""

    folder: Path

    def all(self) -> list[Erasure]:
        """Every erasure, lifted or not, the oldest first. Raises `Damaged`."""
        try:
            return [_erasure(row) for row in json.loads(read_checked(self.folder / FILE))]
        except FileNotFoundError:
            return []
        except UNREADABLE as error:
            raise Damaged(file=self.folder / FILE, reason=error) from error

    def in_force(self) -> frozenset[str]:
        """The hashes of customers and contacts whose rows are refused. Raises `Damaged`."""
        rows = [row for row in self.all() if row.lifted_at is None]
        return frozenset(mark for row in rows for mark in (row.customer, *row.contacts))

    def add(
        self,
        customer_id: str,
        *,
        emails: Collection[str] = (),
        phones: Collection[str] = (),
        at: datetime,
        by: str = "",
    ) -> Erasure:
        """Refuse the rows of a customer from now on; the erasure in force, the former one with the new contacts.

        Raises `Busy`, `NotWritable`, `Damaged`.
        """
        return self.add_all([(customer_id, emails, phones)], at=at, by=by)[0]

    def add_all(
        self, people: Iterable[tuple[str, Collection[str], Collection[str]]], *, at: datetime, by: str = ""
    ) -> list[Erasure]:
        """Refuse the rows of several customers, each by number, e-mail addresses and phones; raises as `add` does."""
        added = []
        with locked(self.folder / LOCK, wait=WAIT):
            key, rows = self.key(), self.all()
            in_force = {row.customer: row for row in rows if row.lifted_at is None}
            for customer_id, emails, phones in people:
                mark = _hash(key, CUSTOMER, customer_id)
                contacts = {_hash(key, EMAIL, contact) for contact in emails} | {
                    _hash(key, PHONE, contact) for contact in phones
                }
                erasure = in_force.get(mark, Erasure(mark, (), at, by))
                in_force[mark] = replace(erasure, contacts=tuple(sorted({*erasure.contacts, *contacts})))
                added.append(in_force[mark])
            self._write([*(row for row in rows if row.lifted_at is not None), *in_force.values()])
        return added

    def finish(self, customer_id: str, removed: Mapping[str, int]) -> None:
        """Record what was removed, by place, in the active erasure of a customer."""
        with locked(self.folder / LOCK, wait=WAIT):
            mark, rows = _hash(self.key(), CUSTOMER, customer_id), self.all()
            self._write(
                [
                    replace(row, removed=dict(removed)) if row.customer == mark and row.lifted_at is None else row
                    for row in rows
                ]
            )

    def erased_among(self, customer_ids: Iterable[str]) -> list[str]:
        """Those of the customers whose erasure is in force, each once. Raises `Damaged`."""
        marks = {row.customer for row in self.all() if row.lifted_at is None}
        key = self.key() if marks else b""
        return [
            customer_id
            for customer_id in dict.fromkeys(customer_ids)
            if marks and _hash(key, CUSTOMER, customer_id) in marks
        ]

    def hashes(self, customer_ids: Iterable[str]) -> set[str]:
        """The hashes of customers as in the list; the key is not read for an empty list."""
        ids = list(customer_ids)
        key = self.key() if ids else b""
        return {_hash(key, CUSTOMER, customer_id) for customer_id in ids}

    def refused_values(self, values: Mapping[str, Collection[str]]) -> set[str]:
        """The values whose hash is refused; `values` are by type: `customer`, `email`, `phone`."""
        marks = self.in_force()
        key = self.key() if marks else b""
        return {value for what, some in values.items() for value in some if marks and _hash(key, what, value) in marks}

    def export(self) -> str:
        """The list with its key, for another copy of this workspace; as confidential as the facts were."""
        rows = json.loads(_as_json(self.all()))
        return json.dumps({"format": FORMAT, "key": self.key().hex(), "erasures": rows}, ensure_ascii=False, indent=1)

    def import_list(self, exported: str, *, file: Path) -> int:
        """Add the erasures of another copy of this workspace; how many were new.

        An erasure in both lists that was lifted in one of them is lifted. `file` is for messages.

        Raises `NotAnErasureList`, `OtherErasureKey`, `Busy`, `NotWritable`, `Damaged`.
        """
        key, theirs = _exported(exported, file)
        with locked(self.folder / LOCK, wait=WAIT):
            if not (self.folder / KEY).exists():
                self._make_key(key)
            if self.key() != key:
                raise OtherErasureKey(file=file)
            rows = {(row.customer, row.at): row for row in self.all()}
            before = {row.customer for row in rows.values() if row.lifted_at is None}
            for row in theirs:
                existing = rows.get((row.customer, row.at))
                if existing is None or existing.lifted_at is None:
                    rows[row.customer, row.at] = row
            if theirs:
                self._write(sorted(rows.values(), key=lambda row: row.at))
            return len({row.customer for row in rows.values() if row.lifted_at is None} - before)

    def lift(self, customer: str, *, reason: str, by: str = "", at: datetime) -> Erasure:
        """Accept rows of a customer again; `customer` is the id, or the name of the erasure in the list.

        Raises `NoReasonToLift`, `NotErased`, `Busy`, `NotWritable`, `Damaged`.
        """
        if not reason.strip():
            raise NoReasonToLift()
        with locked(self.folder / LOCK, wait=WAIT):
            rows = self.all()
            marks = {_hash(self.key(), CUSTOMER, customer)} if rows else set()
            matches = [row for row in rows if row.lifted_at is None and (row.customer in marks or row.name == customer)]
            if not matches:
                raise NotErased(customer=customer)
            lifted = replace(matches[0], contacts=(), lifted_at=at, lifted_by=by, reason=reason.strip())
            self._write([lifted if row is matches[0] else row for row in rows])
        return lifted

    def key(self) -> bytes:
        """The key of this workspace, created on first use. Raises `Damaged`."""
        path = self.folder / KEY
        if not path.exists() and self.all():  # a new key would accept the erased customers' rows again
            raise Damaged(file=path, reason=LazyPhrase("lake", "damage.gone"))
        if not path.exists():
            self._make_key(secrets.token_bytes(KEY_BYTES))
        try:
            key = bytes.fromhex(path.read_text("ascii"))
        except (OSError, ValueError) as error:
            raise Damaged(file=path, reason=error) from error
        if len(key) != KEY_BYTES:
            raise Damaged(file=path, reason=LazyPhrase("lake", "damage.key", {"size": len(key), "expected": KEY_BYTES}))
        return key

    def _make_key(self, key: bytes) -> None:
        """Write the key atomically; of several concurrent writers the first wins."""
        fresh = self.folder / f".{KEY}.{secrets.token_hex(4)}{HALF_WRITTEN}"
        with os.fdopen(open_locked(fresh), "w") as file:
            file.write(key.hex())
            file.flush()
            os.fsync(file.fileno())
            try:
                os.link(fresh, self.folder / KEY)
            except FileExistsError:
                pass
            except OSError:  # a disk without links
                fresh.replace(self.folder / KEY)
            finally:
                fresh.unlink(missing_ok=True)
        sync(self.folder)

    def _write(self, rows: list[Erasure]) -> None:
        write_checked(self.folder / FILE, _as_json(rows))


def pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and the outer block of HMAC, for engines that have SHA-256 alone.

    >>> from hashlib import sha256
    >>> inner, outer = pads(b"key")
    >>> sha256(outer + sha256(inner + b"text").digest()).hexdigest() == hmac.digest(b"key", b"text", "sha256").hex()
    True
    """
    whole = key.ljust(BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in whole), bytes(byte ^ 0x5C for byte in whole)


def _as_json(rows: Collection[Erasure]) -> str:
    return json.dumps([asdict(row) for row in rows], default=datetime.isoformat, ensure_ascii=False, indent=1)


def _erasure(row: dict[str, Any]) -> Erasure:
    return Erasure(**row | _instants(row) | {"contacts": tuple(row["contacts"])})


def _exported(text: str, file: Path) -> tuple[bytes, list[Erasure]]:
    try:
        document = json.loads(text)
        if document["format"] != FORMAT or len(key := bytes.fromhex(document["key"])) != KEY_BYTES:
            raise ValueError
        return key, [_erasure(row) for row in document["erasures"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotAnErasureList(file=file) from error


def _hash(key: bytes, what: str, value: str) -> str:
    return hmac.digest(key, f"{what}:{value}".encode(), "sha256").hex()


def _instants(row: dict[str, str | None]) -> dict[str, datetime | None]:
    return {name: datetime.fromisoformat(text) if (text := row[name]) else None for name in ("at", "lifted_at")}
