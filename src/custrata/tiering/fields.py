"""Parsers and serializers for the values of a scheme's definition."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from custrata.criteria import Criteria, parse
from custrata.errors import BadInput
from custrata.schema.numbers import UnreadableNumber, decimal_of, fraction_of, whole_of
from custrata.tiering.life.terms import NotATerm, Term
from custrata.wording import LANGUAGES, LazyPhrase

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}|[01]{3}")
TRAIT = re.compile(r"[^\s\"'`;][^\"'`;]{0,199}")
LONGEST_DAYS = 36_500  # a century: no date leaves the calendar

Part = Decimal | Fraction | None


class BadDefinition(BadInput):
    template = "The scheme {scheme} cannot be read at {place}: {given} is not a {wanted}."


class UnfitDefinition(BadInput):
    template = "The scheme {scheme} is invalid at {place}: {wanted}."


def requirement(name: str, **facts: object) -> LazyPhrase:
    """The phrase that says what a valid value looks like."""
    return LazyPhrase("schemes", f"wanted.{name}", facts)


class Unreadable(Exception):
    """A value that cannot be parsed, and the requirement it fails; `define` raises it as a `BadDefinition`."""

    def __init__(self, value: object, needed: LazyPhrase, place: str = "") -> None:
        super().__init__(str(needed))
        self.value, self.requirement, self.place = value, needed, place


def identity(value: Any) -> Any:
    """The value, unchanged."""
    return value


@dataclass(frozen=True)
class Field:
    """One setting: its name, parser, serializer and default; the default `...` marks it as required."""

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = identity
    default: Any = None


def key(value: Any) -> str:
    """A key: small letters, digits, underscores; also the eight codes of RFM."""
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise Unreadable(value, requirement("key"))
    return value


def trait(value: Any) -> str:
    """The name of a column of the profile."""
    if not isinstance(value, str) or not TRAIT.fullmatch(value):
        raise Unreadable(value, requirement("trait"))
    return value


def traits(value: Any) -> tuple[str, ...]:
    """Names of columns, at least one."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise Unreadable(value, requirement("traits"))
    return tuple(trait(name) for name in value)


def whole(value: Any, *, least: int = 0) -> int:
    """A whole number from `least` on, of at most nine digits."""
    try:
        parsed = whole_of(value)
    except UnreadableNumber as error:
        raise Unreadable(value, requirement("whole_from", least=least)) from error
    if parsed < least:
        raise Unreadable(value, requirement("whole_from", least=least))
    return parsed


def days(value: Any, *, least: int = 0) -> int:
    """A number of days, at most a century."""
    parsed = whole(value, least=least)
    if parsed > LONGEST_DAYS:
        raise Unreadable(value, requirement("days", least=least, most=LONGEST_DAYS))
    return parsed


def positive_days(value: Any) -> int:
    """A number of days from 1 on, at most a century."""
    return days(value, least=1)


def positive(value: Any) -> int:
    """A whole number from 1 on."""
    return whole(value, least=1)


def term(value: Any) -> Term:
    """A length of time of the calendar: `1 year`, `12 months`, `90 days`; a bare number is days.

    >>> term("1 year"), term(90)
    (Term(many=1, unit='year'), Term(many=90, unit='day'))
    """
    try:
        return Term.of(whole_of(value))
    except UnreadableNumber:
        pass  # with a unit
    try:
        return Term.of(value)
    except NotATerm as error:
        raise Unreadable(value, requirement("term")) from error


def signed(value: Any) -> int:
    """A whole number of at most nine digits, also below nought."""
    try:
        return whole_of(value)
    except UnreadableNumber as error:
        raise Unreadable(value, requirement("whole")) from error


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Unreadable(value, requirement("flag"))
    return value


def number(value: Any) -> Decimal:
    """A decimal number of at most 12 digits before the point and 6 after it; a float as it is written."""
    try:
        decimal = decimal_of(value)
    except UnreadableNumber as error:
        raise Unreadable(value, requirement("number")) from error
    if abs(decimal) >= Decimal(10) ** 12 or decimal != round(decimal, 6):
        raise Unreadable(value, requirement("number_size"))
    return decimal if decimal else Decimal(0)


def share(value: Any) -> Fraction:
    """A share above 0, up to 1: `20%`, `0.2`, `1/3`.

    >>> share("20%"), share("1/3"), share(0.05)
    (Fraction(1, 5), Fraction(1, 3), Fraction(1, 20))
    """
    fraction = _fraction(value)
    if fraction is None or not 0 < fraction <= 1:
        raise Unreadable(value, requirement("share"))
    return fraction


def _fraction(value: Any) -> Fraction | None:
    try:
        return fraction_of(value)
    except UnreadableNumber:
        return None


def share_text(value: Fraction) -> str:
    """A share as people write it: in percent where that is exact.

    >>> share_text(Fraction(1, 5)), share_text(Fraction(1, 3)), share_text(Fraction(1, 40))
    ('20%', '1/3', '2.5%')
    """
    percent = value * 100
    exact = percent * 10**6
    if exact.denominator != 1:
        return str(value)
    return f"{plain(Decimal(int(exact)).scaleb(-6))}%"


def keep(value: Any) -> Decimal | Fraction:
    """Where a tier is kept: a number, or a part of the line at which it is entered, such as `80%`."""
    if isinstance(value, str) and value.strip().endswith("%"):
        fraction = _fraction(value)
        if fraction is None or not 0 < fraction <= 10 or (fraction * 10**8).denominator != 1:
            raise Unreadable(value, requirement("keep"))
        return fraction
    return number(value)


def part_text(value: Part) -> str | int | None:
    """A line, or a part of one, as it is written."""
    if isinstance(value, Fraction):
        return share_text(value)
    return None if value is None else plain_number(value)


def plain(value: Decimal) -> str:
    """A decimal without trailing zeros.

    >>> plain(Decimal("1000.00")), plain(Decimal("0.50"))
    ('1000', '0.5')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_number(value: Decimal) -> str | int:
    """A whole number as such, any other as text, so that no reader makes it a float."""
    return int(value) if value == value.to_integral_value() else plain(value)


def names(value: Any) -> dict[str, str]:
    """What something is called, by language; one text is its name in all of them."""
    if isinstance(value, str):
        value = dict.fromkeys(LANGUAGES, value)
    if not isinstance(value, Mapping) or not set(value) <= set(LANGUAGES):
        raise Unreadable(value, requirement("names", languages=", ".join(LANGUAGES)))
    texts = {language: text.strip() for language, text in value.items() if isinstance(text, str) and text.strip()}
    if len(texts) != len(value) or any(len(text) > 60 for text in texts.values()):
        raise Unreadable(value, requirement("name"))
    return texts


def criteria(value: Any) -> Criteria:
    """A condition of the language of `custrata.criteria`. Raises what its `parse` raises."""
    return value if isinstance(value, Criteria) else parse(value)


def criteria_data(value: Criteria) -> Any:
    """A condition as data."""
    return value.to_json()


def choice(*allowed: str) -> Callable[[Any], str]:
    """One of these words."""

    def read(value: Any) -> str:
        if value not in allowed:
            raise Unreadable(value, requirement("word", allowed=", ".join(allowed)))
        return str(value)

    return read


def at(place: str, read: Callable[[Any], Any], value: Any) -> Any:
    """Parse the value at a place; errors are raised again with the place in front."""
    try:
        return read(value)
    except Unreadable as error:
        apart = "." if error.place and not error.place.startswith("[") else ""
        within = f"{place}{apart}{error.place}"
        raise Unreadable(error.value, error.requirement, within) from error
