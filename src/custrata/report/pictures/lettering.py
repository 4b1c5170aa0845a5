"""Estimate the width of texts: the page uses the fonts of the reader's system."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

NARROW, WIDE = frozenset("iIjl.,:;'|!()[]ft·- "), frozenset("mwMW@%—…")


def width(words: str, size: float) -> float:
    """The width of words in pixels at a font size.

    >>> width("高价值", 12)
    36.0
    """
    return sum(_em(letter) for letter in words) * size


def fit(words: str, size: float, room: float) -> str:
    """The words, cut short with an ellipsis where they are wider than the room.

    >>> fit("Customers with a very long name", 12, 90)
    'Customers w…'
    """
    if width(words, size) <= room:
        return words
    shortened = words
    while shortened and width(shortened.rstrip() + "…", size) > room:
        shortened = shortened[:-1]
    return shortened.rstrip() + "…" if shortened else ""


def _em(letter: str) -> float:
    if combining(letter):
        return 0.0
    if east_asian_width(letter) in "WF":
        return 1.0
    if letter in NARROW:
        return 0.31
    if letter in WIDE:
        return 0.92
    return 0.66 if letter.isupper() else 0.56
