"""Runs by their ids: listed without being read, and read one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from custrata.lake.durable import Damaged
from custrata.lake.runs import Runs

FIRST, SECOND = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)


def published(runs: Runs, as_of: datetime, supersedes: tuple[str, ...] = ()) -> str:
    with runs.draft() as draft:
        return runs.publish(draft, {"as_of": as_of}, supersedes).id


def test_ids_are_in_the_order_of_their_instants(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "derived")
    later, earlier = published(runs, SECOND), published(runs, FIRST)
    assert runs.ids() == (earlier, later)


def test_before_the_first_run_there_are_none(tmp_path: Path) -> None:
    assert Runs(tmp_path / "derived").ids() == ()


def test_a_run_is_read_by_its_id(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "derived")
    assert runs.run(published(runs, FIRST)).as_of == FIRST


def test_a_superseded_run_is_gone(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "derived")
    old = published(runs, FIRST)
    published(runs, FIRST, (old,))
    with pytest.raises(Damaged):
        runs.run(old)
