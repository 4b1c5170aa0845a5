"""Why a customer is in a tier: inputs, lines, parts of a score, and what is missing to the next."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from custrata.analytics.silence import SilenceCurve, Stratum, Stretch
from custrata.pipeline.record import graded_record
from custrata.tiering import BUILT_IN, explain
from custrata.tiering.explanations import inputs_named
from custrata.wording import LANGUAGES
from custrata.wording.writer import Writer
from tests.tiering.conftest import SINCE, Explain, Run

ORDERED, NOT_ORDERED = "Ann", "Eve"
WAITING = ("standing", "price_sensitivity")  # nobody has a tag, and under 30 repeat buyers had a discount


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", [key for key in BUILT_IN if key not in WAITING])
def test_tells_every_customer_of_every_scheme_in_every_language(
    explain_tier: Explain, run: Run, scheme: str, language: str
) -> None:
    for customer in run.rows:
        sentences = explain_tier(scheme, customer, language).sentences
        assert len(sentences) >= 2
        assert not [sentence for sentence in sentences if "None" in sentence or "{" in sentence]


def test_a_rule_is_told_in_words() -> None:
    record = {"kind": "rules", "facts": {"asked": [0, 2]}, "notes": []}
    row = {"standing_tier": "red", "standing_rule": 1}
    assert explain("standing", row, record, Writer("zh-hans", "CNY", "UTC")).sentences[1:] == ("带有红名单标签。",)


def test_says_the_tier_and_since_when(explain_tier: Explain) -> None:
    first = {language: explain_tier("value", ORDERED, language).sentences[0] for language in LANGUAGES}
    assert first == {
        "zh-hans": "购买金额：高价值，自 2024年12月31日 起。",
        "zh-hant": "購買金額：高價值，自 2024年12月31日 起。",
        "en": "Purchase amount: High value, since Dec 31, 2024.",
    }
    assert explain_tier("value", ORDERED).since == SINCE
    assert explain_tier("value", ORDERED, "en", value_since=None).sentences[0] == "Purchase amount: High value."


def test_says_what_it_was_decided_by(explain_tier: Explain) -> None:
    explanation = explain_tier("value", "Ben", "zh-hans", value_tier="mid", value_value=Decimal("360.00"))
    assert explanation.sentences[1:] == (
        "过去 365 天净消费 ¥360.00。",
        "高价值：¥680.00 起。",
        "中等价值：¥100.00 起。",
        "再消费 ¥320.00 即达到“高价值”。",
    )
    assert (explanation.next_tier, explanation.missing) == ("high", Decimal("320.00"))


@pytest.mark.parametrize(
    ("spend", "tier", "next_tier", "missing"),
    [
        ("680.01", "high", None, None),
        ("680.00", "high", None, None),
        ("679.99", "mid", "high", "0.01"),
        ("100.00", "mid", "high", "580.00"),
        ("99.99", "low", "mid", "0.01"),
        ("0.00", "low", "mid", "100.00"),
        ("-5.00", "low", "mid", "105.00"),
    ],
)
def test_says_what_is_missing_to_the_cent(
    explain_tier: Explain, spend: str, tier: str, next_tier: str | None, missing: str | None
) -> None:
    explanation = explain_tier("value", "Ben", value_tier=tier, value_value=Decimal(spend))
    assert (explanation.next_tier, explanation.missing) == (next_tier, None if missing is None else Decimal(missing))
    assert (f"再消费 ¥{missing} 即达到" in explanation.sentences[-1]) is (missing is not None)


MISSING: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "frequency": ("Cem", {}, {"zh-hans": "再下单 1 次即达到“中频”。", "en": "Orders missing to reach Medium: 1."}),
    "loyalty": ("Cem", {}, {"zh-hans": "再得 15.46 分即达到“忠诚客户”。", "en": "15.46 more points to reach Loyal."}),
    "combined": ("Ben", {}, {"zh-hant": "再得 1.21 分即達到「高階」。", "en": "1.21 more points to reach Premium."}),
    "high_ticket": ("Ann", {}, {"zh-hans": "平均客单价再高 ¥90.00 即达到“高客单价”。"}),
}


@pytest.mark.parametrize("scheme", MISSING)
def test_says_what_is_missing_in_the_unit_of_the_scheme(explain_tier: Explain, scheme: str) -> None:
    customer, other, sentences = MISSING[scheme]
    for language, sentence in sentences.items():
        assert sentence in explain_tier(scheme, customer, language, **other).sentences


def test_missing_orders_are_a_whole_number(explain_tier: Explain) -> None:
    assert explain_tier("frequency", "Ben").missing == 2
    assert isinstance(explain_tier("frequency", "Ben").missing, int)


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [
        ("frequency", "过去 365 天内没有有效订单。"),
        ("loyalty", "过去 365 天内没有有效订单。"),
        ("lifecycle", "还没有订单。"),
        ("rfm", "过去 365 天内没有有效订单。"),
        ("combined", "过去 365 天内没有有效订单。"),
        ("high_ticket", "过去 365 天内不足 2 笔有效订单，无法判断。"),
        ("usage_cycle", "不足 3 个下单日，暂不知其周期。"),
    ],
)
def test_says_that_there_is_nothing_to_decide_by(explain_tier: Explain, scheme: str, sentence: str) -> None:
    explanation = explain_tier(scheme, NOT_ORDERED)
    assert (explanation.value, explanation.sentences[1]) == (None, sentence)
    assert explanation.missing is None


def test_a_score_is_made_of_its_points(explain_tier: Explain) -> None:
    explanation = explain_tier("loyalty", ORDERED, "en")
    assert "Composed of: regularity 50.00, repeat 23.44, tenure 3.42." in explanation.sentences
    assert abs(sum(explanation.points.values()) - explanation.value) <= Decimal(
        "0.02"
    )  # each part is rounded by itself
    assert "There is no category data; its weight is distributed among the other factors." in explanation.sentences


def test_rfm_is_told_by_the_means_and_the_scores(explain_tier: Explain) -> None:
    means, scores = explain_tier("rfm", ORDERED, "zh-hans").sentences[1:3]
    assert means.startswith("最近一次下单距今 42 天（平均 115.0 天）；下单 4 次（平均 2.00 次）；")
    assert means.endswith("净额 ¥1,000.00（平均 ¥450.00）。不差于平均即为“高”。")
    assert scores == "五分制得分 R 4、F 4、M 4，标签：忠诚客户。"


def test_the_lifecycle_is_told_by_the_silence(explain_tier: Explain) -> None:
    sentences = explain_tier("lifecycle", "Dee", "en").sentences
    assert sentences[1] == (
        "Silent for 336 days, 11.2 times the usual gap of 30.0 days. "
        "Counted orders, all time: 1; days since the first order: 336."
    )
    assert "Not learned yet: fixed lines of 3 and 6 usual gaps are used." in sentences


def test_a_learned_curve_says_how_many_came_back(run: Run) -> None:
    many = Stretch(Fraction(5), 1000, 313, 240, Decimal("0.2512"), Decimal("0.3749"))
    stratum = Stratum(1, 3, Fraction(5, 2), thin=("churned",), stretches=(Stretch(Fraction(1, 2), 100, 80), many))
    curve = SilenceCurve((stratum, Stratum(4, None)), learned=True)
    record = {"facts": graded_record({"curve": curve}), "notes": ["never_churned"]}
    sentences = explain("lifecycle", run.rows["Dee"], record, Writer("zh-hans", "CNY", "UTC")).sentences
    assert sentences[2:] == (
        "在有 1–3 个购买日、沉默这么久的 240 位客户中，31%（25–37）在 90 天内再次下单。",
        "有 1–3 个购买日的客户，沉默达到通常间隔的 2.50 倍视为预流失。",
        "有 1–3 个购买日的客户，沉默更久的太少，因此没有流失线。",
        "曲线从未降到该水平，因此没有“流失”。",
    )  # fmt: skip


def test_whoever_was_won_back_is_told_after_which_silence(explain_tier: Explain) -> None:
    explanation = explain_tier(
        "lifecycle", "Dee", "en", lifecycle_tier="won_back", comeback_1=Decimal("7.25"), comeback_2=None
    )
    assert (
        "The order within the last 90 days ended a silence of 7.3 times the usual gap, which counted as churned"
        in explanation.sentences[2]
    )


def test_orders_without_any_rhythm_are_not_no_order(explain_tier: Explain) -> None:
    """Where nobody has ordered on two days there is no silence to tell."""
    explanation = explain_tier("lifecycle", "Cem", "en", silence=None, rhythm_days=None, lifecycle_value=None)
    assert explanation.sentences[1].startswith("Silent for 21 days. Counted orders, all time: 1;")
    assert "No orders yet." not in explanation.sentences
    assert "at risk after 180 days without an order and churned after 365" in explanation.sentences[2]


def test_lines_that_are_one_lead_to_the_better_tier(explain_tier: Explain, run: Run) -> None:
    """Whoever reaches a line that two tiers share is in the better of them."""
    ladder = {"lowest": "low", "less_is_better": False,
              "steps": [{"tier": "high", "line": "100.00"}, {"tier": "mid", "line": "100.00"}]}  # fmt: skip
    row = {**run.rows["Dee"], "value_tier": "low", "value_value": Decimal("20.00")}
    explanation = explain("value", row, {"ladder": ladder}, Writer("zh-hans", "CNY", "UTC"))
    assert (explanation.next_tier, explanation.missing) == ("high", Decimal("80.00"))


def test_inputs_carry_the_names_people_read(explain_tier: Explain) -> None:
    assert inputs_named(explain_tier("value", ORDERED), "zh-hans") == {"近一年净消费": Decimal("1000.00")}


@pytest.mark.parametrize(
    ("language", "own"),
    [("en", "By the customer's own data it would be Medium value."), ("zh-hans", "按自身数据应为中等价值。"),
     ("zh-hant", "按自身資料應為中等價值。")],
)  # fmt: skip
def test_beneath_a_tier_by_hand_ones_own_is_told(explain_tier: Explain, language: str, own: str) -> None:
    by_hand = {"value_status": "override", "value_reason": "a friend", "value_tier": "high", "value_until": None}
    assert own in explain_tier("value", "Ben", language, **by_hand, value_own_tier="mid").sentences
    assert not any("own numbers" in sentence for sentence in explain_tier("value", "Ben", "en", **by_hand).sentences)
