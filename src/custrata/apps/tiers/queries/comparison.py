"""Comparing two runs: sizes, revenue, lines and moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from custrata.analytics.silence import LINED, SilenceCurve
from custrata.apps.tiers.queries.runs import run_before
from custrata.apps.tiers.queries.schemes import amount, scheme
from custrata.lake.runs import Runs
from custrata.pipeline.reading import GradedRun, collect, moved_between
from custrata.pipeline.reading.figures import Headline, NumberChange, SchemeSummary, Size, Tier, TierMove
from custrata.tiering.silence_sentences import number, stratum_name
from custrata.web import texts
from custrata.web.workspace import workspace


@dataclass(frozen=True)
class TierChange:
    """A tier in both runs."""

    tier: Tier
    before: Size
    now: Size

    @property
    def customers(self) -> NumberChange[int]:
        """Its customers."""
        return NumberChange(self.now.customers, self.before.customers)

    @property
    def revenue(self) -> NumberChange[Decimal]:
        """Its revenue."""
        return NumberChange(self.now.revenue, self.before.revenue)


@dataclass(frozen=True)
class LineChange:
    """The line of a tier in both runs, formatted in the scheme's unit; `changed` if they differ."""

    tier: str
    before: str
    now: str
    changed: bool


@dataclass(frozen=True)
class SchemeChange:
    """A scheme in both runs."""

    scheme: SchemeSummary
    tiers: tuple[TierChange, ...]
    lines: tuple[LineChange, ...]

    @property
    def moved_lines(self) -> tuple[LineChange, ...]:
        """The lines that changed."""
        return tuple(line for line in self.lines if line.changed)


def headline_change(before: GradedRun, now: GradedRun) -> Headline:
    """The headline numbers of both runs."""
    return collect.headline(now, before)


def scheme_change(key: str, before: GradedRun, now: GradedRun) -> SchemeChange:
    """One scheme in both runs; a tier missing from the earlier run has size zero there."""
    graded, nothing = scheme(key, now), Size(0, Decimal(0))
    earlier = before.scheme(key)
    sizes = {tier.key: Size(tier.customers, tier.revenue) for tier in (earlier.sizes.values() if earlier else ())}
    tiers = tuple(
        TierChange(tier, sizes.get(tier.key, nothing), Size(tier.customers, tier.revenue)) for tier in graded.tiers
    )
    return SchemeChange(graded, tiers, _lines(key, before, now, graded))


def _lines(key: str, before: GradedRun, now: GradedRun, graded: SchemeSummary) -> tuple[LineChange, ...]:
    names = {tier.key: tier.name for tier in graded.tiers}
    old, new = _tier_lines(key, before), _tier_lines(key, now)
    return tuple(
        LineChange(names[tier], old.get(tier, ""), new.get(tier, ""), old.get(tier) != new.get(tier))
        for tier in names
        if tier in old or tier in new
    )


def _tier_lines(key: str, run: GradedRun) -> dict[str, str]:
    """The line of each tier: the steps of a ladder, or the learned lines of the lifecycle."""
    graded = run.schemes.get(key)
    if graded is None:
        return {}
    if key == "lifecycle":
        return _lifecycle_lines(SilenceCurve.from_record(graded.facts["curve"]))
    return {step.tier: amount(key, step.line) for step in (graded.ladder.steps if graded.ladder else ())}


def _lifecycle_lines(curve: SilenceCurve) -> dict[str, str]:
    """The silences from which a customer is at risk or churned, for each stratum that has such a line."""
    write = texts.writer("tiers")
    sign = "" if curve.learned else "> "
    lines_by_tier: dict[str, list[str]] = {}
    for stratum in curve.strata:
        named = "" if len(curve.strata) == 1 else f"{stratum_name(stratum.least, stratum.most, write)} "
        for tier in LINED:
            line = stratum.line(tier)
            if line is not None:
                lines_by_tier.setdefault(tier, []).append(f"{named}{sign}{number(line, write)}×")
    return {tier: " · ".join(lines) for tier, lines in lines_by_tier.items()}


def moves_between(key: str, before: GradedRun, now: GradedRun) -> SchemeSummary:
    """The scheme at the later run, with the moves from the earlier one to it.

    Consecutive runs have recorded their moves; otherwise they are counted from the two profiles, cached per process.
    """
    graded, neighbour = scheme(key, now), run_before(now)
    if neighbour is not None and neighbour.id == before.id == now.before:
        return graded
    if before.scheme(key) is None or not graded.tiers:
        return replace(graded, moves=())
    return replace(graded, moves=_count_moves(workspace().runs.folder, before.id, now.id, key))


@lru_cache(maxsize=256)
def _count_moves(folder: Path, before: str, now: str, key: str) -> tuple[TierMove, ...]:
    runs = Runs(folder)
    return tuple(TierMove(**vars(move)) for move in moved_between(runs.run(before), runs.run(now), key))
