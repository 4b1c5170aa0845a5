"""Which mark stands before decimals, from the whole of the columns where the first rows leave it open."""

from __future__ import annotations

from dataclasses import replace

import ibis

from custrata.ingest.money import AmbiguousDecimals, DecimalEvidence, decimal_evidence_of
from custrata.ingest.plan import Plan, Views


def with_decimal_mark(made: Views, plan: Plan) -> Plan:
    """The plan with the mark before decimals, which all number columns of a file share.

    Raises `AmbiguousDecimals`.
    """
    if plan.mapping.decimal_comma is not None:
        return plan
    found = _evidence(made, plan)
    if found.open:
        raise AmbiguousDecimals(file=plan.source.name, example=found.example)
    return replace(plan, mapping=replace(plan.mapping, decimal_comma=bool(found.decimal_comma)))


def _evidence(made: Views, plan: Plan) -> DecimalEvidence:
    table = made.over(f"FROM {plan.source.relation}")
    # Every column is asked for: of a wrong line the reader stumbles over those it was told to leave out.
    whole = ibis.coalesce(*(table[column] for column in table.columns)).count()
    total = DecimalEvidence()
    for field in plan.fields:
        if field.holds == "number" and field.name in plan.mapping.fields:
            column = table[plan.cell(plan.mapping.fields[field.name])]
            row = made.engine.arrow(table.aggregate(**decimal_evidence_of(column), whole=whole)).to_pylist()[0]
            total += DecimalEvidence(**{name: value for name, value in row.items() if name != "whole"})
    return total
