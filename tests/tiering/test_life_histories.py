"""Random histories of many customers at once: the transition does what its model says, and holds its promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from custrata.analytics.moments import AsOf
from custrata.engine import DuckEngine, Engine
from custrata.tiering.life import REASONS, STATUSES, Life, LifeTier, Review, Term
from tests.examples import examples
from tests.tiering.lives import Put, State, effective_state, expected, lived

CUSTOMERS = 150
ZONES = ("Asia/Shanghai", "America/Sao_Paulo", "Europe/London")
START = datetime(2017, 10, 1)
REVIEWS = (
    Review(),
    Review("tier_anniversary"),
    Review("member_anniversary"),
    Review("calendar", ((4, 1), (11, 4))),
    Review("calendar", ((2, 29),)),
)
LINES = ((Decimal("99.99"), 60, 20), (80, 80, 20))
GAPS = (0.25, 1, 1, 7, 30, 45, 120, 400)


@dataclass
class Interval:
    """A stretch of one customer's history in one tier; the last is open."""

    tier: str
    start: datetime
    end: datetime | None = None


@dataclass
class Member:
    """One customer as the walk knows it."""

    first_order: date | None
    value: Decimal | None = None
    put: Put | None = None
    state: State | None = None
    counted: State | None = None
    history: list[Interval] = field(default_factory=list)


def any_life(random: Random, review: Review) -> Life:
    """Four tiers with random promises."""

    def rung(tier: str, line: Any) -> LifeTier:
        keep = random.choice((None, line, line - 15))
        valid = random.choice((None, Term(10), Term(90), Term(1, "month"), Term(1, "year")))
        grace = random.choice((None, Term(5), Term(40), Term(1, "month")))
        return LifeTier(tier, line, keep, drop_at_most=random.choice((None, 1, 2)), valid=valid, grace=grace)

    tiers = zip(("gold", "silver", "bronze"), random.choice(LINES), strict=True)
    return Life(
        (*(rung(tier, line) for tier, line in tiers), LifeTier("basic", None, valid_days=random.choice((0, 30)))),
        review,
    )


class Walk:
    """Customers whose values and overrides change at random between runs at irregular gaps."""

    def __init__(self, life: Life, zone: str, random: Random, customers: int = CUSTOMERS) -> None:
        self.life, self.random = life, random
        self.as_of = AsOf.of(START, zone)
        first = [START.date() - timedelta(days=random.randrange(1, 1500)) for _ in range(customers)]
        first[::7] = [date(2016, 2, 29)] * len(first[::7])
        self.members = [Member(None if random.random() < 0.1 else day) for day in first]

    def wait(self, days: float) -> None:
        """Time goes by, and things change."""
        self.as_of = AsOf(self.as_of.instant + timedelta(days=days), self.as_of.zone)
        for member in self.members:
            if self.random.random() < 0.5:
                member.value = self.random.choice((None, *(Decimal(cents) / 100 for cents in self._cents())))
            if self.random.random() < 0.1:
                tier = self.random.choice((*self.life.tiers, "unknown"))
                mode = self.random.choice(("at_least", "exactly"))
                member.put = None if member.put else Put(tier, self._end(), mode)

    def _cents(self) -> Iterator[int]:
        yield from (9999, 9998, 10000, 8000, 6000, 5999, 2000, 1999, 500)
        yield self.random.randrange(-100, 13000)

    def _end(self) -> datetime | None:
        days = self.random.choice((None, 0, 3, 50))
        return None if days is None else self.as_of.instant + timedelta(days=days)

    def rows(self) -> list[dict[str, Any]]:
        """What the transition is given."""
        return [self._row(number, member) for number, member in enumerate(self.members)]

    def _row(self, number: int, member: Member) -> dict[str, Any]:
        was = member.state
        before = (
            {f"was_{name}": getattr(was, name) for name in ("tier", "status", "since", "until", "at")} if was else {}
        )
        if member.counted:
            before |= {f"shown_{name}": getattr(member.counted, name) for name in ("tier", "status", "since")}
        put = {f"put_{name}": getattr(member.put, name) for name in ("tier", "until", "mode")} if member.put else {}
        names = {"customer_id": f"{number:05}", "value": member.value, "member_since": member.first_order}
        return {**names, **before, **put}

    def check_and_apply(self, rows: list[Any]) -> None:
        """Take what a run said, holding it to the model and to its promises."""
        for member, row in zip(self.members, rows, strict=True):
            own = expected(self.life, member.state, member.value, self.as_of, member=member.first_order)
            counted = effective_state(self.life, own, member.counted, self.as_of, member.put)
            names = ("tier", "status", "since", "until")
            assert {name: row[name] for name in (*names, "reason")} == {
                name: getattr(counted, name) for name in (*names, "reason")
            }, (self.life, member, self.as_of)
            assert {name: row[f"own_{name}"] for name in names} == {name: getattr(own, name) for name in names}
            self._check_promises(member, own, counted)
            member.state, member.counted = own, counted

    def _check_promises(self, member: Member, own: State, counted: State) -> None:
        now, was = self.as_of.instant, member.state
        put = member.put if member.put and member.put.tier in self.life.tiers else None
        if put and (put.until is None or put.until > now):
            assert not self._worse(counted.tier, put.tier)
            assert put.mode == "at_least" or counted.tier == put.tier
        else:
            assert counted.tier == own.tier
        if was and self._worse(own.tier, was.tier):
            assert was.until is None or was.until <= now
        assert all(state.until is None or state.until > now for state in (own, counted))
        if not member.history or member.history[-1].tier != counted.tier:
            if member.history:
                member.history[-1].end = now
            member.history.append(Interval(counted.tier, now))
        assert counted.since == member.history[-1].start

    def _worse(self, tier: str, than: str) -> bool:
        return self.life.tiers.index(tier) > self.life.tiers.index(than)


class Histories(RuleBasedStateMachine):
    """A walk over the real transition."""

    duck: DuckEngine

    @initialize(seed=st.integers(0, 2**32), review=st.sampled_from(REVIEWS), zone=st.sampled_from(ZONES))
    def start_walk(self, seed: int, review: Review, zone: str) -> None:
        random = Random(seed)
        self.walk = Walk(any_life(random, review), zone, random)

    @rule(days=st.sampled_from(GAPS))
    def run(self, days: float) -> None:
        self.walk.wait(days)
        self.rows, self.at = self.walk.rows(), self.walk.as_of
        self.states = lived(self.duck, self.walk.life, self.at, self.rows)
        self.walk.check_and_apply(self.states)

    @precondition(lambda self: hasattr(self, "states"))
    @rule(seed=st.integers(0, 9))
    def replay_in_another_order(self, seed: int) -> None:
        shuffled = Random(seed).sample(self.rows, len(self.rows))
        assert lived(self.duck, self.walk.life, self.at, shuffled) == self.states

    def teardown(self) -> None:
        for member in self.walk.members if hasattr(self, "states") else ():
            ends = [interval.end for interval in member.history]
            assert ends == [interval.start for interval in member.history[1:]] + [None]
            assert all(interval.end is None or interval.start < interval.end for interval in member.history)


def test_histories_keep_every_promise(duck: DuckEngine) -> None:
    machine = type("Histories", (Histories,), {"duck": duck})
    few = examples(10, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=few)


@pytest.mark.parametrize("review", REVIEWS, ids=lambda review: f"{review.kind} {review.dates}")
def test_engines_tell_the_same_histories(duck: DuckEngine, spark: Engine, review: Review) -> None:
    random = Random(review.kind)
    walk = Walk(any_life(random, review), random.choice(ZONES), random, customers=300)
    for days in (1, 30, 400, 0.25):
        walk.wait(days)
        states = lived(duck, walk.life, walk.as_of, walk.rows())
        assert lived(spark, walk.life, walk.as_of, walk.rows()) == states
        walk.check_and_apply(states)


def test_the_walks_meet_every_status_and_reason(duck: DuckEngine) -> None:
    random, met = Random(1), set[str]()
    for review in (REVIEWS[0], REVIEWS[3]):
        walk = Walk(any_life(random, review), ZONES[0], random, customers=300)
        for days in (1, 30, 400, 7, 30, 120, 1):
            walk.wait(days)
            walk.check_and_apply(lived(duck, walk.life, walk.as_of, walk.rows()))
            met |= {
                name for member in walk.members if (state := member.counted) for name in (state.status, state.reason)
            }
    assert met == {*STATUSES, *REASONS}
