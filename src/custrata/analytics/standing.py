"""Standing: the red list of those one goes out of one's way for, the black list, and everybody else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.ladders import mark_of
from custrata.analytics.rules import grade_rules
from custrata.analytics.sources import exact

TIERS = ("red", "general", "black")
RED_TAGS = ("red_list", "红名单", "紅名單")
BLACK_TAGS = ("black_list", "黑名单", "黑名單")
BETWEEN_TAGS = ", "
PAYMENT = ("overdue", "late_share")


def grade_standing(profile: ir.Table, late_share: Decimal = Decimal("0.5")) -> Grading:
    """`red`, `general`, `black`; black beats red.

    Black is whoever has a tag of `BLACK_TAGS`, or has a payment overdue and made at least `late_share` of them late
    (columns `overdue`, boolean, and `late_share`, 0–1, where the profile has both); red whoever has one of `RED_TAGS`.
    The column `tags` holds names joined by ", ". There is no value; `rule` says what decided: 0 the black list, 1
    payments, 2 the red list. Waits where the profile has neither tags nor payments.
    """
    paid = set(PAYMENT) <= set(profile.columns)
    never = ibis.literal(False)
    late = profile.overdue & _at_least(profile.late_share, late_share) if paid else never
    tagged = "tags" in profile.columns
    black, red = (_tagged(profile.tags, names) if tagged else never for names in (BLACK_TAGS, RED_TAGS))
    graded = grade_rules(profile, [("black", black), ("black", late), ("red", red)], "general", TIERS)
    facts = {**graded.facts, "late_share": late_share}
    return replace(graded, facts=facts, notes=() if tagged or paid else ("waiting_marks",))


def _at_least(value: ir.Value, line: Decimal) -> ir.BooleanValue:
    share = exact(value)
    return share >= mark_of(line, share.type())


def _tagged(tags: ir.StringValue, names: tuple[str, ...]) -> ir.BooleanValue:
    """Whether one of the joined tags is one of the names, the whole of it."""
    joined = ibis.literal(BETWEEN_TAGS) + tags + BETWEEN_TAGS
    return reduce(or_, (joined.contains(f"{BETWEEN_TAGS}{name}{BETWEEN_TAGS}") for name in names))
