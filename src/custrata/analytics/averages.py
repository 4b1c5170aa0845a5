"""Averages as fractions: a trait is rounded to be shown, and lines are drawn through what it stands for."""

from __future__ import annotations

from typing import cast

import ibis.expr.types as ir

from custrata.engine.functions import quotient

# Averages with what they are made of.
PARTS = {"average_order_value": ("spend", "orders"), "average_order_value_all": ("spend_all", "orders_all")}
PLACES = 8


def unrounded(profile: ir.Table, trait: str) -> ir.Value:
    """A trait of a profile; an average with eight places, where the profile has what it is made of.

    >>> import ibis
    >>> rows = {"spend": [100, 200], "orders": [3, 6], "average_order_value": [33, 33]}
    >>> unrounded(ibis.memtable(rows), "average_order_value").execute().tolist()
    [Decimal('33.33333333'), Decimal('33.33333333')]
    """
    parts = PARTS.get(trait, ())
    if not parts or not set(parts) <= set(profile.columns):
        return profile[trait]
    total, many = (cast(ir.NumericValue, profile[part]) for part in parts)
    return quotient(total, many, PLACES)
