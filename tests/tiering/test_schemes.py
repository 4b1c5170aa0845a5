"""The built-in schemes: keys that stand in files and programs, and a name for each in every language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from custrata.analytics.traits import CATALOGUE
from custrata.tiering import BUILT_IN
from custrata.tiering.names import scheme_name, tier_name, trait_name
from custrata.wording import LANGUAGES, catalogue

STABLE = {
    "frequency": {"high", "mid", "low"},
    "value": {"high", "mid", "low"},
    "loyalty": {"loyal", "potential", "none"},
    "lifecycle": {"prospect", "new", "growing", "mature", "at_risk", "churned", "won_back"},
    "rfm": {"111", "101", "011", "001", "110", "100", "010", "000"},
    "combined": {"high", "mid", "general"},
    "high_ticket": {"high", "standard"},
    "price_sensitivity": {"high", "mid", "low"},
    "usage_cycle": {"short", "mid", "long", "unknown"},
    "standing": {"red", "general", "black"},
    "need": {"complaint", "inquiry", "none"},
    "potential": {"high", "potential", "standard"},
}


def named() -> Iterator[tuple[str, str]]:
    return ((key, tier) for key, scheme in BUILT_IN.items() for tier in scheme.tiers)


def test_keys_of_schemes_and_tiers_do_not_change() -> None:
    assert {key: set(scheme.tiers) for key, scheme in BUILT_IN.items()} == STABLE


def test_a_scheme_is_graded_after_those_it_needs() -> None:
    keys = list(BUILT_IN)
    assert all(keys.index(need) < keys.index(key) for key, scheme in BUILT_IN.items() for need in scheme.needs(keys))


def test_a_scheme_reads_only_traits_and_what_it_needs() -> None:
    for scheme in BUILT_IN.values():
        of_others = (f"{need}_{part}" for need in scheme.needs(list(BUILT_IN)) for part in ("tier", "value", "since"))
        allowed = {*CATALOGUE, "advocacy", "repeat_share", "credit", "tags", "overdue", "late_share", *of_others}
        assert {*scheme.reads, *scheme.inputs} <= allowed


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_scheme_tier_and_trait_has_a_name(language: str) -> None:
    assert all(scheme_name(key, language) for key in BUILT_IN)
    assert len({(key, tier_name(key, tier, language)) for key, tier in named()}) == len(list(named()))
    assert all(trait_name(trait, language) != trait for trait in CATALOGUE)


@pytest.mark.parametrize(
    ("scheme", "tiers"),
    [
        ("frequency", ["高频", "中频", "低频"]),
        ("value", ["高价值", "中等价值", "低价值"]),
        ("loyalty", ["忠诚客户", "潜在忠诚", "非忠诚"]),
        ("combined", ["高端", "中端", "一般"]),
        ("potential", ["高价值", "潜力", "标准"]),
        ("need", ["投诉客户", "咨询客户", "无"]),
        ("standing", ["红名单", "一般", "黑名单"]),
        ("rfm", ["重要价值", "重要发展", "重要保持", "重要挽留", "一般价值", "一般发展", "一般保持", "一般挽留"]),
    ],
)
def test_tiers_are_called_as_the_trade_calls_them(scheme: str, tiers: list[str]) -> None:
    assert [tier_name(scheme, tier, "zh-hans") for tier in BUILT_IN[scheme].tiers] == tiers


def test_a_trait_of_the_users_own_is_called_by_its_key() -> None:
    assert trait_name("shoe_size", "en") == "shoe_size"


def test_no_tier_is_named_that_is_gone() -> None:
    phrases = (name.split(".") for name in catalogue()["tiers"] if name.startswith("tiers."))
    assert {(scheme, tier) for _, scheme, tier in phrases} == set(named())
