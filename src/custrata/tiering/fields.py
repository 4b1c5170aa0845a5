"""Values of a scheme's definition: read from what a file or a page says, refused by name, and written back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from custrata.criteria import Criteria, parse
from custrata.errors import BadInput
from custrata.schema.numbers import NotANumber, decimal_of, fraction_of, whole_of
from custrata.tiering.life.terms import NotATerm, Term
from custrata.wording import LANGUAGES, Said

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}|[01]{3}")
TRAIT = re.compile(r"[^\s\"'`;][^\"'`;]{0,199}")
LONGEST_DAYS = 36_500  # a century: no date leaves the calendar

Part = Decimal | Fraction | None


class BadDefinition(BadInput):
    template = "The scheme {scheme} cannot be read at {place}: {given} is no {wanted}."


class UnfitDefinition(BadInput):
    template = "The scheme {scheme} cannot be as {place} says: {wanted}."


def wanted(name: str, **facts: object) -> Said:
    """What would have been right, a phrase in any language."""
    return Said("schemes", f"wanted.{name}", facts)


class Unreadable(Exception):
    """What was given, and what would have been right; with its place it becomes a `BadDefinition`."""

    def __init__(self, given: object, needed: Said, place: str = "") -> None:
        super().__init__(str(needed))
        self.given, self.wanted, self.place = given, needed, place


def as_it_is(value: Any) -> Any:
    """The value, written as it is kept."""
    return value


@dataclass(frozen=True)
class Field:
    """One setting: its name, how it is read and written, and what holds where nothing is said; `...`: must be said."""

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = as_it_is
    default: Any = None


def key(given: Any) -> str:
    """A key: small letters, digits, underscores; also the eight codes of RFM."""
    if not isinstance(given, str) or not KEY.fullmatch(given):
        raise Unreadable(given, wanted("key"))
    return given


def trait(given: Any) -> str:
    """The name of a column of the profile."""
    if not isinstance(given, str) or not TRAIT.fullmatch(given):
        raise Unreadable(given, wanted("trait"))
    return given


def traits(given: Any) -> tuple[str, ...]:
    """Names of columns, at least one."""
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise Unreadable(given, wanted("traits"))
    return tuple(trait(one) for one in given)


def whole(given: Any, *, least: int = 0) -> int:
    """A whole number from `least` on, of at most nine digits."""
    try:
        found = whole_of(given)
    except NotANumber as error:
        raise Unreadable(given, wanted("whole_from", least=least)) from error
    if found < least:
        raise Unreadable(given, wanted("whole_from", least=least))
    return found


def days(given: Any, *, least: int = 0) -> int:
    """A number of days, at most a century."""
    found = whole(given, least=least)
    if found > LONGEST_DAYS:
        raise Unreadable(given, wanted("days", least=least, most=LONGEST_DAYS))
    return found


def some_days(given: Any) -> int:
    """A number of days from 1 on, at most a century."""
    return days(given, least=1)


def positive(given: Any) -> int:
    """A whole number from 1 on."""
    return whole(given, least=1)


def term(given: Any) -> Term:
    """A length of time of the calendar: `1 year`, `12 months`, `90 days`; a bare number is days.

    >>> term("1 year"), term(90)
    (Term(many=1, unit='year'), Term(many=90, unit='day'))
    """
    try:
        return Term.of(whole_of(given))
    except NotANumber:
        pass  # with a unit
    try:
        return Term.of(given)
    except NotATerm as error:
        raise Unreadable(given, wanted("term")) from error


def signed(given: Any) -> int:
    """A whole number of at most nine digits, also below nought."""
    try:
        return whole_of(given)
    except NotANumber as error:
        raise Unreadable(given, wanted("whole")) from error


def flag(given: Any) -> bool:
    """True or false."""
    if not isinstance(given, bool):
        raise Unreadable(given, wanted("flag"))
    return given


def number(given: Any) -> Decimal:
    """A decimal number of at most 12 digits before the point and 6 after it; a float as it is written."""
    try:
        found = decimal_of(given)
    except NotANumber as error:
        raise Unreadable(given, wanted("number")) from error
    if abs(found) >= Decimal(10) ** 12 or found != round(found, 6):
        raise Unreadable(given, wanted("number_size"))
    return found if found else Decimal(0)


def share(given: Any) -> Fraction:
    """A share above 0, up to 1: `20%`, `0.2`, `1/3`.

    >>> share("20%"), share("1/3"), share(0.05)
    (Fraction(1, 5), Fraction(1, 3), Fraction(1, 20))
    """
    found = _fraction(given)
    if found is None or not 0 < found <= 1:
        raise Unreadable(given, wanted("share"))
    return found


def _fraction(given: Any) -> Fraction | None:
    try:
        return fraction_of(given)
    except NotANumber:
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


def keep(given: Any) -> Decimal | Fraction:
    """Where a tier is kept: a number, or a part of the line at which it is entered, such as `80%`."""
    if isinstance(given, str) and given.strip().endswith("%"):
        found = _fraction(given)
        if found is None or not 0 < found <= 10 or (found * 10**8).denominator != 1:
            raise Unreadable(given, wanted("keep"))
        return found
    return number(given)


def part_text(value: Part) -> str | int | None:
    """A line, or a part of one, as it is written."""
    if isinstance(value, Fraction):
        return share_text(value)
    return None if value is None else plain_number(value)


def plain(value: Decimal) -> str:
    """A decimal without needless noughts.

    >>> plain(Decimal("1000.00")), plain(Decimal("0.50"))
    ('1000', '0.5')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_number(value: Decimal) -> str | int:
    """A whole number as such, any other as text, so that no reader makes it a float."""
    return int(value) if value == value.to_integral_value() else plain(value)


def names(given: Any) -> dict[str, str]:
    """What something is called, by language; one text is its name in all of them."""
    if isinstance(given, str):
        given = dict.fromkeys(LANGUAGES, given)
    if not isinstance(given, Mapping) or not set(given) <= set(LANGUAGES):
        raise Unreadable(given, wanted("names", languages=", ".join(LANGUAGES)))
    found = {language: text.strip() for language, text in given.items() if isinstance(text, str) and text.strip()}
    if len(found) != len(given) or any(len(text) > 60 for text in found.values()):
        raise Unreadable(given, wanted("name"))
    return found


def criteria(given: Any) -> Criteria:
    """A condition of the language of `custrata.criteria`. Raises what its `parse` raises."""
    return given if isinstance(given, Criteria) else parse(given)


def criteria_data(value: Criteria) -> Any:
    """A condition as data."""
    return value.to_json()


def choice(*allowed: str) -> Callable[[Any], str]:
    """One of these words."""

    def read(given: Any) -> str:
        if given not in allowed:
            raise Unreadable(given, wanted("word", allowed=", ".join(allowed)))
        return str(given)

    return read


def at(place: str, read: Callable[[Any], Any], given: Any) -> Any:
    """What stands at a place, read; what cannot be read is told with its place."""
    try:
        return read(given)
    except Unreadable as error:
        apart = "." if error.place and not error.place.startswith("[") else ""
        within = f"{place}{apart}{error.place}"
        raise Unreadable(error.given, error.wanted, within) from error
