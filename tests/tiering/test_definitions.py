"""Schemes as data: what is written comes back the same, and what cannot be is refused by name and place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from custrata.analytics.traits import CATALOGUE
from custrata.criteria import UnknownColumn, UnknownNode, UnknownTrait, WrongOperator
from custrata.criteria.values import BadValue
from custrata.errors import BadInput
from custrata.tiering import built_in, define
from custrata.tiering.checking import (
    ColumnsTaken,
    NotANumberTrait,
    OneWindowOnly,
    UnknownTraits,
    added_columns,
    check_definition,
)
from custrata.tiering.comparing import Difference, differences
from custrata.tiering.fields import BadDefinition, UnfitDefinition
from custrata.tiering.files import NotASchemeFile, NotYaml, WrittenTwice, read_schemes, write_schemes
from tests.tiering.drafts import Data, corrupted, definitions, vip

TRAITS = {key: trait.type for key, trait in CATALOGUE.items()} | {"shoe_size": "string", "member": "boolean"}
TOP = {"key": "top", "line": 10}
LOW = {"key": "low"}
BASE: Data = {"key": "x", "kind": "threshold", "trait": "spend", "tiers": [TOP, LOW]}
SCORE: Data = {"key": "x", "kind": "score", "factors": {"f": {"trait": "spend", "weight": 1}}, "tiers": [TOP, LOW]}
RULES: Data = {"key": "x", "kind": "rules", "rules": [{"tier": "top", "when": {"tag": "a"}}],
               "tiers": [{"key": "top"}, LOW]}  # fmt: skip


@given(definitions())
def test_what_is_written_is_read_back_the_same(data: Data) -> None:
    definition = define(data)
    assert define(definition.data()) == define(json.loads(json.dumps(definition.data()))) == definition
    assert read_schemes(write_schemes([definition])) == [definition]


@given(definitions())
def test_nothing_is_different_between_a_definition_and_its_copy(data: Data) -> None:
    assert differences(define(data), define(define(data).data())) == []


@given(corrupted())
def test_whatever_is_given_is_read_or_refused_by_name(data: Data) -> None:
    try:
        definition = define(data)
    except BadInput:
        return
    assert define(definition.data()) == definition


def test_the_schemes_that_ship_are_read_back_the_same_and_fit_any_workspace() -> None:
    shipped = list(built_in().values())
    assert read_schemes(write_schemes(shipped)) == shipped
    for definition in shipped:
        check_definition(definition, {key: trait.type for key, trait in CATALOGUE.items()}, built_in())


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "the top"),
        ({**BASE, "key": "Gold Customers"}, "key"),
        ({**BASE, "kind": "magic"}, "kind"),
        ({**BASE, "lines": [1]}, "lines"),
        ({"key": "x", "kind": "threshold", "tiers": [TOP, LOW]}, "trait"),
        ({**BASE, "trait": 'a"b'}, "trait"),
        ({**BASE, "tiers": []}, "tiers"),
        ({**BASE, "tiers": [{**TOP, "line": "many"}, LOW]}, "tiers[0].line"),
        ({**BASE, "tiers": [{**TOP, "line": "0.1234567"}, LOW]}, "tiers[0].line"),
        ({**BASE, "tiers": [{**TOP, "keep": "eighty %"}, LOW]}, "tiers[0].keep"),
        ({**BASE, "tiers": [{**TOP, "grace_days": -1}, LOW]}, "tiers[0].grace_days"),
        ({**BASE, "tiers": [{**TOP, "drop_at_most": 0}, LOW]}, "tiers[0].drop_at_most"),
        ({**BASE, "tiers": [{**TOP, "cost": "0.001"}, LOW]}, "tiers[0].cost"),
        ({**BASE, "tiers": [{**TOP, "colour": "red"}, LOW]}, "tiers[0]"),
        ({**BASE, "tiers": [{"line": 5}, LOW]}, "tiers[0].key"),
        ({**BASE, "names": {"fr": "or"}}, "names"),
        ({**BASE, "names": "x" * 61}, "names"),
        ({**BASE, "window": 0}, "window"),
        ({**BASE, "told": "yes"}, "told"),
        ({**BASE, "review": "monthly"}, "review.kind"),
        ({**BASE, "review": {"kind": "calendar", "dates": ["02-30"]}}, "review.dates[0]"),
        ({**BASE, "review": {"kind": "calendar"}}, "review.dates"),
        ({**BASE, "kind": "quantile", "tiers": [{"key": "a", "share": "120%"}, LOW]}, "tiers[0].share"),
        ({**SCORE, "factors": {"f": {"trait": "spend"}}}, "factors.f"),
        ({**SCORE, "factors": {"f": {"trait": "spend", "weight": 1, "low": 2}}}, "factors.f.low"),
        ({**RULES, "rules": [{"when": {"tag": "a"}}]}, "rules[0]"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: Any, place: str) -> None:
    with pytest.raises(BadDefinition) as refused:
        define(data)
    assert refused.value.facts["place"] == place


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({**BASE, "tiers": [TOP, {"key": "top"}]}, "tiers"),
        ({**BASE, "tiers": [LOW]}, "tiers"),
        ({**BASE, "tiers": [{"key": f"t{n}", "line": 99 - n} for n in range(20)] + [LOW]}, "tiers"),
        ({**BASE, "tiers": [{"key": "top"}, LOW]}, "tiers[0]"),
        ({**BASE, "tiers": [TOP, {**LOW, "line": 1}]}, "tiers[1]"),
        ({**BASE, "tiers": [TOP, {**LOW, "grace_days": 1}]}, "tiers[1]"),
        ({**BASE, "tiers": [TOP, {"key": "mid", "line": 10}, LOW]}, "tiers"),
        ({**BASE, "tiers": [{**TOP, "keep": 11}, LOW]}, "tiers[0]"),
        ({**BASE, "tiers": [{**TOP, "keep": "110%"}, LOW]}, "tiers[0]"),
        ({**BASE, "less_is_better": True, "tiers": [{**TOP, "keep": 9}, LOW]}, "tiers[0]"),
        ({**BASE, "qualify": "since_review"}, "qualify"),
        ({**RULES, "tiers": [{"key": "top", "valid_days": 9}, LOW]}, "tiers"),
        ({**RULES, "otherwise": "nowhere"}, "otherwise"),
        ({**RULES, "rules": [{"tier": "nowhere", "when": {"tag": "a"}}]}, "rules[0].tier"),
        ({"key": "x", "kind": "rfm", "method": "fixed"}, "lines"),
        ({"key": "x", "kind": "lifecycle", "tiers": [TOP, LOW]}, "tiers"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_place(data: Any, place: str) -> None:
    with pytest.raises(UnfitDefinition) as refused:
        define(data)
    assert refused.value.facts["place"] == place


def test_a_condition_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(UnknownNode):
        define({**BASE, "among": {"color": "red"}})


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        ({"trait": "spent"}, UnknownTraits, "spend"),
        ({"among": {"trait": "order", "is": ">=", "value": 1}}, UnknownTraits, "orders"),
        ({"trait": "first_order_on"}, NotANumberTrait, "date"),
        ({"trait": "member"}, NotANumberTrait, "member"),
        ({"trait": "categories", "window": 90}, OneWindowOnly, "categories"),
        ({"among": {"trait": "shoe_size", "is": ">=", "value": 40}}, WrongOperator, "shoe_size"),
        ({"among": {"trait": "spend", "is": ">=", "value": "much"}}, BadValue, "much"),
        ({"key": "average_order"}, ColumnsTaken, "average_order_value"),
    ],
)
def test_what_the_workspace_cannot_grade_by_is_refused(other: Data, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_definition(define({**BASE, **other}), TRAITS, built_in())


def test_a_text_of_a_file_may_be_the_value_and_a_trait_that_others_have_may_be_waited_for() -> None:
    for trait in ("shoe_size", "late_share", "discount_rate"):
        check_definition(define({**BASE, "trait": trait}), TRAITS, built_in())


def test_before_the_first_refresh_no_trait_is_checked() -> None:
    check_definition(define({**BASE, "trait": "spent"}), None, built_in())


def test_keys_may_begin_alike_as_long_as_their_columns_differ() -> None:
    schemes = {"vip": vip()}
    check_definition(define({**BASE, "key": "vip_gold"}), TRAITS, schemes)
    check_definition(define({**BASE, "key": "value_vip"}), TRAITS, schemes)
    with pytest.raises(ColumnsTaken, match="vip_was_status"):
        check_definition(define({**BASE, "key": "vip_was"}), TRAITS, schemes)


def test_a_factor_named_like_the_column_of_another_scheme_is_refused() -> None:
    clash = define({**SCORE, "key": "vip", "factors": {"gold_tier": {"trait": "spend", "weight": 1}}})
    assert "vip_gold_tier" in added_columns(clash)
    with pytest.raises(ColumnsTaken, match="vip_gold_tier"):
        check_definition(clash, TRAITS, {"vip_gold": define({**BASE, "key": "vip_gold"})})


def test_the_condition_of_a_missing_column_of_facts_is_refused() -> None:
    condition = {
        "facts": "events",
        "count": True,
        "where": [{"column": "nam", "is": "=", "value": "x"}],
        "is": ">",
        "value": 1,
    }
    with pytest.raises(UnknownColumn, match="name"):
        check_definition(define({**BASE, "among": condition}), TRAITS, {}, {"events": {"name": "string"}})


def test_differences_are_told_by_place() -> None:
    tiers = [{"key": "gold", "line": 400}, {"key": "silver", "line": 100}, {"key": "basic", "names": {"en": "All"}}]
    changes = differences(vip(), vip(tiers=tiers, told=False))
    assert changes == [
        Difference("tiers.diamond", {"key": "diamond", "line": 2000}, None),
        Difference("tiers.gold.line", 500, 400),
        Difference("tiers.gold.keep", "80%", None),
        Difference("tiers.basic.names", None, {"en": "All"}),
        Difference("tiers.silver", None, {"key": "silver", "line": 100}),
        Difference("told", True, False),
    ]


def test_another_order_of_tiers_and_another_condition_are_differences() -> None:
    before, after = define(RULES), define({**RULES, "tiers": [LOW, {"key": "top"}], "otherwise": "low"})
    assert Difference("tiers", ["top", "low"], ["low", "top"]) in differences(before, after)
    definitions = [define({**BASE, "among": {"tag": tag}}) for tag in ("a", "b")]
    assert differences(*definitions) == [Difference("among", {"tag": "a"}, {"tag": "b"})]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("key: [", NotYaml, "line 1"),
        ("schemes:\n  - key: a\n   kind: b", NotYaml, "line 3"),
        (b"\xff\xfe\xff", NotYaml, "vip.yaml"),
        ("", NotASchemeFile, "nothing"),
        ("- a", NotASchemeFile, "list"),
        ("schemes: []", NotASchemeFile, "schemes"),
        ("schemes: [{}]\nnote: x", NotASchemeFile, "note"),
        ("name: x", NotASchemeFile, "name"),
        ("key: a\nkey: b", WrittenTwice, "line 1 and in line 2"),
        (write_schemes([vip(), vip()]), WrittenTwice, "vip twice"),
    ],
)
def test_a_file_that_is_none_of_schemes_is_refused_kindly(
    text: str | bytes, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_schemes(text, "vip.yaml")


def test_a_mistake_in_a_file_is_told_with_its_line() -> None:
    text = write_schemes([vip()]).replace("line: 500", "line: lots")
    line = text[: text.index("lots")].count("\n") + 1
    with pytest.raises(BadDefinition, match=rf"vip\.yaml:{line} tiers\[1\]\.line"):
        read_schemes(text, "vip.yaml")


def test_a_mistake_in_a_condition_is_told_with_the_line_of_its_scheme() -> None:
    with pytest.raises(UnknownNode, match=r"vip\.yaml:2 x: "):
        read_schemes(f"schemes:\n- {json.dumps({**BASE, 'among': {'color': 1}})}", "vip.yaml")


def test_a_file_may_hold_one_scheme_alone() -> None:
    assert read_schemes(json.dumps(BASE)) == [define(BASE)]


def test_an_unknown_trait_of_a_condition_keeps_its_own_error() -> None:
    condition = define({**BASE, "among": {"trait": "spend", "is": ">=", "value": 1}}).settings["among"]
    with pytest.raises(UnknownTrait):
        condition.check({})
