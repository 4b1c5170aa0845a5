"""What follows from the sizes: shares, means, changes, directions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from custrata.pipeline.reading.figures import NumberChange, ReportData, RunSizes, SchemeSummary, Size, Tier, TierMove
from tests.report.sample import ladder, with_past


def test_growth_is_a_share_of_the_run_before() -> None:
    assert NumberChange(Decimal(110), Decimal(100)).growth == pytest.approx(0.1)


@pytest.mark.parametrize("before", [None, 0, -5])
def test_growth_from_nothing_is_unknown(before: int | None) -> None:
    assert NumberChange(3, before).growth is None


def test_shares_add_up() -> None:
    scheme = ladder([1, 3], [10, 30])
    assert [scheme.share(tier) for tier in scheme.tiers] == [0.25, 0.75]
    assert [scheme.revenue_share(tier) for tier in scheme.tiers] == [0.25, 0.75]


@pytest.mark.parametrize("revenue", [[0, 0], [5, -9]])
def test_there_is_no_share_of_a_loss(revenue: list[int]) -> None:
    scheme = ladder([1, 3], revenue)
    assert scheme.revenue_share(scheme.tiers[0]) is None


def test_nobody_has_no_share_and_no_mean() -> None:
    scheme = ladder([0])
    assert (scheme.share(scheme.tiers[0]), scheme.tiers[0].mean) == (None, None)


def test_change_is_counted_from_the_run_before() -> None:
    scheme = with_past(ladder([200]))
    assert scheme.change(scheme.tiers[0]) == 2


def test_a_tier_the_run_before_did_not_know_has_no_change() -> None:
    tier = Tier(1, Decimal(1), key="new", name="New")
    day = datetime(2025, 1, 1, tzinfo=UTC)
    old, now = RunSizes(day, {}), RunSizes(day, {"new": Size(1, Decimal(1))})
    assert SchemeSummary("s", "S", (tier,), (old, now)).change(tier) is None


@pytest.mark.parametrize(
    ("source", "target", "direction"),
    [("t1", "t0", "up"), ("t0", "t1", "down"), ("t1", "t1", "stay"), (None, "t1", "outside"), ("t0", None, "outside")],
)
def test_a_move_has_a_direction(source: str | None, target: str | None, direction: str) -> None:
    assert ladder([1, 1]).direction(TierMove(source, target, 1, Decimal(1))) == direction


def test_moves_of_a_direction_add_up() -> None:
    moves = (
        TierMove("t1", "t0", 2, Decimal(5)),
        TierMove("t2", "t0", 1, Decimal(3)),
        TierMove("t0", "t2", 9, Decimal(1)),
    )
    assert replace(ladder([1, 1, 1]), moves=moves).moved("up") == Size(3, Decimal(8))


def test_the_chosen_scheme_is_shown_first(report: ReportData) -> None:
    assert [replace(report, chosen=key).main_scheme.key for key in ("rfm", "value")] == ["rfm", "value"]  # type: ignore[union-attr]  # there are some


@pytest.mark.parametrize("chosen", ["price_sensitivity", "no such scheme"])
def test_a_choice_without_tiers_gives_way_to_the_first_that_has_some(report: ReportData, chosen: str) -> None:
    scheme = replace(report, chosen=chosen).main_scheme
    assert scheme is not None
    assert scheme.key == "value"
