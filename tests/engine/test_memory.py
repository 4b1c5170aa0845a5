"""The memory an engine may take, and the folder it spills to."""

from __future__ import annotations

from pathlib import Path

import pytest

from custrata.engine import BadMemoryLimit, DuckEngine, connect, memory_in_bytes
from custrata.engine.memory import machine_memory


@pytest.mark.parametrize(
    ("limit", "size"),
    [("8GB", 8 * 10**9), ("1.5 gib", 3 * 2**29), ("256MiB", 2**28), ("100%", machine_memory())],
)
def test_reads_sizes_and_shares(limit: str, size: int) -> None:
    assert memory_in_bytes(limit) == size


@pytest.mark.parametrize("limit", ["", "8", "-8GB", "8 gigabytes", "1e9GB", "100%%", "200%", "12MB", "9999999GB"])
def test_refuses_what_is_no_limit(limit: str) -> None:
    with pytest.raises(BadMemoryLimit, match="8GB"):
        connect(memory_limit=limit)


def test_spills_beyond_the_limit_into_the_folder_named(tmp_path: Path) -> None:
    with connect(memory_limit="300MB", threads=1, scratch=tmp_path) as engine:
        assert isinstance(engine, DuckEngine)
        engine.raw.execute("CREATE TEMP TABLE t AS SELECT hash(i) AS h, i::VARCHAR || h AS s FROM range(10000000) r(i)")
        assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) > 10**7
        assert engine.raw.execute("SELECT count(DISTINCT h) FROM t").fetchall() == [(10_000_000,)]
    assert list(tmp_path.iterdir()) == []


def test_removes_what_a_killed_process_left_and_nothing_in_use(tmp_path: Path) -> None:
    orphan = tmp_path / "custrata-scratch-orphan"
    orphan.mkdir()
    with connect(scratch=tmp_path):
        (used,) = set(tmp_path.iterdir()) - {orphan}
        assert not orphan.exists()
        with connect(scratch=tmp_path):
            assert used.is_dir()
