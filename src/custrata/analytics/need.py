"""Need: who complained or asked something lately."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.rules import grade_rules
from custrata.engine.functions import epoch_micros

TIERS = ("complaint", "inquiry", "none")
DAYS = 90
COUNTS = {"complaints_90d": "complaint", "inquiries_90d": "inquiry"}


def needs(feedback: ir.Table, as_of: AsOf, days: int = DAYS) -> ir.Table:
    """`customer_id`, `complaints_90d` and `inquiries_90d` of customers who gave feedback known at `as_of`.

    Counted are complaints and inquiries of the last `days` days.
    """
    at = epoch_micros(feedback.given_at)
    known = feedback.mutate(at=at).filter(as_of.known(at), feedback.customer_id.notnull())
    lately = as_of.within(known.at, days)
    return known.group_by("customer_id").aggregate(
        **{name: known.count(where=lately & (known.kind == kind)).cast("int32") for name, kind in COUNTS.items()}
    )


def grade_need(profile: ir.Table) -> Grading:
    """`complaint`, `inquiry` or `none` by the columns that `needs` makes; a complaint beats an inquiry.

    `value` is the number of messages that decided, empty where none did. Waits where the profile lacks both columns,
    which is where the workspace has no feedback at all.
    """
    waiting = not set(COUNTS) <= set(profile.columns)
    seen = profile.mutate(**dict.fromkeys(COUNTS, ibis.literal(0, "int32"))) if waiting else profile
    many = {kind: seen[name].fill_null(0) for name, kind in COUNTS.items()}
    rules = [(kind, cast(ir.BooleanValue, count > 0)) for kind, count in many.items()]
    held = [(holds, many[kind]) for kind, holds in rules]
    value = ibis.cases(*held, else_=ibis.null("int32"))
    graded = grade_rules(seen, rules, "none", TIERS, value=value)
    return replace(graded, notes=("waiting_feedback",)) if waiting else graded
