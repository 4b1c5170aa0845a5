"""Numbers as people, files and programs write them: bounded before anything is computed with them.

Python makes ten characters such as `1e99999999` a number of a hundred million digits, and is busy with it for minutes.
Whoever takes a number from outside reads it here.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

MOST_DIGITS = 40  # what is longer is no number that anybody means
MOST_EXPONENT = 99
LARGEST_WHOLE = 10**9 - 1
LONGEST = 2 * MOST_DIGITS + 8

# Full-width signs, as Chinese input methods write them: their ASCII forms.
HALF_WIDTH = {0xFF01 + place: 0x21 + place for place in range(94)} | {0x3000: 0x20, 0x2212: 0x2D}
GROUPED = re.compile(r"(?<=[0-9])_(?=[0-9])")
WRITTEN = re.compile(r"[-+]?(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?(?:[eE](?P<exponent>[-+]?[0-9]{1,2}))?")


class UnreadableNumber(ValueError):
    """What was given is no number, or one with more digits or a larger exponent than any number has that is meant."""


def decimal_of(value: object) -> Decimal:
    """The number that a text, a whole number, a float or a decimal says. Raises `UnreadableNumber`.

    >>> decimal_of("12.50"), decimal_of("１２"), decimal_of(0.1), decimal_of("1e3")
    (Decimal('12.50'), Decimal('12'), Decimal('0.1'), Decimal('1E+3'))
    >>> decimal_of("1e99999999")
    Traceback (most recent call last):
        ...
    custrata.schema.numbers.UnreadableNumber: 1e99999999
    """
    text = GROUPED.sub("", _text(value))
    match = WRITTEN.fullmatch(text)
    digits = (match["whole"] or "") + (match["part"] or "") if match else ""
    if not digits or len(digits) > MOST_DIGITS:
        raise UnreadableNumber(text)
    return Decimal(text)


def whole_of(value: object, *, most: int = LARGEST_WHOLE) -> int:
    """The whole number that is said, of at most `most` either way. Raises `UnreadableNumber`.

    >>> whole_of("-12"), whole_of("１２"), whole_of(3)
    (-12, 12, 3)
    """
    text = _text(value)
    if isinstance(value, float | Decimal) or not re.fullmatch(rf"[-+]?[0-9]{{1,{MOST_DIGITS}}}", text):
        raise UnreadableNumber(text)
    number = int(text)
    if abs(number) > most:
        raise UnreadableNumber(text)
    return number


def fraction_of(value: object) -> Fraction:
    """A number, a number of percent or a fraction, exactly. Raises `UnreadableNumber`.

    >>> fraction_of("20%"), fraction_of("1/3"), fraction_of("0.05")
    (Fraction(1, 5), Fraction(1, 3), Fraction(1, 20))
    """
    if isinstance(value, Fraction):
        value = f"{value.numerator}/{value.denominator}"
    text = _text(value)
    top, stroke, bottom = text.partition("/")
    if stroke:
        below = whole_of(bottom.strip(), most=10**MOST_DIGITS)
        if not below:
            raise UnreadableNumber(text)
        return Fraction(whole_of(top.strip(), most=10**MOST_DIGITS), below)
    if text.endswith("%"):
        return Fraction(decimal_of(text[:-1].strip())) / 100
    return Fraction(decimal_of(text))


def abbreviate_repr(value: object, most: int = 60) -> str:
    """What was given, short enough for a sentence; never so long that writing it out takes time."""
    if isinstance(value, int) and value.bit_length() > 4 * LONGEST:
        return "…"
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "…"
    return text if len(text) <= most else f"{text[:most]}…"


def _text(value: object) -> str:
    """The number as it is written, in half width. Raises `UnreadableNumber`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnreadableNumber(abbreviate_repr(value))
    if isinstance(value, int) and value.bit_length() > 4 * LONGEST:
        raise UnreadableNumber("…")
    text = value if isinstance(value, str) else str(value)
    if len(text) > LONGEST:
        raise UnreadableNumber(f"{text[:LONGEST]}…")
    return text.translate(HALF_WIDTH).strip()
