"""Parses an SVG picture: its marks, and the bounding boxes of its texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

from custrata.report.pictures.lettering import width

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True)
class Box:
    """The box of a text."""

    words: str
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two boxes overlap by more than a rounding error."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0.5 and down > 0.5


class Picture:
    """A parsed SVG picture."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.root = ElementTree.fromstring(markup)
        _, _, self.width, self.height = (float(part) for part in self.root.attrib["viewBox"].split())

    @property
    def title(self) -> str:
        """What the picture is called."""
        return self.root.findtext("title") or ""

    def marks(self, tag: str, css: str = "") -> list[ElementTree.Element]:
        """The elements of a tag that have a class."""
        return [mark for mark in self.root.iter(tag) if not css or css in mark.get("class", "").split()]

    def words(self) -> list[str]:
        """The texts."""
        return ["".join(text.itertext()) for text in self.root.iter("text")]

    def numbers(self) -> list[float]:
        """Every number of every shape."""
        names = ("x", "y", "cx", "cy", "r", "width", "height", "d")
        parts = (mark.get(name, "") for mark in self.root.iter() for name in names)
        return [float(number) for part in parts for number in NUMBER.findall(part)]

    def boxes(self) -> list[Box]:
        """The boxes of the horizontal texts."""
        return [_box(text) for text in self.root.iter("text") if not text.get("transform")]

    def clashes(self) -> list[tuple[str, str]]:
        """Pairs of texts that overlap."""
        return [
            (first.words, second.words) for first, second in combinations(self.boxes(), 2) if first.overlaps(second)
        ]

    def outside(self) -> list[str]:
        """Texts that stick out of the picture."""
        return [
            box.words
            for box in self.boxes()
            if box.left < -2 or box.right > self.width + 2 or box.top < -2 or box.bottom > self.height + 2
        ]


def _box(text: ElementTree.Element) -> Box:
    words, css = "".join(text.itertext()), text.get("class", "").split()
    size = 10.5 if "tiny" in css else 12 if "small" in css else 14 if "large" in css else 13
    wide = width(words, size) + sum(float(part.get("dx", "0")) for part in text.iter("tspan"))
    x, y = float(text.attrib["x"]), float(text.attrib["y"])
    left = x - wide if "end" in css else x - wide / 2 if "middle" in css else x
    return Box(words, left, left + wide, y - size * 0.8, y + size * 0.15)
