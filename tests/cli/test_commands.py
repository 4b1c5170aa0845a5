"""Each command does what it says, refuses by name with its exit code, and survives being run twice."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run


def test_init_makes_a_workspace_and_refuses_a_second(custrata: Run, tmp_path: Path) -> None:
    assert custrata("init", tmp_path / "new").code == 0
    again = custrata("init", tmp_path / "new")
    assert (again.code, again.out, len(again.err.splitlines())) == (1, "", 1)


@pytest.mark.parametrize("setting", [("--currency", "XXZ"), ("--timezone", "Mars/Base"), ("--language", "tlh")])
def test_init_refuses_unknown_settings_and_makes_nothing(
    custrata: Run, tmp_path: Path, setting: tuple[str, str]
) -> None:
    ended, value = custrata("init", tmp_path / "new", *setting), setting[1]
    assert (ended.code, value in ended.err, (tmp_path / "new" / "custrata.toml").exists()) == (2, True, False)


def test_commands_outside_a_workspace_say_what_to_do(custrata: Run, tmp_path: Path) -> None:
    ended = custrata("refresh", "-w", tmp_path)
    assert (ended.code, "custrata init" in ended.err, ended.err.count("\n")) == (1, True, 1)


def test_import_tells_what_it_read(custrata: Run, shop: Path, orders_file: Path) -> None:
    ended = custrata("import", "orders", orders_file, "-w", shop)
    assert (ended.code, ended.err) == (0, "")
    assert "5 rows accepted, 0 rejected, of 5" in ended.out
    assert "实付金额" in ended.out


def test_import_as_json_can_be_read_by_a_program(custrata: Run, shop: Path, orders_file: Path) -> None:
    reports = json.loads(custrata("import", "orders", orders_file, "--json", "-w", shop).out)
    assert [(report["rows"], report["merged"]["orders"]["added"]) for report in reports] == [(5, 5)]


def test_a_dry_run_changes_nothing(custrata: Run, shop: Path, orders_file: Path) -> None:
    assert "nothing was written" in custrata("import", "orders", orders_file, "--dry-run", "-w", shop).out
    assert custrata("refresh", "-w", shop).code == 1


def test_importing_twice_changes_nothing(custrata: Run, graded: Path, orders_file: Path) -> None:
    assert "nothing changed" in custrata("import", "orders", orders_file, "-w", graded).out
    assert "up to date" in custrata("refresh", "-w", graded).out


def test_a_saved_mapping_can_be_given_again(custrata: Run, shop: Path, orders_file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "mapping.toml"
    custrata("import", "orders", orders_file, "--dry-run", "--save-mapping", saved, "-w", shop)
    assert custrata("import", "orders", orders_file, "--mapping", saved, "-w", shop).code == 0


def test_an_empty_file_gets_one_sentence_and_code_two(custrata: Run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    ended = custrata("import", "orders", tmp_path / "empty.csv", "-w", shop)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_rejected_rows_can_be_exported_mended_and_imported(custrata: Run, shop: Path, tmp_path: Path) -> None:
    bad, mended = tmp_path / "bad.csv", tmp_path / "mended.csv"
    bad.write_text("order_id,customer_id,ordered_at,amount\n1,a,2025-01-01,5\n2,a,2025-01-02,lots\n", "utf-8")
    report = json.loads(custrata("import", "orders", bad, "--json", "-w", shop).out)[0]
    custrata("quarantine", report["import_id"], "-o", mended, "-w", shop)
    mended.write_text(mended.read_text("utf-8-sig").replace("lots", "7", 1), "utf-8")
    again = json.loads(custrata("import", "orders", mended, "--json", "-w", shop).out)[0]
    assert (report["rejected"], again["accepted"], again["rejected"]) == (1, 1, 0)


def test_quarantine_lists_imports_and_refuses_unknown_ones(custrata: Run, shop: Path) -> None:
    assert "No rejected rows" in custrata("quarantine", "-w", shop).out
    assert custrata("quarantine", "../../etc/passwd", "-w", shop).code == 2


def test_schemes_lists_every_tier_with_its_size(custrata: Run, graded: Path) -> None:
    out = custrata("schemes", "-w", graded).out
    assert [part for part in ("value.high", "lifecycle.won_back", "$260.00") if part not in out] == []


def test_tiers_come_best_first(custrata: Run, graded: Path) -> None:
    rows = list(csv.DictReader(StringIO(custrata("tiers", "value", "--format", "csv", "-w", graded).out)))
    assert [(row["customer_id"], row["tier"], row["value"]) for row in rows] == [
        ("a", "high", "260.00"), ("b", "mid", "19.99"), ("c", "low", "5.00"),
    ]  # fmt: skip
    assert all(row["since"] for row in rows)


def test_tables_are_written_as_json_and_parquet(custrata: Run, graded: Path, tmp_path: Path) -> None:
    assert len(json.loads(custrata("tiers", "rfm", "--format", "json", "-w", graded).out)) == 3
    custrata("profile", "--format", "parquet", "-o", tmp_path / "p.parquet", "-w", graded)
    assert pq.read_table(tmp_path / "p.parquet")["customer_id"].to_pylist() == ["a", "b", "c"]


def test_parquet_needs_a_file_and_a_folder_that_exists(custrata: Run, graded: Path, tmp_path: Path) -> None:
    assert custrata("profile", "--format", "parquet", "-w", graded).code == 2
    assert custrata("profile", "--format", "csv", "-o", tmp_path / "no" / "p.csv", "-w", graded).code == 2


def test_explain_says_why_and_what_is_missing(custrata: Run, graded: Path) -> None:
    out = custrata("explain", "b", "--scheme", "value", "-w", graded).out
    assert [
        part for part in ("Purchase amount: Medium value", "$240.01 more to reach High value") if part not in out
    ] == []


def test_explain_refuses_unknown_customers(custrata: Run, graded: Path) -> None:
    nobody, nothing = custrata("explain", "zz", "-w", graded), custrata("explain", "a", "--scheme", "x", "-w", graded)
    assert (nobody.code, "zz" in nobody.err, nothing.code, "frequency" in nothing.err) == (2, True, 2, True)


def test_answers_in_the_language_asked_for(custrata: Run, graded: Path) -> None:
    assert "购买金额：高价值" in custrata("explain", "a", "--language", "zh-hans", "-w", graded).out
    assert "沒有" in custrata("explain", "zz", "--language", "zh-hant", "-w", graded).err


def test_nothing_is_shown_before_the_first_refresh(custrata: Run, shop: Path) -> None:
    commands = (["schemes"], ["tiers", "value"], ["profile"], ["report"])
    assert [custrata(*command, "-w", shop).code for command in commands] == [1, 1, 1, 1]


def test_an_earlier_instant_is_refused(custrata: Run, graded: Path) -> None:
    ended = custrata("refresh", "--as-of", "2025-01-31", "-w", graded)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert custrata("refresh", "--as-of", "soon", "-w", graded).code == 2


def test_the_report_is_one_page_without_links_out(custrata: Run, graded: Path) -> None:
    assert custrata("report", "-w", graded).code == 0
    page = (graded / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert [link for link in ('src="http', 'href="http') if link in page] == []


def test_erase_leaves_no_row_of_the_customer(custrata: Run, graded: Path) -> None:
    assert custrata("erase", "a", "--yes", "-w", graded).code == 0
    profile = json.loads(custrata("profile", "--format", "json", "-w", graded).out)
    assert [row["customer_id"] for row in profile] == ["b", "c"]
    assert custrata("erase", "a", "--yes", "-w", graded).code == 2


def test_erase_asks_first(custrata: Run, graded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert custrata("erase", "a", "-w", graded).code == 130
    assert custrata("explain", "a", "-w", graded).code == 0


def test_unknown_commands_and_options_exit_with_two(custrata: Run) -> None:
    assert custrata("fly").code == custrata("refresh", "--fast").code == 2


def test_every_command_removes_what_killed_ones_left(custrata: Run, shop: Path) -> None:
    left = [shop / ".import-1", shop / ".backup-1", shop / "scratch" / "custrata-1", shop.parent / ".restoring-1"]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "people.csv").write_text("secret", "utf-8")
    assert custrata("runs", "list", "-w", shop).err == ""
    assert [folder for folder in left if folder.exists()] == []


def test_the_command_line_imports_django_only_for_the_server() -> None:
    look = "import sys, custrata.__main__; print([name for name in sys.modules if name.split('.')[0] == 'django'])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout.strip() == "[]"
