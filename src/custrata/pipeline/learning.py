"""Models learned from the facts, once for each version of a scheme: silence curves, clusters, trees.

Runs only read them. They are learned where a version has none, where there were too few facts and the facts have
changed since, and on request; from the facts before a day that does not depend on the instant of the run. So runs over
the same facts, versions and instant are equal, in whatever order they are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from custrata.analytics.moments import AsOf
from custrata.analytics.silence import NOT_LEARNED
from custrata.analytics.silence_learning import learn_silence
from custrata.engine import Engine
from custrata.lake import Run, Workspace
from custrata.pipeline.decisions import AppliedDecisions
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.grading import Grader
from custrata.pipeline.record import curve_from, graded_record
from custrata.pipeline.snapshot import counted_facts
from custrata.pipeline.view import RunSource, known_at, open_source, view_of
from custrata.pipeline.windows import Windows
from custrata.tiering import GradingContext
from custrata.tiering.learned import Learned, LearnedLines, is_learned
from custrata.tiering.schemes import Scheme, dependency_order

Lines = dict[str, Learned]


def learned_lines(
    source: RunSource,
    schemes: Sequence[Scheme],
    decisions: AppliedDecisions,
    *,
    learn: bool = False,
    before: AsOf | None = None,
) -> Lines:
    """The learned lines of those schemes that have any, by key; lines that are due are learned and stored now.

    Parameters: `learn` to learn all of them again; `before` the instant before which facts are learned from (default:
    the default instant of the facts).
    """
    lines = stored_lines(source.workspace, schemes)
    due = [scheme for scheme in schemes if is_learned(scheme) and (learn or _is_due(lines.get(scheme.key), source))]
    if due:
        moment = before or source.span.default_as_of(source.zone)
        models = learn_models(source, schemes, decisions, moment=moment, due=due, lines=lines)
        for scheme in due:
            learned = _learning(scheme, models[scheme.key], lines.get(scheme.key), source, moment, on_request=learn)
            if learned != lines.get(scheme.key):
                LearnedLines(source.workspace).keep(learned)
            lines[scheme.key] = learned
    return lines


def stored_lines(workspace: Workspace, schemes: Sequence[Scheme]) -> Lines:
    """The stored lines of these schemes, by key; nothing is learned."""
    stored = LearnedLines(workspace)
    lines = {scheme.key: stored.newest(scheme.key, scheme.version) for scheme in schemes if is_learned(scheme)}
    return {key: learned for key, learned in lines.items() if learned is not None}


def expected_lines(workspace: Workspace, engine: Engine, run: Run, schemes: Sequence[Scheme]) -> dict[str, Any]:
    """The lines that a refresh would grade these schemes by, as schemes take them; nothing is stored.

    Stored lines are used; missing ones are learned as the next refresh will, from the current facts.
    """
    lines = stored_lines(workspace, schemes)
    fresh = [scheme for scheme in schemes if is_learned(scheme) and scheme.key not in lines]
    if not fresh:
        return models_of(lines)
    clock = GradedRun.of(run).created_at
    with open_source(
        workspace, engine, at=max([clock, *(record.at for record in workspace.lake.snapshot().imports)])
    ) as source:
        drafts = {scheme.key: scheme for scheme in schemes}
        together = dependency_order(({scheme.key: scheme for scheme in source.library.schemes()} | drafts).values())
        other_lines = stored_lines(workspace, [scheme for scheme in together if scheme not in fresh])
        moment = source.span.default_as_of(source.zone)
        learned = learn_models(
            source, together, AppliedDecisions.of(None, run), moment=moment, due=fresh, lines=other_lines
        )
    return models_of(lines) | {key: model_of(model) for key, model in learned.items()}


def _is_due(newest: Learned | None, source: RunSource) -> bool:
    return newest is None or (newest.number == 0 and newest.saw != source.lake.fingerprint)


def _learning(
    scheme: Scheme,
    model: Mapping[str, Any] | None,
    last: Learned | None,
    source: RunSource,
    moment: AsOf,
    *,
    on_request: bool,
) -> Learned:
    """The next learning of a version; the last one where the model is unchanged or could not be learned."""
    could = model is not None and model.get("learned", True) and model.get("steps", True)
    if last is not None and last.number and (not could or last.model == model):
        return last
    number = (last.number if last else 0) + (1 if could else 0)
    why = "first" if last is None else "asked" if on_request and last.number else "enough"
    return Learned(scheme.key, scheme.version, number, moment.instant, source.at, why, source.lake.fingerprint, model)


def learn_models(
    source: RunSource,
    schemes: Sequence[Scheme],
    decisions: AppliedDecisions,
    *,
    moment: AsOf,
    due: Sequence[Scheme],
    lines: Mapping[str, Learned],
) -> dict[str, dict[str, Any] | None]:
    """The models learned for each scheme that is due from the facts before an instant, as JSON; None if too few."""
    learned: dict[str, Any] = {}
    models = models_of(lines)
    for scheme in due:
        models.pop(scheme.key, None)
    with source.engine.keeping() as keep:
        order_facts = known_at(source, moment, keep)
        for scheme in (scheme for scheme in due if scheme.kind == "lifecycle"):
            models[scheme.key] = learn_silence(order_facts.paced, moment)
            learned[scheme.key] = graded_record(models[scheme.key])
        fits = [scheme for scheme in due if scheme.kind != "lifecycle"]
        if fits:
            view = view_of(source, order_facts, moment, decisions, keep)
            facts, windows = counted_facts(source.facts, order_facts), Windows(order_facts, moment, keep)
            context = GradingContext(NOT_LEARNED, order_facts.everyone.period, moment, facts, models, keep)
            grader = Grader(keep(view.profile), context, decisions, None, source.engine, keep, windows)
            for scheme in _needed(fits, schemes):
                grader.grade(scheme)
            learned |= {scheme.key: graded_record(grader.records[scheme.key]["facts"].get("model")) for scheme in fits}
    return learned


def models_of(lines: Mapping[str, Learned]) -> dict[str, Any]:
    """Learned lines as schemes take them, by key: the silence curve, the model as JSON, or None."""
    return {key: model_of(learned.model) for key, learned in lines.items()}


def model_of(model: Mapping[str, Any] | None) -> Any:
    """A silence curve parsed from its JSON, any other model unchanged."""
    return curve_from(model) if model is not None and {"strata", "in_rhythm"} & model.keys() else model


def _needed(targets: Sequence[Scheme], schemes: Sequence[Scheme]) -> list[Scheme]:
    """The target schemes with those they read, directly or indirectly, in the order of `schemes`."""
    by_key, pending, needed = {scheme.key: scheme for scheme in schemes}, [scheme.key for scheme in targets], set[str]()
    while pending:
        key = pending.pop()
        if key not in needed:
            needed.add(key)
            pending += by_key[key].needs(by_key)
    return [scheme for scheme in schemes if scheme.key in needed]
