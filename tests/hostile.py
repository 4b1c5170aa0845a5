"""Invalid values: typing mistakes, broken output of programs, and attacks."""

from __future__ import annotations

import random
from typing import Any

NUMBERS = (
    "1e99999999", "1e-99999999", "-1e99999999", "1E+999999999999999999", "9" * 10_000, "0." + "3" * 10_000, "1" * 41,
    "1e99", "1e-99", "NaN", "nan", "sNaN", "Infinity", "-inf", "１２３", "１e９９９９９９９９", "١٢", "²", "½", "1_000",
    "0x7fffffff", "2147483648", "9223372036854775808", "-9223372036854775809", "1/0", "1/" + "9" * 5000, "100.0000001%",
    "-0", "+5", "1,000", "1.2.3", "--1", "1e", "٫5", "1e99999999%", "-1", "0", "999999999", "36501", "1e5",
)  # fmt: skip
DAYS = (
    "9999-12-31", "0001-01-01", "2025-02-30", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00+14:00", "20250101",
    "1969-12-31", "2025-13-01", "+12025-01-01", "2025-01-01T25:00:00Z", "9999-12-31T23:59:59.999999Z", "12:30",
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "a\0b", "a" * 10_000, "键" * 5_000, "😀" * 300, "‮abc", "<script>alert(1)</script>", "' OR 1=1 --",
    "../../../etc/passwd", "%00", "%ff", "{{7*7}}", "{0.__class__}", "null", "[]", "{}", "[" * 5000 + "]" * 5000,
    '{"a":' * 3000 + "1" + "}" * 3000, "abc", "//evil.example", "http://[", "javascript:alert(1)", "* * * * *",
    "* * * * * *", "0 0 30 2 *", "*/0 * * * *", "\r\nX-Injected: 1", "=1+1", "@", "key.with.dots", "__all__", "a" * 256,
    "-", "/", "\\", "#", "?", "&", "a&b=c", "é" * 200, "true", "all", "none", "new", "\ufeff", "\u2028", "None",
)  # fmt: skip
VALUES = (*NUMBERS, *DAYS, *TEXTS)


def value(chance: random.Random) -> str:
    """A random one of `VALUES`."""
    return chance.choice(VALUES)


def plain(chance: random.Random) -> Any:
    """A random value as parsed from JSON or YAML: a text, a number, or a nested structure."""
    deep: Any = []
    for _ in range(chance.choice([1, 30, 80, 500])):
        deep = [deep] if chance.random() < 0.5 else {"all": [deep]}
    numbers = (10**30, -(10**30), 2**63, 1e308, 5e-324, -0.0, 0.1, 10**4000, True, None, 0, -1)
    return chance.choice([value(chance), chance.choice(numbers), deep, {}, [], {"": 1}, [None] * 1001, {"a": {"b": 1}}])


def spoilt(data: Any, chance: random.Random) -> Any:
    """The data with one of its values or keys, at any depth, replaced by an invalid one."""
    if isinstance(data, dict) and data and chance.random() < 0.85:
        name = chance.choice(sorted(data))
        if chance.random() < 0.1:
            return {**data, value(chance)[:500]: data[name]}
        return {**data, name: spoilt(data[name], chance)}
    if isinstance(data, list) and data and chance.random() < 0.85:
        place = chance.randrange(len(data))
        return [*data[:place], spoilt(data[place], chance), *data[place + 1 :]]
    return plain(chance)
