"""Runs on the command line: listed, taken back, verified; and what lies in the future."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custrata.lake import Workspace
from custrata.lake.sums import replace_listed
from tests.cli.conftest import Run


def test_a_wrong_run_is_named_withdrawn_and_listed(custrata: Run, lived: Path) -> None:
    refused = custrata("refresh", "--as-of", "2025-02-15", "-w", lived)
    wrong = Workspace.open(lived).runs.ids()[-1]
    assert (refused.code, f"custrata runs withdraw {wrong}" in refused.err) == (1, True)
    done = custrata("runs", "withdraw", wrong, "--yes", "--reason", "too late", "-w", lived)
    listed = custrata("runs", "list", "-w", lived)
    assert (done.code, "Withdrew" in done.out, f"Withdrawn: {wrong}" in listed.out, "too late" in listed.out) == (
        0, True, True, True,
    )  # fmt: skip
    assert custrata("refresh", "--as-of", "2025-02-15", "-w", lived).code == 0


def test_it_verifies_and_says_what_differs(custrata: Run, lived: Path) -> None:
    assert custrata("runs", "verify", "--all", "-w", lived).code == 0
    path = Workspace.open(lived).runs.published().folder / "profile.parquet"  # type: ignore[union-attr]  # there is one
    table = pq.read_table(path)
    tiers = pa.array(["high"] * table.num_rows)
    other = path.with_suffix(".other")
    pq.write_table(table.set_column(table.column_names.index("value_tier"), "value_tier", tiers), other)
    replace_listed(path, other)  # as a version that grades otherwise would have written it
    ended = custrata("runs", "verify", "-w", lived)
    assert (ended.code, "value_tier" in ended.out, "published as high" in ended.out) == (1, True, True)


@pytest.mark.parametrize("command", ["withdraw", "verify"])
def test_an_unknown_run_is_bad_input(custrata: Run, lived: Path, command: str) -> None:
    ended = custrata("runs", command, "nothing", "-w", lived)
    assert (ended.code, "There is no published run “nothing”" in ended.err) == (2, True)


def test_rows_of_the_future_are_told_at_every_refresh(custrata: Run, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "order_id,customer_id,ordered_at,amount\n1,a,2025-01-05,10.00\n2,b,2025-02-01,20.00\n3,b,2150-01-01,5.00\n"
    )
    assert custrata("import", "orders", file, "-w", shop).code == 0
    refreshes = [custrata("refresh", "-w", shop) for _ in range(2)]
    assert [
        (ended.code, "1 row is dated in the future" in ended.out, "orders 3" in ended.out) for ended in refreshes
    ] == [(0, True, True)] * 2
    assert "as of Feb 2, 2025" in refreshes[0].out
