from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.conftest import Shop

from custrata.ingest import Mapping, recognise
from custrata.ingest.mapping import BadMapping, MappingDoesNotFit, MappingNotWritten
from custrata.ingest.recognise import MissingColumns

CONTENT = "nr;wer;wann;wieviel;farbe\n1;a;05.01.2024;1.234,50;rot\n"
COLUMNS = {"nr": "order_id", "wer": "customer_id", "wann": "ordered_at", "wieviel": "amount"}
MAPPING = Mapping("orders", COLUMNS, constants={"channel": "web"}, date_order="day-first")


def test_a_mapping_says_what_nobody_can_recognise(shop: Shop) -> None:
    result = shop.import_text("orders", CONTENT, mapping=MAPPING)
    assert [str(cell) for cell in shop.rows("orders", "order_id", "amount", "channel")[0]] == ["1", "1234.50", "web"]
    assert shop.rows("orders", "properties") == [({"farbe": "rot"},)]
    assert result.mapping.columns == {**COLUMNS, "farbe": "property"}


def test_what_was_recognised_can_be_kept_and_given_again(shop: Shop, tmp_path: Path) -> None:
    path = shop.file("order_id,customer_id,date,amount\n1,a,13/1/2024,1\n")
    recognised = recognise(path, "orders")
    recognised.write(tmp_path / "mapping.toml")
    restored = Mapping.read(tmp_path / "mapping.toml")
    assert restored == recognised
    assert shop.import_path("orders", path, mapping=restored).mapping == recognised


def test_a_form_of_dates_may_be_given(shop: Shop) -> None:
    mapping = Mapping("orders", {**COLUMNS}, date_format="%d-%m-%y")
    shop.import_text("orders", "nr,wer,wann,wieviel\n1,a,05-01-24,1\n", mapping=mapping)
    assert f"{shop.rows('orders', 'ordered_at')[0][0]:%Y-%m-%d}" == "2024-01-04"


def test_an_encoding_and_a_delimiter_may_be_given(shop: Shop) -> None:
    mapping = Mapping("orders", {**COLUMNS}, encoding="cp1251", delimiter=";", date_order="day-first")
    shop.import_text("orders", CONTENT.replace(";a;", ";Анна;").encode("cp1251"), mapping=mapping)
    assert shop.rows("orders", "customer_id") == [("Анна",)]


def test_refuses_columns_the_file_does_not_have(shop: Shop) -> None:
    with pytest.raises(MappingDoesNotFit, match="wo"):
        shop.import_text("orders", CONTENT, mapping=Mapping("orders", {**COLUMNS, "wo": "store"}))


def test_refuses_a_mapping_without_what_is_needed(shop: Shop) -> None:
    with pytest.raises(MissingColumns, match="ordered_at, amount"):
        shop.import_text("orders", CONTENT, mapping=Mapping("orders", {"nr": "order_id", "wer": "customer_id"}))


def test_refuses_a_mapping_of_another_kind(shop: Shop) -> None:
    with pytest.raises(BadMapping, match="not for lines"):
        shop.import_text("lines", CONTENT, mapping=MAPPING)


@pytest.mark.parametrize(
    "text",
    [
        'kind = "orders"\n[columns',
        'kind = "orders"\ncolour = "red"',
        'kind = "orders"\n[columns]\na = "colour"',
        'kind = "orders"\n[columns]\na = "amount"\nb = "amount"',
        'kind = "orders"\n[columns]\na = 1',
        'kind = "orders"\ncolumns = 1',
        'kind = "orders"\ndate_order = "american"',
        'kind = "orders"\ndate_format = "%d/%m/%Y %z"',
        'kind = "orders"\ndecimal_comma = "yes"',
        'kind = "orders"\ndelimiter = "||"',
        'kind = "orders"\n[values.amount]\nx = "1"',
        'kind = "orders"\n[values.status]\nx = "gone"',
    ],
)
def test_refuses_a_mapping_that_makes_no_sense(text: str) -> None:
    with pytest.raises(BadMapping, match=r"mapping\.toml"):
        Mapping.from_toml(text)


def test_refuses_a_mapping_file_it_cannot_read_or_write(tmp_path: Path) -> None:
    with pytest.raises(BadMapping):
        Mapping.read(tmp_path / "nowhere.toml")
    with pytest.raises(MappingNotWritten):
        MAPPING.write(tmp_path / "nowhere" / "mapping.toml")


@given(st.dictionaries(st.text(min_size=1), st.just("property"), max_size=5), st.sampled_from([None, "day-first"]))
def test_every_mapping_survives_being_written(columns: dict[str, str], order: str | None) -> None:
    mapping = Mapping("orders", columns, date_order=order, decimal_comma=True)  # type: ignore[arg-type]  # one of the orders
    assert Mapping.from_toml(mapping.to_toml()) == mapping
