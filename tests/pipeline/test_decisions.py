"""What people decided reaches the run: edits, tags, owners, tiers given by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custrata.engine import DuckEngine
from custrata.lake import Run, Workspace
from custrata.pipeline import refresh
from custrata.pipeline.decisions import SCHEMAS, Decisions, decisions_of
from custrata.schema import CUSTOMER_RECORDS, FEEDBACK
from tests.pipeline.conftest import AT, AddOrders, shop

AS_OF = "2025-06-01"
LONG_AGO, LATER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)


def rows(name: str, *values: Sequence[Any]) -> pa.Table:
    schema = SCHEMAS[name]
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in values], schema)


@pytest.fixture
def stocked(workspace: Workspace, duck: DuckEngine, add_orders: AddOrders) -> Workspace:
    """Twenty customers; a source says what `c1` and `c2` are called."""
    add_orders(workspace, shop(20))
    origin = {"source": "crm", "imported_at": AT, "import_id": "i1", "city": "Graz"}
    records = [{"source_id": key, "customer_id": key, "name": f"Old {key}", **origin} for key in ("c1", "c2")]
    schema = CUSTOMER_RECORDS.schema.to_pyarrow()
    with workspace.lake.change(at=AT) as change:
        change.upsert("customer_records", duck.from_arrow(pa.Table.from_pylist(records, schema)), duck)
    return workspace


def graded(workspace: Workspace, duck: DuckEngine, decisions: Decisions | None = None, as_of: str = AS_OF) -> Run:
    return refresh(workspace, duck, at=AT, as_of=as_of, decisions=decisions).run


def row(run: Run, duck: DuckEngine, customer: str) -> dict[str, Any]:
    profile = run.read("profile", duck)
    matches: list[dict[str, Any]] = profile.filter(profile.customer_id == customer).to_pyarrow().to_pylist()
    return matches[0]


def test_an_edit_beats_the_source_and_leaves_the_rest(stocked: Workspace, duck: DuckEngine) -> None:
    run = graded(stocked, duck, Decisions(edits=rows("edits", ("c1", "name", "New", LONG_AGO))))
    assert [row(run, duck, key)["name"] for key in ("c1", "c2")] == ["New", "Old c2"]
    assert row(run, duck, "c1")["city"] == "Graz"


def test_an_edit_may_empty_an_attribute(stocked: Workspace, duck: DuckEngine) -> None:
    run = graded(stocked, duck, Decisions(edits=rows("edits", ("c1", "city", None, LATER))))
    assert row(run, duck, "c1")["city"] is None
    assert row(run, duck, "c1")["name"] == "Old c1"


def test_of_several_edits_the_newest_holds(stocked: Workspace, duck: DuckEngine) -> None:
    edits = rows("edits", ("c1", "name", "Second", LATER), ("c1", "name", "First", LONG_AGO))
    assert row(graded(stocked, duck, Decisions(edits=edits)), duck, "c1")["name"] == "Second"


def test_edits_of_customers_no_source_told_of_are_seen(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    add_orders(workspace, shop(5))
    edits = rows("edits", ("c1", "name", "Ann", LATER), ("c1", "birthday", "1980-02-29", LATER))
    profile_row = row(graded(workspace, duck, Decisions(edits=edits)), duck, "c1")
    assert (profile_row["name"], profile_row["birthday"]) == ("Ann", date(1980, 2, 29))


def test_an_edit_makes_nobody_a_customer(stocked: Workspace, duck: DuckEngine) -> None:
    run = graded(stocked, duck, Decisions(edits=rows("edits", ("erased", "name", "Gone", LATER))))
    assert run.record["headline"]["customers"] == 20


def test_tags_and_owner_are_traits(stocked: Workspace, duck: DuckEngine) -> None:
    tags = rows("tags", ("c1", "vip"), ("c1", "asks first"), ("c1", "vip"))
    run = graded(stocked, duck, Decisions(tags=tags, owners=rows("owners", ("c1", "Ann Lee"))))
    profile_row = row(run, duck, "c1")
    assert (profile_row["tags"], profile_row["owner"]) == ("asks first, vip", "Ann Lee")
    assert row(run, duck, "c2")["tags"] is None


def override(scheme: str, tier: str, until: datetime | None, mode: str = "exactly") -> Decisions:
    return Decisions(overrides=rows("overrides", ("c1", scheme, tier, "promised", until, "Ann Lee", mode)))


def test_a_tier_given_by_hand_beats_the_computed_one(stocked: Workspace, duck: DuckEngine) -> None:
    run = graded(stocked, duck, override("value", "high", LATER))
    profile_row = row(run, duck, "c1")
    assert (profile_row["value_tier"], profile_row["value_status"], profile_row["value_reason"]) == (
        "high",
        "override",
        "promised",
    )
    assert profile_row["value_until"] == LATER
    assert row(run, duck, "c2")["value_status"] == "computed"
    sizes = {size["tier"]: size["customers"] for size in run.record["tiers"]["value"]}
    assert sum(sizes.values()) == 20


def test_at_least_a_tier_counts_where_the_computed_one_is_no_better(stocked: Workspace, duck: DuckEngine) -> None:
    best = max(duck.arrow(graded(stocked, duck).read("profile", duck)).to_pylist(), key=lambda row: row["value_value"])
    put = rows("overrides", (best["customer_id"], "value", "low", "a promise", LATER, "Ann Lee", "at_least"))
    profile_row = row(graded(stocked, duck, Decisions(overrides=put)), duck, best["customer_id"])
    assert (best["value_tier"], profile_row["value_tier"], profile_row["value_status"]) == ("high", "high", "computed")
    assert (profile_row["value_reason"], profile_row["value_own_tier"]) == (None, None)


def test_where_tiers_have_no_order_at_least_means_exactly(stocked: Workspace, duck: DuckEngine) -> None:
    computed = row(graded(stocked, duck), duck, "c1")["lifecycle_tier"]
    profile_row = row(graded(stocked, duck, override("lifecycle", "prospect", LATER, "at_least")), duck, "c1")
    assert (profile_row["lifecycle_tier"], profile_row["lifecycle_own_tier"]) == ("prospect", computed)


def test_overrides_without_a_mode_are_at_least_and_those_of_earlier_runs_exactly(
    stocked: Workspace, duck: DuckEngine
) -> None:
    plain = cast(pa.Table, override("value", "low", LATER).overrides).drop_columns(["mode"])
    run = graded(stocked, duck, Decisions(overrides=plain))
    assert cast(pa.Table, decisions_of(run).overrides)["mode"].to_pylist() == ["at_least"]
    pq.write_table(plain, run.folder / "overrides.parquet")
    assert cast(pa.Table, decisions_of(run).overrides)["mode"].to_pylist() == ["exactly"]


def test_it_stands_in_the_history_and_ends_when_it_is_over(stocked: Workspace, duck: DuckEngine) -> None:
    computed = row(graded(stocked, duck, as_of="2025-05-01"), duck, "c1")["value_tier"]
    assigned = "high" if computed != "high" else "low"
    put = graded(stocked, duck, override("value", assigned, LATER))
    over = graded(stocked, duck, as_of="2025-08-01")
    assert (row(put, duck, "c1")["value_before"], row(put, duck, "c1")["value_tier"]) == (computed, assigned)
    assert row(over, duck, "c1")["value_before"] == assigned
    assert "value_status" not in over.read("profile", duck).columns
    moved = put.read("changes", duck)
    assert moved.filter(moved.customer_id == "c1", moved.scheme == "value").count().execute() == 1


def test_what_fits_no_scheme_is_passed_over(stocked: Workspace, duck: DuckEngine) -> None:
    plain = row(graded(stocked, duck), duck, "c1")
    wrong = rows("overrides", ("c1", "no_such", "high", "", None, "", ""), ("c1", "value", "no_such", "", None, "", ""))
    assert row(graded(stocked, duck, Decisions(overrides=wrong)), duck, "c1")["value_tier"] == plain["value_tier"]


def test_new_decisions_grade_the_same_instant_anew_and_the_same_do_not(stocked: Workspace, duck: DuckEngine) -> None:
    decisions = Decisions(tags=rows("tags", ("c1", "vip")))
    plain = graded(stocked, duck)
    tagged = graded(stocked, duck, decisions)
    assert tagged.id != plain.id
    assert graded(stocked, duck, decisions).id == tagged.id


def test_a_refresh_without_decisions_keeps_those_of_the_run_before(stocked: Workspace, duck: DuckEngine) -> None:
    tagged = graded(stocked, duck, Decisions(tags=rows("tags", ("c1", "vip"))))
    assert graded(stocked, duck).id == tagged.id
    assert row(graded(stocked, duck, as_of="2025-07-01"), duck, "c1")["tags"] == "vip"
    assert "tags" not in graded(stocked, duck, Decisions(), as_of="2025-08-01").read("profile", duck).columns


def test_ibis_tables_do_as_well(stocked: Workspace, duck: DuckEngine) -> None:
    tags = duck.from_arrow(rows("tags", ("c1", "vip")))
    assert row(graded(stocked, duck, Decisions(tags=tags)), duck, "c1")["tags"] == "vip"


def test_decisions_about_an_erased_customer_are_erased(stocked: Workspace, duck: DuckEngine) -> None:
    run = graded(
        stocked, duck, Decisions(edits=rows("edits", ("c1", "name", "New", LATER), ("c2", "name", "N", LATER)))
    )
    stocked.runs.remove_customers("c1")
    assert run.read("edits", duck).customer_id.to_pyarrow().to_pylist() == ["c2"]


def test_tags_and_feedback_give_standing_and_need(stocked: Workspace, duck: DuckEngine) -> None:
    yesterday = datetime.fromisoformat(AS_OF).replace(tzinfo=UTC) - timedelta(days=1)
    origin = {"kind": "complaint", "given_at": yesterday, "source": "crm", "imported_at": AT, "import_id": "i1"}
    answers = [{"feedback_id": key, "customer_id": key, **origin} for key in ("c1", "c3")]
    with stocked.lake.change(at=AT) as change:
        table = pa.Table.from_pylist(answers, FEEDBACK.schema.to_pyarrow())
        change.upsert("feedback", duck.from_arrow(table), duck)
    run = graded(stocked, duck, Decisions(tags=rows("tags", ("c1", "红名单"), ("c2", "black_list"))))
    tiers = [(row(run, duck, key)["need_tier"], row(run, duck, key)["standing_tier"]) for key in ("c1", "c2", "c3")]
    assert tiers == [("complaint", "red"), ("none", "black"), ("complaint", "general")]
