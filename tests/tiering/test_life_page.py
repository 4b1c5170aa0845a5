"""The worked years on the page “The life of a tier” are what the transition does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from custrata.analytics.ladders import Ladder, LadderStep
from custrata.analytics.moments import AsOf
from custrata.engine import DuckEngine
from custrata.schema.zones import day_number
from custrata.tiering import define
from custrata.tiering.life import Life, review_start
from custrata.tiering.rungs import life_on_ladder
from tests.tiering.lives import ZONE, Row, State, expected, lived, reviewed, table_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods" / "life.md"
BLOCK = re.compile(r"```yaml\n# ([^\n]+): ([^\n]+)\n(.+?)```", re.DOTALL)
FIRST, MONTHS = date(2023, 3, 10), 36
Period = tuple[int, int | None, int | None]
STATE = ("tier", "status", "since", "until", "reason")
SHOWN_FIELDS = ("was_tier", "was_status", "was_since")


def policies() -> dict[tuple[str, str], Life]:
    """Every life on the page, by vendor and policy."""
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    return {(vendor, policy): life_in(text) for vendor, policy, text in blocks}


def life_in(text: str) -> Life:
    """The life of the tiers of a scheme whose file this is."""
    definition = define(yaml.safe_load(text))
    *upper, lowest = definition.tiers
    steps = tuple(LadderStep(tier.key, tier.line) for tier in upper if tier.line is not None)
    return life_on_ladder(definition, Ladder(steps, lowest.key))


def table(vendor: str) -> list[list[str]]:
    """The cells of a vendor's table, its head first."""
    _, _, after = PAGE.read_text("utf-8").partition(f"**{vendor}, month by month**\n\n")
    lines = after.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|---")]


@cache
def orders() -> dict[date, int]:
    """What the customer spent, on the tenth of each month: the second column of any table."""
    spent = {date.fromisoformat(row[0]): int(row[1]) for row in table("Talon.One")[1:]}
    month_before = {run: date(run.year - (run.month == 1), (run.month - 2) % 12 + 1, 10) for run in spent}
    return {month_before[run]: amount for run, amount in spent.items() if amount}


def monthly_cells(duck: DuckEngine, life: Life) -> Iterator[str]:
    """Value, tier and status at the first of each month, as a cell of the table.

    The model walks; wherever it moves, the transition must move with it (a query for every month would take long).
    """
    state: State | None = None
    period: Period = (0, None, None)
    for number in range(MONTHS):
        as_of = AsOf.of(date(2023 + (number + 3) // 12, (number + 3) % 12 + 1, 1), ZONE)
        if state is None or reviewed(life.review, state, FIRST, as_of) or period[1] is not None:
            period = days_that_count(duck, life, as_of, left_by(state))
        start, end, since = period if life.qualify == "since_review" else (as_of.day - 365, None, None)
        value = spent_in(start, end, as_of)
        fresh = None if since is None else spent_in(since, None, as_of)
        now = expected(life, state, value, as_of, member=FIRST, fresh=fresh)
        if state is None or (now.tier, now.status) != (state.tier, state.status):
            (row,) = lived(duck, life, as_of, [{**left_by(state), "value": value, "fresh": fresh}])
            assert [row[name] for name in STATE] == [getattr(now, name) for name in STATE]
        more = max((amount for amount in (value, fresh) if amount is not None), default="–")
        yield f"{more} {now.tier}, {now.status}"
        state = now


def left_by(state: State | None) -> Row:
    """The customer as the run before left it."""
    was = {} if state is None else {f"was_{name}": getattr(state, name) for name in (*STATE[:-1], "at")}
    visible = {name.replace("was_", "shown_"): value for name, value in was.items() if name in SHOWN_FIELDS}
    return {**was, **visible, "member_since": FIRST}


def days_that_count(duck: DuckEngine, life: Life, as_of: AsOf, row: Row) -> Period:
    """Which days `since_review` counts; that changes at a review and at the run after it."""
    if life.qualify == "rolling":
        return 0, None, None
    (period,) = duck.arrow(review_start(life, as_of, duck.from_arrow(table_of([row])))).to_pylist()
    return period["counts_from"], period["counts_until"], period["fresh_from"]


def spent_in(start: int, end: int | None, as_of: AsOf) -> Decimal | None:
    """What the customer spent on those days; nothing where no order is in them."""
    amounts = [amount for day, amount in orders().items() if start <= day_number(day) < (end or as_of.day)]
    return Decimal(sum(amounts)) if amounts else None


@pytest.mark.parametrize(("vendor", "policy"), policies())
def test_the_worked_years_are_what_the_transition_does(duck: DuckEngine, vendor: str, policy: str) -> None:
    head, *rows = table(vendor)
    column = head.index(policy)
    assert [row[column] for row in rows] == list(monthly_cells(duck, policies()[vendor, policy]))


def test_every_policy_that_the_page_promises_is_there() -> None:
    named: dict[str, Any] = {}
    for vendor, policy in policies():
        named.setdefault(vendor, []).append(policy)
    assert named == {
        "Salesforce Loyalty": ["fixed", "anniversary", "activity"],
        "Talon.One": ["one_down", "balance_based"],
        "Brevo": ["real-time", "membership anniversary", "tier anniversary"],
    }
    assert all(table(vendor)[0][2:] == policies for vendor, policies in named.items())
