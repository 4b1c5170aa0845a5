"""Facts that arrive late are reported as corrections, not as moves of the customer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import rebuild
from custrata.pipeline.reading import history_of
from tests.pipeline.conftest import AT, opened, shop, stock
from tests.pipeline.lives import SIZE, VIP, changed, order, publish, run_at

LATE = [order("c5", f"2025-01-{day}", 400, f"late{day}") for day in (10, 11, 12)]


@pytest.fixture(scope="module")
def came_late(tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine) -> Workspace:
    """Orders of January of c5 come in after the run of February: March tells of it, and a rebuilding mends January on;
    then one more comes in late, and history is rebuilt again."""
    workspace = opened(tmp_path_factory.mktemp("late"))
    stock(workspace, duck, shop(30))
    publish(workspace, VIP, SIZE)
    for day in ("2025-01-01", "2025-02-01"):
        run_at(workspace, duck, day)
    stock(workspace, duck, LATE, at=AT + timedelta(days=1))
    run_at(workspace, duck, "2025-03-01", days=2)
    return workspace


def test_the_next_run_says_that_they_are_corrections(came_late: Workspace, duck: DuckEngine) -> None:
    run = came_late.runs.all()[-1]
    late = {(row["customer_id"], row["scheme"]) for row in changed(run, duck) if row["late"]}
    assert (run.record["late"], late) == ({"customers": 1, "orders": 3}, {("c5", "vip"), ("c5", "size")})


def test_the_history_marks_what_they_brought_about(came_late: Workspace) -> None:
    newest = history_of(came_late, "c5", ["vip"])[0]
    assert (newest.tier, newest.late, newest.run) == ("gold", True, came_late.runs.ids()[-1])


def test_who_has_no_late_orders_moves_as_ever(came_late: Workspace, duck: DuckEngine) -> None:
    moved = [row for row in changed(came_late.runs.all()[-1], duck) if row["customer_id"] != "c5"]
    assert {row["late"] for row in moved} == {False}


CLUB = {"key": "club", "kind": "threshold", "trait": "spend", "tiers": [{"key": "top", "line": 300}, {"key": "rest"}]}
SHARES = {
    "key": "club",
    "kind": "quantile",
    "trait": "spend",
    "tiers": [{"key": "top", "share": "50%"}, {"key": "rest"}],
}
RECENT = {**CLUB, "window": 90}


@pytest.mark.parametrize("scheme", [CLUB, SHARES, RECENT], ids=["lines", "shares", "window"])
def test_a_move_that_would_have_come_without_late_orders_is_a_move(
    workspace: Workspace, duck: DuckEngine, scheme: dict[str, Any]
) -> None:
    fell = order("fell", "2024-01-20" if scheme is not RECENT else "2024-11-05", 400)
    timely = [
        fell,
        order("caught", "2024-12-01", 20),
        order("rose", "2024-12-02", 20),
        order("stays", "2024-12-03", 350),
    ]
    stock(workspace, duck, timely)
    publish(workspace, scheme)
    run_at(workspace, duck, "2025-01-10")
    late = [order(who, "2024-12-15", amount, f"late {who}") for who, amount in
            (("fell", 10), ("caught", 900), ("rose", 10), ("stays", 10), ("unknown", 900))]  # fmt: skip
    stock(workspace, duck, [*late, order("rose", "2025-01-20", 900)], at=AT + timedelta(days=1))
    run = run_at(workspace, duck, "2025-02-05", days=2)
    moved = {row["customer_id"]: (row["direction"], row["late"]) for row in changed(run, duck)}
    assert moved == {
        "fell": ("down", False), "caught": ("up", True), "rose": ("up", False), "unknown": ("entered", True),
        **({"stays": ("down", True)} if scheme is SHARES else {}),
    }  # fmt: skip
    assert run.record["late"] == {"customers": 5, "orders": 5}


def test_a_rebuilding_corrects_the_past_and_keeps_what_was_said(came_late: Workspace, duck: DuckEngine) -> None:
    done = rebuild(came_late, duck, at=AT + timedelta(days=3), start=date(2024, 12, 31))
    february = came_late.runs.all()[1]
    corrections = {row["scheme"]: row for row in duck.arrow(february.read("corrections", duck)).to_pylist()}
    assert {key: (row["customer_id"], row["tier"]) for key, row in corrections.items()} == {
        "vip": ("c5", "gold"),
        "size": ("c5", "many"),
    }
    assert (corrections["vip"]["was"] != "gold", done.corrected) == (True, {"vip": 1, "size": 1})
    assert not any(interval.late for interval in history_of(came_late, "c5"))
    stock(came_late, duck, [order("c7", "2025-01-20", 9000, "later")], at=AT + timedelta(days=4))
    again = rebuild(came_late, duck, at=AT + timedelta(days=5), start=date(2024, 12, 31))
    later_corrections = duck.arrow(came_late.runs.all()[1].read("corrections", duck)).to_pylist()
    assert {(row["customer_id"], row["at"]) for row in later_corrections if row["scheme"] == "vip"} == {
        ("c5", AT + timedelta(days=3)),
        ("c7", AT + timedelta(days=5)),
    }
    assert again.corrected["vip"] == len(again.runs) - 1  # as of January the first nothing was late
