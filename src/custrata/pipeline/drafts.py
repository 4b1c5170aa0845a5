"""Schemes tried out over the published run: what they would be graded over, and whether they fit the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.analytics.counted import known_orders
from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.traits import Keep, KnownFacts, known_facts
from custrata.analytics.traits.build import unmaterialized
from custrata.analytics.traits.pace import Population
from custrata.engine import Engine
from custrata.errors import Refused
from custrata.lake import Run, Workspace
from custrata.pipeline.decisions import Decided, Decisions
from custrata.pipeline.grading import Grader
from custrata.pipeline.learning import lines_to_be
from custrata.pipeline.record import curve_from
from custrata.pipeline.snapshot import counted_facts, snapshot
from custrata.pipeline.windows import Windows, has_own_window
from custrata.tiering.checking import Types, added_columns, check_definition, conditions
from custrata.tiering.definitions import Definition, define
from custrata.tiering.kinds import scheme_of
from custrata.tiering.library import SchemeLibrary
from custrata.tiering.schemes import Context, Scheme, columns_of, dependency_order


class NotGradedYet(Refused):
    template = "Nothing is graded yet, so nothing can be tried out. Refresh first (custrata refresh)."


class _ByValue(Grader):
    """Grades by the value alone: no life of tiers, no tiers by hand, nothing computed before it is asked for."""

    def _lived(self, scheme: Scheme, grading: Grading) -> ir.Table:
        return grading.table()


@dataclass(frozen=True)
class Draft:
    """A definition over the profile of a run, graded; `grader` holds the result and what decided it."""

    run: Run
    scheme: Scheme
    grader: Grader
    moment: AsOf
    profile: ir.Table

    @property
    def result(self) -> ir.Table | None:
        """`customer_id`, `tier`, `value` and further columns; none where the scheme waits for data."""
        return self.grader.results.get(self.scheme.key)


@contextmanager
def drafted(
    workspace: Workspace,
    definition: Definition,
    engine: Engine,
    *,
    run: Run | None = None,
    decisions: Decisions | None = None,
    beside: Sequence[Definition] = (),
    by_value: bool = False,
) -> Iterator[Draft]:
    """Grade a definition as the next version of its scheme, over the published run, its tiers as they were left.

    `beside` are further definitions that would be published with it, and are graded before it where it reads them;
    `by_value` leaves out the life of tiers. What is kept for it is given back when the block ends.

    Raises `NotGradedYet`, what `check_definition` raises, and what `SchemeLibrary.check` does.
    """
    run = run or workspace.runs.published()
    if run is None:
        raise NotGradedYet()
    whole = run.read("profile", engine)
    _check(workspace, [definition], engine, run, trait_types(run, whole), beside=beside)
    moment = AsOf(run.as_of, run.record["zone"])
    schemes = _schemes(SchemeLibrary(workspace), definition, beside)
    with ExitStack() as held:
        keep = held.enter_context(engine.keeping())
        known, facts = _facts(workspace, schemes, engine, moment, keep=keep, held=held)
        context = Context(
            curve_from(run.record["curve"]),
            run.record["population"]["period"],
            moment,
            facts,
            lines_to_be(workspace, engine, run, schemes),
            keep,
            tuple(run.record.get("uncovered", ())),
        )
        kind = _ByValue if by_value else Grader
        # The tier of one trait is cheaper to work out once more than to keep for everybody.
        kept = unmaterialized if by_value and "trait" in definition.settings else keep
        profile = _as_refreshed(run, whole, schemes[:-1])
        grader = kind(profile, context, Decided.of(decisions, run), run, engine, kept, Windows(known, moment, keep))
        for scheme in schemes:
            grader.grade(scheme)
        yield Draft(run, schemes[-1], grader, moment, whole)


def check_definitions(
    workspace: Workspace,
    definitions: Sequence[Definition],
    engine: Engine,
    *,
    run: Run | None = None,
    beside: Sequence[Definition] = (),
    replace: bool = False,
) -> None:
    """Whether a workspace can grade by these definitions, published together and with `beside`.

    With `replace` they would be published in place of all others.

    Before the first refresh the traits cannot be checked. Raises what `check_definition` and `SchemeLibrary.check` do.
    """
    run = run or workspace.runs.published()
    traits = None if run is None else trait_types(run, run.read("profile", engine))
    _check(workspace, definitions, engine, run, traits, beside=beside, replace=replace)


def _check(
    workspace: Workspace,
    definitions: Sequence[Definition],
    engine: Engine,
    run: Run | None,
    traits: Types | None,
    *,
    beside: Sequence[Definition],
    replace: bool = False,
) -> None:
    library = SchemeLibrary(workspace)
    library.check([*beside, *definitions], replace=replace)
    published = {} if replace else {key: version.definition for key, version in library.published().items()}
    others = published | {one.key: one for one in (*beside, *definitions)}
    asks = any(condition.needs.facts for one in definitions for condition in conditions(one))
    facts = _fact_types(workspace, engine, run) if asks and run is not None else None
    for definition in definitions:
        check_definition(definition, traits, others, facts)


def trait_types(run: Run, profile: ir.Table) -> dict[str, dt.DataType]:
    """The columns of a run's profile that no scheme made, with their types."""
    made: set[str] = set()
    for key, decided in run.record["schemes"].items():
        data = decided.get("definition")
        made |= (
            added_columns(define(data)) if data else {f"{key}_{part}" for part in ("tier", "before", "value", "since")}
        )
    return {name: kind for name, kind in profile.schema().items() if name not in made}


def _schemes(library: SchemeLibrary, definition: Definition, beside: Sequence[Definition]) -> list[Scheme]:
    """The definitions as their next versions, each after those it reads; of those beside it, only the ones needed."""
    found = {one.key: scheme_of(one, library.next_number(one)) for one in (*beside, definition)}
    asked, needed = [definition.key], dict[str, Scheme]()
    while asked:
        key = asked.pop()
        needed[key] = found[key]
        asked += [other for other in found[key].needs(found) if other not in needed]
    return dependency_order(needed.values())


def _as_refreshed(run: Run, profile: ir.Table, anew: Sequence[Scheme]) -> ir.Table:
    """The profile as a refresh would hand it to a scheme, without what is graded `anew`.

    Of tiers that follow their value a refresh knows no `since` yet.
    """
    gone = {f"{key}_since" for key, decided in run.record["schemes"].items() if not decided.get("lives")}
    gone |= {name for scheme in anew for name in columns_of(scheme.key)}
    return profile.drop(*[name for name in profile.columns if name in gone])


def _facts(
    workspace: Workspace, schemes: Sequence[Scheme], engine: Engine, moment: AsOf, *, keep: Keep, held: ExitStack
) -> tuple[KnownFacts | None, Mapping[str, ir.Table]]:
    """What the lake knows at the instant, where a scheme counts in it or looks at a window of its own."""
    windowed = any(has_own_window(one) or one.definition.qualify != "rolling" for one in schemes)
    counting = any(condition.needs.facts for one in schemes for condition in conditions(one.definition))
    if not windowed and not counting:
        return None, {}
    lake = held.enter_context(workspace.lake.reading())
    facts = snapshot(lake, engine, workspace.exclusions.all())
    free = workspace.settings.free_orders
    known = known_facts(facts.orders, moment, keep=keep, rhythm=windowed, free_orders=free)
    return known, counted_facts(facts, known)


def _fact_types(workspace: Workspace, engine: Engine, run: Run) -> dict[str, Types]:
    """The columns of the tables that conditions may count in, whether they have rows or not."""
    with workspace.lake.reading() as lake:
        facts = snapshot(lake, engine, workspace.exclusions.all())
        every = replace(facts, rows=dict.fromkeys(facts.rows, 1))
        orders = known_orders(facts.orders, AsOf(run.as_of, run.record["zone"]))
        tables = counted_facts(every, KnownFacts(orders, orders, Population(None)))
        return {name: dict(table.schema().items()) for name, table in tables.items()}
