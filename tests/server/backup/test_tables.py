"""The backed-up tables follow from the models; their content is the same on every database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState
from hypothesis import given
from hypothesis import strategies as st

from custrata.config.tables import Tally, lines, normalized, tables_to_back_up

Column = tuple[str, "models.Field[Any, Any]"]


def foreign_key(model: str, **options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(model, models.CASCADE, **options)


def registry() -> Apps:
    """A shop: carts need a session, lines need a cart, visits may have a session, notes need a visit."""
    state = ProjectState()
    key: Column = ("id", models.BigAutoField(primary_key=True))
    maybe = foreign_key("sessions.Session", null=True, db_constraint=False)
    fields: dict[str, list[Column]] = {
        "Cart": [key, ("session", foreign_key("sessions.Session"))],
        "Line": [key, ("cart", foreign_key("shop.Cart"))],
        "Mark": [key, ("lines", models.ManyToManyField("shop.Line"))],
        "Visit": [key, ("a_page", models.TextField()), ("session", maybe)],
        "Note": [key, ("visit", foreign_key("shop.Visit"))],
    }
    session: list[Column] = [("session_key", models.CharField(max_length=40, primary_key=True))]
    state.add_model(ModelState("sessions", "Session", session))
    for name, columns in fields.items():
        state.add_model(ModelState("shop", name, columns))
    return state.apps


def test_what_needs_something_left_out_is_left_out_and_what_may_be_empty_is_emptied() -> None:
    emptied = {table.label: table.emptied for table in tables_to_back_up(registry())}
    assert emptied == {"shop.mark": frozenset(), "shop.visit": frozenset({"session_id"}), "shop.note": frozenset()}


def test_what_a_backup_does_not_have_is_left_out_like_it() -> None:
    assert {table.label for table in tables_to_back_up(registry(), without={"shop.visit"})} == {"shop.mark"}


@pytest.fixture
def visits(transactional_db: None) -> Iterator[type[models.Model]]:
    model = registry().get_model("shop", "Visit")
    with connection.schema_editor() as editor:
        editor.create_model(model)
    yield model
    with connection.schema_editor() as editor:
        editor.delete_model(model)


def test_emptied_references_are_counted(visits: type[models.Model]) -> None:
    visits._base_manager.create(a_page="/", session_id="s")
    visits._base_manager.create(a_page="/x", session_id=None)
    (table,) = [table for table in tables_to_back_up(registry()) if table.label == "shop.visit"]
    tally = Tally()
    assert [json.loads(line)[1:] for line in lines(table, tally)] == [["/", None], ["/x", None]]
    assert (tally.rows, tally.emptied) == (2, 1)


def summed(*added: str) -> tuple[int, str]:
    tally = Tally()
    for line in added:
        tally.add(line)
    return tally.rows, tally.content


def test_the_check_sum_does_not_depend_on_the_order_and_sees_every_change() -> None:
    assert summed("a", "b") == summed("b", "a")
    assert len({summed(), summed("a"), summed("a", "a"), summed("a", "b"), summed("ab")}) == 5


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=8,
)


@given(json_values)
def test_numbers_that_a_database_may_write_otherwise_are_alike(value: Any) -> None:
    as_whole = json.loads(json.dumps(value), parse_float=lambda text: float(text))
    assert json.dumps(normalized(value)) == json.dumps(normalized(as_whole))
    assert normalized(normalized(value)) == normalized(value)


@pytest.mark.parametrize(("there", "here"), [(1.0, 1), (-0.0, 0), (1e20, 10**20), (1e23, 10**23)])
def test_postgresql_writes_whole_numbers_without_a_point(there: float, here: int) -> None:
    assert json.dumps(normalized(there)) == json.dumps(normalized(here))
