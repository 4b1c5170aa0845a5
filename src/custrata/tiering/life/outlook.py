"""What a customer lacks for the next tier, and what keeps the present one: from the lines that decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from custrata.analytics.moments import AsOf
from custrata.schema.zones import start_of_day
from custrata.tiering.life.reviews import next_review
from custrata.tiering.life.rules import Life, Number
from custrata.tiering.life.transition import ladder_of


@dataclass(frozen=True)
class Outlook:
    """One customer's distances, in the unit of the scheme's value, never below 0.

    - `next_tier` the tier above, of several at one line the best; empty at the top. `missing` what it takes to enter
      (empty where there is no value).
    - `keep_line` the line that keeps the tier, `keep_missing` what is lacking to it; empty for the lowest.
    - `keep_by` the last day whose facts can still keep it; empty where any run may take it, or nothing can.
    """

    next_tier: str | None
    missing: Number | None
    keep_line: Number | None
    keep_missing: Number | None
    keep_by: date | None


def outlook(
    life: Life,
    tier: str,
    value: Number | None,
    until: datetime | None,
    as_of: AsOf,
    *,
    status: str = "kept",
    since: datetime | None = None,
    member_since: date | int | None = None,
) -> Outlook:
    """What is missing, of one row that `live` returned: its `tier`, `until`, `status` and `since`, with its value.

    Where tiers are reviewed on anniversaries, `since` and `member_since` give the day by which the tier must be kept.

    >>> from custrata.tiering.life import LifeTier
    >>> life = Life((LifeTier("gold", 1000, keep=800, valid_days=365), LifeTier("basic", None)))
    >>> at = AsOf.of("2026-01-01", "Asia/Shanghai")
    >>> outlook(life, "gold", 720, AsOf.of("2026-07-01", at.zone).instant, at)
    Outlook(next_tier=None, missing=None, keep_line=800, keep_missing=80, keep_by=datetime.date(2026, 6, 30))
    """
    above = ladder_of(life).next_step(tier)
    rung = next(rung for rung in life.rungs if rung.tier == tier)
    keep = rung.keep_line
    return Outlook(
        above.tier if above else None,
        _missing(life, value, above.line) if above else None,
        keep,
        None if keep is None else _missing(life, value, keep),
        None if keep is None else _keep_by(life, until, as_of, status=status, since=since, member_since=member_since),
    )


def _missing(life: Life, value: Number | None, line: Number) -> Number | None:
    if value is None:
        return None
    if not life.beyond(line, value):
        return 0
    return value - line if life.less_is_better else line - value


def _keep_by(
    life: Life,
    until: datetime | None,
    as_of: AsOf,
    *,
    status: str,
    since: datetime | None,
    member_since: date | int | None,
) -> date | None:
    """The last day that counts: before the end of grace or override, or the first review beyond validity."""
    if life.review.kind == "each_run" or status in ("grace", "override"):
        return None if until is None else _day_before(until, as_of.zone)
    # A review at the very instant the validity ends already counts.
    start = as_of.instant if until is None else max(as_of.instant, until - timedelta(microseconds=1))
    review = next_review(life, since, member_since, AsOf(start, as_of.zone), as_of.zone)
    return None if review is None else _day_before(start_of_day(review, as_of.zone), as_of.zone)


def _day_before(end: datetime, zone: str) -> date:
    """The day that holds the last moment before an end."""
    return AsOf(end - timedelta(microseconds=1), zone).date
