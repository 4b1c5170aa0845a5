"""Parsers for the values of conditions: numbers as decimals, days as dates, each with an error of its own."""

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
MOST_CHARACTERS = 60


class BadValue(BadInput):
    template = "{path}: “{given}” is not a valid value."


class NotANumber(BadValue):
    template = "{path}: “{given}” is not a number. Write digits with at most 15 before the point, such as 1000.00."


class NotADay(BadValue):
    template = "{path}: “{given}” is not a date. Write it as 2025-01-31."


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


def abbreviate(value: object) -> str:
    """The value as text, short enough for an error message."""
    try:
        text = str(value).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):  # too many digits, or too deep
        return "…"
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def plain(value: object) -> object:
    """A value of JSON or YAML as the tree keeps it: a float as it was written, a day as text."""
    if isinstance(value, float) and isfinite(value):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < MOST_CHARACTERS:
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def number(value: object, path: str) -> str | int:
    """A number as the tree keeps it. Raises `NotANumber`."""
    if isinstance(value, str | int) and not isinstance(value, bool) and NUMBER.fullmatch(_digits(value)):
        return value
    raise NotANumber(path=path, given=abbreviate(value))


def _digits(value: str | int) -> str:
    # Python refuses to write out a number of thousands of digits.
    return value if isinstance(value, str) else str(value) if value.bit_length() < 64 else ""


def day(value: object, path: str) -> str:
    """A day as the tree keeps it. Raises `NotADay`."""
    try:
        if isinstance(value, str) and DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise NotADay(path=path, given=abbreviate(value))


def text(value: object, path: str) -> str:
    """A text that every engine can hold. Raises `NotAText`."""
    if isinstance(value, str) and 0 < len(value) <= LONGEST and "\0" not in value and _encodes(value):
        return value
    raise NotAText(path=path, given=abbreviate(value))


def _encodes(value: str) -> bool:
    try:
        return bool(value.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def days(value: object, path: str) -> int:
    """A number of days. Raises `NotDays`."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_DAYS:
        return value
    raise NotDays(path=path, given=abbreviate(value))


def share(value: object, path: str) -> str:
    """A share as the tree keeps it. Raises `NotAShare`."""
    try:
        digits = str(number(value, path))
    except NotANumber as error:
        raise NotAShare(path=path, given=abbreviate(value)) from error
    if 0 < Fraction(digits) <= 1:
        return digits
    raise NotAShare(path=path, given=abbreviate(value))


def value_list(value: object, path: str) -> list[object]:
    """A list of 1 to 1,000 values. Raises `NotAList`."""
    if isinstance(value, list | tuple) and 0 < len(value) <= MOST_VALUES:
        return [plain(part) for part in value]
    raise NotAList(path=path, given=abbreviate(value))


def mapping(value: object) -> Mapping[str, object] | None:
    """An object of JSON, or nothing."""
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    return None


def decimals(*texts: str | int | None) -> Iterator[Decimal]:
    """The numbers that the tree keeps, to compute with."""
    return (Decimal(text) for text in texts if text is not None)


def dates(*texts: str | int | None) -> Iterator[date]:
    """The days that the tree keeps, to compute with."""
    return (date.fromisoformat(str(text)) for text in texts if text is not None)
