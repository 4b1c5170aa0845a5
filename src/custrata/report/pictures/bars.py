"""Bars: a list of sizes side by side, and the distribution of a trait."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from custrata.pipeline.reading.figures import Histogram, SchemeSummary, Tier, Unit
from custrata.report.colours import tier_colours
from custrata.report.pictures.lettering import fit, width
from custrata.report.pictures.svg import Drawing, empty_picture, path
from custrata.wording.writer import Writer

NAME, SMALL = 13.0, 12.0


def bars(tiers: Sequence[Tier], write: Writer, title: str, *, wide: bool = True, link: str = "") -> Markup:
    """One bar per tier, as long as its customers, as deep as their worth, with customers and revenue beside it.

    `link` is put before a tier's key to make the address its bar leads to.
    """
    across, name_room, row = (720.0, 150.0, 36.0) if wide else (300.0, 104.0, 28.0)
    if not any(tier.customers for tier in tiers):
        return empty_picture(across, 200, title, write("empty.customers"))
    drawing = Drawing(across, row * len(tiers) + 4, title, "bars")
    colours = tier_colours(SchemeSummary("", "", tuple(tiers)))
    most = max(tier.customers for tier in tiers)
    counts = [write.short_number(tier.customers) for tier in tiers]
    sums = [write.short_money(tier.revenue) for tier in tiers]
    sum_room, count_room = max(width(word, SMALL) for word in sums) + 12, max(width(word, SMALL) for word in counts)
    room = across - name_room - sum_room - count_room - 16
    for place, (tier, count, money) in enumerate(zip(tiers, counts, sums, strict=True)):
        y, sentence = row * place + row / 2 + 2, f"{tier.name}: {count} · {money}"
        inside = drawing.link(link + tier.key if link else "", sentence)
        drawing.text(name_room - 10, y + 4.5, fit(tier.name, NAME, name_room - 12), "end", inside=inside)
        drawing.add(
            "rect",
            inside=inside,
            title=sentence,
            x=name_room,
            y=y - 8,
            width=max(1.5, room * tier.customers / most) if tier.customers else 0,
            height=16,
            rx=2,
            css=f"mark {colours[tier.key]}",
        )
        drawing.text(across - sum_room - 2, y + 4, count, "end small")
        drawing.text(across - 2, y + 4, money, "end small muted")
    return drawing.markup()


@dataclass(frozen=True)
class Floor:
    """Where the bars of a histogram stand."""

    left: float
    right: float
    top: float
    bottom: float


def histogram(data: Histogram, write: Writer) -> Markup:
    """The distribution of a trait with its median; the bars are equally wide whatever their bounds."""
    title = write("histogram.title", trait=data.name)
    if not any(data.counts) or len(data.edges) != len(data.counts) + 1:
        return empty_picture(300, 150, title, write("empty.customers"))
    drawing = Drawing(300, 150, title, "histogram")
    floor = Floor(4, 296, 26, 126)
    step, most = (floor.right - floor.left) / len(data.counts), max(data.counts)
    words = amounts(data.edges, data.unit, write)
    for place, count in enumerate(data.counts):
        height = (floor.bottom - floor.top) * count / most
        sentence = write("histogram.mark", low=words[place], high=words[place + 1], customers=write.number(count))
        x, y = floor.left + step * place, floor.bottom - height
        drawing.add("rect", title=sentence, x=x + 1, y=y, width=max(1.0, step - 2), height=height, css="mark bar")
    drawing.add("path", d=path([(floor.left, floor.bottom), (floor.right, floor.bottom)]), css="axis")
    _edges(drawing, words, floor)
    _median(drawing, data, write, floor)
    return drawing.markup()


def amounts(values: Sequence[Decimal], unit: Unit, write: Writer) -> list[str]:
    """Values of a trait as its unit is written; small ones that are not whole keep decimals."""
    if unit == "share":
        return [write.share(value) for value in values]
    fine = all(abs(value) < 20 for value in values) and any(value % 1 for value in values)
    if unit == "money":
        return [write.money(value, 2) if fine else write.short_money(value) for value in values]
    return [write.number(value, 1) if fine else write.short_number(round(value)) for value in values]


def _edges(drawing: Drawing, words: Sequence[str], floor: Floor) -> None:
    """The first and the last bound, and between them as many as have room."""
    step = (floor.right - floor.left) / (len(words) - 1)
    drawing.text(floor.left, floor.bottom + 18, words[0], "small muted")
    drawing.text(floor.right, floor.bottom + 18, words[-1], "end small muted")
    free, limit = floor.left + width(words[0], SMALL) + 12, floor.right - width(words[-1], SMALL) - 12
    for place, word in list(enumerate(words))[1:-1]:
        x, half = floor.left + step * place, width(word, SMALL) / 2
        if x - half >= free and x + half <= limit:
            drawing.text(x, floor.bottom + 18, word, "middle small muted")
            free = x + half + 12


def _median(drawing: Drawing, data: Histogram, write: Writer, floor: Floor) -> None:
    """A line through the bin of the median, as far along it as the value is."""
    if data.median is None:
        return
    place = min(max(bisect_right(data.edges, data.median) - 1, 0), len(data.counts) - 1)
    low, high = data.edges[place], data.edges[place + 1]
    part = float((data.median - low) / (high - low)) if high > low else 0.0
    x = floor.left + (floor.right - floor.left) / len(data.counts) * (place + min(1.0, max(0.0, part)))
    words = write("histogram.median", value=amounts([data.median], data.unit, write)[0])
    drawing.add("path", d=path([(x, floor.top - 8), (x, floor.bottom)]), css="dashed strong")
    drawing.text(min(x + 6, drawing.width - width(words, SMALL) - 2), floor.top - 10, words, "small")
