"""Hostile YAML, TOML, JSON and plain values: each is refused with an error of Custrata, and quickly."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from custrata.criteria import parse
from custrata.errors import CustrataError
from custrata.ingest.mapping import Mapping
from custrata.tiering import BUILT_IN, define
from custrata.tiering.files import read_schemes
from custrata.tiering.playbooks import as_data, playbook
from tests.hostile import plain, spoilt, value

MAX_SECONDS, MAX_MESSAGE_LENGTH = 30.0, 20_000
SCHEMES = [scheme.definition.data() for scheme in BUILT_IN.values()]
MAPPING = """kind = "orders"
header_row = 1
delimiter = ","
[columns]
"a" = "order_id"
"b" = "amount"
[leave_out]
"c" = "< 0"
"""
CONDITIONS: list[Any] = [
    {"all": [{"trait": "spend", "is": ">=", "value": 10}, {"not": {"tag": "vip"}}]},
    {"facts": "orders", "count": True, "window": 30, "is": "between", "value": [1, 5]},
    {"trait": "recency_days", "is": "top share", "share": 0.2},
    {"scheme": "value", "tier": ["high"], "for_days": 30},
]


def defined(chance: random.Random) -> object:
    return define(spoilt(chance.choice(SCHEMES), chance)).data()


def condition(chance: random.Random) -> object:
    return parse(spoilt(chance.choice(CONDITIONS), chance))


def playbook_read(chance: random.Random) -> object:
    shipped = playbook("value", "high")
    return playbook("value", "high", spoilt(as_data(shipped), chance))


def yaml_read(chance: random.Random) -> object:
    text = str(yaml.safe_dump({"schemes": [chance.choice(SCHEMES)]}, allow_unicode=True))
    return read_schemes(cut(text, chance, YAML), "file.yaml")


def yaml_spoilt(chance: random.Random) -> object:
    data = json.loads(json.dumps({"schemes": [spoilt(chance.choice(SCHEMES), chance)]}, default=str))
    return read_schemes(json.dumps(data), "file.yaml")


def mapping_read(chance: random.Random) -> object:
    return Mapping.from_toml(cut(MAPPING, chance, TOML))


def doubling(name: str, first: str, next_one: str) -> str:
    """Lines that each refer nine times to the one before."""
    lines = [f"{name}0: &{name}0 {first}"]
    lines += [f"{name}{n}: &{name}{n} {next_one % ', '.join([f'*{name}{n - 1}'] * 9)}" for n in range(1, 12)]
    return "\n".join(lines)


BOMB, MERGES = doubling("a", "[x, x]", "[%s]"), doubling("m", "{k: v}", "{<<: [%s]}")
YAML = (
    "[" * 20_000, "{a: " * 5_000, "- " * 50_000, BOMB, MERGES, "&a [*a]", "!!python/object:os.system", "\0", "\x85",
    "1e99999999", "0x" + "f" * 5000, "9" * 5000, "2025-99-99", "? ? ? ?", "%YAML 9.9\n---", "<<: *x", ".nan",
)  # fmt: skip
TOML = (
    "[" * 20_000, "a = " + "[" * 5_000, "a = " + "{b=" * 2_000, "a." * 3_000 + "b = 1", "header_row = inf", "\0",
    "header_row = " + "9" * 5_000, "header_row = 1e99999999", "a = 0x" + "f" * 5_000, "delimiter = 1", "[[columns]]",
    "sheet = [1]", 'x = "\\ud800"', "a = 9999-12-31T23:59:60Z", "[leave_out]\na = '< 1e9'", "#" * 2_000_000,
)  # fmt: skip


def cut(text: str, chance: random.Random, more: tuple[str, ...]) -> str:
    """The text with an invalid value inserted, or in place of a part of it."""
    start = chance.randrange(len(text))
    end = start + chance.choice([0, 0, 1, 5, len(text)])
    put = chance.choice(
        [*more, value(chance), str(chance.choice([plain(chance)]))[:2000] if chance.random() < 0.1 else ""]
    )
    return text[:start] + put + text[end:]


TRIALS: tuple[Callable[[random.Random], object], ...] = (
    defined, condition, playbook_read, yaml_read, yaml_spoilt, mapping_read,
)  # fmt: skip


def run_trials(seed: int, many: int) -> tuple[list[str], Counter[str], float]:
    """Run so many trials of every kind; the failures, the number of each outcome, and the seconds of the slowest."""
    failures, ends, slowest = [], Counter[str](), 0.0
    for number in range(many):
        for trial in TRIALS:
            began = time.process_time()
            try:
                trial(random.Random(seed * 1_000_000 + number))
                ends["taken"] += 1
            except CustrataError as error:
                ends["refused"] += 1
                if len(str(error)) > MAX_MESSAGE_LENGTH:
                    failures.append(f"{trial.__name__} {number}: {len(str(error))} characters")
            except Exception as error:
                failures.append(f"{trial.__name__} {number}: {type(error).__name__} {str(error)[:200]}")
            took = time.process_time() - began
            slowest = max(slowest, took)
            if took > MAX_SECONDS:
                failures.append(f"{trial.__name__} {number}: {took:.1f} s")
    return failures, ends, slowest


def test_hostile_texts_are_refused_in_a_sentence() -> None:
    assert run_trials(1, 60)[0] == []


@pytest.mark.deep
def test_many_hostile_texts_are_refused_in_a_sentence() -> None:
    failures, ends, slowest = run_trials(2, 1_000)
    print(dict(ends), f"slowest {slowest:.1f} s of processor time")
    assert failures == []
