"""What a condition says of everybody by an engine and of each row alone is the same; and it survives being written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.criteria import Criteria, Scope, parse
from custrata.engine import DuckEngine, Engine
from custrata.wording import LANGUAGES
from custrata.wording.writer import Writer
from tests.criteria import trees
from tests.criteria.evaluation import AS_OF, ZONE, answers
from tests.examples import examples

ZONES = ["Asia/Shanghai", "UTC", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia"]
INSTANTS = [AS_OF, datetime(2024, 2, 28, 23, 30, tzinfo=UTC), datetime(2025, 2, 28, tzinfo=UTC)]
MOMENTS = st.tuples(st.sampled_from(INSTANTS), st.sampled_from(ZONES))


def disagreements(engine: Engine, scope: Scope, criteria: list[Criteria]) -> list[tuple[Any, Any]]:
    """Conditions and rows of which the engine says one thing and the row alone another."""
    rows = answers(engine, scope, criteria)
    return [
        (criterion.to_json(), row)
        for number, criterion in enumerate(criteria)
        for row in rows
        if row[f"answer_{number}"] is not criterion.holds(row, as_of=scope.as_of, zone=scope.zone)
    ]


@given(trees.trees)
@examples(200)
def test_a_condition_survives_being_written(tree: Any) -> None:
    criteria = parse(tree)
    assert parse(criteria.to_json()) == criteria
    assert parse(json.loads(json.dumps(criteria.to_json()))) == criteria


@given(trees.trees)
def test_a_condition_can_be_said_in_every_language(tree: Any) -> None:
    for language in LANGUAGES:
        assert parse(tree).sentence(Writer(language, "CNY", ZONE))


@given(trees.profiles, trees.orders, st.lists(trees.trees, min_size=1, max_size=4), MOMENTS)
@examples(100)
def test_the_engine_and_a_row_alone_agree(
    duck: DuckEngine, profile: pa.Table, orders: pa.Table, conditions: list[Any], moment: tuple[datetime, str]
) -> None:
    scope = Scope(duck.from_arrow(profile), *moment, {"orders": duck.from_arrow(orders)})
    assert disagreements(duck, scope, [parse(condition) for condition in conditions]) == []


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/St_Johns"])
def test_both_engines_agree_with_each_row(engine: Engine, zone: str) -> None:
    profile, orders, conditions = _sample()
    scope = Scope(engine.from_arrow(profile), AS_OF, zone, {"orders": engine.from_arrow(orders)})
    assert disagreements(engine, scope, [parse(condition) for condition in conditions]) == []


def _sample() -> tuple[pa.Table, pa.Table, list[Any]]:
    """A larger table and many conditions, the same every time."""
    samples: list[tuple[pa.Table, pa.Table, list[Any]]] = []

    @examples(25, derandomize=True, database=None)
    @given(trees.profiles, trees.orders, st.lists(trees.trees, min_size=2, max_size=4))
    def draw(profile: pa.Table, orders: pa.Table, conditions: list[Any]) -> None:
        samples.append((profile, orders, conditions))

    draw()
    profile = pa.concat_tables([table for table, _, _ in samples]).drop_columns(["customer_id"])
    ids = pa.array([f"{number:03}" for number in range(len(profile))])
    return (
        profile.add_column(0, "customer_id", ids),
        pa.concat_tables([orders for _, orders, _ in samples]),
        [condition for _, _, conditions in samples for condition in conditions],
    )


def test_blocks_say_of_each_leaf_whether_it_holds(duck: DuckEngine) -> None:
    profile = pa.table({"customer_id": ["a"], "orders": [3], "tags": ["vip"]})
    criteria = parse({"all": [{"trait": "orders", "is": "top", "share": 1}, {"not": {"tag": "vip"}}]})
    (row,) = answers(duck, Scope(duck.from_arrow(profile), AS_OF, ZONE), [criteria])
    blocks = criteria.blocks(row, Writer("en", "CNY", ZONE), as_of=AS_OF, zone=ZONE, name_of_trait=str.title)
    assert blocks == [("Orders among the top 100%", True, 3), ("tagged “vip”", True, "vip")]
    assert not criteria.holds(row, as_of=AS_OF, zone=ZONE)


def test_an_instant_without_a_zone_is_refused(duck: DuckEngine) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse({"tag": "vip"}).holds({}, as_of=datetime(2025, 1, 31), zone=ZONE)
