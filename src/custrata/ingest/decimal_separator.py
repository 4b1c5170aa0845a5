"""Determine the decimal separator, from the whole columns where the sample leaves it open."""

from __future__ import annotations

from dataclasses import replace

import ibis

from custrata.ingest.money import DecimalEvidence, decimal_evidence_of
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Dialog, Question

THOUSANDS, DECIMALS = "thousands", "decimals"


def with_decimal_mark(views: Views, plan: Plan, dialog: Dialog) -> Plan:
    """The plan with the decimal separator, which all number columns of a file share; asked where it is ambiguous."""
    if plan.mapping.decimal_comma is not None:
        return plan
    evidence = _evidence(views, plan)
    comma = evidence.decimal_comma
    if comma is None:
        facts = {"count": evidence.three_after_point, "example": evidence.example}
        comma = dialog.ask(Question("decimal_sign", (THOUSANDS, DECIMALS), THOUSANDS, facts)) == THOUSANDS
    elif evidence.assumed:
        dialog.tell("thousands_assumed", evidence.three_after_point + evidence.three_after_comma, evidence.example)
    return replace(plan, mapping=replace(plan.mapping, decimal_comma=comma))


def _evidence(views: Views, plan: Plan) -> DecimalEvidence:
    table = views.from_sql(f"FROM {plan.source.relation}")
    # Every column is selected: the reader fails at a malformed line if columns are projected away.
    whole = ibis.coalesce(*(table[column] for column in table.columns)).count()
    total = DecimalEvidence()
    for field in plan.fields:
        if field.holds == "number" and field.name in plan.mapping.fields:
            column = table[plan.cell(plan.mapping.fields[field.name])]
            row = views.engine.arrow(table.aggregate(**decimal_evidence_of(column), whole=whole)).to_pylist()[0]
            total += DecimalEvidence(**{name: value for name, value in row.items() if name != "whole"})
    return total
