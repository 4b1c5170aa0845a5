"""Retention: which runs are removed, and when the lake is compacted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from custrata.errors import BadInput

ALL, NEVER = "all", "never"
DAYS, SHARE, QUARANTINE = "60", "50%", "180"
MOST_DAYS, MOST_SHARE = 36_500, 1_000
MOMENT = timedelta(microseconds=1)


class NotARetention(BadInput):
    template = "“{value}” is not a number of days. Use a whole number from 1 to 36500, or all."


class NotACompactingShare(BadInput):
    template = "“{value}” is not a share at which to compact. Use a percentage from 1% to 1000%, or never."


def days_kept(value: str) -> int | None:
    """The retention period in days; None: unlimited. Raises `NotARetention`.

    >>> days_kept("60"), days_kept("all")
    (60, None)
    """
    if value.strip().lower() == ALL:
        return None
    if not re.fullmatch(r"\s*[0-9]{1,5}\s*", value) or not 1 <= int(value) <= MOST_DAYS:
        raise NotARetention(value=value[:40])
    return int(value)


def compacting_share(value: str) -> Decimal | None:
    """The ratio of dead to live bytes at which the lake is compacted; None: never. Raises `NotACompactingShare`.

    >>> compacting_share("50%")
    Decimal('0.5')
    """
    if value.strip().lower() == NEVER:
        return None
    if not re.fullmatch(r"\s*[0-9]{1,4}\s*%\s*", value) or not 1 <= int(value.strip(" %")) <= MOST_SHARE:
        raise NotACompactingShare(value=value[:40])
    return Decimal(value.strip(" %")) / 100


def runs_to_remove(ids: Sequence[str], *, days: int | None, zone: str) -> list[str]:
    """The runs that retention removes, by `as_of`.

    Parameters: `ids` are those of all published runs by `as_of`, which they begin with; `days` counts back from the
    newest, so that it does not depend on the clock; `zone` is the one whose months count.

    Kept are the first run, with which the history begins; the newest and the one before it; all of the last `days`;
    and the last run of each month. A run at the start of a month belongs to the month before.

    >>> ids = ["20250101T000000000000Z-a", "20250120T000000000000Z-b", "20250201T000000000000Z-c"]
    >>> runs_to_remove([*ids, "20250501T000000000000Z-d", "20250502T000000000000Z-e"], days=60, zone="UTC")
    ['20250120T000000000000Z-b']
    """
    if days is None or not ids:
        return []
    since = instant_of(ids[-1]) - timedelta(days=days)
    closing = {_month(run, zone): run for run in ids}
    staying = {ids[0], *ids[-2:], *closing.values()}
    return [run for run in ids if instant_of(run) < since and run not in staying]


def instant_of(run_id: str) -> datetime:
    """The `as_of` of a run, parsed from its id."""
    return datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


def _month(run_id: str, zone: str) -> tuple[int, int]:
    day = (instant_of(run_id) - MOMENT).astimezone(ZoneInfo(zone))
    return day.year, day.month
