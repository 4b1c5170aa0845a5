"""SVG drawings, with numbers rounded and texts escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from xml.etree import ElementTree

from markupsafe import Markup

Attribute = str | float
Point = tuple[float, float]


class Drawing:
    """An SVG picture of a size in pixels, with a title that screen readers speak.

    >>> drawing = Drawing(40, 20, "Two dots", "dots")
    >>> _ = drawing.add("circle", cx=10, cy=10, r=3.14159, title="<first>")
    >>> print(drawing.markup())
    <svg viewBox="0 0 40 20" class="picture dots" role="img"><title>Two dots</title><circle cx="10" cy="10" \
r="3.14"><title>&lt;first&gt;</title></circle></svg>
    """

    def __init__(self, width: float, height: float, title: str, kind: str) -> None:
        self.width, self.height = width, height
        self.root = ElementTree.Element("svg")
        self.root.set("viewBox", f"0 0 {_text(width)} {_text(height)}")
        self.root.set("class", f"picture {kind}")
        self.root.set("role", "img")
        ElementTree.SubElement(self.root, "title").text = title

    def add(
        self, tag: str, /, *, inside: ElementTree.Element | None = None, title: str = "", **attributes: Attribute
    ) -> ElementTree.Element:
        """An element with attributes (`css` is its class, `_` stands for `-`); `title` is shown under the pointer."""
        element = ElementTree.SubElement(self.root if inside is None else inside, tag)
        for name, value in attributes.items():
            element.set("class" if name == "css" else name.replace("_", "-"), _text(value))
        if title:
            ElementTree.SubElement(element, "title").text = title
        return element

    def text(
        self, x: float, y: float, words: str, css: str = "", *, inside: ElementTree.Element | None = None
    ) -> ElementTree.Element:
        """Words with their baseline at y; the classes `middle` and `end` say which part of them is at x."""
        element = self.add("text", inside=inside, x=x, y=y, **({"css": css} if css else {}))
        element.text = words
        return element

    def link(self, address: str, words: str = "") -> ElementTree.Element | None:
        """A link to put elements inside, which screen readers call by its words; nothing without an address."""
        if not address:
            return None
        # An image's parts are hidden from assistive technology, and a link must not be.
        self.root.set("role", "group")
        link = self.add("a", href=address)
        if words:
            link.set("aria-label", words)
        return link

    def markup(self) -> Markup:
        """The picture as text, safe to put into a page."""
        return Markup(ElementTree.tostring(self.root, encoding="unicode"))


def path(points: Iterable[Point], *, closed: bool = False) -> str:
    """The path through the points.

    >>> path([(0, 0), (10, 5.25)], closed=True)
    'M0 0L10 5.25Z'
    """
    return "M" + "L".join(f"{_text(x)} {_text(y)}" for x, y in points) + ("Z" if closed else "")


def empty_picture(width: float, height: float, title: str, words: str) -> Markup:
    """A placeholder picture with a centred text."""
    drawing = Drawing(width, height, f"{title}: {words}", "blank")
    drawing.add("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=8, css="blank-frame")
    drawing.text(width / 2, height / 2 + 4, words, "middle muted")
    return drawing.markup()


def _text(value: Attribute) -> str:
    if isinstance(value, str):
        return value
    assert math.isfinite(value), "a coordinate is not finite"
    return f"{value:.2f}".rstrip("0").rstrip(".")
