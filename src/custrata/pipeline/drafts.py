"""Draft schemes graded over the published run, and checks whether definitions fit the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.analytics.counted import known_orders, unmaterialized
from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.traits import Keep, KnownFacts, known_facts
from custrata.analytics.traits.pace import Population
from custrata.engine import Engine
from custrata.errors import Refused
from custrata.lake import Run, Workspace
from custrata.pipeline.decisions import AppliedDecisions, Decisions
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.grading import Grader
from custrata.pipeline.learning import expected_lines
from custrata.pipeline.snapshot import counted_facts, snapshot
from custrata.pipeline.windows import Windows, has_own_window
from custrata.tiering.checking import Types, added_columns, check_definition, conditions
from custrata.tiering.definitions import Definition, define
from custrata.tiering.kinds import scheme_of
from custrata.tiering.library import SchemeLibrary
from custrata.tiering.schemes import GradingContext, Scheme, columns_of, dependency_order


class NotGradedYet(Refused):
    template = "There is no run yet, so nothing can be simulated. Refresh first (custrata refresh)."


class _ByValue(Grader):
    """Grades by the value alone: without tier life and overrides; nothing is computed before it is needed."""

    def _with_life(self, scheme: Scheme, grading: Grading) -> ir.Table:
        return grading.table()


@dataclass(frozen=True)
class Draft:
    """A definition graded over the profile of a run; `grader` holds the result and the grading."""

    run: Run
    scheme: Scheme
    grader: Grader
    moment: AsOf
    profile: ir.Table

    @property
    def result(self) -> ir.Table | None:
        """`customer_id`, `tier`, `value` and further columns; None where the scheme waits for data."""
        return self.grader.results.get(self.scheme.key)


@contextmanager
def graded_draft(
    workspace: Workspace,
    definition: Definition,
    engine: Engine,
    *,
    run: Run | None = None,
    decisions: Decisions | None = None,
    other_definitions: Sequence[Definition] = (),
    by_value: bool = False,
) -> Iterator[Draft]:
    """Grade a definition as the next version of its scheme over the published run, continuing from its tiers.

    `other_definitions` would be published with it, and are graded before it where it reads them; `by_value` leaves out
    the life of tiers. Cached tables are released when the block ends.

    Raises `NotGradedYet`, what `check_definition` raises, and what `SchemeLibrary.check` does.
    """
    run = run or workspace.runs.published()
    if run is None:
        raise NotGradedYet()
    whole = run.read("profile", engine)
    _check(workspace, [definition], engine, run, trait_types(run, whole), other_definitions=other_definitions)
    graded = GradedRun.of(run)
    moment = graded.moment
    schemes = _schemes(SchemeLibrary(workspace), definition, other_definitions)
    with ExitStack() as stack:
        keep = stack.enter_context(engine.keeping())
        order_facts, facts = _facts(workspace, schemes, engine, moment, keep=keep, stack=stack)
        context = GradingContext(
            graded.curve,
            graded.period,
            moment,
            facts,
            expected_lines(workspace, engine, run, schemes),
            keep,
            graded.uncovered,
        )
        kind = _ByValue if by_value else Grader
        # The tier of a single trait is cheaper to compute again than to cache for all customers.
        keep_results = unmaterialized if by_value and "trait" in definition.settings else keep
        profile = _as_refreshed(run, whole, schemes[:-1])
        grader = kind(
            profile,
            context,
            AppliedDecisions.of(decisions, run),
            run,
            engine,
            keep_results,
            Windows(order_facts, moment, keep),
        )
        for scheme in schemes:
            grader.grade(scheme)
        yield Draft(run, schemes[-1], grader, moment, whole)


def check_definitions(
    workspace: Workspace,
    definitions: Sequence[Definition],
    engine: Engine,
    *,
    run: Run | None = None,
    other_definitions: Sequence[Definition] = (),
    replace: bool = False,
) -> None:
    """Check that a workspace can grade by these definitions, published together with `other_definitions`.

    With `replace` they would be published in place of all others.

    Before the first refresh the traits cannot be checked. Raises what `check_definition` and `SchemeLibrary.check` do.
    """
    run = run or workspace.runs.published()
    traits = None if run is None else trait_types(run, run.read("profile", engine))
    _check(workspace, definitions, engine, run, traits, other_definitions=other_definitions, replace=replace)


def _check(
    workspace: Workspace,
    definitions: Sequence[Definition],
    engine: Engine,
    run: Run | None,
    traits: Types | None,
    *,
    other_definitions: Sequence[Definition],
    replace: bool = False,
) -> None:
    library = SchemeLibrary(workspace)
    library.check([*other_definitions, *definitions], replace=replace)
    published = {} if replace else {key: version.definition for key, version in library.published().items()}
    all_definitions = published | {candidate.key: candidate for candidate in (*other_definitions, *definitions)}
    asks = any(condition.needs.facts for definition in definitions for condition in conditions(definition))
    facts = _fact_types(workspace, engine, run) if asks and run is not None else None
    for definition in definitions:
        check_definition(definition, traits, all_definitions, facts)


def trait_types(run: Run, profile: ir.Table) -> dict[str, dt.DataType]:
    """The columns of a run's profile that do not come from schemes, with their types."""
    scheme_columns: set[str] = set()
    for key, scheme in GradedRun.of(run).schemes.items():
        unversioned = {f"{key}_{part}" for part in ("tier", "before", "value", "since")}
        scheme_columns |= added_columns(define(scheme.definition)) if scheme.definition else unversioned
    return {name: kind for name, kind in profile.schema().items() if name not in scheme_columns}


def _schemes(library: SchemeLibrary, definition: Definition, other_definitions: Sequence[Definition]) -> list[Scheme]:
    """The definition and the other definitions it depends on, as their next versions, in order of dependency."""
    schemes = {
        candidate.key: scheme_of(candidate, library.next_number(candidate))
        for candidate in (*other_definitions, definition)
    }
    pending, needed = [definition.key], dict[str, Scheme]()
    while pending:
        key = pending.pop()
        needed[key] = schemes[key]
        pending += [other for other in schemes[key].needs(schemes) if other not in needed]
    return dependency_order(needed.values())


def _as_refreshed(run: Run, profile: ir.Table, anew: Sequence[Scheme]) -> ir.Table:
    """The profile as a refresh passes it to a scheme, without the columns of the schemes graded `anew`.

    Tiers that follow their value have no `since` at that point.
    """
    gone = {f"{key}_since" for key, scheme in GradedRun.of(run).schemes.items() if not scheme.lives}
    gone |= {name for scheme in anew for name in columns_of(scheme.key)}
    return profile.drop(*[name for name in profile.columns if name in gone])


def _facts(
    workspace: Workspace, schemes: Sequence[Scheme], engine: Engine, moment: AsOf, *, keep: Keep, stack: ExitStack
) -> tuple[KnownFacts | None, Mapping[str, ir.Table]]:
    """The facts at the instant, where a scheme counts facts or has its own window; else none."""
    windowed = any(has_own_window(scheme) or scheme.definition.qualify != "rolling" for scheme in schemes)
    counting = any(condition.needs.facts for scheme in schemes for condition in conditions(scheme.definition))
    if not windowed and not counting:
        return None, {}
    lake = stack.enter_context(workspace.lake.reading())
    facts = snapshot(lake, engine, workspace.exclusions.all())
    free = workspace.settings.free_orders
    order_facts = known_facts(facts.orders, moment, keep=keep, rhythm=windowed, free_orders=free)
    return order_facts, counted_facts(facts, order_facts)


def _fact_types(workspace: Workspace, engine: Engine, run: Run) -> dict[str, Types]:
    """The columns of the tables that conditions may count in, including empty tables."""
    with workspace.lake.reading() as lake:
        facts = snapshot(lake, engine, workspace.exclusions.all())
        every = replace(facts, rows=dict.fromkeys(facts.rows, 1))
        orders = known_orders(facts.orders, GradedRun.of(run).moment)
        tables = counted_facts(every, KnownFacts(orders, orders, Population(None)))
        return {name: dict(table.schema().items()) for name, table in tables.items()}
