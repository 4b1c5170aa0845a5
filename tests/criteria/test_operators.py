"""What each operator says at, just under and just over its line, of any type, and of an unknown value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from custrata.criteria import OPERATORS, Scope, parse
from custrata.criteria.rows import next_anniversary
from custrata.engine import DuckEngine, Engine
from tests.criteria.evaluation import (
    AS_OF,
    INSTANT,
    MONEY,
    ZONE,
    Columns,
    answers,
    cents,
    days,
    instants,
    matches,
    people,
    scope_of,
)

SPEND = (MONEY, cents("999.99", "1000.00", "1000.01", "-5.00", None))
COUNT = (pa.int32(), [1, 2, 3, -7, None])
RATE = (pa.float64(), [0.1, 0.3, 0.1 + 0.2, float("nan"), None])
CITY = (pa.string(), ["上海", "上海市", "海上", "50%_\\'", None])
FLAG = (pa.bool_(), [True, False, True, False, None])
LAST = (pa.date32(), days("2024-11-01", "2024-11-02", "2025-01-31", "2025-02-01", None))
LAST_SEEN = (INSTANT, instants("2025-01-29T15:59:59Z", "2025-01-29T16:00:00Z", "2025-01-30T15:59:59Z",
                               "2025-01-30T16:00Z", None))  # fmt: skip
BORN = (pa.date32(), days("1990-01-30", "1990-01-31", "1990-02-07", "1990-02-08", None))
PROFILE: Columns = {
    "spend": SPEND, "count": COUNT, "rate": RATE, "city": CITY, "flag": FLAG, "last": LAST, "seen": LAST_SEEN,
    "born": BORN,
}  # fmt: skip

# The trait, the rest of the leaf, and of whom it holds.
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("spend", {"is": "=", "value": "1000"}, "1"),
    ("spend", {"is": "=", "value": "1000.001"}, ""),
    ("spend", {"is": "!=", "value": "1000.00"}, "023"),
    ("spend", {"is": "!=", "value": "1000.001"}, "0123"),
    ("spend", {"is": ">", "value": 1000}, "2"),
    ("spend", {"is": ">", "value": "999.995"}, "12"),
    ("spend", {"is": ">=", "value": "1000.00"}, "12"),
    ("spend", {"is": ">=", "value": "1000.001"}, "2"),
    ("spend", {"is": "<", "value": "1000.00"}, "03"),
    ("spend", {"is": "<", "value": "1000.001"}, "013"),
    ("spend", {"is": "<=", "value": 1000.0}, "013"),
    ("spend", {"is": "<=", "value": "-5.001"}, ""),
    ("spend", {"is": "<", "value": "999999999999999.99"}, "0123"),
    ("spend", {"is": "between", "value": ["999.99", 1000]}, "01"),
    ("spend", {"is": "between", "value": ["999.991", "1000.009"]}, "1"),
    ("spend", {"is": "known"}, "0123"),
    ("spend", {"is": "unknown"}, "4"),
    ("count", {"is": "=", "value": "2.0"}, "1"),
    ("count", {"is": "=", "value": "2.5"}, ""),
    ("count", {"is": "!=", "value": 2}, "023"),
    ("count", {"is": ">", "value": "1.5"}, "12"),
    ("count", {"is": ">=", "value": 2}, "12"),
    ("count", {"is": "<", "value": "2.5"}, "013"),
    ("count", {"is": "<=", "value": "-7"}, "3"),
    ("count", {"is": ">=", "value": 3_000_000_000}, ""),
    ("count", {"is": "between", "value": [2, 2]}, "1"),
    ("rate", {"is": "=", "value": 0.3}, "1"),
    ("rate", {"is": ">", "value": 0.3}, "2"),
    ("rate", {"is": "!=", "value": "0.3"}, "02"),
    ("rate", {"is": "<=", "value": 0.3}, "01"),
    ("rate", {"is": "unknown"}, "34"),
    ("city", {"is": "=", "value": "上海"}, "0"),
    ("city", {"is": "!=", "value": "上海"}, "123"),
    ("city", {"is": "in", "value": ["上海", "海上", "nowhere"]}, "02"),
    ("city", {"is": "not_in", "value": ["上海", "海上"]}, "13"),
    ("city", {"is": "contains", "value": "海上"}, "2"),
    ("city", {"is": "contains", "value": "%_\\'"}, "3"),
    ("city", {"is": "contains", "value": "_"}, "3"),
    ("city", {"is": "starts_with", "value": "上海"}, "01"),
    ("city", {"is": "starts_with", "value": "%"}, ""),
    ("city", {"is": "unknown"}, "4"),
    ("flag", {"is": "=", "value": True}, "02"),
    ("flag", {"is": "=", "value": False}, "13"),
    ("flag", {"is": "known"}, "0123"),
    ("last", {"is": "before", "value": "2024-11-02"}, "0"),
    ("last", {"is": "after", "value": "2024-11-02"}, "23"),
    ("last", {"is": "on", "value": "2024-11-02"}, "1"),
    ("last", {"is": "between", "value": ["2024-11-02", "2025-01-31"]}, "12"),
    ("last", {"is": "within_last", "days": 90}, "12"),
    ("last", {"is": "within_last", "days": 0}, "2"),
    ("last", {"is": "not_within_last", "days": 90}, "03"),
    ("last", {"is": "within_next", "days": 0}, "2"),
    ("last", {"is": "within_next", "days": 1}, "23"),
    ("last", {"is": "unknown"}, "4"),
    ("seen", {"is": "on", "value": "2025-01-30"}, "12"),
    ("seen", {"is": "before", "value": "2025-01-30"}, "0"),
    ("seen", {"is": "within_last", "days": 1}, "123"),
    ("seen", {"is": "known"}, "0123"),
    ("born", {"is": "anniversary_within_next", "days": 0}, "1"),
    ("born", {"is": "anniversary_within_next", "days": 7}, "12"),
    ("born", {"is": "anniversary_within_next", "days": 363}, "123"),
    ("born", {"is": "anniversary_within_next", "days": 365}, "0123"),
]


WORDS = (pa.string(), ["VIP customer", "vip2", "默想 K", "默认", "100%", "İzmir", "ΟΔΟΣ", "Straße", "ÉTÉ", " "])


@pytest.mark.parametrize(
    ("operator", "part", "whom"),
    [
        ("contains", "vip", "01"), ("contains", "ViP", "01"), ("starts_with", "vip C", "0"), ("contains", "默想", "2"),
        ("contains", "%", "4"), ("contains", "_", ""), ("contains", "izm", "5"), ("contains", "İZ", "5"),
        ("contains", "οδος", "6"), ("contains", "δοσ", "6"), ("contains", "STRASSE", ""), ("contains", "aẞe", "7"),
        ("contains", "été", "8"), ("contains", "ete", ""), ("contains", "k", "2"), ("contains", " ", "02"),
        ("=", "vip2", "1"), ("=", "VIP2", ""),
    ],
)  # fmt: skip
def test_capitals_do_not_count_within_a_text(engine: Engine, operator: str, part: str, whom: str) -> None:
    scope = scope_of(engine, people({"word": WORDS}))
    assert matches(engine, scope, {"trait": "word", "is": operator, "value": part}) == whom


@pytest.mark.parametrize("trait", ["city", "tags"])
def test_blank_text_is_unknown(engine: Engine, trait: str) -> None:
    texts = (pa.string(), [None, "", "   ", "\u3000", "\t\n\x0b", "\u00a0\u200b", "x", " x "])
    scope = scope_of(engine, people({trait: texts}))
    for operator, whom in (("unknown", "012345"), ("known", "67")):
        assert matches(engine, scope, {"trait": trait, "is": operator}) == whom
    assert matches(engine, scope, {"trait": trait, "is": "!=", "value": "y"}) == "67"


def test_every_operator_parts_the_values_at_its_line(engine: Engine) -> None:
    criteria = [parse({"trait": trait, **rest}) for trait, rest, _ in CASES]
    rows = answers(engine, scope_of(engine, people(PROFILE)), criteria)
    matched = ["".join(row["customer_id"][-1] for row in rows if row[f"answer_{n}"]) for n in range(len(CASES))]
    assert [(*case[:2], customers) for case, customers in zip(CASES, matched, strict=True)] == CASES


def test_counts_those_of_whom_a_condition_holds(engine: Engine) -> None:
    scope, criteria = scope_of(engine, people(PROFILE)), [parse({"trait": trait, **rest}) for trait, rest, _ in CASES]
    assert scope.count(criteria) == [len(customers) for _, _, customers in CASES]
    assert scope.count(criteria[:1]) == [1]
    assert scope.count([parse({"all": []})]) == [5]
    assert scope.count([]) == []


def test_one_row_alone_gets_the_same_answers(duck: DuckEngine) -> None:
    criteria = [parse({"trait": trait, **rest}) for trait, rest, _ in CASES]
    rows = answers(duck, scope_of(duck, people(PROFILE)), criteria)
    for number, criterion in enumerate(criteria):
        by_row = [criterion.holds(row, as_of=AS_OF, zone=ZONE) for row in rows]
        assert by_row == [row[f"answer_{number}"] for row in rows], CASES[number]


def test_every_operator_has_a_case() -> None:
    assert {rest["is"] for _, rest, _ in CASES} | {"top", "bottom"} == set(OPERATORS)


@pytest.mark.parametrize("trait", list(PROFILE))
def test_what_is_unknown_fails_every_test_and_passes_its_opposite(duck: DuckEngine, trait: str) -> None:
    nobody_known = people({name: (kind, [None]) for name, (kind, _) in PROFILE.items()})
    for name, rest, _ in CASES:
        if name == trait and rest["is"] != "unknown":
            leaf = {"trait": trait, **rest}
            assert matches(duck, scope_of(duck, nobody_known), leaf) == ""
            assert matches(duck, scope_of(duck, nobody_known), {"not": leaf}) == "0"


# Born, today, days ahead, and whether the birthday falls within.
BIRTHDAYS = [
    ("2000-02-29", "2025-02-27", 0, False),
    ("2000-02-29", "2025-02-27", 1, True),
    ("2000-02-29", "2025-02-28", 0, True),
    ("2000-02-29", "2025-03-01", 300, False),
    ("2000-02-29", "2024-02-28", 0, False),
    ("2000-02-29", "2024-02-28", 1, True),
    ("2000-02-29", "2024-12-20", 70, True),
    ("2000-02-29", "2024-12-20", 69, False),
    ("2001-02-28", "2024-02-29", 364, False),
    ("2001-02-28", "2024-02-29", 365, True),
    ("2001-01-02", "2024-12-31", 1, False),
    ("2001-01-02", "2024-12-31", 2, True),
    ("2001-12-31", "2024-12-31", 0, True),
]


@pytest.mark.parametrize(("born", "today", "ahead", "falls"), BIRTHDAYS)
def test_birthdays_come_round_also_on_leap_days_and_over_new_year(
    duck: DuckEngine, born: str, today: str, ahead: int, falls: bool
) -> None:
    profile = duck.from_arrow(people({"born": (pa.date32(), days(born))}))
    at = datetime.fromisoformat(today).replace(tzinfo=UTC)
    scope = Scope(profile, at, "UTC")
    condition = {"trait": "born", "is": "anniversary_within_next", "days": ahead}
    assert matches(duck, scope, condition) == ("0" if falls else "")


def test_the_next_anniversary_may_be_today() -> None:
    assert next_anniversary(date(1990, 1, 31), date(2025, 1, 31)) == date(2025, 1, 31)


EVERYBODY: list[tuple[object, str]] = [
    ({"all": []}, "01234"),
    ({"any": []}, ""),
    ({"not": {"all": []}}, ""),
    ({"all": [{"any": []}, {"all": []}]}, ""),
    ({"any": [{"trait": "count", "is": "=", "value": 1}, {"trait": "count", "is": "unknown"}]}, "04"),
    ({"all": [{"trait": "count", "is": ">", "value": 1}, {"not": {"trait": "spend", "is": ">", "value": 1000}}]}, "1"),
    ({"not": {"trait": "count", "is": ">=", "value": 2}}, "034"),
]


@pytest.mark.parametrize(("condition", "customers"), EVERYBODY)
def test_conditions_join(duck: DuckEngine, condition: object, customers: str) -> None:
    assert matches(duck, scope_of(duck, people(PROFILE)), condition) == customers


def test_nobody_is_there_to_be_asked(engine: Engine) -> None:
    profile = scope_of(engine, people({name: (kind, []) for name, (kind, _) in PROFILE.items()}))
    criteria = [parse({"trait": trait, **rest}) for trait, rest, _ in CASES]
    criteria += [parse({"trait": "spend", "is": "top", "share": "0.5"}), parse({"tag": "vip"})]
    assert answers(engine, profile, criteria) == []
