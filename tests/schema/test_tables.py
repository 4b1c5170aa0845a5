"""The canonical tables describe themselves without contradiction."""

from __future__ import annotations

import ibis.expr.datatypes as dt
import pytest

from custrata.schema import FACTS, INSTANT, MONEY, ORDERS, TABLES, TableSpec
from custrata.schema.tables import ORIGIN

SPECS = pytest.mark.parametrize("spec", TABLES.values(), ids=list(TABLES))


@SPECS
def test_every_column_has_one_name_a_type_and_a_meaning(spec: TableSpec) -> None:
    assert len(set(spec.names)) == len(spec.names)
    assert spec.schema.names == spec.names
    assert all(column.meaning for column in spec)


@SPECS
def test_every_row_has_its_key_and_says_where_it_came_from(spec: TableSpec) -> None:
    assert all(spec[name].required for name in spec.key)
    assert spec.columns[-len(ORIGIN) :] == ORIGIN


@pytest.mark.parametrize("spec", FACTS, ids=lambda spec: str(spec.name))
def test_every_fact_has_an_instant(spec: TableSpec) -> None:
    assert spec.at is not None
    assert spec[spec.at].type == INSTANT


def test_money_is_never_a_float() -> None:
    floats = [(spec.name, column.name) for spec in TABLES.values() for column in spec if column.dtype.is_floating()]
    assert floats == []
    assert ORDERS["amount"].dtype == dt.Decimal(18, 2, nullable=False)
    assert MONEY == "decimal(18, 2)"


def test_a_column_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(StopIteration):
        ORDERS["price"]


def test_what_tells_who_somebody_is_is_marked() -> None:
    personal = {column.name for spec in TABLES.values() for column in spec if column.personal}
    assert {"name", "phone", "email", "birthday", "address", "customer_id", "text"} <= personal
