"""YAML that people write: each value is read as it is written, or refused by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from custrata.errors import BadInput
from custrata.tiering.files import TooDeepYaml, read_schemes, write_schemes
from custrata.tiering.loading import Dumper, load_core, load_plain

SCHEME = "{{key: x, kind: threshold, trait: spend, {more} tiers: [{{key: {key}, line: {line}{part}}}, {{key: b}}]}}"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def scheme(line: str = "10", key: str = "a", part: str = "", more: str = "") -> Any:
    (definition,) = read_schemes(SCHEME.format(line=line, key=key, part=part, more=more))
    return definition


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("010", 10), ("-7", -7), ("0x1F", 31), ("0o17", 15), ("1.50", Decimal("1.50")), ("1e3", Decimal(1000)),
        (".5", Decimal("0.5")), ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("n", "n"), ("12:30", "12:30"),
        ("1_000", "1_000"), ("04-01", "04-01"), ("2025-04-01", "2025-04-01"), ("0b11", "0b11"), ("1,000", "1,000"),
        ("9" * 60, "9" * 60), ("190:20:30", "190:20:30"), ("=", "="), ("1e9999", "1e9999"),
    ],
)  # fmt: skip
def test_each_value_is_read_as_it_is_written(written: str, read: Any) -> None:
    assert load_core(f"value: {written}")[1] == {"value": read}
    assert type(load_core(f"value: {written}")[1]["value"]) is type(read)


@pytest.mark.parametrize(("written", "line"), [("010", 10), ("1_000", 1000), ("0.10", Decimal("0.1")), ("1e3", 1000)])
def test_a_line_is_what_stands_there(written: str, line: Any) -> None:
    assert scheme(line=written).tiers[0].line == line


def test_no_is_a_key_as_good_as_any() -> None:
    assert scheme(key="no").tiers[0].key == "no"


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"part": ", cost: 12:30"}, "tiers[0].cost"),
        ({"line": "12:30"}, "tiers[0].line"),
        ({"line": ".inf"}, "tiers[0].line"),
        ({"line": ".nan"}, "tiers[0].line"),
        ({"line": "9" * 5000}, "tiers[0].line"),
        ({"more": "told: yes,"}, "told"),
        ({"more": "window: 1_0,"}, "window"),
    ],
)
def test_what_is_no_number_is_refused_by_name(parts: dict[str, str], place: str) -> None:
    with pytest.raises(BadInput) as refused:
        scheme(**parts)
    assert place in str(refused.value)


def test_dates_of_a_review_need_no_quotes() -> None:
    definition = scheme(more="review: {kind: calendar, dates: [04-01, 11-11]},")
    assert definition.review.dates == ((4, 1), (11, 11))


@pytest.mark.parametrize(
    "bomb",
    [LAUGHS, "[" * 3000 + "]" * 3000, "[" * 100_000, "a: &a [*a]", "a: &a {b: *a}", "schemes: &s [*s]"],
    ids=["laughs", "deep", "deeper", "circle", "circle of mappings", "schemes"],
)
def test_bombs_are_refused_in_a_sentence(bomb: str) -> None:
    with pytest.raises(TooDeepYaml, match="nested too deep"):
        read_schemes(bomb)


def test_aliases_in_reason_are_read() -> None:
    text = "schemes:\n- {key: x, kind: threshold, trait: spend, tiers: &t [{key: a, line: 1}, {key: b}]}\n"
    definitions = read_schemes(text + "- {key: y, kind: threshold, trait: spend, tiers: *t}\n")
    assert definitions[0].tiers == definitions[1].tiers


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12))
def test_any_text_comes_back_as_it_was_by_both_readers(text: str) -> None:
    written = str(yaml.dump({"name": text}, Dumper=Dumper, allow_unicode=True))
    assert load_core(written)[1] == load_plain(written) == {"name": text}


@pytest.mark.parametrize("text", ["1e3", "010", "no", "12:30", "2025-04-01", "0o17", "null", "~", "1_000", "<<", "="])
def test_a_name_that_looks_like_something_else_comes_back(text: str) -> None:
    definition = scheme(more=f"names: {{en: '{text}'}},")
    assert read_schemes(write_schemes([definition]))[0].names["en"] == text
