"""Queries of runs and schemes from the records of runs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.server.conftest import PUBLISHED

from custrata.apps.tiers.queries import comparison, panels, runs, schemes, values
from custrata.lake import Workspace
from custrata.pipeline.reading import GradedRun, NoSuchRun
from custrata.pipeline.reading.figures import TierMove


def newest() -> GradedRun:
    run = runs.newest()
    assert run is not None
    return run


def test_a_record_is_read_once(served: Workspace) -> None:
    assert runs.newest() is runs.newest()
    assert runs.all_runs()[0] is runs.all_runs()[0]


def test_a_new_run_is_seen_at_once(own_workspace: Workspace) -> None:
    before = newest()
    later = json.loads((before.folder / "run.json").read_text("utf-8")) | {"as_of": "2025-08-01T00:00:00+08:00"}
    with own_workspace.runs.draft() as draft:
        published = own_workspace.runs.publish(draft, later)
    assert newest().id == published.id
    assert runs.run_before(newest()) is not None


def test_history_goes_back_no_further_than_it_should(served: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_RUNS", 3)
    assert [run.id for run in runs.history(newest())] == list(served.runs.ids()[-3:])


def test_history_of_a_past_run_ends_with_it(served: Workspace) -> None:
    second = runs.run(served.runs.ids()[1])
    assert [run.id for run in runs.history(second)] == list(served.runs.ids()[:2])


def test_a_select_offers_the_newest_runs_and_the_one_shown(served: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_RUNS", 2)
    ids = served.runs.ids()
    assert [run.id for run in runs.selectable(runs.run(ids[0]))] == [ids[3], ids[2], ids[0]]


def test_an_unknown_run_is_refused(served: Workspace) -> None:
    with pytest.raises(NoSuchRun):
        runs.run("../../etc")


def test_nothing_came_after_a_run_that_saw_everything(served: Workspace) -> None:
    assert runs.new_imports() == ()


def test_before_the_first_run_everything_is_new(own_workspace: Workspace) -> None:
    shutil.rmtree(own_workspace.runs.folder)
    assert {record.table for record in runs.new_imports()} == {"orders", "customers"}


@pytest.mark.parametrize("key", PUBLISHED)
def test_moves_that_are_counted_are_those_that_were_recorded(served: Workspace, key: str) -> None:
    before, now = runs.run(served.runs.ids()[-2]), newest()
    counted = comparison._count_moves(served.runs.folder, before.id, now.id, key)
    recorded = schemes.scheme(key, now).moves
    assert sorted(map(repr, counted)) == sorted(map(repr, recorded))


def test_moves_over_several_runs_end_where_the_later_run_is(served: Workspace) -> None:
    before, now = runs.run(served.runs.ids()[0]), newest()
    scheme_moves = comparison.moves_between("value", before, now)
    arrived = {
        tier.key: sum(move.customers for move in scheme_moves.moves if move.target == tier.key)
        for tier in scheme_moves.tiers
    }
    assert arrived == {tier.key: tier.customers for tier in scheme_moves.tiers}


@pytest.mark.parametrize("key", values.RECORDED | values.COUNTED)
def test_a_spread_counts_every_customer_with_a_value(served: Workspace, key: str) -> None:
    histogram = values.value_histogram(newest(), key, "en")
    assert histogram is not None
    assert len(histogram.edges) == len(histogram.counts) + 1
    assert 0 < sum(histogram.counts) <= 240


@pytest.mark.parametrize("key", ["lifecycle", "rfm"])
def test_a_scheme_without_one_value_has_no_spread(served: Workspace, key: str) -> None:
    assert values.value_histogram(newest(), key, "en") is None


def test_a_matrix_counts_each_customer_once(served: Workspace) -> None:
    scheme = schemes.scheme("lifecycle", newest())
    table = panels.matrix(scheme)
    cells = [cell for _, _, row in table.rows for cell in row if cell]
    assert sum(cell.customers for cell in cells) == scheme.customers
    assert all(total == sum(cell.customers for cell in row if cell) for _, total, row in table.rows)


def test_a_matrix_puts_those_without_a_tier_together(served: Workspace) -> None:
    scheme = schemes.scheme("value", newest())
    strays = replace(scheme, moves=(TierMove(None, "high", 2, Decimal(2)), TierMove("retired", "high", 3, Decimal(3))))
    (name, total, row) = panels.matrix(strays).rows[-1]
    assert (name, total, row[0] and row[0].customers) == ("新进入", 5, 5)


def test_sizes_of_two_runs_stand_side_by_side(served: Workspace) -> None:
    before, now = runs.run(served.runs.ids()[-2]), newest()
    change = comparison.scheme_change("value", before, now)
    assert sum(tier.before.customers for tier in change.tiers) == before.record["headline"]["customers"]
    assert {line.tier for line in change.moved_lines} == {"高价值", "中等价值"}


def test_lines_that_stayed_are_not_called_changed(served: Workspace) -> None:
    change = comparison.scheme_change("loyalty", runs.run(served.runs.ids()[-2]), newest())
    assert change.moved_lines == ()
    assert {line.now for line in change.lines} == {"66", "33"}
