"""The flow diagram of moves between two runs: tiers left and right, a band for every move between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.etree.ElementTree import Element

from markupsafe import Markup

from custrata.pipeline.reading.figures import SchemeSummary, TierMove
from custrata.report.colours import APART, tier_colours
from custrata.report.pictures.axes import spread_labels
from custrata.report.pictures.lettering import fit, width
from custrata.report.pictures.svg import Drawing, empty_picture
from custrata.wording.writer import Writer

OUTSIDE = ""
BAR, MARGIN, THINNEST = 13.0, 8.0, 0.7
ONE_LINE, TWO_LINES = 16.0, 31.0
NAME, SMALL = 13.0, 12.0


@dataclass(frozen=True)
class Node:
    """A tier on one side: its place from the top, and the customers in it."""

    key: str
    name: str
    customers: int
    top: float
    height: float


@dataclass(frozen=True)
class FlowFrame:
    """The size of the picture, and the room for names on both sides."""

    width: float
    height: float
    names: float


@dataclass(frozen=True)
class Band:
    """A move with the place where it leaves and where it arrives."""

    move: TierMove
    left: float
    right: float
    height: float


def flow(scheme: SchemeSummary, write: Writer, *, wide: bool = True, link: str = "") -> Markup:
    """The flow of a scheme's customers from the run before to this one; up green, down red, the rest grey.

    `link` is put before `source:target`, the tiers of a band, to make the address the band leads to; a customer who
    was or is in no tier has an empty one.
    """
    title = write("flow.title", scheme=scheme.name)
    moves = [move for move in scheme.moves if move.customers > 0]
    rows = len(scheme.tiers) + 1
    longest = max((width(tier.name, NAME) for tier in scheme.tiers), default=0.0) + (44 if wide else 14)
    names = max(48.0, min(longest, 160.0 if wide else 84.0))
    frame = FlowFrame(720.0 if wide else 300.0, max(380.0 if wide else 330.0, rows * ONE_LINE + 2 * MARGIN), names)
    if not moves:
        return empty_picture(frame.width, 240, title, write("empty.flow"))
    drawing = Drawing(frame.width, frame.height, title, "flow")
    left = _nodes(scheme, write, [(move.source, move.customers) for move in moves], "flow.before", frame)
    right = _nodes(scheme, write, [(move.target, move.customers) for move in moves], "flow.after", frame)
    for band in _bands(scheme, moves, left, right):
        source, target = left[_place(scheme, band.move.source)], right[_place(scheme, band.move.target)]
        sentence = _sentence(write, band.move, source, target)
        ends = f"{band.move.source or ''}:{band.move.target or ''}"
        inside = drawing.link(link + ends if link else "", sentence)
        _draw_band(drawing, band, frame, scheme.direction(band.move), sentence, inside=inside)
    colours = tier_colours(scheme)
    _draw_nodes(drawing, write, left, colours, frame, on_left=True)
    _draw_nodes(drawing, write, right, colours, frame, on_left=False)
    return drawing.markup()


def _place(scheme: SchemeSummary, key: str | None) -> int:
    """The place of a tier's node; the last is for customers who were or are in none of today's tiers."""
    return len(scheme.tiers) if key is None else scheme.rank.get(key, len(scheme.tiers))


def _nodes(
    scheme: SchemeSummary, write: Writer, ends: Sequence[tuple[str | None, int]], absent: str, frame: FlowFrame
) -> list[Node]:
    """The nodes of one side from the top; `absent` is the phrase for customers who have no tier there."""
    sizes = [0] * (len(scheme.tiers) + 1)
    for key, customers in ends:
        sizes[_place(scheme, key)] += customers
    retired = any(key is not None and key not in scheme.rank for key, _ in ends)
    last = write("flow.elsewhere" if retired else absent)
    keys, names = [*scheme.rank, OUTSIDE], [*(tier.name for tier in scheme.tiers), last]
    gap = 12.0 if len(sizes) <= 6 else 6.0
    scale = (frame.height - 2 * MARGIN - gap * len(scheme.tiers)) / sum(sizes)
    nodes, top = [], MARGIN
    for key, name, customers in zip(keys, names, sizes, strict=True):
        nodes.append(Node(key, name, customers, top, customers * scale))
        top += customers * scale + gap
    return nodes


def _bands(scheme: SchemeSummary, moves: list[TierMove], left: list[Node], right: list[Node]) -> list[Band]:
    """Bands leave in the order of where they go and arrive in the order of where they come from."""
    scale = max(node.height / node.customers for node in left if node.customers)
    leaving = sorted(moves, key=lambda move: (_place(scheme, move.source), _place(scheme, move.target)))
    arriving = sorted(moves, key=lambda move: (_place(scheme, move.target), _place(scheme, move.source)))
    starts = _stacked(leaving, [_place(scheme, move.source) for move in leaving], left, scale)
    ends = _stacked(arriving, [_place(scheme, move.target) for move in arriving], right, scale)
    bands = [Band(move, starts[id(move)], ends[id(move)], move.customers * scale) for move in leaving]
    return sorted(bands, key=lambda band: (scheme.direction(band.move) != "stay", -band.move.customers))


def _stacked(moves: list[TierMove], places: list[int], nodes: list[Node], scale: float) -> dict[int, float]:
    """The top of each move (by identity) within its node."""
    tops: dict[int, float] = {}
    for place, group in groupby(zip(places, moves, strict=True), key=lambda pair: pair[0]):
        y = nodes[place].top
        for _, move in group:
            tops[id(move)] = y
            y += move.customers * scale
    return tops


def _sentence(write: Writer, move: TierMove, source: Node, target: Node) -> str:
    """The tooltip of a band."""
    customers, revenue = write.number(move.customers), write.short_money(move.revenue)
    return write("flow.mark", source=source.name, target=target.name, customers=customers, revenue=revenue)


def _draw_band(
    drawing: Drawing, band: Band, frame: FlowFrame, css: str, sentence: str, *, inside: Element | None
) -> None:
    x0, x1 = frame.names + BAR, frame.width - frame.names - BAR
    middle, height = (x0 + x1) / 2, max(THINNEST, band.height)
    top, bottom = (band.left, band.right), (band.left + height, band.right + height)
    outline = (
        f"M{x0:.1f} {top[0]:.1f}C{middle:.1f} {top[0]:.1f} {middle:.1f} {top[1]:.1f} {x1:.1f} {top[1]:.1f}"
        f"V{bottom[1]:.1f}C{middle:.1f} {bottom[1]:.1f} {middle:.1f} {bottom[0]:.1f} {x0:.1f} {bottom[0]:.1f}Z"
    )
    drawing.add("path", inside=inside, title=sentence, d=outline, css=f"band {css}")


def _draw_nodes(
    drawing: Drawing, write: Writer, nodes: list[Node], colours: dict[str, str], frame: FlowFrame, *, on_left: bool
) -> None:
    """The bars of one side with their names, which are spread out where the bars are thin."""
    x = frame.names if on_left else frame.width - frame.names - BAR
    visible = [node for node in nodes if node.customers]
    heights = [TWO_LINES if node.height >= TWO_LINES else ONE_LINE for node in visible]
    middles = [node.top + node.height / 2 for node in visible]
    for node, y in zip(visible, spread_labels(middles, heights, 2, frame.height - 2), strict=True):
        css = f"mark {colours.get(node.key, APART)}"
        drawing.add("rect", x=x, y=node.top, width=BAR, height=max(1.0, node.height), css=css)
        _name(drawing, write, node, y, frame, on_left=on_left)


def _name(drawing: Drawing, write: Writer, node: Node, y: float, frame: FlowFrame, *, on_left: bool) -> None:
    """The name over the number beside a tall bar; beside a low one both on a line, or the name alone."""
    x, side = (frame.names - 9, "end") if on_left else (frame.width - frame.names + 9, "start")
    number, room = write.short_number(node.customers), frame.names - 12
    name = fit(node.name, NAME, room)
    if node.height >= TWO_LINES:
        drawing.text(x, y - 2, name, side)
        drawing.text(x, y + 13, number, f"{side} small muted")
        return
    words = drawing.text(x, y + 4.5, name, side)
    if width(node.name, NAME) + 6 + width(number, SMALL) <= room:
        drawing.add("tspan", inside=words, dx=6, css="small muted").text = number
