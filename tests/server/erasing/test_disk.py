"""No trace of an erased customer is left on disk and in the database, also after an import and a restore."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.server.erasing.conftest import TRACES, WHO, import_all, rows_of, run, traces


def remaining_traces(folder: Path, database: str | None) -> list[str]:
    """Files and rows that still contain the customer."""
    rows = [row.decode() for row in rows_of(database) if TRACES.search(row)] if database else []
    return [*traces(folder), *rows]


def test_an_erased_customer_is_nowhere_and_stays_away(shop: Path, database: str | None, tmp_path: Path) -> None:
    assert len(remaining_traces(shop.parent, database)) > 15
    output = run("erase", WHO, "--yes", "-w", shop, database=database)
    assert "tiers_override 1" in output
    assert "older.tar" in output
    assert remaining_traces(shop.parent, database) == []

    assert import_all(shop, tmp_path / "files")["erased_customer"] == 9  # two of them by a line and an e-mail address
    assert remaining_traces(shop.parent, database) == []

    output = run("restore", tmp_path / "older.tar", "-w", tmp_path / "home" / "new")
    assert "erased again: 1" in output
    assert remaining_traces(tmp_path / "home", None) == []


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.deep)], indirect=True)
def test_a_restore_elsewhere_takes_the_list_that_is_named(shop: Path, database: str | None, tmp_path: Path) -> None:
    run("erase", WHO, "--yes", "-w", shop, database=database)
    run("erasures", "export", tmp_path / "list.json", "-w", shop)
    shop.rename(tmp_path / "away")
    there = tmp_path / "there"
    assert "No list of erasures" in run("restore", tmp_path / "older.tar", "-w", there / "one")
    assert traces(there / "one")
    run("erasures", "import", tmp_path / "list.json", "-w", there / "one")
    named = run("restore", tmp_path / "older.tar", "-w", there / "two", "--erasures", tmp_path / "list.json")
    assert "erased again: 1" in named
    assert remaining_traces(there, None) == []
