from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROWS = "order_id,customer_id,ordered_at,amount,status\n1,a,2024-01-05,8,paid\n2,a,2024-01-06,8,zufrieden\n"


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    """A file of orders with a status that nobody knows."""
    path = tmp_path / "unknown.csv"
    path.write_text(ROWS, "utf-8")
    return path


class Terminal(io.StringIO):
    """What somebody types."""

    def isatty(self) -> bool:
        return True


def test_without_a_terminal_a_question_ends_with_code_2_and_names_the_ways_out(
    custrata: Run, shop: Path, unknown: Path
) -> None:
    ended = custrata("import", "orders", unknown, "-w", shop)
    assert ended.code == 2
    assert all(part in ended.err for part in ("status.zufrieden", "--decide", "--yes", "[decisions]"))


def test_yes_takes_what_is_proposed_and_tells_it(custrata: Run, shop: Path, unknown: Path) -> None:
    ended = custrata("import", "orders", unknown, "-w", shop, "--yes")
    assert (ended.code, "zufrieden → pending" in ended.out) == (0, True)


def test_decide_answers_and_json_tells_the_notices(custrata: Run, shop: Path, unknown: Path) -> None:
    ended = custrata("import", "orders", unknown, "-w", shop, "--decide", "status.zufrieden=leave_out", "--json")
    (result,) = json.loads(ended.out)
    assert (result["accepted"], result["quality"]["left_out"]) == (1, 1)
    assert "notices" in result


def test_refuses_a_decision_without_an_answer(custrata: Run, shop: Path, unknown: Path) -> None:
    assert custrata("import", "orders", unknown, "-w", shop, "--decide", "status").code == 2


def test_on_a_terminal_it_asks_and_saves_the_answer(
    custrata: Run, shop: Path, unknown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("completed\n"))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    ended = custrata("import", "orders", unknown, "-w", shop, "--save-mapping", tmp_path / "m.toml")
    assert (ended.code, "What does “zufrieden” mean" in ended.out) == (0, True)
    assert '"status.zufrieden" = "completed"' in (tmp_path / "m.toml").read_text("utf-8")
