"""Every published scheme over the profile: in order of what reads what, with the life of tiers and tiers by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.combined import with_credit
from custrata.analytics.grading import Grading
from custrata.analytics.loyalty import with_repeat_share
from custrata.analytics.traits import Keep, joined_by_customer
from custrata.engine import Engine
from custrata.lake import Run
from custrata.pipeline.decisions import Decided
from custrata.pipeline.windows import Windows
from custrata.schema import INSTANT
from custrata.tiering.kinds import waiting
from custrata.tiering.life import live
from custrata.tiering.rungs import life_of
from custrata.tiering.schemes import Context, Scheme, columns_of

STATE = ("tier", "status", "since", "until")


@dataclass
class Grader:
    """Grades one profile by scheme after scheme.

    `former` is the run before, whose tiers, as they were left, the life of a tier goes on from; `results` holds what
    was graded so far, a narrow table by scheme: `customer_id`, `tier`, `value` and further columns.
    """

    profile: ir.Table
    context: Context
    decided: Decided
    former: Run | None
    engine: Engine
    keep: Keep
    windows: Windows
    results: dict[str, ir.Table] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def grade(self, scheme: Scheme) -> None:
        """Grade by one scheme; those it reads were graded before."""
        table, missing = self._inputs(scheme)
        grading = scheme.grade(table, self.context) if not missing else waiting(scheme.tiers, table, missing)
        self.told[scheme.key] = recorded(scheme, grading)
        if not grading.waiting:
            self.results[scheme.key] = self.keep(self._lived(scheme, grading))

    def whole(self) -> ir.Table:
        """The profile with the columns of every scheme that could be graded, `<key>_<column>` each."""
        named = [
            table.rename(**{f"{key}_{name}": name for name in table.columns if name != "customer_id"})
            for key, table in self.results.items()
        ]
        return joined_by_customer(self.profile, *named)

    def _inputs(self, scheme: Scheme) -> tuple[ir.Table, list[str]]:
        """The columns it reads, and those that the workspace does not have at all and it cannot do without."""
        profile = derived(self.windows.profile(self.profile, scheme), scheme.reads)
        held = [name for name in scheme.reads if name in profile.columns]
        seen = []
        for key in scheme.needs(self.results):
            named = {name: name.removeprefix(f"{key}_") for name in columns_of(key) if name in scheme.reads}
            there = {name: part for name, part in named.items() if part in self.results[key].columns}
            seen.append(
                self.results[key].select(
                    "customer_id", **{name: self.results[key][part] for name, part in there.items()}
                )
            )
            held += list(there)
        table = joined_by_customer(
            profile.select("customer_id", *[name for name in held if name in profile.columns]), *seen
        )
        asked = [name for name in scheme.reads if name not in held and name != "tags" and not name.endswith("_since")]
        return table, [] if scheme.kind in PARTIAL else asked

    def _lived(self, scheme: Scheme, grading: Grading) -> ir.Table:
        """What was graded, with the tier's life and the tiers given by hand."""
        narrow = grading.table()
        put = self.decided.put(scheme.key, grading.tiers, self.context.as_of, self.engine)
        life = life_of(scheme.definition, grading)
        if life is None:
            return narrow if put is None else _put(narrow, put)
        beside = [self._state(scheme.key), self.profile.select("customer_id", member_since="first_order_on")]
        beside += [] if put is None else [put]
        graded = self.keep(narrow)
        entered = joined_by_customer(graded.select("customer_id", "value"), *beside)
        lived = live(entered, life, self.context.as_of)
        rest = graded.drop("tier")
        reason = lived if put is None else joined_by_customer(lived, put.select("customer_id", "put_reason"))
        told = reason if put is None else reason.mutate(
            reason=(reason.status == "override").ifelse(reason.put_reason, reason.reason)
        ).drop("put_reason")  # fmt: skip
        return joined_by_customer(rest, told.drop("value") if "value" in told.columns else told)

    def _state(self, key: str) -> ir.Table:
        """What the run before left of each customer's tier: `was_tier`, `was_status`, `was_since`, `was_until`,
        `was_at`."""
        nothing = {
            "was_tier": "string",
            "was_status": "string",
            "was_since": INSTANT,
            "was_until": INSTANT,
            "was_at": INSTANT,
        }
        if self.former is None:
            return self.profile.select("customer_id", **{name: ibis.null(kind) for name, kind in nothing.items()})
        former = self.former.read("profile", self.engine)
        held = {
            f"was_{part}": former[f"{key}_{part}"].cast(nothing[f"was_{part}"])
            if f"{key}_{part}" in former.columns
            else ibis.null(nothing[f"was_{part}"])
            for part in STATE
        }
        was_at = (held["was_tier"].notnull()).ifelse(ibis.literal(self.former.as_of).cast(INSTANT), ibis.null(INSTANT))
        return former.select("customer_id", **held, was_at=was_at)


def derived(profile: ir.Table, reads: Sequence[str]) -> ir.Table:
    """The profile with the helper columns that scores read: `repeat_share` and, where anything is known, `credit`."""
    if "repeat_share" in reads:
        profile = with_repeat_share(profile)
    return with_credit(profile) if "credit" in reads else profile


# Kinds that make do without some of what they read: a factor or a rule is left out, and they say so.
PARTIAL = frozenset({"score", "rules", "points"})


def _put(narrow: ir.Table, put: ir.Table) -> ir.Table:
    """The tier replaced where somebody was put by hand, with the reason, and until when."""
    both = joined_by_customer(narrow, put)
    held = both.put_tier.notnull()
    return both.mutate(
        tier=ibis.coalesce(both.put_tier, both.tier),
        status=held.ifelse("override", "computed"),
        reason=both.put_reason,
        until=both.put_until,
    ).drop("put_tier", "put_reason", "put_until", "put_approver")


def recorded(scheme: Scheme, grading: Grading) -> dict[str, Any]:
    """What a run keeps of how it graded by a scheme."""
    return {
        "kind": scheme.kind,
        "version": scheme.version,
        "unit": scheme.unit,
        "inputs": list(scheme.inputs),
        "definition": scheme.definition.data(),
        "lives": scheme.definition.lives,
        "tiers": list(grading.tiers),
        "ladder": grading.ladder,
        "facts": grading.facts,
        "notes": list(grading.notes),
        "waiting": grading.waiting,
    }


def former_decisions(former: Run | None, schemes: Sequence[Scheme], *, learn: bool) -> Mapping[str, Any]:
    """What the run before recorded of the schemes that are graded by the same version; nothing where all is to be
    learned anew."""
    if former is None or learn:
        return {}
    held = former.record["schemes"]
    return {
        one.key: held[one.key] for one in schemes if one.key in held and held[one.key].get("version") == one.version
    }
