"""Conditions in words, in three languages."""

from __future__ import annotations

from typing import Any

import pytest

from custrata.criteria import Names, parse
from custrata.wording.writer import Writer

TRAITS = {"spend": "Spend", "share": "Full price", "last": "Last order", "born": "Birthday", "city": "City"}
UNITS = {"spend": "money", "share": "share"}
NAMES: Names = {
    "name_of_trait": lambda trait: TRAITS.get(trait, trait),
    "unit_of_trait": lambda trait: UNITS.get(trait, ""),
    "name_of_tag": {"red_list": "红名单"}.__getitem__,
    "name_of_scheme": {"lifecycle": "生命周期"}.__getitem__,
    "name_of_tier": lambda scheme, tier: {"at_risk": "预流失", "churned": "流失"}[tier],
}
SPENT: dict[str, Any] = {"facts": "orders", "sum": "net", "window": 90, "is": ">=", "value": "1000.00"}
RED = {"tag": "red_list"}
SILENT: dict[str, Any] = {"scheme": "lifecycle", "tier": ["at_risk", "churned"]}
APP = [{"column": "channel", "is": "=", "value": "app"}, {"column": "net", "is": ">", "value": 50}]

CHINESE: list[tuple[object, str]] = [
    ({"all": [SPENT, RED]}, "近 90 天订单净额合计 ≥ ¥1,000.00 且 标签含“红名单”"),
    ({"facts": "orders", "count": True, "is": ">=", "value": 2}, "累计订单数 ≥ 2"),
    ({**SPENT, "where": APP}, "近 90 天订单净额合计（限渠道为“app” 且 净额 > ¥50.00） ≥ ¥1,000.00"),
    (SILENT, "生命周期为“预流失”或“流失”"),
    ({**SILENT, "tier": "churned", "for_days": 30}, "生命周期为“流失”且已满 30 天"),
    ({"not": {"any": [RED, SILENT]}}, "不满足（标签含“红名单” 或 生命周期为“预流失”或“流失”）"),
    ({"all": [{"any": [RED, SILENT]}, {"not": RED}]},
     "（标签含“红名单” 或 生命周期为“预流失”或“流失”） 且 不满足（标签含“红名单”）"),
    ({"trait": "last", "is": "within_last", "days": 90}, "Last order在近 90 天内"),
    ({"trait": "born", "is": "anniversary_within_next", "days": 7}, "Birthday的周年日在未来 7 天内"),
    ({"trait": "spend", "is": "top", "share": "0.3"}, "Spend排在前 30%"),
    ({"trait": "city", "is": "in", "value": ["上海", "北京"]}, "City为“上海”或“北京”"),
    ({"trait": "last", "is": "before", "value": "2025-01-31"}, "Last order早于 2025年1月31日"),
    ({"all": []}, "全部客户"),
    ({"any": [RED]}, "标签含“红名单”"),
]  # fmt: skip
ENGLISH: list[tuple[object, str]] = [
    (SPENT, "total net amount of orders in the last 90 days ≥ CN¥1,000.00"),
    ({"facts": "events", "count": True, "window": 1, "is": "<", "value": 3}, "number of events in the last 1 day < 3"),
    ({"facts": "feedback", "sum": "score", "is": "between", "value": [1, "2.5"]},
     "total score of all feedback between 1 and 2.5"),
    ({"trait": "spend", "is": "=", "value": "5"}, "Spend = CN¥5.00"),
    ({"trait": "spend", "is": "<=", "value": "-1234.567"}, "Spend ≤ −CN¥1,234.567"),
    ({"trait": "share", "is": ">", "value": "0.125"}, "Full price > 12.5%"),
    ({"trait": "share", "is": ">", "value": "0.50"}, "Full price > 50%"),
    ({"trait": "share", "is": "bottom", "share": "0.001"}, "Full price among the bottom 0.1%"),
    ({"trait": "n", "is": "!=", "value": 1000}, "n ≠ 1,000"),
    ({"trait": "city", "is": "!=", "value": "Rome"}, "City is not “Rome”"),
    ({"trait": "city", "is": "not_in", "value": ["A", "B", "C"]}, "City is not “A”, “B”, or “C”"),
    ({"trait": "city", "is": "contains", "value": "{0}"}, "City contains “{0}”"),
    ({"trait": "city", "is": "starts_with", "value": "1"}, "City starts with “1”"),
    ({"trait": "vip", "is": "=", "value": True}, "vip is yes"),
    ({"trait": "vip", "is": "=", "value": False}, "vip is no"),
    ({"trait": "last", "is": "on", "value": "2025-01-31"}, "Last order on Jan 31, 2025"),
    ({"trait": "last", "is": "between", "value": ["2025-01-01", "2025-01-31"]},
     "Last order between Jan 1, 2025 and Jan 31, 2025"),
    ({"trait": "last", "is": "not_within_last", "days": 1}, "Last order not within the last 1 day"),
    ({"trait": "city", "is": "unknown"}, "City is unknown"),
    ({"any": []}, "no customers"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "sentence"), CHINESE)
def test_says_it_in_chinese(condition: object, sentence: str) -> None:
    assert parse(condition).sentence(Writer("zh-hans", "CNY", "Asia/Shanghai"), **NAMES) == sentence


@pytest.mark.parametrize(("condition", "sentence"), ENGLISH)
def test_says_it_in_english(condition: object, sentence: str) -> None:
    assert parse(condition).sentence(Writer("en", "CNY", "Asia/Shanghai"), **NAMES) == sentence


def test_says_it_in_traditional_chinese() -> None:
    sentence = parse({"all": [SPENT, {"not": RED}]}).sentence(Writer("zh-hant", "TWD", "Asia/Taipei"), **NAMES)
    assert sentence == "近 90 天訂單淨額合計 ≥ $1,000.00 且 不滿足（標籤含「红名单」）"


def test_without_names_things_go_by_their_keys() -> None:
    criteria = parse({"all": [SILENT, {"trait": "spend", "is": ">=", "value": "1000.00"}]})
    assert criteria.sentence(Writer("en", "CNY", "UTC")) == "lifecycle is “at_risk” or “churned” and spend ≥ 1,000.00"
