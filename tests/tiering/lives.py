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
from custrata.tiering.life import Life, Review, Term, live

ZONE = "Asia/Shanghai"
INSTANT = pa.timestamp("us", tz="UTC")
FIELDS = {
    "value": pa.decimal128(18, 2),
    "was_tier": pa.string(),
    "was_status": pa.string(),
    "was_since": INSTANT,
    "was_until": INSTANT,
    "was_at": INSTANT,
    "shown_tier": pa.string(),
    "shown_status": pa.string(),
    "shown_since": INSTANT,
    "fresh": pa.decimal128(18, 2),
    "member_since": pa.date32(),
    "put_tier": pa.string(),
    "put_mode": pa.string(),
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
    row |= {f"shown_{name}": row.get(f"shown_{name}", row.get(f"was_{name}")) for name in ("tier", "status", "since")}
    instants = {name for name, kind in FIELDS.items() if kind == INSTANT}
    return {name: at(cell) if name in instants and isinstance(cell, str) else cell for name, cell in row.items()}


def table_of(rows: Iterable[Row]) -> pa.Table:
    """Rows as the transition reads them; a customer is called by its number unless it has an id."""
    listed = list(rows)
    ids = [row.get("customer_id", f"{number:05}") for number, row in enumerate(listed)]
    columns: dict[str, Any] = {"customer_id": pa.array(ids, pa.string())}
    for name, kind in FIELDS.items():
        values = [row.get(name) for row in listed]
        columns[name] = pa.array([_cents(value) for value in values] if name in ("value", "fresh") else values, kind)
    return pa.table(columns)


def _cents(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def lived(engine: Engine, life: Life, as_of: str | AsOf, rows: Iterable[Row], zone: str = ZONE) -> list[Row]:
    """What the transition says of each row, in their order."""
    states = engine.arrow(live(engine.from_arrow(table_of(rows)), life, AsOf.of(as_of, zone)))
    return sorted(states.to_pylist(), key=lambda row: str(row["customer_id"]))


def columns_of(rows: Iterable[Row], *names: str) -> list[Any]:
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
    mode: str = "at_least"


def expected(
    life: Life,
    was: State | None,
    value: Decimal | None,
    as_of: AsOf,
    *,
    member: date | None,
    fresh: Decimal | None = None,
) -> State:
    """The next state of one customer's own life, rule by rule as one would say it."""
    now, bottom = as_of.instant, len(life.rungs) - 1
    entered = [place for place, rung in enumerate(life.rungs) if _meets(life, value, rung.enter)]
    anew = [place for place, rung in enumerate(life.rungs) if _meets(life, fresh, rung.enter)]
    met = min([*entered, *anew], default=bottom)
    lacking = "no_value" if value is None and fresh is None else "met_none"

    def enter(place: int, status: str, reason: str) -> State:
        return State(life.tiers[place], status, now, _later(as_of, life.rungs[place].validity), reason, now)

    place = life.tiers.index(was.tier) if was is not None and was.tier in life.tiers else None
    if was is None or place is None:
        return enter(met, "entered", lacking if met == bottom else "met_enter")
    if met < place:
        return enter(met, "upgraded", "met_enter")
    rung, stay = life.rungs[place], replace(was, at=now)
    pending = was.until is not None and was.until > now
    safe = was.until if pending and was.status != "grace" else None
    if place == bottom or _meets(life, value, rung.keep_line) or place in anew:
        ends = [end for end in (safe, _later(as_of, rung.validity) if met == place else None) if end]
        reason = lacking if place == bottom else "met_enter" if met == place else "met_keep"
        return replace(stay, status="kept", until=max(ends, default=None), reason=reason)
    if safe is not None:
        return replace(stay, status="protected", reason="safe_until")
    if was.status == "grace" and pending:
        return stay
    if was.status != "grace" and not reviewed(life.review, was, member, as_of):
        return replace(stay, status="protected", until=None, reason="no_review_yet")
    if was.status != "grace" and rung.respite:
        return replace(stay, status="grace", until=_later(as_of, rung.respite), reason="grace_until")
    reach = met if rung.drop_at_most is None else min(met, place + rung.drop_at_most)
    return enter(reach, "downgraded", "fell" if reach == met else "fell_at_most")


def effective_state(life: Life, own: State, previous: State | None, as_of: AsOf, put: Put | None) -> State:
    """What counts: one's own state, or what a person gave; `previous` is what counted before."""
    now, place = as_of.instant, life.tiers.index(own.tier)
    if put is not None and put.tier in life.tiers and (put.until is None or put.until > now):
        put_place = life.tiers.index(put.tier)
        if put.mode == "exactly" or put_place <= place:
            since = previous.since if previous is not None and previous.tier == put.tier else now
            return State(put.tier, "override", since, put.until, "by_hand", now)
    stayed = previous is not None and previous.tier == own.tier
    state = replace(own, since=previous.since if previous is not None and stayed else now)
    if previous is None or previous.status != "override" or stayed:
        return state
    return replace(
        state, status="upgraded" if place < life.tiers.index(previous.tier) else "downgraded", reason="override_over"
    )


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


def _later(as_of: AsOf, term: Term) -> datetime | None:
    wall = as_of.instant.astimezone(ZoneInfo(as_of.zone)).replace(tzinfo=None)
    if term.unit == "day":
        later = wall + timedelta(days=term.many)
    else:
        months = wall.year * 12 + wall.month - 1 + term.many * (12 if term.unit == "year" else 1)
        first = wall.replace(year=months // 12, month=months % 12 + 1, day=1)
        days = [first + timedelta(days=number) for number in range(wall.day)]
        later = [day for day in days if day.month == first.month][-1]
    return AsOf.of(later, as_of.zone).instant if term.many else None
