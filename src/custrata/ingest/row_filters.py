"""Leave out rows that are no orders, by the rules of a mapping or a platform on cell values."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.texts import tidy

COMPARISON = re.compile(r"^(<=|>=|!=|<|>|=)\s*(-?\d+(?:\.\d+)?)$")
COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq,
            "!=": operator.ne}  # fmt: skip
NUMBER = "decimal(38, 4)"


def left_out_cell(cells: Mapping[str, ir.StringValue], rules: Mapping[str, list[str]]) -> ir.StringValue:
    """The cell for which a row is left out; null where the row stays.

    A rule is a word, whatever its case, `*` in it standing for any letters; or a comparison with a number, `< 0`.
    """
    matched: ir.Value = ibis.null("string")
    for header, patterns in rules.items():
        for pattern in patterns:
            matched = ibis.coalesce(matched, _meets(cells[header], pattern).ifelse(cells[header], ibis.null("string")))
    return cast(ir.StringValue, matched)


def _meets(cell: ir.StringValue, pattern: str) -> ir.BooleanValue:
    if comparison := COMPARISON.match(pattern.strip()):
        number = cast(ir.DecimalValue, cell.re_replace(r"[,\s]", "").try_cast(NUMBER))
        sign, bound = comparison.groups()
        return cast(ir.BooleanValue, COMPARED[sign](number, ibis.literal(Decimal(bound)).cast(NUMBER)).fill_null(False))
    words = "(?i)^" + ".*".join(re.escape(part) for part in pattern.strip().split("*")) + "$"
    return cast(ir.BooleanValue, tidy(cell).re_search(words).fill_null(False))
