"""Erased customers stay away until somebody lifts the erasure with a reason."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from custrata.ingest.erasure import begin_erasure
from custrata.lake import Workspace
from tests.cli.conftest import Run


def imported(custrata: Run, orders_file: Path, shop: Path) -> dict[str, int]:
    ended = custrata("import", "orders", orders_file, "--again", "--json", "-w", shop)
    return {notice["code"]: notice["count"] for notice in json.loads(ended.out)[0]["notices"]}


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


def test_an_erasure_that_was_killed_goes_on_with_any_command(custrata: Run, graded: Path) -> None:
    begin_erasure(Workspace.open(graded), ["a"], at=datetime(2026, 1, 1, tzinfo=UTC))
    assert "Continuing an unfinished erasure" in custrata("tiers", "value", "-w", graded).err
    assert custrata("profile", "a", "-w", graded).code != 0
    assert custrata("tiers", "value", "-w", graded).err == ""


def test_the_same_erasure_asked_for_again_says_that_it_went_on(custrata: Run, graded: Path) -> None:
    begin_erasure(Workspace.open(graded), ["a"], at=datetime(2026, 1, 1, tzinfo=UTC))
    ended = custrata("erase", " ａ ", "--yes", "-w", graded)
    assert ended.code == 0
    assert "Continuing" in ended.err
    assert "Erased customer a: orders 3" in ended.out


def test_an_exported_list_of_erasures_is_applied_on_import(custrata: Run, graded: Path, tmp_path: Path) -> None:
    copy, file = tmp_path / "copy", tmp_path / "list.json"
    shutil.copytree(graded, copy)
    custrata("erase", "a", "--yes", "-w", graded)
    assert custrata("erasures", "export", file, "-w", graded).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert custrata("erasures", "export", file, "-w", graded).code == 2
    assert "1" in custrata("erasures", "import", file, "-w", copy).out
    assert custrata("erase", "a", "--yes", "-w", copy).code == 2
    custrata("erase", "b", "--yes", "-w", copy)


def test_a_list_of_another_workspace_is_refused(custrata: Run, graded: Path, tmp_path: Path) -> None:
    custrata("init", tmp_path / "other", "--currency", "USD", "--language", "en")
    for folder in (tmp_path / "other", graded):
        custrata("erasures", "export", tmp_path / f"{folder.name}.json", "-w", folder)
    ended = custrata("erasures", "import", tmp_path / "other.json", "-w", graded)
    assert (ended.code, "another workspace" in ended.err) == (1, True)
    (tmp_path / "odd.json").write_text('{"format": 1, "key": "zz"}')
    assert custrata("erasures", "import", tmp_path / "odd.json", "-w", graded).code == 2
