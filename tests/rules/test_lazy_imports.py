"""What a process imports before it needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import custrata

HEAVY = ("ibis", "duckdb", "pyarrow", "polars", "scipy", "sklearn", "django")
COMMAND = f"""
import sys
sys.argv = ["custrata", "OPTION"]
from custrata.__main__ import main
try:
    main()
except SystemExit:
    print([name for name in {HEAVY} if name in sys.modules])
"""
METHOD = """
from custrata.analytics.ladder_schemes import frequency
print(frequency("orders.csv", as_of="2025-02-01").count().execute())
"""


def output_of(program: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_version_and_the_list_of_commands_need_no_library(tmp_path: Path, option: str) -> None:
    assert output_of(COMMAND.replace("OPTION", option), tmp_path).splitlines()[-1] == "[]"


def test_a_method_reads_a_file_in_a_process_that_imported_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,amount\n1,a,2025-01-05,10\n2,b,2025-01-06,5\n"
    )
    assert output_of(METHOD, tmp_path).strip().endswith("2")


def test_every_public_name_is_there() -> None:
    assert [name for name in custrata.__all__ if not hasattr(custrata, name)] == []
