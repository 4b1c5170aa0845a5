"""A few of the files that `python -m benchmarks.fuzz_import` damages by the hundred."""

from __future__ import annotations

import random

import pytest
from benchmarks.fuzz_import import damaged_file
from tests.ingest.conftest import AT, Shop

from custrata.errors import BadInput
from custrata.ingest import import_file


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 10))])
def test_a_damaged_file_is_refused_whole_or_accounted_for_row_by_row(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(5):
        path, _ = damaged_file(shop.folder, number, chance)
        before = shop.state
        try:
            result = import_file(shop.workspace, "orders", path, at=AT, dry_run=True)
        except BadInput:
            assert shop.state == before
        else:
            left_out = sum(
                notice.count for notice in result.notices if notice.code in ("totals", "remarks", "repeated_headers")
            )
            assert result.accepted + result.rejected + left_out == result.rows
