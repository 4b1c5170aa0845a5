"""Rules: ordered conditions, and the first that holds decides the tier."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.points import NoRules
from custrata.errors import BadInput

NONE = ibis.null("int32")


class TierNotListed(BadInput):
    template = "The tier “{tier}” is not among the tiers of the scheme: {known}."


def grade_rules(
    profile: ir.Table,
    rules: Sequence[tuple[str, ir.BooleanValue]],
    otherwise: str,
    tiers: Sequence[str],
    *,
    value: ir.Value | None = None,
) -> Grading:
    """The tier of the first rule that holds, and `otherwise` where none does.

    `rules` are (tier, condition over `profile`); several may lead to one tier, and a condition that is empty for a
    customer does not hold. `tiers` from the best down. Further column: `rule`, the number of the rule that held from
    0, empty where none did. Rules have no value of their own; `value` gives one to be shown.

    Raises `NoRules`, `TierNotListed`.

    >>> members = ibis.memtable({"customer_id": ["a", "b", "c"], "tags": ["vip", None, None], "orders": [1, 9, 2]})
    >>> rules = [("best", members.tags == "vip"), ("good", members.orders >= 5)]
    >>> grade_rules(members, rules, "plain", ("best", "good", "plain")).table().tier.execute().tolist()
    ['best', 'good', 'plain']
    """
    if not rules:
        raise NoRules()
    strange = [tier for tier in (*(tier for tier, _ in rules), otherwise) if tier not in tiers]
    if strange:
        raise TierNotListed(tier=strange[0], known=", ".join(tiers))
    first = [(condition.fill_null(False), ibis.literal(number, "int32")) for number, (_, condition) in enumerate(rules)]
    # A view keeps Ibis from writing the conditions out for the tier once more.
    matched = profile.mutate(_rule=ibis.cases(*first, else_=NONE), _value=NONE if value is None else value).view()
    named = [(matched["_rule"] == number, ibis.literal(tier)) for number, (tier, _) in enumerate(rules)]
    return Grading(
        tuple(tiers),
        matched,
        ibis.cases(*named, else_=ibis.literal(otherwise)),
        matched["_value"],
        {"rule": matched["_rule"]},
        facts={"rules": [tier for tier, _ in rules], "otherwise": otherwise},
    )
