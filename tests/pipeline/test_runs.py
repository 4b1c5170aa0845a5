"""What is published: never from the future, taken back by name, computed anew and compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custrata.engine import DuckEngine
from custrata.lake import Run, Workspace
from custrata.lake.sums import replace_listed
from custrata.pipeline import refresh, verify, withdraw
from custrata.pipeline.reading import history
from custrata.pipeline.refresh import EarlierAsOf
from custrata.pipeline.snapshot import NothingHappenedYet
from custrata.pipeline.withdrawal import NoSuchPublishedRun
from tests.pipeline.conftest import AT, shop, stock
from tests.pipeline.lives import order, run_at


def instants(workspace: Workspace) -> list[str]:
    return [run.as_of.date().isoformat() for run in workspace.runs.all()]


def spans(workspace: Workspace) -> set[tuple[datetime, datetime | None]]:
    rows = [row for batch in history(workspace) for row in batch.to_pylist()]
    return {(row["valid_from"], row["valid_until"]) for row in rows}


def rewritten(run: Run, column: str, values: pa.Array) -> None:
    """Change a column of a run's profile and the sum it is known by, as no one should."""
    path, other = run.folder / "profile.parquet", run.folder / "other"
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(column), column, values), other)
    replace_listed(path, other)


def test_a_fact_of_the_future_is_told_and_moves_nothing(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2025-03-01"), order("b", "2999-01-01"), order("c", "2027-05-05")])
    run = refresh(workspace, duck, at=AT).run
    later = run.record["later"]
    assert (run.as_of, later["tables"], later["newest"][:10]) == (
        datetime(2025, 3, 2, tzinfo=UTC), {"orders": 2}, "2999-01-01",
    )  # fmt: skip
    assert later["table"] == "orders"


def test_a_fact_of_today_is_no_fact_of_the_future(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", AT.isoformat())])
    run = refresh(workspace, duck, at=AT).run
    assert (run.as_of, run.record["later"]) == (AT + timedelta(days=1), None)


def test_facts_of_the_future_alone_are_refused(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("b", "2999-01-01")])
    with pytest.raises(NothingHappenedYet, match="2999-01-01"):
        refresh(workspace, duck, at=AT)


def test_the_refusal_names_the_run_to_withdraw(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, shop(5))
    wrong = run_at(workspace, duck, "2525-01-01")
    with pytest.raises(EarlierAsOf, match=f"runs withdraw {wrong.id}"):
        run_at(workspace, duck, "2025-06-01")
    withdraw(workspace, duck, wrong.id, at=AT, by="Li", reason="a typing error")
    assert run_at(workspace, duck, "2025-06-01").as_of == datetime(2025, 6, 1, tzinfo=UTC)


def test_a_withdrawn_run_leaves_list_history_and_disk_and_keeps_its_record(
    workspace: Workspace, duck: DuckEngine
) -> None:
    stock(workspace, duck, shop(20))
    first, wrong = run_at(workspace, duck, "2025-01-01"), run_at(workspace, duck, "2025-03-01")
    withdraw(workspace, duck, wrong.id, at=AT, by="Li", reason="too early")
    (gone,) = workspace.runs.withdrawn()
    assert (workspace.runs.published(), spans(workspace)) == (first, {(first.as_of, None)})
    assert (gone.id, gone.by, gone.reason, gone.at, gone.record) == (wrong.id, "Li", "too early", AT, wrong.record)
    assert not wrong.folder.exists()


@pytest.mark.parametrize("place", [0, 1])
def test_runs_after_a_withdrawn_one_are_as_if_it_had_never_been(
    workspace: Workspace, duck: DuckEngine, place: int
) -> None:
    stock(workspace, duck, shop(20))
    days = ["2025-01-01", "2025-03-01", "2025-05-01"]
    ids = [run_at(workspace, duck, day).id for day in days]
    done = withdraw(workspace, duck, ids[place], at=AT)
    del days[place]
    assert (instants(workspace), len(done.anew)) == (days, 2 - place)
    assert {start for start, _ in spans(workspace)} == {datetime.fromisoformat(f"{day}T00:00+00:00") for day in days}
    assert all(verify(workspace, duck, run.id).equal for run in workspace.runs.all())


def test_what_is_not_published_cannot_be_withdrawn(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, shop(5))
    published = run_at(workspace, duck, "2025-01-01")
    with pytest.raises(NoSuchPublishedRun):
        withdraw(workspace, duck, "20250101T000000000000Z-nothing", at=AT)
    assert (workspace.runs.all(), workspace.runs.rebuilding()) == ([published], None)


def test_a_run_comes_out_as_it_was_published_whatever_was_imported_since(
    workspace: Workspace, duck: DuckEngine
) -> None:
    stock(workspace, duck, shop(30))
    run_at(workspace, duck, "2025-01-01")
    run = run_at(workspace, duck, "2025-03-01")
    stock(workspace, duck, [order("c1", "2025-02-01", 999)], AT + timedelta(days=1))
    verification = verify(workspace, duck, run.id)
    assert (verification.equal, verification.facts, verification.customers) == (True, True, 30)


def test_what_was_changed_by_hand_is_found_with_count_and_example(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, shop(30))
    run = run_at(workspace, duck, "2025-03-01")
    spend = pq.read_table(run.folder / "profile.parquet")["spend"]
    rewritten(run, "spend", pa.array([value + 1 for value in spend.to_pylist()], spend.type))
    verification = verify(workspace, duck, run.id)
    (difference,) = verification.differences
    assert (verification.equal, difference.column, difference.customers) == (False, "spend", 30)
    assert float(str(difference.published)) - float(str(difference.computed)) == 1


def test_facts_that_were_compacted_away_are_told_and_todays_are_taken(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, shop(30))
    run = run_at(workspace, duck, "2025-03-01")
    stock(workspace, duck, [order("new", "2025-02-01", 5)], AT + timedelta(days=1))
    workspace.lake.compact(at=AT + timedelta(days=2))
    verification = verify(workspace, duck, run.id)
    assert (verification.facts, verification.equal) == (False, True)
