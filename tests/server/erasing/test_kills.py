"""An erasure of a server's workspace, killed again and again, ends as one that was not killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.server.erasing.conftest import MAIN, TRACES, WHO, rows_of, run, traces

KILLS = int(os.environ.get("CUSTRATA_ERASE_KILLS", "30"))
LONGEST = 12.0  # seconds until a kill, at most


def erase_and_kill(folder: Path, database: str | None, after: float) -> bool:
    """Erase, and kill the process after so many seconds; returns whether it was still running."""
    environment = os.environ | ({"DATABASE_URL": database} if database else {})
    command = [sys.executable, "-c", MAIN, "erase", WHO, "--yes", "-w", str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


@pytest.mark.deep
def test_an_erasure_killed_again_and_again_ends(shop: Path, database: str | None) -> None:
    chance = random.Random(KILLS)
    many = sum(erase_and_kill(shop, database, chance.uniform(0.5, LONGEST)) for _ in range(KILLS))
    assert many > 0
    if (shop / "erasing.json").exists() or not (shop / "erasures.json").exists():
        assert "Erased customer" in run("erase", WHO, "--yes", "-w", shop, database=database)
    assert traces(shop.parent) == []
    assert [row for row in rows_of(database) if TRACES.search(row)] == [] if database else True
    assert not (shop / "erasing.json").exists()
