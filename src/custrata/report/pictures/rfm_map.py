"""The RFM map: recency upwards, frequency to the right; squares as large as the customers, as deep as their worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

from custrata.pipeline.reading.figures import RfmCell, RfmMap
from custrata.report.colours import colour
from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, empty_picture
from custrata.wording.writer import Writer

SCORES = range(1, 6)
SMALL, GAP, LEFT, BOTTOM = 12.0, 4.0, 42.0, 44.0


@dataclass(frozen=True)
class Grid:
    """The places of the cells: their side, the largest number of customers, and how to colour worth."""

    side: float
    most: int
    worth: tuple[float, float]

    def corner(self, cell: RfmCell) -> tuple[float, float]:
        """The upper left corner of a cell."""
        return LEFT + (cell.frequency - 1) * (self.side + GAP), 2 + (5 - cell.recency) * (self.side + GAP)

    def paleness(self, cell: RfmCell) -> float:
        """How pale a cell is by its mean monetary value, on a scale of magnitudes: the richest is 0."""
        low, high = self.worth
        return 1 - (_magnitude(cell) - low) / (high - low) if high > low else 0.0


def rfm_map(data: RfmMap, write: Writer, *, wide: bool = True, link: str = "") -> Markup:
    """The five by five map of the recency and frequency scores.

    `link` is put before the scores of a cell (`5-4`) to make the address it leads to.
    """
    title, side = write("rfm.title"), 76.0 if wide else 47.0
    across, height = LEFT + 5 * (side + GAP), 5 * (side + GAP) + BOTTOM
    cells = [cell for cell in data.cells if cell.customers > 0]
    if not cells:
        return empty_picture(across, height, title, write("empty.customers"))
    drawing = Drawing(across, height, title, "rfm")
    magnitudes = [_magnitude(cell) for cell in cells]
    grid = Grid(side, max(cell.customers for cell in cells), (min(magnitudes), max(magnitudes)))
    _axes(drawing, write, grid)
    for cell in cells:
        _draw(drawing, write, cell, grid, link)
    return drawing.markup()


def _magnitude(cell: RfmCell) -> float:
    return math.log1p(max(0.0, float(cell.mean)))


def _axes(drawing: Drawing, write: Writer, grid: Grid) -> None:
    step, half = grid.side + GAP, grid.side / 2
    for score in SCORES:
        row, column = 2 + (5 - score) * step, LEFT + (score - 1) * step
        drawing.text(LEFT - 8, row + half + 4, str(score), "end small muted")
        drawing.text(column + half, 5 * step + 16, str(score), "middle small muted")
        for frequency in SCORES:
            x = LEFT + (frequency - 1) * step
            drawing.add("rect", x=x, y=row, width=grid.side, height=grid.side, rx=5, css="cell")
    middle = 2 + 2.5 * step
    up = drawing.text(15, middle, write("rfm.recency"), "middle small")
    up.set("transform", f"rotate(-90 15 {middle:.0f})")
    drawing.text(LEFT + 2.5 * step, 5 * step + 36, write("rfm.frequency"), "middle small")


def _draw(drawing: Drawing, write: Writer, cell: RfmCell, grid: Grid, link: str) -> None:
    """A square whose area is the customers, its number inside where it has room, else below it."""
    (x, y), css = grid.corner(cell), colour(grid.paleness(cell))
    side = max(3.0, grid.side * math.sqrt(cell.customers / grid.most))
    inset = (grid.side - side) / 2
    number = write.short_number(cell.customers)
    sentence = write(
        "rfm.mark",
        recency=cell.recency,
        frequency=cell.frequency,
        customers=write.number(cell.customers),
        mean=write.money(cell.mean),
    )
    inside = drawing.link(f"{link}{cell.recency}-{cell.frequency}" if link else "")
    if inside is not None:
        # A title, not a label: a label has to begin with what one sees, which is the number alone.
        ElementTree.SubElement(inside, "title").text = sentence
        # The whole cell answers to the pointer, however small the square is.
        drawing.add("rect", inside=inside, x=x, y=y, width=grid.side, height=grid.side, rx=5, css="hit")
    drawing.add(
        "rect",
        inside=inside,
        title=sentence,
        x=x + inset,
        y=y + inset,
        width=side,
        height=side,
        rx=min(5.0, side / 5),
        css=f"mark {css}",
    )
    middle = x + grid.side / 2
    if side >= width(number, SMALL) + 6 and side >= SMALL + 4:
        words = drawing.text(middle, y + grid.side / 2 + 4, number, f"middle small on-{css}", inside=inside)
        words.set("aria-hidden", "true")  # the title says it already
    elif grid.side - inset - side >= SMALL:
        drawing.text(middle, y + grid.side - inset + SMALL, number, "middle tiny muted")


def sorted_cells(cells: Sequence[RfmCell]) -> list[RfmCell]:
    """The cells from the best corner of the map to the worst, as a table lists them."""
    return sorted(cells, key=lambda cell: (-cell.recency, -cell.frequency))
