"""Axes: scales, round tick values and dates, and labels without overlap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, path
from custrata.wording.writer import Writer


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, 0 among them where it lies between.

    >>> ticks(0, 93, 5)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    span = high - low if high > low else max(abs(high), 1.0)
    rough = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return [place * step for place in range(first, last + 1)]


def spread_labels(targets: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Centres for labels of these heights, near the targets (given in order) and between the limits.

    No two overlap, unless there is not enough room for all; then all are squeezed evenly.

    >>> spread_labels([10, 11, 60], [14, 14, 14], 0, 100)
    [10, 24.0, 60]
    """
    squeeze = min(1.0, (high - low) / (sum(heights) or 1.0))
    half = [height * squeeze / 2 for height in heights]
    places: list[float] = []
    edge = low
    for want, own in zip(targets, half, strict=True):
        places.append(max(want, edge + own))
        edge = places[-1] + own
    edge = high
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], edge - half[index])
        edge = places[index] - half[index]
    return places


def sampled_indexes(count: int, most: int) -> list[int]:
    """At most so many of the indexes 0 … count − 1, evenly, the last always among them.

    >>> sampled_indexes(13, 5)
    [0, 3, 6, 9, 12]
    """
    stride = max(1, math.ceil((count - 1) / max(1, most - 1)))
    return list(range((count - 1) % stride, count, stride))


@dataclass(frozen=True)
class Scale:
    """Values onto pixels, straight: `low` lies at `start`, `high` at `end`.

    >>> Scale(0, 10, 100, 0)(2.5)
    75.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value."""
        return self.start + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.start)


def time_places(moments: Sequence[datetime], start: float, end: float) -> list[float]:
    """The positions of moments along a line, proportional to time; a single one, or none, is in the middle."""
    if len(moments) < 2 or moments[0] == moments[-1]:
        return [(start + end) / 2] * max(1, len(moments))
    scale = Scale(moments[0].timestamp(), moments[-1].timestamp(), start, end)
    return [scale(moment.timestamp()) for moment in moments]


def draw_lines(drawing: Drawing, lines: Sequence[tuple[float, str]], left: float, right: float) -> None:
    """Faint lines across at heights, each with its words on the left."""
    for y, words in lines:
        drawing.add("path", d=path([(left, y), (right, y)]), css="grid")
        drawing.text(left - 6, y + 4, words, "end small muted")


def draw_dates(drawing: Drawing, write: Writer, moments: Sequence[datetime], xs: Sequence[float], y: float) -> None:
    """As many of the moments' days as have room, the last always, kept within the picture."""
    if not moments:
        return
    words = [write.month(moment) for moment in moments]
    if len(set(words)) < len(words):
        words = [write.day(moment) for moment in moments]
    room = max(width(word, 12) for word in words) + 18
    most = max(2, int((xs[-1] - xs[0]) / room) + 1)
    for index in sampled_indexes(len(moments), most):
        half = width(words[index], 12) / 2
        drawing.text(min(drawing.width - half - 1, max(half, xs[index])), y, words[index], "middle small muted")
