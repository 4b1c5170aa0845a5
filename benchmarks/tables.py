"""The results as tables: for the terminal, as Markdown, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

from benchmarks.comparisons import LARGE, MOST_GROWTH, Growth, Measured, Peer, growth
from benchmarks.tasks import Timing


@dataclass(frozen=True)
class Sheet:
    """A table of texts: its title, what each column is called, and its rows. The first column is set left."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def on_terminal(self) -> Table:
        """As Rich draws it."""
        table = Table(title=self.title, title_justify="left", box=box.SIMPLE_HEAD)
        for number, head in enumerate(self.heads):
            table.add_column(head, justify="right" if number else "left", no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """As a page of the documentation quotes it."""
        lines = [self.heads, ("---", *("---:" for _ in self.heads[1:])), *self.rows]
        return "\n".join([f"**{self.title}**", "", *("| " + " | ".join(cells) + " |" for cells in lines)])


def sheets(found: Sequence[Measured]) -> list[Sheet]:
    """All tables there is something for."""
    every = [_comparisons(found), _growth(growth(found)), _steps(found), _conditions(found), _same(found)]
    return [sheet for sheet in every if sheet.rows]


def _comparisons(found: Sequence[Measured]) -> Sheet:
    heads = ("work", "customers", "orders", "ours", "peak", "peer", "its time", "its peak", "ratio", "must be", "met")
    rows = [row for one in found for row in _rows(one)]
    return Sheet("Ours and peers, in the same run; medians", heads, rows)


def _rows(one: Measured) -> Iterator[tuple[str, ...]]:
    first = (one.comparison.title, f"{one.customers:,}", f"{one.orders:,}", *_took(one.ours))
    if not one.comparison.peers:
        yield (*first, *[""] * 6)
    for peer in one.comparison.peers:
        theirs, ratios = one.timings.get(peer.work), one.ratios(peer)
        if ratios and theirs:
            yield (*first, peer.title, *_took(theirs), _spread(ratios), one.comparison.must, _met(one, ratios))
        else:
            yield (*first, peer.title, *["not run" if theirs is None else "died"] * 2, "", one.comparison.must, "")


def _took(timings: Sequence[Timing]) -> tuple[str, str]:
    seconds = median(timing.seconds for timing in timings)
    return f"{seconds:.2f} s", f"{max(timing.peak_mb for timing in timings):,.0f} MB"


def _spread(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _met(one: Measured, ratios: Sequence[float]) -> str:
    """The marks hold for a million customers; below that, what is done once weighs too much."""
    if one.customers < LARGE:
        return ""
    peak = max(timing.peak_mb for timing in one.ours)
    return "yes" if one.comparison.met(median(ratios), peak, one.seconds()) else "no"


def _growth(grown: Sequence[Growth]) -> Sheet:
    heads = ("work", "from", "to", "time ×", "exponent", "must be", "met")
    rows = [
        (
            one.title,
            f"{one.fewer:,}",
            f"{one.more:,}",
            f"{one.ratio:.2f}",
            f"{one.exponent:.2f}",
            f"≤ {MOST_GROWTH}",
            "yes" if one.exponent <= MOST_GROWTH else "no",
        )
        for one in grown
    ]
    return Sheet("Growth: time as customers to the power of the exponent", heads, rows)


def _steps(found: Sequence[Measured]) -> Sheet:
    timed = [(one, one.steps()) for one in found]
    with_steps = [(one, steps) for one, steps in timed if steps]
    names = list(with_steps[0][1]) if with_steps else []
    rows = [
        (one.comparison.title, f"{one.customers:,}", *(f"{steps[name]:.2f}" for name in names))
        for one, steps in with_steps
    ]
    return Sheet("Seconds of each step of the refresh, from the run record", ("work", "customers", *names), rows)


def _conditions(found: Sequence[Measured]) -> Sheet:
    heads = ("condition", "of customers", "found", "ours, ms", "by hand, ms", "ratio")
    rows = [row for one in found if len(one.timings) == 2 and one.comparison.key == "criteria" for row in _counts(one)]
    return Sheet("Counts of customers by condition, from JSON to the number; medians", heads, rows)


def _counts(one: Measured) -> Iterator[tuple[str, ...]]:
    """A row per condition, and one with the 95 % of all."""
    ours, theirs = ([timing.details for timing in timings] for timings in one.timings.values())
    many = f"{one.customers:,}"
    for number, told in enumerate(ours[0]["told"]):
        mine, its = (median(run["milliseconds"][number] for run in runs) for runs in (ours, theirs))
        counts = {run["found"][number] for run in (*ours, *theirs)}
        agreed = f"{counts.pop():,}" if len(counts) == 1 else "not the same"
        yield told, many, agreed, f"{mine:.1f}", f"{its:.1f}", f"{mine / its:.2f}"
    mine, its = (median(run["p95"] for run in runs) for runs in (ours, theirs))
    yield "95 % of all", many, "", f"{mine:.1f}", f"{its:.1f}", f"{mine / its:.2f}"


def _same(found: Sequence[Measured]) -> Sheet:
    compared = [one for one in found if one.same]
    names = list(compared[0].same) if compared else []
    rows = [(f"{one.customers:,}", *(f"{one.same[name]:.2%}" for name in names)) for one in compared]
    return Sheet("Customers in the same tier with pandas (lifecycle: fixed lines there)", ("customers", *names), rows)


def scope(found: Sequence[Measured]) -> str:
    """What each of them computed, in one sentence."""
    told: dict[str, str] = {}
    for one in found:
        names = {one.comparison.work: "ours"} | {peer.work: peer.title for peer in one.comparison.peers}
        for work, timings in one.timings.items():
            details = timings[0].details if timings else {}
            counts = [f"{details[what]} {what}" for what in ("traits", "schemes", "aggregates") if what in details]
            if counts:
                told[names[work]] = " and ".join(counts)
    return "Computed: " + "; ".join(f"{name} {counts}" for name, counts in told.items()) + "." if told else ""


def plain(found: Sequence[Measured]) -> dict[str, Any]:
    """Every timing, ratio and exponent, for JSON."""
    return {
        "comparisons": [_plain(one) for one in found],
        "growth": [{**asdict(one), "exponent": one.exponent} for one in growth(found)],
    }


def _plain(one: Measured) -> dict[str, Any]:
    comparison = one.comparison
    return {
        "work": comparison.work,
        "title": comparison.title,
        "must": comparison.must,
        "customers": one.customers,
        "orders": one.orders,
        "seconds": one.seconds(),
        "steps": one.steps(),
        "timings": {work: [asdict(timing) for timing in timings] for work, timings in one.timings.items()},
        "peers": [_plain_peer(one, peer) for peer in comparison.peers],
        "same_tier_as_pandas": one.same,
    }


def _plain_peer(one: Measured, peer: Peer) -> dict[str, Any]:
    ratios = one.ratios(peer)
    return {
        "work": peer.work,
        "title": peer.title,
        "ratios": ratios,
        "ratio": median(ratios) if ratios else None,
        "ratio_is": "peer's time ÷ ours" if one.comparison.faster else "our time ÷ peer's",
    }
