"""Lines learned from the facts, once for each version of a scheme: silence curves, clusters, trees.

A run only reads them. They are learned where a version has none, where there was too little to learn from and the
facts have changed since, and when somebody asks; from the facts before a day that does not depend on the run's own
instant. So runs of the same facts, versions and instant are the same, in whatever order they are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from custrata.analytics.moments import AsOf
from custrata.analytics.silence import NOT_LEARNED
from custrata.analytics.silence_learning import learn_silence
from custrata.engine import Engine
from custrata.lake import Run, Workspace
from custrata.pipeline.decisions import Decided
from custrata.pipeline.grading import Grader
from custrata.pipeline.record import curve_from, graded_record
from custrata.pipeline.snapshot import counted_facts
from custrata.pipeline.view import Source, known_at, opened, view_of
from custrata.pipeline.windows import Windows
from custrata.tiering import Context
from custrata.tiering.learned import Learned, LearnedLines, is_learned
from custrata.tiering.schemes import Scheme, dependency_order

Lines = dict[str, Learned]


def learned_lines(
    source: Source,
    schemes: Sequence[Scheme],
    decided: Decided,
    *,
    learn: bool = False,
    before: AsOf | None = None,
) -> Lines:
    """The learned lines of those schemes that have any, by key; learned and written down now where that is due.

    Parameters: `learn` to learn all of them anew; `before` the instant whose earlier facts are learned from (default:
    the default instant of the facts).
    """
    lines = kept_lines(source.workspace, schemes)
    due = [one for one in schemes if is_learned(one) and (learn or _is_due(lines.get(one.key), source))]
    if due:
        moment = before or source.span.default_as_of(source.zone)
        models = learn_models(source, schemes, decided, moment=moment, due=due, lines=lines)
        for scheme in due:
            found = _learning(scheme, models[scheme.key], lines.get(scheme.key), source, moment, asked=learn)
            if found != lines.get(scheme.key):
                LearnedLines(source.workspace).keep(found)
            lines[scheme.key] = found
    return lines


def kept_lines(workspace: Workspace, schemes: Sequence[Scheme]) -> Lines:
    """What was learned for those schemes before, by key; nothing is learned now."""
    kept = LearnedLines(workspace)
    lines = {one.key: kept.newest(one.key, one.version) for one in schemes if is_learned(one)}
    return {key: one for key, one in lines.items() if one is not None}


def lines_to_be(workspace: Workspace, engine: Engine, run: Run, schemes: Sequence[Scheme]) -> dict[str, Any]:
    """The lines that a refresh would grade these schemes by, as schemes take them; nothing is written down.

    What is kept is taken, and what is not kept is learned as the next refresh will, from the facts as they are.
    """
    lines = kept_lines(workspace, schemes)
    fresh = [one for one in schemes if is_learned(one) and one.key not in lines]
    if not fresh:
        return models_of(lines)
    clock = datetime.fromisoformat(run.record["at"])
    with opened(workspace, engine, at=max([clock, *(one.at for one in workspace.lake.snapshot().imports)])) as source:
        drafts = {one.key: one for one in schemes}
        together = dependency_order(({one.key: one for one in source.library.schemes()} | drafts).values())
        others = kept_lines(workspace, [one for one in together if one not in fresh])
        moment = source.span.default_as_of(source.zone)
        found = learn_models(source, together, Decided.of(None, run), moment=moment, due=fresh, lines=others)
    return models_of(lines) | {key: model_of(model) for key, model in found.items()}


def _is_due(newest: Learned | None, source: Source) -> bool:
    return newest is None or (newest.number == 0 and newest.saw != source.lake.fingerprint)


def _learning(
    scheme: Scheme, model: Mapping[str, Any] | None, last: Learned | None, source: Source, moment: AsOf, *, asked: bool
) -> Learned:
    """The next learning of a version; the last one where nothing else came out, or nothing could be learned anew."""
    could = model is not None and model.get("learned", True) and model.get("steps", True)
    if last is not None and last.number and (not could or last.model == model):
        return last
    number = (last.number if last else 0) + (1 if could else 0)
    why = "first" if last is None else "asked" if asked and last.number else "enough"
    return Learned(scheme.key, scheme.version, number, moment.instant, source.at, why, source.lake.fingerprint, model)


def learn_models(
    source: Source,
    schemes: Sequence[Scheme],
    decided: Decided,
    *,
    moment: AsOf,
    due: Sequence[Scheme],
    lines: Mapping[str, Learned],
) -> dict[str, dict[str, Any] | None]:
    """What the facts before an instant teach each scheme that is due, as JSON; nothing where they are too few."""
    found: dict[str, Any] = {}
    held = models_of(lines)
    for one in due:
        held.pop(one.key, None)
    with source.engine.keeping() as keep:
        known = known_at(source, moment, keep)
        for one in (one for one in due if one.kind == "lifecycle"):
            held[one.key] = learn_silence(known.paced, moment)
            found[one.key] = graded_record(held[one.key])
        fits = [one for one in due if one.kind != "lifecycle"]
        if fits:
            view = view_of(source, known, moment, decided, keep)
            facts, windows = counted_facts(source.facts, known), Windows(known, moment, keep)
            context = Context(NOT_LEARNED, known.everyone.period, moment, facts, held, keep)
            grader = Grader(keep(view.profile), context, decided, None, source.engine, keep, windows)
            for one in _needed(fits, schemes):
                grader.grade(one)
            found |= {one.key: graded_record(grader.told[one.key]["facts"].get("model")) for one in fits}
    return found


def models_of(lines: Mapping[str, Learned]) -> dict[str, Any]:
    """Learned lines as schemes take them, by key: the silence curve, the model as JSON, nothing where none could be."""
    return {key: model_of(one.model) for key, one in lines.items()}


def model_of(model: Mapping[str, Any] | None) -> Any:
    """One of them: a silence curve out of its JSON, any other model as it is."""
    return curve_from(model) if model is not None and {"strata", "in_rhythm"} & model.keys() else model


def _needed(wanted: Sequence[Scheme], schemes: Sequence[Scheme]) -> list[Scheme]:
    """The wanted ones with those they read, directly or not; in the order of the schemes, each after what it reads."""
    by_key, asked, found = {one.key: one for one in schemes}, [one.key for one in wanted], set[str]()
    while asked:
        key = asked.pop()
        if key not in found:
            found.add(key)
            asked += by_key[key].needs(by_key)
    return [one for one in schemes if one.key in found]
