"""Whether a condition fits a profile: its traits exist, its operators fit their types, its values are of that type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

import ibis.expr.datatypes as dt

from custrata.criteria import values
from custrata.criteria.nodes import FactsLeaf, Node, Test, TierLeaf, TraitLeaf, below, leaves
from custrata.criteria.operators import OPERATORS, Kind, kind_of
from custrata.criteria.parsing import TOP, UnknownFacts
from custrata.errors import BadInput
from custrata.schema.zones import day_number

Types = Mapping[str, dt.DataType]


class UnknownTrait(BadInput):
    template = "{path}: the profile has no trait “{trait}”. The nearest names are {near}."


class UngradedScheme(BadInput):
    template = "{path}: the profile has no tiers of a scheme “{scheme}”. The nearest names are {near}."


class UnknownColumn(BadInput):
    template = "{path}: {facts} have no column “{column}”. The nearest names are {near}."


class WrongOperator(BadInput):
    template = "{path}: the operator “{operator}” does not fit “{column}” ({type}). Available: {operators}."


class NotSummable(BadInput):
    template = "{path}: “{column}” ({type}) cannot be summed exactly. Choose a column of whole numbers or decimals."


def check(root: Node, columns: Types, facts: Mapping[str, Types] | None = None) -> None:
    """Refuse what does not fit the columns of a profile and, where they are given, those of its facts."""
    for path, leaf in leaves(root):
        match leaf:
            case TraitLeaf(trait, test):
                if trait not in columns:
                    raise UnknownTrait(path=below(path, "trait"), trait=trait, near=nearest_names(trait, columns))
                check_test(test, trait, columns[trait], path)
            case TierLeaf(scheme) if f"{scheme}_tier" not in columns:
                schemes = [name.removesuffix("_tier") for name in columns if name.endswith("_tier")]
                raise UngradedScheme(path=below(path, "scheme"), scheme=scheme, near=nearest_names(scheme, schemes))
            case FactsLeaf():
                _facts(leaf, facts, path)
            case _:
                pass


def _facts(leaf: FactsLeaf, facts: Mapping[str, Types] | None, path: str) -> None:
    measure = leaf.measure
    check_test(leaf.test, measure.column or measure.facts, dt.int64, path)
    if facts is None:
        return
    if measure.facts not in facts:
        names = ", ".join(facts) or "–"
        raise UnknownFacts(path=below(path, "facts"), facts=measure.facts, known=names)
    columns = facts[measure.facts]
    if measure.column is not None:
        kind = _column(columns, measure.facts, measure.column, below(path, "sum"))
        if not (kind.is_integer() or kind.is_decimal()):
            raise NotSummable(path=below(path, "sum"), column=measure.column, type=kind)
    for number, where in enumerate(measure.where):
        at = below(path, f"where[{number}]")
        check_test(where.test, where.column, _column(columns, measure.facts, where.column, below(at, "column")), at)


def _column(columns: Types, facts: str, name: str, path: str) -> dt.DataType:
    if name not in columns:
        raise UnknownColumn(path=path, facts=facts, column=name, near=nearest_names(name, columns))
    return columns[name]


def check_test(test: Test, column: str, dtype: dt.DataType, path: str) -> None:
    """Refuse a test that a column of that type cannot pass or fail."""
    kind = kind_of(dtype)
    if kind not in OPERATORS[test.operator].kinds:
        fitting = " ".join(name for name, candidate in OPERATORS.items() if kind in candidate.kinds)
        raise WrongOperator(
            path=below(path, "is") or TOP, operator=test.operator, column=column, type=dtype, operators=fitting
        )
    at = below(path, "value")
    if OPERATORS[test.operator].takes == "anything":
        _typed(test, kind, at)
    elif test.operator == "between":
        _ordered(test, kind, at)


def _typed(test: Test, kind: Kind, path: str) -> None:
    value = test.value if test.truth is None else test.truth
    if kind == "number":
        values.number(value, path)
    elif kind == "text":
        values.text(value, path)
    elif test.truth is None:
        raise values.NotTrueOrFalse(path=path, given=values.abbreviate(value))


def _ordered(test: Test, kind: Kind, path: str) -> None:
    """Both ends of that kind, the lower one first."""
    read = values.number if kind == "number" else values.day
    for number, end in enumerate(test.values):
        read(end, f"{path}[{number}]")
    low, high = (Decimal(end) if kind == "number" else day_number(date.fromisoformat(str(end))) for end in test.values)
    if low > high:
        raise values.NotAPair(path=path, given=values.abbreviate(list(test.values)))


def nearest_names(name: str, names: Iterable[str]) -> str:
    """Up to three names like it."""
    visible = [candidate for candidate in names if not candidate.startswith("_")]
    return ", ".join(get_close_matches(name, visible, n=3, cutoff=0)) or "–"
