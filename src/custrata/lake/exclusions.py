"""Customers excluded from grading: their facts are kept and shown, but affect no trait and no threshold."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from custrata.errors import BadInput
from custrata.lake.durable import UNREADABLE, Damaged
from custrata.lake.locks import locked
from custrata.lake.sums import read_checked, write_checked

FILE, LOCK = "exclusions.json", ".exclusions.lock"
WAIT = 10.0


class NoReason(BadInput):
    template = "Give a reason for excluding this customer from grading, for those who read it later."


@dataclass(frozen=True)
class Exclusion:
    """One customer excluded from grading: why, by whom (empty: the command line), and when."""

    customer_id: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Exclusions:
    """The excluded customers of a workspace, in one small file of its folder."""

    folder: Path

    def all(self) -> dict[str, Exclusion]:
        """Every exclusion by customer. Raises `Damaged`."""
        try:
            rows = json.loads(read_checked(self.folder / FILE))
            return {row["customer_id"]: Exclusion(**row | {"at": datetime.fromisoformat(row["at"])}) for row in rows}
        except FileNotFoundError:
            return {}
        except UNREADABLE as error:
            raise Damaged(file=self.folder / FILE, reason=error) from error

    def add(self, customer_ids: Collection[str], *, reason: str, by: str, at: datetime) -> list[str]:
        """Exclude customers from the next refresh on; those that were not excluded before.

        Raises `NoReason`, `Busy`, `NotWritable`.
        """
        if not reason.strip():
            raise NoReason
        with locked(self.folder / LOCK, wait=WAIT):
            before = self.all()
            added = {
                customer_id: Exclusion(customer_id, reason.strip(), by, at)
                for customer_id in customer_ids
                if customer_id not in before
            }
            if added:
                self._write(before | added)
        return list(added)

    def remove(self, customer_ids: Collection[str]) -> list[str]:
        """Grade customers again from the next refresh on; those that were excluded. Raises `Busy`, `NotWritable`."""
        with locked(self.folder / LOCK, wait=WAIT):
            before = self.all()
            removed = [customer_id for customer_id in dict.fromkeys(customer_ids) if customer_id in before]
            if removed:
                self._write({key: row for key, row in before.items() if key not in removed})
            (self.folder / f"{FILE}.new").unlink(missing_ok=True)  # of a kill while it was written
        return removed

    def _write(self, rows: Mapping[str, Exclusion]) -> None:
        ordered = [asdict(rows[key]) for key in sorted(rows)]
        text = json.dumps(ordered, default=datetime.isoformat, ensure_ascii=False, indent=1)
        write_checked(self.folder / FILE, text)


def fingerprint(customer_ids: Collection[str]) -> str:
    """A fingerprint of the excluded customers; empty where none are excluded."""
    return sha256("\0".join(sorted(customer_ids)).encode()).hexdigest()[:16] if customer_ids else ""
