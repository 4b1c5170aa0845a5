"""What the command line writes for spreadsheets holds no formula, and comes back as it was."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Prepare, Run

IDS = ["=cmd|' /C calc'!A0", "+4915112", "@sum", "-x", "＝1+1", "a'b", "-5"]
MARKED = ["'=cmd|' /C calc'!A0", "'+4915112", "'@sum", "'-x", "-5"]
COMMANDS = [("tiers", "value"), ("profile",), ("history", "export")]


def orders(path: Path, ids: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["order_id", "customer_id", "ordered_at", "amount", "note"])
        rows.writerows([f"o{place}", customer_id, "2025-01-05 10:00:00", "-3.50" if place else "9", customer_id]
                       for place, customer_id in enumerate(ids))  # fmt: skip
    return path


@pytest.fixture
def graded(custrata: Run, shop: Path, tmp_path: Path, prepare: Prepare) -> Path:
    def make() -> Path:
        assert custrata("import", "orders", orders(tmp_path / "odd.csv", IDS), "-w", shop).code == 0
        assert custrata("refresh", "-w", shop).code == 0
        return shop

    return prepare("formulas", make)


def customers(file: Path) -> set[str]:
    with file.open(encoding="utf-8", newline="") as rows:
        return {row["customer_id"] for row in csv.DictReader(rows)}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_text_is_a_formula_unless_it_is_asked_for_raw(
    custrata: Run, graded: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    plain, raw = tmp_path / "plain.csv", tmp_path / "raw.csv"
    arguments = (*command, "--format", "csv", "-w", graded)
    assert custrata(*arguments, "-o", plain).code == custrata(*arguments, "--raw", "-o", raw).code == 0
    assert customers(plain) >= set(MARKED)
    assert customers(raw) >= {"=cmd|' /C calc'!A0", "+4915112", "@sum", "-x", "-5"}
    assert b"-3.50" not in plain.read_bytes() or b"'-3.50" not in plain.read_bytes()


def test_escaped_cells_are_imported_with_their_original_text(custrata: Run, tmp_path: Path) -> None:
    written = {}
    for name, ids in (("as_it_was", IDS[:4]), ("marked", MARKED[:4])):
        shop, out = tmp_path / name, tmp_path / f"{name}.csv"
        assert custrata("init", shop, "--currency", "USD", "--language", "en").code == 0
        assert custrata("import", "orders", orders(tmp_path / "odd.csv", ids), "-w", shop).code == 0
        assert custrata("refresh", "-w", shop).code == 0
        assert custrata("profile", "--format", "csv", "--raw", "-o", out, "-w", shop).code == 0
        written[name] = out.read_text("utf-8")
    assert written["as_it_was"] == written["marked"]


def test_rows_in_quarantine_hold_no_formula_either(custrata: Run, shop: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("order_id,customer_id,ordered_at,amount\n=1+1,a,2025-01-05,oops\no2,a,2025-01-05,-7.00\n")
    custrata("import", "orders", bad, "-w", shop)
    listed = custrata("quarantine", "-w", shop).out.split()
    name = next(word for word in listed if (shop / "quarantine" / f"{word}.csv").exists())
    assert "'=1+1" in custrata("quarantine", name, "-w", shop).out
    assert "\n=1+1" in custrata("quarantine", name, "--raw", "-w", shop).out
