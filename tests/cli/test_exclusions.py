"""`custrata exclude`, `include` and `excluded`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_excludes_from_the_next_refresh_on_and_includes_again(custrata: Run, graded: Path) -> None:
    assert "custrata refresh" in custrata("exclude", "a", "--reason", "till card", "-w", graded).out
    assert custrata("refresh", "-w", graded).code == 0
    assert '"a","low"' in custrata("tiers", "value", "--format", "csv", "-w", graded).out
    assert "till card" in custrata("excluded", "-w", graded).out
    assert "a" in custrata("include", "a", "-w", graded).out
    custrata("refresh", "-w", graded)
    assert '"a","high"' in custrata("tiers", "value", "--format", "csv", "-w", graded).out


def test_refuses_customers_it_does_not_know_and_excluding_without_reason(custrata: Run, graded: Path) -> None:
    assert custrata("exclude", "nobody", "--reason", "x", "-w", graded).code == 2
    assert custrata("exclude", "a", "--reason", " ", "-w", graded).code == 2
    assert "No customer is excluded" in custrata("excluded", "-w", graded).out


def test_the_same_again_changes_nothing(custrata: Run, graded: Path) -> None:
    custrata("exclude", "a", "--reason", "card", "-w", graded)
    assert "Nothing was changed" in custrata("exclude", "a", "--reason", "card", "-w", graded).out
    assert "Nothing was changed" in custrata("include", "b", "-w", graded).out


def test_erasing_leaves_no_trace_in_the_list(custrata: Run, graded: Path) -> None:
    custrata("exclude", "a", "--reason", "card", "-w", graded)
    custrata("erase", "a", "--yes", "-w", graded)
    assert "card" not in custrata("excluded", "-w", graded).out
