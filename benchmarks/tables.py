"""The results as tables: for the terminal, as Markdown, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

from benchmarks.comparisons import LARGE, MOST_GROWTH, Growth, Measurement, Peer, growth
from benchmarks.tasks import Timing


@dataclass(frozen=True)
class Sheet:
    """A table of texts: its title, column headers and rows. The first column is left-aligned."""

    title: str
    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def as_rich_table(self) -> Table:
        """As a table of Rich, for the terminal."""
        table = Table(title=self.title, title_justify="left", box=box.SIMPLE_HEAD)
        for number, head in enumerate(self.headers):
            table.add_column(head, justify="right" if number else "left", no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """As Markdown, for the documentation."""
        lines = [self.headers, ("---", *("---:" for _ in self.headers[1:])), *self.rows]
        return "\n".join([f"**{self.title}**", "", *("| " + " | ".join(cells) + " |" for cells in lines)])


def sheets(measurements: Sequence[Measurement]) -> list[Sheet]:
    """All tables that have rows."""
    every = [
        _comparisons(measurements),
        _growth(growth(measurements)),
        _steps(measurements),
        _conditions(measurements),
        _agreement(measurements),
    ]
    return [sheet for sheet in every if sheet.rows]


def _comparisons(measurements: Sequence[Measurement]) -> Sheet:
    headers = ("work", "customers", "orders", "ours", "peak", "peer", "its time", "its peak", "ratio", "must be", "met")
    rows = [row for measurement in measurements for row in _rows(measurement)]
    return Sheet("Ours and peers, in the same run; medians", headers, rows)


def _rows(measurement: Measurement) -> Iterator[tuple[str, ...]]:
    first = (
        measurement.comparison.title,
        f"{measurement.customers:,}",
        f"{measurement.orders:,}",
        *_time_and_peak(measurement.ours),
    )
    if not measurement.comparison.peers:
        yield (*first, *[""] * 6)
    for peer in measurement.comparison.peers:
        theirs, ratios = measurement.timings.get(peer.work), measurement.ratios(peer)
        if ratios and theirs:
            yield (
                *first,
                peer.title,
                *_time_and_peak(theirs),
                _spread(ratios),
                measurement.comparison.must(peer),
                _met(measurement, peer, ratios),
            )
        else:
            yield (
                *first,
                peer.title,
                *["not run" if theirs is None else "died"] * 2,
                "",
                measurement.comparison.must(peer),
                "",
            )


def _time_and_peak(timings: Sequence[Timing]) -> tuple[str, str]:
    seconds = median(timing.seconds for timing in timings)
    return f"{seconds:.2f} s", f"{max(timing.peak_mb for timing in timings):,.0f} MB"


def _spread(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _met(measurement: Measurement, peer: Peer, ratios: Sequence[float]) -> str:
    """The marks hold for a million customers; below that, fixed costs weigh too much."""
    if measurement.customers < LARGE or not measurement.comparison.must(peer):
        return ""
    peak = max(timing.peak_mb for timing in measurement.ours)
    return "yes" if measurement.comparison.met(peer, median(ratios), peak, measurement.seconds()) else "no"


def _growth(grown: Sequence[Growth]) -> Sheet:
    headers = ("work", "from", "to", "time ×", "exponent", "must be", "met")
    rows = [
        (
            growth_step.title,
            f"{growth_step.fewer:,}",
            f"{growth_step.more:,}",
            f"{growth_step.ratio:.2f}",
            f"{growth_step.exponent:.2f}",
            f"≤ {MOST_GROWTH}",
            "yes" if growth_step.exponent <= MOST_GROWTH else "no",
        )
        for growth_step in grown
    ]
    return Sheet("Growth: time as customers to the power of the exponent", headers, rows)


def _steps(measurements: Sequence[Measurement]) -> Sheet:
    timed = [(measurement, measurement.steps()) for measurement in measurements]
    with_steps = [(measurement, steps) for measurement, steps in timed if steps]
    names = list(with_steps[0][1]) if with_steps else []
    rows = [
        (measurement.comparison.title, f"{measurement.customers:,}", *(f"{steps[name]:.2f}" for name in names))
        for measurement, steps in with_steps
    ]
    return Sheet("Seconds of each step of the refresh, from the run record", ("work", "customers", *names), rows)


def _conditions(measurements: Sequence[Measurement]) -> Sheet:
    headers = ("condition", "of customers", "found", "ours, ms", "by hand, ms", "ratio")
    rows = [
        row
        for measurement in measurements
        if len(measurement.timings) == 2 and measurement.comparison.key == "criteria"
        for row in _counts(measurement)
    ]
    return Sheet("Counts of customers by condition, from JSON to the number; medians", headers, rows)


def _counts(measurement: Measurement) -> Iterator[tuple[str, ...]]:
    """A row per condition, and one with the 95th percentile of all."""
    ours, theirs = ([timing.details for timing in timings] for timings in measurement.timings.values())
    many = f"{measurement.customers:,}"
    for number, condition in enumerate(ours[0]["told"]):
        mine, its = (median(run["milliseconds"][number] for run in runs) for runs in (ours, theirs))
        counts = {run["found"][number] for run in (*ours, *theirs)}
        agreed = f"{counts.pop():,}" if len(counts) == 1 else "not the same"
        yield condition, many, agreed, f"{mine:.1f}", f"{its:.1f}", f"{mine / its:.2f}"
    mine, its = (median(run["p95"] for run in runs) for runs in (ours, theirs))
    yield "95 % of all", many, "", f"{mine:.1f}", f"{its:.1f}", f"{mine / its:.2f}"


def _agreement(measurements: Sequence[Measurement]) -> Sheet:
    compared = [measurement for measurement in measurements if measurement.same]
    names = list(next(iter(compared[0].same.values()))) if compared else []
    rows = [
        (peer, f"{measurement.customers:,}", *(f"{shares[name]:.2%}" for name in names))
        for measurement in compared
        for peer, shares in measurement.same.items()
    ]
    return Sheet(
        "Customers in the same tier as ours (lifecycle: fixed lines there)", ("peer", "customers", *names), rows
    )


def scope(measurements: Sequence[Measurement]) -> str:
    """What each side computed, in one sentence."""
    counts_by_side: dict[str, str] = {}
    for measurement in measurements:
        names = {measurement.comparison.work: "ours"} | {peer.work: peer.title for peer in measurement.comparison.peers}
        for work, timings in measurement.timings.items():
            details = timings[0].details if timings else {}
            counts = [f"{details[what]} {what}" for what in ("traits", "schemes", "aggregates") if what in details]
            if counts:
                counts_by_side[names[work]] = " and ".join(counts)
    return (
        "Computed: " + "; ".join(f"{name} {counts}" for name, counts in counts_by_side.items()) + "."
        if counts_by_side
        else ""
    )


def as_dict(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Every timing, ratio and exponent, for JSON."""
    return {
        "comparisons": [_comparison_as_dict(measurement) for measurement in measurements],
        "growth": [{**asdict(step), "exponent": step.exponent} for step in growth(measurements)],
    }


def _comparison_as_dict(measurement: Measurement) -> dict[str, Any]:
    comparison = measurement.comparison
    return {
        "work": comparison.work,
        "title": comparison.title,
        "customers": measurement.customers,
        "orders": measurement.orders,
        "seconds": measurement.seconds(),
        "steps": measurement.steps(),
        "timings": {work: [asdict(timing) for timing in timings] for work, timings in measurement.timings.items()},
        "peers": [_peer_as_dict(measurement, peer) for peer in comparison.peers],
        "same_tier": measurement.same,
    }


def _peer_as_dict(measurement: Measurement, peer: Peer) -> dict[str, Any]:
    ratios = measurement.ratios(peer)
    return {
        "work": peer.work,
        "title": peer.title,
        "must": measurement.comparison.must(peer),
        "ratios": ratios,
        "ratio": median(ratios) if ratios else None,
        "ratio_is": "peer's time ÷ ours" if peer.faster else "our time ÷ peer's",
    }
