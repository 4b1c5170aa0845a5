"""Who was erased, as keyed hashes: imports refuse their rows, and nobody can read from the list who they are.

The hash is HMAC-SHA-256 under a key of this workspace alone. The key lies beside the list in a file of mode 0600; both
go into backups, so that a restored workspace refuses the same customers. Whoever has both can try out whether a number
they know was erased, so they are as private as the facts were.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from custrata.errors import BadInput
from custrata.lake.durable import UNREADABLE, Damaged, sync
from custrata.lake.locks import locked
from custrata.lake.sums import read_sealed, write_sealed
from custrata.wording import Said

FILE, KEY, LOCK = "erasures.json", "erasures.key", ".erasures.lock"
WAIT = 10.0
KEY_BYTES, BLOCK, SHOWN = 32, 64, 12
CUSTOMER, EMAIL, PHONE = "customer", "email", "phone"


class NoReasonToLift(BadInput):
    template = "Say why the erasure is lifted, so that others understand it later."


class NotErased(BadInput):
    template = "No erasure of “{customer}” is in force. `custrata erasures list` shows them."


@dataclass(frozen=True)
class Erasure:
    """One erased customer: the hash of the number and of the contacts known then, when and by whom (empty: the command
    line); and why, when and by whom it was lifted, where it was."""

    customer: str
    contacts: tuple[str, ...]
    at: datetime
    by: str = ""
    lifted_at: datetime | None = None
    lifted_by: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """What stands for the customer in lists: the first digits of the hash."""
        return self.customer[:SHOWN]


@dataclass(frozen=True)
class Erasures:
    """The erased customers of a workspace, in one small file of its folder."""

    folder: Path

    def all(self) -> list[Erasure]:
        """Every erasure, lifted or not, the oldest first. Raises `Damaged`."""
        try:
            rows = json.loads(read_sealed(self.folder / FILE))
            return [Erasure(**row | _instants(row) | {"contacts": tuple(row["contacts"])}) for row in rows]
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
        with locked(self.folder / LOCK, wait=WAIT):
            key, rows = self.key(), self.all()
            contacts = {_mark(key, EMAIL, email) for email in emails} | {_mark(key, PHONE, phone) for phone in phones}
            mark = _mark(key, CUSTOMER, customer_id)
            former = next((row for row in rows if row.customer == mark and row.lifted_at is None), None)
            added = former or Erasure(mark, (), at, by)
            added = replace(added, contacts=tuple(sorted({*added.contacts, *contacts})))
            self._write([*(row for row in rows if row is not former), added])
        return added

    def lift(self, customer: str, *, reason: str, by: str = "", at: datetime) -> Erasure:
        """Take rows of a customer again; `customer` is the number, or the name of the erasure in the list.

        Raises `NoReasonToLift`, `NotErased`, `Busy`, `NotWritable`, `Damaged`.
        """
        if not reason.strip():
            raise NoReasonToLift()
        with locked(self.folder / LOCK, wait=WAIT):
            rows = self.all()
            marks = {_mark(self.key(), CUSTOMER, customer)} if rows else set()
            found = [row for row in rows if row.lifted_at is None and (row.customer in marks or row.name == customer)]
            if not found:
                raise NotErased(customer=customer)
            lifted = replace(found[0], contacts=(), lifted_at=at, lifted_by=by, reason=reason.strip())
            self._write([lifted if row is found[0] else row for row in rows])
        return lifted

    def key(self) -> bytes:
        """The key of this workspace, made when it is first needed. Raises `Damaged`."""
        path = self.folder / KEY
        if not path.exists() and self.all():  # a new one would take the erased customers' rows again
            raise Damaged(file=path, reason=Said("lake", "damage.gone"))
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_hex(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            sync(self.folder)
        except FileExistsError:
            pass
        try:
            key = bytes.fromhex(path.read_text("ascii"))
        except (OSError, ValueError) as error:
            raise Damaged(file=path, reason=error) from error
        if len(key) != KEY_BYTES:
            raise Damaged(file=path, reason=Said("lake", "damage.key", {"size": len(key), "expected": KEY_BYTES}))
        return key

    def _write(self, rows: list[Erasure]) -> None:
        text = json.dumps([asdict(row) for row in rows], default=datetime.isoformat, ensure_ascii=False, indent=1)
        write_sealed(self.folder / FILE, text)


def pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and the outer block of HMAC, for engines that have SHA-256 alone.

    >>> from hashlib import sha256
    >>> inner, outer = pads(b"key")
    >>> sha256(outer + sha256(inner + b"text").digest()).hexdigest() == hmac.digest(b"key", b"text", "sha256").hex()
    True
    """
    whole = key.ljust(BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in whole), bytes(byte ^ 0x5C for byte in whole)


def _mark(key: bytes, what: str, value: str) -> str:
    return hmac.digest(key, f"{what}:{value}".encode(), "sha256").hex()


def _instants(row: dict[str, str | None]) -> dict[str, datetime | None]:
    return {name: datetime.fromisoformat(text) if (text := row[name]) else None for name in ("at", "lifted_at")}
