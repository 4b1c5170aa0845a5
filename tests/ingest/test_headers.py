from __future__ import annotations

from pathlib import Path

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest.files import open_file
from custrata.ingest.mapping import Mapping
from custrata.ingest.sources import FileSource, open_source

TWICE = "订单号,会员号,下单时间,金额,优惠,金额\nA1,M1,2024-03-05,100.00,10.00,90.00\nA2,M2,2024-03-06,50,0,50\n"


@pytest.fixture
def source(shop: Shop, tmp_path: Path) -> FileSource:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return open_source(
        shop.engine, open_file(shop.file(TWICE), scratch), scratch, Mapping("orders", {}), "rejects_headers"
    )


def test_a_header_that_comes_twice_names_two_columns_and_is_remembered(source: FileSource) -> None:
    assert source.headers == ("订单号", "会员号", "下单时间", "金额", "优惠", "金额_2")
    assert source.repeated == {"金额": ["金额", "金额_2"]}
