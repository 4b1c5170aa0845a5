from __future__ import annotations

import gzip
import os
import struct
import zipfile
from pathlib import Path

import pytest
from tests.ingest.conftest import Shop

from custrata.errors import BadInput
from custrata.ingest import dialect, files
from custrata.ingest.dialect import LineTooLong, UnclosedQuote
from custrata.ingest.encoding import UnknownEncoding
from custrata.ingest.excel import DamagedExcel
from custrata.ingest.files import (
    ArchiveFile,
    DamagedGzip,
    EmptyFile,
    FileMissing,
    FileNotReadable,
    NotAFile,
    NotATable,
    TooLargeUnpacked,
)
from custrata.ingest.parquet import DamagedFile
from custrata.ingest.recognise import MissingColumns
from custrata.ingest.sources import NoHeader, NoRows, TooManyColumns

ORDERS = "order_id,customer_id,ordered_at,amount\n1,a,2024-01-05,12.5\n"
SQUEEZED = gzip.compress(ORDERS.encode() * 100)
NOISE = bytes(range(256)) * 40

WRONG = {
    "empty.csv": (b"", EmptyFile),
    "empty.csv.gz": (gzip.compress(b""), EmptyFile),
    "header-only.csv": (b"order_id,customer_id,ordered_at,amount\n", NoRows),
    "headless.csv": (b"1,a,2024-01-05,12.5\n2,b,2024-01-06,3\n", NoHeader),
    "prose.csv": ("你好。\n今天天气不错。\n".encode(), MissingColumns),
    "noise.csv": (NOISE, NotATable),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + NOISE, NotATable),
    "paper.csv": (b"%PDF-1.7\n" + NOISE, NotATable),
    "half.csv.gz": (SQUEEZED[: len(SQUEEZED) // 2], DamagedGzip),
    "twice.csv.gz": (gzip.compress(SQUEEZED), ArchiveFile),
    "torn.parquet": (b"PAR1" + NOISE, DamagedFile),
    "torn.xlsx": (b"PK\x03\x04" + NOISE, DamagedExcel),
    "torn.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, DamagedExcel),
    "long.csv": (ORDERS.encode() + b"2,b,2024-01-06," + b"9" * 3_000_000 + b"\n", LineTooLong),
    "quote.csv": (ORDERS.encode() + b'2,"b,2024-01-06,3\n' + b"3,c,2024-01-07,1\n" * 9, UnclosedQuote),
    "wide.csv": (b",".join(b"a%d" % n for n in range(1_500)) + b"\n" + b"," * 1_499 + b"1\n", TooManyColumns),
}


@pytest.mark.parametrize("name", WRONG)
def test_refuses_a_wrong_file_with_one_sentence_and_changes_nothing(shop: Shop, name: str) -> None:
    content, error = WRONG[name]
    before = shop.state
    with pytest.raises(error) as raised:
        shop.import_text("orders", content, name)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2
    assert shop.state == before


def test_says_which_line_opens_the_quotation_mark(shop: Shop) -> None:
    with pytest.raises(UnclosedQuote, match="line 3"):
        shop.import_text("orders", *(WRONG["quote.csv"][0], "quote.csv"))


def test_a_mark_that_ends_a_cell_after_a_comma_is_no_unclosed_one(shop: Shop) -> None:
    content = 'order_id,customer_id,ordered_at,amount,note\n1,a,2024-01-05,1,"so,"\n2,b,2024-01-06,2,x\n'
    assert shop.import_text("orders", content, dry_run=True).accepted == 2


def test_refuses_a_line_of_fifty_million_characters(shop: Shop) -> None:
    path = shop.file(ORDERS)
    with path.open("ab") as file:
        file.truncate(50_000_000)
    with pytest.raises(BadInput):
        shop.import_path("orders", path)


def test_refuses_a_missing_file(shop: Shop) -> None:
    with pytest.raises(FileMissing):
        shop.import_path("orders", Path("nowhere.csv"))


def test_refuses_a_folder(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(NotAFile):
        shop.import_path("orders", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_refuses_a_file_it_may_not_read(shop: Shop) -> None:
    path = shop.file(ORDERS)
    path.chmod(0)
    with pytest.raises(FileNotReadable):
        shop.import_path("orders", path)


def test_refuses_an_archive_that_is_no_table(shop: Shop, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "orders.zip", "w") as archive:
        archive.writestr("orders.csv", ORDERS)
    with pytest.raises(ArchiveFile):
        shop.import_path("orders", tmp_path / "orders.zip")


def test_refuses_a_gzip_bomb_before_the_disk_is_full(shop: Shop) -> None:
    block = gzip.compress(bytes(files.BLOCK))
    with pytest.raises(TooLargeUnpacked):
        shop.import_text("orders", block * (files.BOMB_BYTES // files.BLOCK + 2), "bomb.csv.gz")


def test_refuses_an_excel_bomb_by_what_it_says_of_itself(tmp_path: Path, shop: Shop) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    content = bytearray(path.read_bytes())
    size = content.index(b"PK\x01\x02") + 24  # of the unpacked member, in the directory
    content[size : size + 4] = struct.pack("<I", 2 << 30)
    with pytest.raises(TooLargeUnpacked):
        shop.import_text("orders", bytes(content), "bomb.xlsx")


def test_leaves_no_scratch_behind(shop: Shop) -> None:
    with pytest.raises(EmptyFile):
        shop.import_text("orders", b"")
    assert [path.name for path in shop.workspace.folder.iterdir() if path.name.startswith(".import")] == []


def test_judges_a_file_by_its_content_not_by_its_name(shop: Shop) -> None:
    assert shop.import_text("orders", gzip.compress(ORDERS.encode()), "orders.csv", dry_run=True).accepted == 1


def test_text_in_an_unknown_encoding_is_refused_or_read(shop: Shop) -> None:
    content = b"order_id,name\n" + b"\x81\xff\x81\xff\x80\xfe,\x81\xff\xfe\n" * 40
    with pytest.raises((UnknownEncoding, MissingColumns, NotATable)):
        shop.import_text("orders", content)


def test_the_longest_line_is_a_million_characters() -> None:
    assert dialect.LONGEST == 2**20
