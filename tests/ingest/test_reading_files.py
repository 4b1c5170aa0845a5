"""The library reads files through the same code as an import."""

from __future__ import annotations

import gzip
import warnings
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

import custrata as cs
from custrata.ingest.dates import AmbiguousDates
from custrata.ingest.read_file import NeedsAnswer, NoUsableRows, SeveralCurrencies
from custrata.ingest.recognise import MissingColumns

ROWS = [["1", "007", "2025年1月5日", "¥1,200"], ["2", "007", "2025-01-09", "80"], ["3", "8", "2025/1/11", "9.50"]]
HEAD = ["订单号", "会员号", "下单时间", "实付金额"]
TEXT = "".join("\t".join(row) + "\n" for row in (HEAD, *ROWS))


def file(folder: Path, content: str, encoding: str = "utf-8", name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def spent(path: Path | str, **options: Any) -> dict[str, Decimal]:
    """Monetary value by customer."""
    table = cs.traits(path, as_of="2025-02-01", zone="Asia/Shanghai", **options)
    return {row["customer_id"]: row["spend"] for row in table.select("customer_id", "spend").to_pyarrow().to_pylist()}


SPENT = {"007": Decimal("1280.00"), "8": Decimal("9.50")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_reads_a_file_in_any_encoding_with_headers_of_its_own(tmp_path: Path, encoding: str) -> None:
    assert spent(file(tmp_path, TEXT, encoding)) == SPENT


def test_reads_gzip_and_workbooks(tmp_path: Path) -> None:
    packed = tmp_path / "sales.csv.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    with xlsxwriter.Workbook(tmp_path / "sales.xlsx") as book:
        sheet = book.add_worksheet()
        for place, row in enumerate((HEAD, *ROWS)):
            sheet.write_row(place, 0, row)
    assert spent(packed) == spent(str(tmp_path / "sales.xlsx")) == SPENT


def test_tells_rows_left_out_and_what_was_assumed(tmp_path: Path) -> None:
    path = file(tmp_path, TEXT + "4\t8\tsoon\t1\n5\t8\t2025-01-12\t3万\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", cs.ReadingWarning)
        assert spent(path)["8"] == Decimal("30009.50")
    warning = caught[0].message
    assert isinstance(warning, cs.ReadingWarning)
    assert (warning.rejected, [notice.code for notice in warning.notices]) == ({"not_a_date": 1}, ["ten_thousands"])
    assert "not a recognized date (1)" in str(warning)


def test_asks_by_a_name_of_its_own_and_takes_the_answer(tmp_path: Path) -> None:
    path = file(tmp_path, "order_id;customer_id;ordered_at;amount\n1;a;2025-01-05;1.000\n2;a;2025-01-06;2.500\n")
    with pytest.raises(NeedsAnswer, match=r"custrata.read\(path, decisions=\{'decimal_sign': 'thousands'\}\)"):
        cs.rfm(path, as_of="2025-02-01")
    assert spent(cs.read(path, decisions={"decimal_sign": "decimals"})) == {"a": Decimal("3.50")}


def test_asks_for_the_meaning_of_an_unknown_status(tmp_path: Path) -> None:
    path = file(
        tmp_path, "order_id,customer_id,ordered_at,amount,status\n1,a,2025-01-05,1,blue\n2,a,2025-01-06,2,completed\n"
    )
    with pytest.raises(cs.CustrataError, match="blue"):
        cs.rfm(path, as_of="2025-02-01")


def test_does_not_guess_the_order_of_day_and_month(tmp_path: Path) -> None:
    path = file(tmp_path, "order_id,customer_id,ordered_at,amount\n1,a,05/03/2024,1\n")
    with pytest.raises(AmbiguousDates):
        cs.rfm(path, as_of="2025-02-01")
    assert cs.read(path, date_order="month-first").ordered_at.execute()[0].month == 5


def test_ids_of_twenty_digits_stay_apart(tmp_path: Path) -> None:
    rows = "".join(f"{n},{10**19 + n},2025-01-05,{n}\n" for n in (1, 2))
    assert len(spent(file(tmp_path, "order_id,customer_id,ordered_at,amount\n" + rows))) == 2


def test_columns_name_those_of_the_file(tmp_path: Path) -> None:
    path = file(tmp_path, "nr,wer,order date,sum\n1,a,2025-01-05,12\n")
    with pytest.raises(MissingColumns):
        spent(path)
    assert spent(path, columns={"order_id": "nr", "customer_id": "wer", "amount": "sum"}) == {"a": Decimal(12)}


def test_refuses_amounts_in_two_currencies(tmp_path: Path) -> None:
    path = file(tmp_path, "order_id,customer_id,ordered_at,amount\n1,a,2025-01-05,€5\n2,a,2025-01-05,£5\n")
    with pytest.raises(SeveralCurrencies, match="€"):
        cs.rfm(path, as_of="2025-02-01")


def test_refuses_a_file_without_a_usable_row(tmp_path: Path) -> None:
    with pytest.raises(NoUsableRows, match="a value is missing"):
        cs.rfm(file(tmp_path, "order_id,customer_id,ordered_at,amount\n,a,2025-01-05,5\n"), as_of="2025-02-01")


def test_lines_customers_and_feedback_come_from_files_too(tmp_path: Path) -> None:
    lines = file(tmp_path, "order_id,product_id,category,quantity,amount\n1,p,x,1,5\n2,q,y,1,5\n", name="lines.csv")
    assert cs.traits(file(tmp_path, TEXT), as_of="2025-02-01", lines=lines).categories.sum().execute() == 2
    customers = file(tmp_path, "customer_id,city,号码\n007,Ulm,x\n9,Bonn,y\n", name="customers.csv")
    assert cs.read(customers, "customers").select("city", "号码").execute().values.tolist() == [
        ["Ulm", "x"],
        ["Bonn", "y"],
    ]
    everyone = {"key": "k", "kind": "threshold", "trait": "spend", "tiers": [{"key": "g", "line": 500}, {"key": "b"}]}
    tiers = cs.grade(everyone, file(tmp_path, TEXT), as_of=date(2025, 2, 1), customers=customers)
    assert tiers.filter(tiers.customer_id == "007").tier.execute().tolist() == ["g"]


def test_a_clean_file_gives_no_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", cs.ReadingWarning)
        assert cs.rfm(file(tmp_path, TEXT), as_of="2025-02-01").count().execute() == 2
