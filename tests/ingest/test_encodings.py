from __future__ import annotations

import codecs

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import recognise

HEADERS = {"订单号": "order_id", "客户编号": "customer_id", "下单时间": "ordered_at", "实付金额": "amount"}
ROWS = "1,王小明,2024-01-05,12.5\n2,张三,2024-02-06,3\n"
CHINESE = ",".join(HEADERS) + "\n" + ROWS
TRADITIONAL = "訂單編號,客戶編號,下單時間,實付金額\n1,王小明,2024-01-05,12.5\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CHINESE.encode(), "utf-8"),
        (codecs.BOM_UTF8 + CHINESE.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16-be"),
        (CHINESE.encode("utf-16-le"), "utf-16-le"),
        (CHINESE.encode("utf-16-be"), "utf-16-be"),
        (CHINESE.encode("gb18030"), "gb18030"),
    ],
)
def test_finds_the_encoding_and_reads_the_header(shop: Shop, content: bytes, encoding: str) -> None:
    mapping = recognise(shop.file(content), "orders")
    assert mapping.encoding == encoding
    assert mapping.columns == HEADERS


def test_finds_big5(shop: Shop) -> None:
    mapping = recognise(shop.file(TRADITIONAL.encode("big5")), "orders")
    assert list(mapping.columns.values()) == list(HEADERS.values())


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_imports_names_as_they_were_written(shop: Shop, encoding: str) -> None:
    shop.import_text("orders", CHINESE.encode(encoding))
    assert shop.rows("orders", "customer_id") == [("张三",), ("王小明",)]


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_tells_chinese_encodings_apart_without_a_chinese_header(shop: Shop, encoding: str) -> None:
    rows = "".join(f"{n},我們的客戶住在台北市中山區,2024-01-05,1\n" for n in range(9))
    text = (
        rows
        if encoding == "big5"
        else rows.replace("們", "们").replace("戶", "户").replace("區", "区").replace("台", "台")
    )
    content = ("order_id,customer_id,ordered_at,amount\n" + text).encode(encoding)
    assert (recognise(shop.file(content), "orders").encoding or "").startswith(encoding)


def test_finds_chinese_far_down_in_a_plain_file(shop: Shop) -> None:
    plain = "".join(f"{n},a,2024-01-05,1\n" for n in range(200_000))
    content = ("order_id,customer_id,ordered_at,amount\n" + plain + "9999999,王小明,2024-01-05,1\n").encode("gb18030")
    assert recognise(shop.file(content), "orders").encoding == "gb18030"


def test_reads_western_letters(shop: Shop) -> None:
    content = "order_id,customer_id,ordered_at,amount\n1,Jörg Müller,2024-01-05,3\n2,Zoë,2024-01-05,3\n"
    shop.import_text("orders", content.encode("cp1252"))
    assert shop.rows("orders", "customer_id") == [("Jörg Müller",), ("Zoë",)]


def test_a_damaged_line_of_utf8_goes_to_quarantine(shop: Shop) -> None:
    lines = [*CHINESE.splitlines(), "3,李四,2024-03-01,4", "4,赵六,2024-03-02,5"]
    content = [line.encode() for line in lines]
    content[2] = content[2].replace("张".encode(), b"\xff")
    result = shop.import_text("orders", b"\n".join(content))
    assert (result.accepted, result.rejected) == (3, 1)
    assert result.quality.reasons == {"unreadable": 1}


def test_a_lost_character_of_another_encoding_goes_to_quarantine(shop: Shop) -> None:
    rows = b"".join(f"{n},王小明,2024-01-05,1\n".encode("gb18030") for n in range(60))
    content = ",".join(HEADERS).encode("gb18030") + b"\n" + rows + b"99,\xff\xff,2024-01-05,1\n"
    result = shop.import_text("orders", content)
    assert (result.accepted, result.quality.reasons) == (60, {"unreadable": 1})
    assert shop.quarantine(result)[1].endswith("contains unreadable characters")
