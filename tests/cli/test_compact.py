"""Compacting by hand, and by itself after an import; runs past their retention after a refresh."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from custrata.lake import Workspace
from tests.cli.conftest import Prepare, Run


def corrected(folder: Path, number: int) -> Path:
    """The same orders at another amount: all files of the table are written anew."""
    path = folder / f"corrected-{number}.csv"
    rows = "\n".join(f"{order},{'abc'[order % 3]},2025-01-0{order} 10:00:00,{number + 1}.00" for order in range(1, 9))
    path.write_text(f"订单号,客户编号,下单时间,实付金额\n{rows}\n", "utf-8")
    return path


def dead(folder: Path) -> int:
    return Workspace.open(folder).lake.usage().dead


@pytest.fixture
def uncompacted(custrata: Run, tmp_path: Path, prepare: Prepare) -> Path:
    """A workspace that does not compact by itself, with dead files."""

    def make() -> Path:
        folder = tmp_path / "never"
        custrata("init", folder, "--currency", "USD", "--language", "en", "--compact-at", "never")
        for number in range(4):
            assert custrata("import", "orders", corrected(tmp_path, number), "-w", folder).code == 0
        return folder

    return prepare("uncompacted", make)


def test_compact_frees_previous_versions_and_reports_it(custrata: Run, uncompacted: Path) -> None:
    assert dead(uncompacted) > 0
    ended = custrata("compact", "-w", uncompacted)
    assert (ended.code, dead(uncompacted)) == (0, 0)
    assert "Old versions of facts" in ended.out
    assert "nothing to free" in custrata("compact", "-w", uncompacted).out


def test_compact_reports_as_json(custrata: Run, uncompacted: Path) -> None:
    dead_bytes = dead(uncompacted)
    report = json.loads(custrata("compact", "--json", "-w", uncompacted).out)
    assert report["freed"] >= report["parts"]["dead"] >= dead_bytes
    assert (report["runs"], report["busy"], report["quarantine_files"]) == ([], [], 0)


def test_an_import_compacts_by_itself(custrata: Run, shop: Path, tmp_path: Path) -> None:
    outputs = [custrata("import", "orders", corrected(tmp_path, number), "-w", shop).out for number in range(4)]
    usage = Workspace.open(shop).lake.usage()
    assert usage.dead <= usage.live / 2
    assert "The facts were compacted" in "".join(outputs)


def test_an_import_as_json_stays_json_when_it_compacts(custrata: Run, shop: Path, tmp_path: Path) -> None:
    for number in range(4):
        json.loads(custrata("import", "orders", corrected(tmp_path, number), "--json", "-w", shop).out)


def test_a_refresh_removes_runs_past_their_retention(custrata: Run, shop: Path, orders_file: Path) -> None:
    custrata("import", "orders", orders_file, "-w", shop)
    days = [f"2025-0{month}-{day}" for month in (3, 4, 5, 6) for day in ("05", "20")]
    outputs = [custrata("refresh", "--as-of", day, "-w", shop).out for day in days]
    assert "1 run (as of Apr 5, 2025) was removed" in "".join(outputs)
    runs = Workspace.open(shop).runs
    assert [run[:8] for run in runs.traces()] == ["20250404"]
    assert "1 older run" in custrata("runs", "list", "-w", shop).out
    for command in ("verify", "withdraw"):
        ended = custrata("runs", command, runs.traces()[0], "-w", shop)
        assert (ended.code, "was removed" in ended.err) == (2, True)


def test_an_import_is_done_though_the_disk_is_too_full_to_compact(
    custrata: Run, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    custrata("import", "orders", corrected(tmp_path, 0), "-w", shop)
    monkeypatch.setattr("custrata.lake.lake.sweep", full)
    ended = custrata("import", "orders", corrected(tmp_path, 1), "-w", shop)
    assert (ended.code, "No space left on device" in ended.err) == (0, True)
    monkeypatch.undo()
    assert Workspace.open(shop).lake.snapshot().rows("orders") == 8


@pytest.mark.parametrize("setting", [("--keep-runs", "0"), ("--keep-quarantine", "ever"), ("--compact-at", "1e9%")])
def test_init_refuses_what_is_no_retention(custrata: Run, tmp_path: Path, setting: tuple[str, str]) -> None:
    ended = custrata("init", tmp_path / "new", *setting)
    assert (ended.code, setting[1] in ended.err, (tmp_path / "new" / "custrata.toml").exists()) == (2, True, False)
