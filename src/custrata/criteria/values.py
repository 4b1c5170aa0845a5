"""The values of conditions: numbers as decimals, days as dates, and what is not one, said by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from custrata.errors import BadInput

NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOST_DAYS = 36_500
MOST_VALUES = 1_000
LONGEST = 1_000
SHOWN = 60


class BadValue(BadInput):
    template = "{path}: “{given}” is no value for this."


class NotANumber(BadValue):
    template = "{path}: “{given}” is not a number. Write digits with at most 15 before the point, such as 1000.00."


class NotADay(BadValue):
    template = "{path}: “{given}” is not a day. Write it as 2025-01-31."


class NotAText(BadValue):
    template = "{path}: “{given}” is not a text of 1 to 1,000 characters."


class NotTrueOrFalse(BadValue):
    template = "{path}: “{given}” is neither true nor false."


class NotAList(BadValue):
    template = "{path}: “{given}” is not a list of 1 to 1,000 values."


class NotAPair(BadValue):
    template = "{path}: “{given}” is not a pair. Write the lower and the upper end, such as [10, 20]."


class NotDays(BadValue):
    template = "{path}: “{given}” is not a number of days. Write a whole number from 0 to 36500."


class NotAShare(BadValue):
    template = "{path}: “{given}” is not a share. Write a number over 0 and up to 1, such as 0.3."


def shown(given: object) -> str:
    """What was given, short enough for a sentence."""
    try:
        text = str(given).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):  # too many digits, or too deep
        return "…"
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def plain(given: object) -> object:
    """A value of JSON or YAML as the tree keeps it: a float as it was written, a day as text."""
    if isinstance(given, float) and isfinite(given):
        return format(Decimal(repr(given)), "f")
    if isinstance(given, Decimal) and given.is_finite() and abs(given.adjusted()) < SHOWN:
        return format(given, "f")
    return given.isoformat() if isinstance(given, date) and not isinstance(given, datetime) else given


def number(given: object, path: str) -> str | int:
    """A number as the tree keeps it. Raises `NotANumber`."""
    if isinstance(given, str | int) and not isinstance(given, bool) and NUMBER.fullmatch(_digits(given)):
        return given
    raise NotANumber(path=path, given=shown(given))


def _digits(given: str | int) -> str:
    # Python refuses to write out a number of thousands of digits.
    return given if isinstance(given, str) else str(given) if given.bit_length() < 64 else ""


def day(given: object, path: str) -> str:
    """A day as the tree keeps it. Raises `NotADay`."""
    try:
        if isinstance(given, str) and DAY.fullmatch(given):
            return date.fromisoformat(given).isoformat()
    except ValueError:
        pass
    raise NotADay(path=path, given=shown(given))


def text(given: object, path: str) -> str:
    """A text that every engine can hold. Raises `NotAText`."""
    if isinstance(given, str) and 0 < len(given) <= LONGEST and "\0" not in given and _encodes(given):
        return given
    raise NotAText(path=path, given=shown(given))


def _encodes(given: str) -> bool:
    try:
        return bool(given.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def days(given: object, path: str) -> int:
    """A number of days. Raises `NotDays`."""
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_DAYS:
        return given
    raise NotDays(path=path, given=shown(given))


def share(given: object, path: str) -> str:
    """A share as the tree keeps it. Raises `NotAShare`."""
    try:
        found = str(number(given, path))
    except NotANumber as error:
        raise NotAShare(path=path, given=shown(given)) from error
    if 0 < Fraction(found) <= 1:
        return found
    raise NotAShare(path=path, given=shown(given))


def listed(given: object, path: str) -> list[object]:
    """A list that is neither empty nor endless. Raises `NotAList`."""
    if isinstance(given, list | tuple) and 0 < len(given) <= MOST_VALUES:
        return [plain(one) for one in given]
    raise NotAList(path=path, given=shown(given))


def mapping(given: object) -> Mapping[str, object] | None:
    """An object of JSON, or nothing."""
    if isinstance(given, Mapping) and all(isinstance(key, str) for key in given):
        return given
    return None


def decimals(*given: str | int | None) -> Iterator[Decimal]:
    """The numbers that the tree keeps, to compute with."""
    return (Decimal(one) for one in given if one is not None)


def dates(*given: str | int | None) -> Iterator[date]:
    """The days that the tree keeps, to compute with."""
    return (date.fromisoformat(str(one)) for one in given if one is not None)
