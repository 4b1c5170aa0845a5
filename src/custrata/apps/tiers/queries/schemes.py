"""Schemes as graded by a run: tiers with history, lines, and an explanation in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from custrata.analytics.silence import SilenceCurve
from custrata.apps.tiers.queries.runs import history, newest
from custrata.apps.tiers.queries.runs import run as run_of
from custrata.errors import Refused
from custrata.pipeline.reading import GradedRun, GradedScheme, collect
from custrata.pipeline.reading.figures import Lines, RfmMap, RunSizes, SchemeSummary, Silence, TierLine, TierMove
from custrata.report.colours import tier_colours
from custrata.tiering import BUILT_IN
from custrata.tiering.explanations import rfm_reference
from custrata.tiering.names import about_scheme, notes_of, tier_name
from custrata.tiering.silence_sentences import line_sentences, unpaced_sentences
from custrata.web import texts
from custrata.web.schemes import graded_schemes
from custrata.web.workspace import workspace
from custrata.wording import catalogue
from custrata.wording.writer import Writer

Facts = Mapping[str, Any]


class NoSuchScheme(Refused):
    status = 404
    template = "There is no scheme “{scheme}”. Choose one from the list of schemes."


def scheme_keys(run: GradedRun) -> list[str]:
    """The keys of a run's schemes in grading order; those that wait for data come last."""
    return sorted(run.schemes, key=lambda key: run.schemes[key].waiting)


def graded_keys(run: GradedRun) -> list[str]:
    """The keys of the schemes that have tiers at a run."""
    return [key for key in scheme_keys(run) if not run.schemes[key].waiting]


def scheme(key: str, run: GradedRun) -> SchemeSummary:
    """A scheme at a run with its history up to it, named in the reader's language. Raises `NoSuchScheme`."""
    if key not in run.schemes:
        raise NoSuchScheme(scheme=key)
    ids = tuple(past_run.id for past_run in history(run))
    return _scheme(workspace().runs.folder, ids, key, texts.language())


@lru_cache(maxsize=512)
def _scheme(folder: Path, ids: tuple[str, ...], key: str, language: str) -> SchemeSummary:
    """Cached per list of runs; `folder` distinguishes workspaces."""
    runs = history(run_of(ids[-1]))
    graded_runs = [run for run in runs[:-1] if key in run.schemes]
    return collect.scheme(key, [*graded_runs, runs[-1]], language)


def at_moment(scheme: SchemeSummary, moment: RunSizes) -> SchemeSummary:
    """The scheme with its sizes at an earlier moment, without moves."""
    tiers = tuple(
        replace(tier, customers=size.customers, revenue=size.revenue)
        for tier in scheme.tiers
        if (size := moment.sizes.get(tier.key)) is not None
    )
    return replace(scheme, tiers=tiers, moves=())


def lines(key: str, run: GradedRun, scheme: SchemeSummary) -> Lines | None:
    """The lines of a scheme; None without a ladder."""
    ladder = run.schemes[key].ladder
    if ladder is None:
        return None
    colours, names = tier_colours(scheme), {tier.key: tier.name for tier in scheme.tiers}
    sign = "≤" if ladder.less_is_better else "≥"
    steps = tuple(
        TierLine(Decimal(step.line), colours[step.tier], f"{names[step.tier]} {sign} {amount(key, step.line)}")
        for step in ladder.steps
    )
    return Lines(steps, colours[ladder.lowest], ladder.less_is_better)


def amount(key: str, value: Any) -> str:
    """Format a value of a scheme in its unit, with the precision of a line."""
    write, exact = texts.writer("tiers"), Decimal(str(value))
    graded = graded_schemes().get(key)
    # Runs of early versions recorded no units; they used only the built-in schemes.
    unit = (graded.unit if graded else "") or (BUILT_IN[key].unit if key in BUILT_IN else "count")
    if unit == "money":
        return write.money(exact, 2)
    if unit == "share":
        return write.share(exact, 2)
    whole = exact == exact.to_integral_value()
    return write.number(exact, 0 if whole else 2)


def explanation(key: str, run: GradedRun) -> list[str]:
    """How a scheme was graded at a run, in sentences: method, lines, learned values, missing data."""
    graded = run.schemes[key]
    about = about_scheme(key, texts.language(), graded.record)
    if not about and f"about.{key}" in catalogue()["tiers"]:
        about = texts.text(f"tiers.about.{key}")
    return [*([about] if about else []), *_sentences(graded, texts.writer("tiers"))]


def _sentences(graded: GradedScheme, write: Writer) -> Iterator[str]:
    key, ladder, facts = graded.key, graded.ladder, graded.facts
    if ladder:
        phrase = "line.most" if ladder.less_is_better else "line.least"
        for step in ladder.steps:
            tier = tier_name(key, step.tier, write.language, graded.record)
            yield write(phrase, tier=tier, line=amount(key, step.line))
    if "weights" in facts:
        weights = (
            f"{write(f'points.{name}')} {write.number(Decimal(str(weight)))}"
            for name, weight in facts["weights"].items()
            if name not in facts["missing"]
        )
        yield write("made_of", parts=write("comma").join(weights))
    if key == "rfm" and facts["customers"]:
        yield from _rfm(facts, write)
    if key == "lifecycle":
        yield from _lifecycle(facts, write)
    if facts.get("customers"):
        yield texts.count("tiers.decided.graded", facts["customers"])
    yield from notes_of(graded.record, write.language)


def _rfm(facts: Facts, write: Writer) -> Iterator[str]:
    means = rfm_reference(facts)
    yield texts.text(
        "tiers.decided.rfm_medians" if facts.get("reference") == "median" else "tiers.decided.rfm_means",
        recency=write.number(means["r"], 1),
        frequency=write.number(means["f"], 2),
        monetary=write.money(means["m"], 2),
    )
    cuts = facts["cuts"]
    if facts["method"] == "quantile":
        yield texts.text(
            "tiers.decided.rfm_cuts",
            recency=" · ".join(write.number(abs(Decimal(str(cut)))) for cut in cuts["r"]),
            frequency=" · ".join(write.number(Decimal(str(cut))) for cut in cuts["f"]),
            monetary=" · ".join(write.money(Decimal(str(cut))) for cut in cuts["m"]),
        )


def _lifecycle(facts: Facts, write: Writer) -> Iterator[str]:
    named = ("new_days", "new_orders", "won_back_days", "mature_orders", "mature_days")
    yield texts.text("tiers.decided.lifecycle", **{name: facts[name] for name in named})
    yield from unpaced_sentences(facts, write)
    curve = SilenceCurve.from_record(facts["curve"])
    for stratum in curve.strata:
        yield from line_sentences(stratum, curve, write)
    if curve.learned:
        yield texts.text("tiers.decided.learned", dates=curve.dates, customers=curve.customers)


def silence_curve(run: GradedRun) -> Silence:
    """The curve the lifecycle lines were learned from."""
    return collect.silence(run.curve)


def rfm_cells(run: GradedRun) -> RfmMap:
    """The RFM map of a run, with its eleven labels in the reader's language."""
    return collect.rfm(run, texts.language())


def moves(key: str, run: GradedRun) -> tuple[TierMove, ...]:
    """The moves into a run from the previous one."""
    return scheme(key, run).moves


def default_scheme(run: GradedRun | None = None) -> str:
    """The scheme shown by default."""
    graded_run = run or newest()
    keys = graded_keys(graded_run) if graded_run else []
    return "value" if "value" in keys or not keys else keys[0]
