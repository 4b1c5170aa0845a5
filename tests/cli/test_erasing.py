"""Erased customers stay away until somebody lifts the erasure with a reason."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def imported(custrata: Run, orders_file: Path, shop: Path) -> dict[str, int]:
    told = custrata("import", "orders", orders_file, "--again", "--json", "-w", shop)
    return {notice["code"]: notice["count"] for notice in json.loads(told.out)[0]["notices"]}


def test_an_erased_customer_does_not_come_back_with_the_next_import(
    custrata: Run, graded: Path, orders_file: Path
) -> None:
    assert custrata("erasures", "list", "-w", graded).out == "No customer was erased.\n"
    assert custrata("erase", "a", "--yes", "-w", graded).code == 0
    assert imported(custrata, orders_file, graded)["erased_customer"] == 3
    assert custrata("erase", "a", "--yes", "-w", graded).code == 2


def test_an_erasure_is_lifted_with_a_reason_and_stays_in_the_list(
    custrata: Run, graded: Path, orders_file: Path
) -> None:
    custrata("erase", "a", "--yes", "-w", graded)
    assert custrata("erasures", "lift", "a", "-w", graded).code == 2
    assert custrata("erasures", "lift", "b", "--reason", "none", "-w", graded).code == 2
    assert custrata("erasures", "lift", "a", "--reason", "asked for it", "-w", graded).code == 0
    assert "asked for it" in custrata("erasures", "list", "-w", graded).out
    assert "erased_customer" not in imported(custrata, orders_file, graded)
