"""Filters of the customers of a run; several filters are combined with AND."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from custrata.pipeline.reading.connection import Connection, quoted

Value = str | int | float | bool | Decimal | date | datetime | None


@dataclass(frozen=True)
class SqlCondition:
    """A filter in SQL: the text, its values in order, and the columns it needs."""

    sql: str
    values: tuple[object, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class ValueIn:
    """The column has one of the values; None matches NULL."""

    column: str
    values: tuple[Value, ...]

    def condition(self, connection: Connection) -> SqlCondition:
        """This filter in SQL."""
        some = tuple(value for value in self.values if value is not None)
        parts = [f"{quoted(self.column)} IN ({', '.join('?' * len(some))})"] if some else []
        parts += [f"{quoted(self.column)} IS NULL"] if None in self.values else []
        return SqlCondition(f"({' OR '.join(parts) or 'false'})", some, (self.column,))


@dataclass(frozen=True)
class Tiered:
    """In one of these tiers of a scheme."""

    scheme: str
    tiers: tuple[str, ...]

    def condition(self, connection: Connection) -> SqlCondition:
        """This filter in SQL."""
        return ValueIn(f"{self.scheme}_tier", tuple(self.tiers)).condition(connection)


@dataclass(frozen=True)
class Between:
    """The column is between two values, inclusive; None leaves an end open."""

    column: str
    low: Value = None
    high: Value = None

    def condition(self, connection: Connection) -> SqlCondition:
        """This filter in SQL."""
        name = quoted(self.column)
        ends = [(sign, value) for sign, value in ((">=", self.low), ("<=", self.high)) if value is not None]
        parts = [f"{name} IS NOT NULL", *(f"{name} {sign} ?" for sign, _ in ends)]
        return SqlCondition(" AND ".join(parts), tuple(value for _, value in ends), (self.column,))


@dataclass(frozen=True)
class InRfmCell:
    """In a cell of the RFM map: the scores of recency and frequency, 1 to 5."""

    r: int
    f: int

    def condition(self, connection: Connection) -> SqlCondition:
        """This filter in SQL."""
        return SqlCondition("rfm_r_score = ? AND rfm_f_score = ?", (self.r, self.f), ("rfm_r_score", "rfm_f_score"))


@dataclass(frozen=True)
class Moved:
    """In the tier `target` now and in `source` at the previous run; source None: in the scheme for the first time."""

    scheme: str
    source: str | None
    target: str

    def condition(self, connection: Connection) -> SqlCondition:
        """This filter in SQL."""
        before, now = f"{self.scheme}_before", f"{self.scheme}_tier"
        sql = f"{quoted(before)} IS NOT DISTINCT FROM ? AND {quoted(now)} = ?"
        return SqlCondition(sql, (self.source, self.target), (before, now))


@dataclass(frozen=True)
class Ids:
    """One of these customers; with `excluded`, all customers but them."""

    customer_ids: Sequence[str] | pa.Array
    excluded: bool = False

    def condition(self, connection: Connection) -> SqlCondition:
        """This filter in SQL."""
        ids = connection.register(pa.table({"id": pa.array(self.customer_ids, pa.string())}))
        holds = "NOT IN" if self.excluded else "IN"
        return SqlCondition(f"customer_id {holds} (SELECT id FROM {ids})", (), ("customer_id",))


Filter = ValueIn | Tiered | Between | InRfmCell | Moved | Ids
