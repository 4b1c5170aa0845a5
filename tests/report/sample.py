"""A report as a shop might have it: the same numbers every time, names in each language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from custrata.pipeline.reading.figures import (
    Headline,
    Histogram,
    Import,
    NumberChange,
    ParetoPoint,
    Quality,
    ReportData,
    RfmCell,
    RfmMap,
    RunSizes,
    SchemeSummary,
    Silence,
    SilenceClaim,
    SilencePoint,
    SilenceStratum,
    Size,
    Tier,
    TierMove,
    Unit,
)
from custrata.report import page
from custrata.wording import LANGUAGES

ZERO = Decimal(0)
AS_OF = datetime(2025, 1, 31, 16, tzinfo=UTC)
RUNS = [AS_OF - timedelta(days=30 * back) for back in range(12, -1, -1)]

# A tier: its key, its name in the three languages, customers, revenue of each.
Rung = tuple[str, str, int, float]
LADDERS: dict[str, tuple[str, Sequence[Rung]]] = {
    "value": (
        "购买金额|購買金額|Purchase value",
        [
            ("high", "高价值|高價值|High value", 1012, 3641.2),
            ("mid", "中等价值|中等價值|Mid value", 812, 851.5),
            ("low", "低价值|低價值|Low value", 645, 355.7),
        ],
    ),
    "frequency": (
        "购买频率|購買頻率|Purchase frequency",
        [
            ("high", "高频|高頻|High frequency", 494, 3934.4),
            ("mid", "中频|中頻|Mid frequency", 744, 2128.1),
            ("low", "低频|低頻|Low frequency", 1231, 868.6),
        ],
    ),
    "lifecycle": (
        "生命周期|生命週期|Lifecycle",
        [
            ("mature", "成熟期|成熟期|Mature", 1620, 2410.9),
            ("growing", "成长期|成長期|Growing", 331, 731.3),
            ("new", "新客户|新客戶|New", 58, 122.5),
            ("won_back", "挽回|挽回|Won back", 74, 901.2),
            ("at_risk", "预流失|預流失|At risk", 236, 1011.8),
            ("churned", "流失|流失|Churned", 150, 304.2),
        ],
    ),
    "rfm": (
        "RFM 八类|RFM 八類|RFM groups",
        [
            ("111", "重要价值|重要價值|Important: value", 631, 3822.8),
            ("101", "重要发展|重要發展|Important: develop", 118, 2711.4),
            ("011", "重要保持|重要保持|Important: keep", 87, 3204.6),
            ("001", "重要挽留|重要挽留|Important: retain", 44, 2688.3),
            ("110", "一般价值|一般價值|General: value", 141, 1412.2),
            ("100", "一般发展|一般發展|General: develop", 733, 901.4),
            ("010", "一般保持|一般保持|General: keep", 12, 1366.0),
            ("000", "一般挽留|一般挽留|General: retain", 703, 611.2),
        ],
    ),
    "usage_cycle": (
        "使用周期|使用週期|Usage cycle",
        [
            ("short", "短周期|短週期|Short", 803, 3066.1),
            ("mid", "中周期|中週期|Medium", 794, 1711.7),
            ("long", "长周期|長週期|Long", 781, 965.3),
            ("unknown", "未知|未知|Not known yet", 91, 231.0),
        ],
    ),
}
ADVICE = {
    "high": (
        "保护与维系|保護與維繫|Protect and keep",
        "客户经理每季度回访|客戶經理每季回訪|A manager visits each quarter",
    ),
    "mid": ("扩大购物篮|擴大購物籃|Grow the basket", "推荐组合商品|推薦組合商品|Offer bundles that go together"),
    "low": ("发现上升者|發現上升者|Catch the risers", "每月一封简报|每月一封簡報|A monthly letter with a coupon"),
}
LABELS: Sequence[Rung] = [
    ("champions", "冠军客户|冠軍客戶|Champions", 402, 4412),
    ("loyal", "忠诚客户|忠誠客戶|Loyal", 388, 2901),
    ("potential_loyalist", "潜力忠诚|潛力忠誠|Potential loyalist", 421, 1404),
    ("new", "新客户|新客戶|New", 96, 301),
    ("promising", "有希望|有希望|Promising", 121, 344),
    ("need_attention", "需要关注|需要關注|Need attention", 187, 1499),
    ("about_to_sleep", "即将沉睡|即將沉睡|About to sleep", 203, 488),
    ("at_risk", "有流失风险|有流失風險|At risk", 266, 1702),
    ("cant_lose", "不能失去|不能失去|Can’t lose", 61, 3911),
    ("hibernating", "休眠|休眠|Hibernating", 155, 402),
    ("lost", "已流失|已流失|Lost", 169, 288),
]
# A trait: key, name, unit, median, bounds, customers between them.
TRAITS: Sequence[tuple[str, str, Unit, int, list[int], list[int]]] = [
    ("recency", "最近一次购买|最近一次購買|Days since last order", "days", 9,
     [0, 3, 7, 14, 21, 30, 45, 60, 90, 180, 366], [611, 502, 388, 201, 160, 152, 207, 151, 62, 35]),
    ("orders", "购买次数|購買次數|Orders", "orders", 45,
     [1, 5, 10, 20, 30, 40, 50, 75, 100, 150, 400], [122, 187, 344, 331, 276, 228, 391, 236, 214, 140]),
    ("spend", "消费额|消費額|Spend", "money", 1424,
     [0, 100, 250, 500, 1000, 1500, 2000, 3000, 6000, 30000], [61, 112, 234, 487, 391, 318, 401, 390, 75]),
    ("basket", "平均客单价|平均客單價|Average order value", "money", 25,
     [0, 10, 15, 20, 25, 30, 40, 50, 75, 250], [104, 286, 402, 398, 351, 420, 233, 190, 85]),
]  # fmt: skip


def named(names: str, language: str) -> str:
    """The name for a language out of the three."""
    return names.split("|")[LANGUAGES.index(language)]


def _size(customers: int, mean: float, run: int, place: int) -> Size:
    """A tier's size at a run: growing to its present one, with a wave of its own."""
    back = 1 - (len(RUNS) - 1 - run) * 0.008 + 0.06 * math.sin(run * 0.9 + place) - 0.06 * math.sin(12 * 0.9 + place)
    count = round(customers * back)
    return Size(count, Decimal(str(round(count * mean * (0.97 + 0.03 * math.sin(run * 0.7 + place)), 2))))


def moves_between(before: Sequence[Size], tiers: Sequence[Tier]) -> tuple[TierMove, ...]:
    """Most stay, neighbours exchange some, far ones a few; what is missing is new, what is over has gone."""
    places = range(len(tiers))
    counts = {(here, there): _exchanged(before, here, there) for here in places for there in places if here != there}
    moves = [TierMove(tiers[a].key, tiers[b].key, n, n * (tiers[b].mean or ZERO)) for (a, b), n in counts.items()]
    for place, (was, tier) in enumerate(zip(before, tiers, strict=True)):
        stayed = was.customers - sum(n for (here, _), n in counts.items() if here == place)
        extra = tier.customers - stayed - sum(n for (_, there), n in counts.items() if there == place)
        stayed += min(0, extra)
        moves.append(TierMove(tier.key, tier.key, stayed, stayed * (tier.mean or ZERO)))
        moves.append(
            TierMove(None, tier.key, extra, tier.revenue / 100) if extra > 0 else TierMove(tier.key, None, -extra, ZERO)
        )
    return tuple(moves)


def _exchanged(before: Sequence[Size], here: int, there: int) -> int:
    share = 0.08 / abs(there - here) ** 2.2 * (0.9 + 0.05 * there)
    return int(min(before[here].customers, before[there].customers) * share)


def sample_scheme(key: str, language: str) -> SchemeSummary:
    """One of the ladders over thirteen runs."""
    name, rungs = LADDERS[key]
    sizes = [[_size(count, mean, run, place) for place, (*_, count, mean) in enumerate(rungs)] for run in range(13)]
    advice = ADVICE if key == "value" else {}
    tiers = tuple(
        Tier(
            size.customers,
            size.revenue,
            key=tier,
            name=named(names, language),
            aim=named(advice[tier][0], language) if advice else "",
            action=named(advice[tier][1], language) if advice else "",
            apart=tier == "unknown",
        )
        for (tier, names, *_), size in zip(rungs, sizes[-1], strict=True)
    )
    history = tuple(
        RunSizes(at, {tier.key: size for tier, size in zip(tiers, run, strict=True)})
        for at, run in zip(RUNS, sizes, strict=True)
    )
    note = named("界线已学得|界線已學得|lines learned from the data", language) if key == "lifecycle" else ""
    return SchemeSummary(key, named(name, language), tiers, history, moves_between(sizes[-2], tiers), note)


def _rfm(language: str) -> RfmMap:
    cells = tuple(
        RfmCell(r, f, int(22 + 17 * (6 - abs(r - f)) ** 1.35 - 19 * abs(r - f)), Decimal(120 * f * f + 35 * r))
        for r in range(1, 6)
        for f in range(1, 6)
        if (r, f) != (1, 5)
    )
    labels = (Tier(n, Decimal(int(n * mean)), key=key, name=named(names, language)) for key, names, n, mean in LABELS)
    return RfmMap(cells, tuple(labels))


def sample_silence() -> Silence:
    """Two curves that fall to both lines, and one that falls to one."""
    strata = (
        SilenceStratum(1, 3, _falling(0.3), 0.31, 3.1, 5.6),
        SilenceStratum(4, 12, _falling(0.6), 0.6, 4.2, 7.5),
        SilenceStratum(13, None, _falling(0.9), 0.91, 5.6, None, ("churned",)),
    )
    claims = (
        SilenceClaim(1, 3, "in_rhythm", 900, 300, 0.3, 0.28, 0.25, 0.31),
        SilenceClaim(4, 12, "at_risk", 240, 120, 0.42, 0.35, 0.3, 0.41),
        SilenceClaim(13, None, "churned", 90, 60, 0.4, 0.5, 0.35, 0.66),
    )
    return Silence(strata, claims=claims, dates=12, test_dates=4)


def _falling(most: float) -> tuple[SilencePoint, ...]:
    points = []
    for r in (0.2, 1.2, 2.3, 4.2, 5.6, 10.0):
        back, observed = most / (1 + 0.2 * r), int(9000 / (1 + r) ** 1.6)
        points.append(SilencePoint(r, observed, back, observed // 3, back - 0.03, back + 0.03, back - 0.1, back + 0.1))
    return tuple(points)


def _quality(language: str) -> Quality:
    remarks: tuple[tuple[str, int | Decimal | float | date | str], ...] = (
        ("重复的行|重複的列|Repeated rows", 1_284),
        ("退货金额|退貨金額|Returned", Decimal("-61134.09")),
        ("没有客户的行|沒有客戶的列|Lines without customer", 0.249),
        ("最早的日期|最早的日期|Earliest date", date(1900, 1, 1)),
    )
    return Quality(
        {"orders": 155_848, "order_lines": 1_469_307, "customer_records": 2_469, "products": 92_331, "events": 23_406},
        date(2024, 1, 1),
        date(2025, 1, 31),
        tuple((named(names, language), value) for names, value in remarks),
        (
            Import("2024.csv.gz", "orders", 155_902, 155_848, 54, datetime(2025, 2, 1, 1, 12, tzinfo=UTC)),
            Import("2024-12.csv.gz", "order_lines", 1_469_307, 1_469_307, 0, datetime(2025, 2, 1, 1, 13, tzinfo=UTC)),
        ),
    )


def sample_report(language: str = "zh-hans", currency: str = "CNY") -> ReportData:
    """A year of a grocer with thirteen runs, and a scheme that waits for data."""
    name, note = "价格敏感度|價格敏感度|Price sensitivity", "等待数据：折扣|等待資料：折扣|waiting for data: discounts"
    waiting = SchemeSummary("price_sensitivity", named(name, language), note=named(note, language))
    return ReportData(
        workspace=named("示范商店|示範商店|Sample shop", language),
        currency=currency,
        timezone="Asia/Shanghai",
        as_of=AS_OF,
        headline=Headline(
            NumberChange(2469, 2458),
            NumberChange(2325, 2368),
            NumberChange(Decimal("1157312.44"), Decimal("1106417.02")),
        ),
        schemes=(*(sample_scheme(key, language) for key in LADDERS), waiting),
        seconds=4.13,
        previous_as_of=RUNS[-2],
        runs=13,
        rfm=_rfm(language),
        pareto=tuple(ParetoPoint(place / 50, 1 - (1 - place / 50) ** 2.6) for place in range(51)),
        silence=sample_silence(),
        histograms=tuple(
            Histogram(key, named(names, language), unit, tuple(map(Decimal, edges)), tuple(counts), Decimal(median))
            for key, names, unit, median, edges, counts in TRAITS
        ),
        quality=_quality(language),
    )


@lru_cache
def sample_page(language: str = "en", currency: str = "USD") -> str:
    """The sample report as a page."""
    return page(sample_report(language, currency), language)


def ladder(customers: Sequence[int], revenue: Sequence[int] = (), names: Sequence[str] = ()) -> SchemeSummary:
    """A scheme whose tiers have these sizes, at one run."""
    money = revenue or [10 * count for count in customers]
    tiers = (
        Tier(count, Decimal(money[place]), key=f"t{place}", name=names[place] if names else f"Tier {place}")
        for place, count in enumerate(customers)
    )
    return SchemeSummary("sizes", "Sizes", tuple(tiers))


def with_past(scheme: SchemeSummary) -> SchemeSummary:
    """The scheme with thirteen runs behind it, growing to what it is, and moves from the last."""
    history = tuple(
        RunSizes(at, {tier.key: Size(tier.customers * (88 + run) // 100, tier.revenue) for tier in scheme.tiers})
        for run, at in enumerate(RUNS)
    )
    before = [history[-2].sizes[tier.key] for tier in scheme.tiers]
    return SchemeSummary(scheme.key, scheme.name, scheme.tiers, history, moves_between(before, scheme.tiers))
