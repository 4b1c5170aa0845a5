"""Customers as the run before left them, the transition over them, and a plain model of it for one customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.tiering.life import Life, Review, live

ZONE = "Asia/Shanghai"
INSTANT = pa.timestamp("us", tz="UTC")
FIELDS = {
    "value": pa.decimal128(18, 2),
    "was_tier": pa.string(),
    "was_status": pa.string(),
    "was_since": INSTANT,
    "was_until": INSTANT,
    "was_at": INSTANT,
    "member_since": pa.date32(),
    "put_tier": pa.string(),
    "put_until": INSTANT,
    "put_reason": pa.string(),
    "put_approver": pa.string(),
}
Row = Mapping[str, Any]


def at(when: str | date, zone: str = ZONE) -> datetime:
    """An instant of a day or time there."""
    return AsOf.of(when, zone).instant


def customer(value: Any, was: str | None = None, status: str | None = "kept", **more: Any) -> Row:
    """One row: entered on 1 January 2025 and run on the last of the year unless `more` says otherwise; days as text."""
    before = {"was_tier": was, "was_status": status, "was_since": "2025-01-01", "was_at": "2025-12-31"}
    row = {"value": value, **(before if was is not None else {}), **more}
    instants = {name for name, kind in FIELDS.items() if kind == INSTANT}
    return {name: at(given) if name in instants and isinstance(given, str) else given for name, given in row.items()}


def table_of(rows: Iterable[Row]) -> pa.Table:
    """Rows as the transition reads them; a customer is called by its number unless it has an id."""
    listed = list(rows)
    ids = [row.get("customer_id", f"{number:05}") for number, row in enumerate(listed)]
    columns: dict[str, Any] = {"customer_id": pa.array(ids, pa.string())}
    for name, kind in FIELDS.items():
        given = [row.get(name) for row in listed]
        columns[name] = pa.array([_cents(value) for value in given] if name == "value" else given, kind)
    return pa.table(columns)


def _cents(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def lived(engine: Engine, life: Life, as_of: str | AsOf, rows: Iterable[Row], zone: str = ZONE) -> list[Row]:
    """What the transition says of each row, in their order."""
    found = engine.arrow(live(engine.from_arrow(table_of(rows)), life, AsOf.of(as_of, zone)))
    return sorted(found.to_pylist(), key=lambda row: str(row["customer_id"]))


def told(rows: Iterable[Row], *names: str) -> list[Any]:
    """Some columns of the rows."""
    return [row[names[0]] if len(names) == 1 else tuple(row[name] for name in names) for row in rows]


@dataclass(frozen=True)
class State:
    """One customer between two runs of the model."""

    tier: str
    status: str
    since: datetime
    until: datetime | None
    reason: str
    at: datetime


@dataclass(frozen=True)
class Put:
    """A tier by hand."""

    tier: str
    until: datetime | None


def expected(
    life: Life, was: State | None, value: Decimal | None, as_of: AsOf, *, member: date | None, put: Put | None
) -> State:
    """The next state of one customer, rule by rule as one would say it."""
    now, bottom = as_of.instant, len(life.rungs) - 1
    met = next((place for place, rung in enumerate(life.rungs) if _meets(life, value, rung.enter)), bottom)
    lacking = "no_value" if value is None else "met_none"

    def enter(place: int, status: str, reason: str) -> State:
        return State(life.tiers[place], status, now, _later(as_of, life.rungs[place].valid_days), reason, now)

    place = life.tiers.index(was.tier) if was is not None and was.tier in life.tiers else None
    if put is not None and put.tier in life.tiers and (put.until is None or put.until > now):
        since = was.since if was is not None and was.tier == put.tier else now
        return State(put.tier, "override", since, put.until, "by_hand", now)
    if was is None or place is None:
        return enter(met, "entered", lacking if met == bottom else "met_enter")
    if met < place:
        return enter(met, "upgraded", "met_enter")
    rung, stay = life.rungs[place], replace(was, at=now)
    pending = was.until is not None and was.until > now and was.status != "override"
    safe = was.until if pending and was.status != "grace" else None
    if place == bottom or _meets(life, value, rung.keep_line):
        ends = [end for end in (safe, _later(as_of, rung.valid_days) if met == place else None) if end]
        reason = lacking if place == bottom else "met_enter" if met == place else "met_keep"
        return replace(stay, status="kept", until=max(ends, default=None), reason=reason)
    if safe is not None:
        return replace(stay, status="protected", reason="safe_until")
    if was.status == "grace" and pending:
        return stay
    if was.status not in ("grace", "override") and not reviewed(life.review, was, member, as_of):
        return replace(stay, status="protected", until=None, reason="no_review_yet")
    if was.status != "grace" and rung.grace_days:
        return replace(stay, status="grace", until=_later(as_of, rung.grace_days), reason="grace_until")
    reach = met if rung.drop_at_most is None else min(met, place + rung.drop_at_most)
    return enter(reach, "downgraded", "fell" if reach == met else "fell_at_most")


def reviewed(review: Review, was: State, member: date | None, as_of: AsOf) -> bool:
    """Whether any day after the run before, up to this one, is a day of review."""
    if review.kind == "each_run":
        return True
    entered = AsOf(was.since, as_of.zone).date
    anchor = member if review.kind == "member_anniversary" and member is not None else entered
    first, last = AsOf(was.at, as_of.zone).date + timedelta(days=1), as_of.date
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if review.kind == "calendar":
        return any(_falls_on(day, month, of_month) for day in days for month, of_month in review.dates)
    return any(day.year > anchor.year and _falls_on(day, anchor.month, anchor.day) for day in days)


def _falls_on(day: date, month: int, of_month: int) -> bool:
    after_the_28th = (day.month, day.day) == (3, 1) and (day - timedelta(days=1)).day == 28
    return (day.month, day.day) == (month, of_month) or ((month, of_month) == (2, 29) and after_the_28th)


def _meets(life: Life, value: Decimal | None, line: Any) -> bool:
    return value is not None and line is not None and (value <= line if life.less_is_better else value >= line)


def _later(as_of: AsOf, days: int) -> datetime | None:
    wall = as_of.instant.astimezone(ZoneInfo(as_of.zone)).replace(tzinfo=None) + timedelta(days=days)
    return AsOf.of(wall, as_of.zone).instant if days else None
