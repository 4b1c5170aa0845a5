"""One refresh: snapshot, traits, models, schemes, history, publish. Read it from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.loyalty import advocacy
from custrata.analytics.moments import AsOf
from custrata.analytics.shared_cards import likely_shared
from custrata.analytics.silence import SilenceCurve
from custrata.analytics.silence_learning import learn_silence
from custrata.analytics.traits import CATALOGUE, Keep, Known, joined_by_customer, known_facts, order_traits
from custrata.engine import Engine
from custrata.errors import Refused
from custrata.identity import custom_traits, golden_customers, payments_typed
from custrata.lake import LakeSnapshot, Run, Workspace
from custrata.lake.exclusions import fingerprint
from custrata.pipeline.corrections import corrections, late_summary
from custrata.pipeline.decisions import OF_PEOPLE, Decided, Decisions
from custrata.pipeline.grading import Grader, former_decisions
from custrata.pipeline.history import changes, late_customers, with_history
from custrata.pipeline.reading.prepared import prepare_run
from custrata.pipeline.record import curve_from, graded_record
from custrata.pipeline.snapshot import Snapshot, counted_facts, default_as_of, everyone, snapshot
from custrata.pipeline.summary import narrowed, summary
from custrata.pipeline.windows import Windows, has_own_window
from custrata.schema.counting import FreeOrders
from custrata.tiering import Context, SchemeLibrary

Progress = Callable[[str, float], None]
ROWS_TOGETHER = 20_000
UNSORTED = "unsorted.parquet"
STEPS = ("snapshot", "facts", "traits", "models", "schemes", "profile", "history", "publish")


class EarlierAsOf(Refused):
    template = "The last published run looks from {last}; a run as of {asked} would rewrite history. Nothing was done."


@dataclass(frozen=True)
class Refreshed:
    """The published run, and whether it is new: the same instant over the same facts is not graded again."""

    run: Run
    new: bool


@dataclass
class Watch:
    """Times the steps and tells how far the work is."""

    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of `STEPS`: told as it begins, timed as it ends."""
        if self.progress is not None:
            self.progress(name, STEPS.index(name) / len(STEPS))
        start = perf_counter()
        yield
        self.seconds[name] = round(perf_counter() - start, 3)


def refresh(
    workspace: Workspace,
    engine: Engine,
    *,
    at: datetime,
    as_of: AsOf | datetime | str | None = None,
    learn: bool = False,
    decisions: Decisions | None = None,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> Refreshed:
    """Grade every customer as of an instant and publish the result as one run.

    Parameters: `at` the time of day the work is done (kept with the run); `as_of` the instant to look from (default:
    the start of the day after the newest fact); `learn` to learn the lifecycle lines anew instead of keeping those of
    the run before; `decisions` what people decided (default: what the published run was given); `rebuild` lets a run be
    made anew that has later ones (see `custrata.pipeline.rebuild`, which makes those anew too).

    A run holds `profile.parquet` (one row per customer: attributes, traits, custom traits, and per scheme
    `<key>_tier`, `<key>_before`, `<key>_value`, `<key>_since` and further columns), `changes.parquet` (who moved since
    the run before), `corrections.parquet` (whose tiers at this very instant are others than a run said that it takes
    the place of), scales and movers for pages, the decisions, and `run.json`. All the same again changes nothing.

    Raises `NoFacts`, `EarlierAsOf`, `Busy`.
    """
    watch = Watch(progress)
    with workspace.runs.draft() as draft, workspace.lake.reading() as lake, engine.keeping() as keep:
        with watch.step("snapshot"):
            begun = _begun(workspace, lake, engine, as_of=as_of, decisions=decisions, rebuild=rebuild)
            same, moment = begun.same, begun.moment
            if same is not None and not learn and begun.is_as(same):
                return Refreshed(same, new=False)
        with engine.keeping() as keep_graded:
            graded, schemes, found = _graded(begun, engine=engine, keep=keep_graded, watch=watch, learn=learn)
            told = {key: held for key, held in schemes.items() if not held["waiting"]}
            with watch.step("profile"):
                profile = with_history(graded, list(told), begun.before, engine, moment)
                engine.write_parquet(profile, draft / UNSORTED)
        with watch.step("history"):
            moved = _written(begun, told, draft, at=at, engine=engine, keep=keep)
        record = {
            **_heading(workspace, engine, moment, at),
            "before": begun.before.id if begun.before else None,
            "saw": {"rows": begun.facts.rows, **begun.seen, "versions": dict(lake.versions)},
            **found,
            "schemes": schemes,
            **moved,
        }
        with watch.step("publish"):
            record["steps"] = watch.seconds
            superseded = [same.id] if same is not None else []
            run = workspace.runs.publish(draft, graded_record(record), supersedes=superseded)
    return Refreshed(run, new=True)


@dataclass(frozen=True)
class _Begun:
    """What a refresh goes out from: the facts, the instant, the runs before it and of it, decisions and schemes."""

    facts: Snapshot
    moment: AsOf
    before: Run | None
    same: Run | None
    decided: Decided
    library: SchemeLibrary
    seen: Mapping[str, str]
    free_orders: FreeOrders = "count"

    def is_as(self, run: Run) -> bool:
        """Whether a run was made from all the same."""
        return all(run.record["saw"].get(name, "") == value for name, value in self.seen.items())


def _begun(
    workspace: Workspace,
    lake: LakeSnapshot,
    engine: Engine,
    *,
    as_of: AsOf | datetime | str | None,
    decisions: Decisions | None,
    rebuild: bool,
) -> _Begun:
    excluded = workspace.exclusions.all()
    facts = snapshot(lake, engine, excluded)
    settings = workspace.settings
    zone = settings.timezone
    moment = default_as_of(facts, zone) if as_of is None else AsOf.of(as_of, zone)
    before, same = _runs_before(workspace, moment, rebuild=rebuild)
    decided, library = Decided.of(decisions, workspace.runs.published()), SchemeLibrary(workspace)
    seen = {
        "fingerprint": lake.fingerprint,
        "decisions": decided.fingerprint,
        "schemes": library.fingerprint,
        "before": before.id if before else "",
        "excluded": fingerprint(excluded),
        "free_orders": "" if settings.free_orders == "count" else settings.free_orders,
    }
    return _Begun(facts, moment, before, same, decided, library, seen, settings.free_orders)


def _written(
    begun: _Begun, told: dict[str, dict[str, Any]], draft: Path, *, at: datetime, engine: Engine, keep: Keep
) -> dict[str, Any]:
    """Write profile, changes, corrections and decisions into the draft; what they come to, for the record."""
    before, moment, same = begun.before, begun.moment, begun.same
    # Sorted, so that a reader of one customer, or of a page of them, skips all but a small group of rows; out of a
    # file, since to sort beside all that was kept for grading would take the most memory of all.
    profile = engine.read_parquet([draft / UNSORTED]).order_by("customer_id")
    engine.write_parquet(profile, draft / "profile.parquet", group=ROWS_TOGETHER)
    (draft / UNSORTED).unlink()
    tiers = keep(narrowed(engine.read_parquet([draft / "profile.parquet"]), told))
    late = late_customers(begun.facts.orders, before)
    late = None if late is None else keep(late)
    moved = changes(tiers, told, before=before, engine=engine, moment=moment, late=late)
    engine.write_parquet(moved.order_by("customer_id", "scheme"), draft / "changes.parquet", group=ROWS_TOGETHER)
    wrong = same is not None and same.record["saw"]["fingerprint"] != begun.seen["fingerprint"]
    corrected = corrections(tiers, told, same, engine, draft, wrong=wrong, at=at)
    begun.decided.write(draft)
    shared = likely_shared(engine.read_parquet([draft / "profile.parquet"]))
    engine.write_parquet(shared, draft / "shared_cards.parquet")
    prepare_run(draft)
    return {"late": late_summary(late), "corrected": corrected, **summary(tiers, told)}


def _graded(
    begun: _Begun, *, engine: Engine, keep: Keep, watch: Watch, learn: bool
) -> tuple[ir.Table, dict[str, dict[str, Any]], dict[str, Any]]:
    """The profile with every scheme's columns, what decided each scheme, and what was found out on the way."""
    facts, moment, before = begun.facts, begun.moment, begun.before
    schemes = begun.library.schemes()
    with ExitStack() as held:
        keep_a_while = held.enter_context(engine.keeping())
        with watch.step("facts"):
            customers = keep_a_while(everyone(facts, moment))
            named = _names_returns(facts.orders)
            known = known_facts(
                facts.orders, moment, keep=keep_a_while, named_returns=named, free_orders=begun.free_orders
            )
        with watch.step("traits"), engine.keeping() as keep_briefly:
            profile, headers = _profile(
                facts, known, customers, moment, decided=begun.decided, engine=engine, keep=keep_briefly
            )
            profile = keep(profile)
        with watch.step("models"):
            curve = _curve(known, moment, before, learn=learn)
        if not any(map(has_own_window, schemes)):
            held.close()  # the walked orders are the largest table of all, and nobody reads them any more
        with watch.step("schemes"):
            former = former_decisions(before, schemes, learn=learn)
            context = Context(curve, known.everyone.period, moment, counted_facts(facts, known), former, keep)
            grader = Grader(profile, context, begun.decided, before, engine, keep, Windows(known, moment, keep))
            for scheme in schemes:
                grader.grade(scheme)
            shown = {key: grader.told[key] for key in begun.library.published()}
            found = {
                "population": {"gap": known.everyone.gap, "period": known.everyone.period},
                "curve": curve,
                "headers": headers,
            }
            return grader.whole(), shown, found


def _heading(workspace: Workspace, engine: Engine, moment: AsOf, at: datetime) -> dict[str, str]:
    """What a run's record begins with: from when it looks, when and by what it was made."""
    return {
        "as_of": moment.instant.isoformat(),
        "zone": moment.zone,
        "currency": workspace.settings.currency,
        "at": at.isoformat(),
        "version": version("custrata"),
        "engine": engine.name,
    }


def _runs_before(workspace: Workspace, moment: AsOf, *, rebuild: bool) -> tuple[Run | None, Run | None]:
    """The newest run that looks from an earlier instant, and the run of this very instant.

    Raises `EarlierAsOf` where a later one is published, unless history is rebuilt.
    """
    runs = workspace.runs.all()
    later = [run for run in runs if run.as_of > moment.instant]
    if later and not rebuild:
        raise EarlierAsOf(last=later[-1].as_of.isoformat(), asked=moment.instant.isoformat())
    same = next((run for run in runs if run.as_of == moment.instant), None)
    earlier = [run for run in runs if run.as_of < moment.instant]
    return (earlier[-1] if earlier else None), same


def _names_returns(orders: ir.Table) -> bool:
    return bool(orders.aggregate(any=orders.returns_order_id.notnull().any()).to_pyarrow().to_pylist()[0]["any"])


def _profile(
    facts: Snapshot, known: Known, customers: ir.Table, moment: AsOf, *, decided: Decided, engine: Engine, keep: Keep
) -> tuple[ir.Table, dict[str, str]]:
    """One row per customer: attributes, the traits of the catalogue, and what files and people brought besides."""
    orders = facts.orders
    present = orders.aggregate(channel=orders.channel.notnull().any(), store=orders.store.notnull().any())
    held = present.to_pyarrow().to_pylist()[0]
    computed = order_traits(
        known,
        moment,
        lines=facts.lines if facts.rows["order_lines"] else None,
        products=facts.products if facts.rows["products"] else None,
        places=tuple(place for place in ("channel", "store") if held[place]),
        keep=keep,
    )
    beside = [computed]
    if facts.rows["feedback"]:
        beside.append(advocacy(facts.feedback, moment))
    headers: dict[str, str] = {}
    edits = decided.edits(engine)
    if facts.rows["customer_records"] or edits is not None:
        beside.insert(0, golden_customers(facts.records, edits))
        taken = frozenset((*CATALOGUE, *OF_PEOPLE, *beside[0].columns, "advocacy"))
        custom, headers = custom_traits(facts.records, taken)
        beside += [payments_typed(custom)] if headers else []
    wide = joined_by_customer(customers, *beside, *decided.people(engine))
    counted = {
        trait.key: wide[trait.key].fill_null(ibis.literal(0).cast(trait.type))
        for trait in CATALOGUE.values()
        if trait.zero
    }
    return wide.mutate(**counted), headers


def _curve(known: Known, moment: AsOf, before: Run | None, *, learn: bool) -> SilenceCurve:
    """The lines of the run before once they were learned, so that tiers do not drift unseen; else learned now."""
    kept = None if before is None or learn else curve_from(before.record["curve"])
    return kept if kept is not None and kept.learned else learn_silence(known.paced, moment)
