"""Whether a definition fits a workspace: its traits exist and are of a type it can use, its columns are its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import ibis.expr.datatypes as dt

from custrata.analytics.traits import CATALOGUE
from custrata.analytics.traits.windowed import ONE_WINDOW
from custrata.criteria import Criteria
from custrata.criteria.checking import nearest_names
from custrata.criteria.operators import kind_of
from custrata.errors import BadInput, Refused
from custrata.schema import CUSTOMER_RECORDS, INSTANT
from custrata.tiering.definitions import WINDOW, Definition
from custrata.tiering.kinds import scheme_of
from custrata.tiering.schemes import columns_of

Types = Mapping[str, str | dt.DataType]

# What a run, its history and its corrections call the columns of every scheme, behind the key.
PARTS = (
    "tier", "before", "value", "since", "status", "was_status", "until", "reason", "entered", "was", "was_value",
    "own_tier", "own_status", "own_since", "own_until",
)  # fmt: skip
_RFM = ("recency", "frequency", "monetary", "r_score", "f_score", "m_score", "label")
# Columns of the profile that a workspace may come to have, besides the catalogue's: until then a scheme waits.
_POSSIBLE_COLUMNS: dict[str, str] = {
    **{column.name: column.type for column in CUSTOMER_RECORDS},
    "tags": "string",
    "owner": "string",
    "advocacy": "decimal(18, 6)",
    "repeat_share": "decimal(18, 17)",
    "credit": "decimal(21, 17)",
    "late_share": "decimal(18, 6)",
    "overdue": "boolean",
}
_COUNTED = ("score", "cluster", "tree")


class UnknownTraits(BadInput):
    template = "The scheme {scheme} reads {missing}, which the workspace does not have. The nearest names are {near}."


class NotANumberTrait(BadInput):
    template = "The scheme {scheme} needs a number, and {trait} is of the type {type}. Choose another trait."


class OneWindowOnly(BadInput):
    template = (
        "The scheme {scheme} has its own window, but {traits} are counted only over the last {days} days. Leave the "
        "window out, or use other traits."
    )


class ColumnsTaken(Refused):
    template = (
        "The scheme {scheme} would create the columns {columns}, which {owner} already uses. Give the scheme another "
        "key."
    )


def added_columns(definition: Definition) -> frozenset[str]:
    """Every column that a scheme of this definition may bring into a profile.

    >>> from custrata.tiering.schemes import built_in
    >>> sorted(added_columns(built_in()["standing"]))[-3:]
    ['standing_was', 'standing_was_status', 'standing_was_value']
    """
    return frozenset(f"{definition.key}_{part}" for part in (*PARTS, *_own_parts(definition)))


def _own_parts(definition: Definition) -> Iterator[str]:
    match definition.kind:
        case "score":
            yield from definition.settings["factors"]
        case "points":
            yield from (f"rule{number}" for number in range(len(definition.settings["rules"])))
        case "rules":
            yield "rule"
        case "rfm":
            yield from _RFM


def check_definition(
    definition: Definition,
    traits: Types | None,
    schemes: Mapping[str, Definition],
    facts: Mapping[str, Types] | None = None,
) -> None:
    """Refuse a definition that the workspace cannot grade by, or that would break its profile.

    `traits` are the columns of the profile that no scheme made, with their Ibis types; none where nothing has been
    graded yet: then no trait is checked. `schemes` are the other schemes of the workspace; one of the same key
    is ignored. `facts` are the columns of the tables conditions may count in. A trait that other workspaces have (the
    catalogue's, those of customers, of payments, of feedback) is no mistake: the scheme waits for its data.

    Raises `UnknownTraits`, `NotANumberTrait`, `OneWindowOnly`, `ColumnsTaken`, and what `Criteria.check` raises.
    """
    other_schemes = {key: scheme for key, scheme in schemes.items() if key != definition.key}
    _check_columns(definition, traits or {}, other_schemes)
    _check_window(definition)
    if traits is not None:
        column_types = _column_types(traits, other_schemes)
        _check_traits(definition, column_types)
        for criteria in conditions(definition):
            criteria.check(column_types, facts)


def conditions(definition: Definition) -> list[Criteria]:
    """Every condition of a definition."""
    among = definition.settings.get("among")
    rules = [rule.when for rule in definition.settings.get("rules", ())]
    return [*([] if among is None else [among]), *rules]


def _column_types(traits: Types, schemes: Mapping[str, Definition]) -> dict[str, str | dt.DataType]:
    """Every column it may read, with its type: those of other schemes too."""
    kinds = ("string", "decimal(18, 4)", INSTANT)
    of_schemes = {name: kind for key in schemes for name, kind in zip(columns_of(key), kinds, strict=True)}
    catalogue = {key: trait.type for key, trait in CATALOGUE.items()}
    return {**_POSSIBLE_COLUMNS, **catalogue, **traits, **of_schemes}


def _check_columns(definition: Definition, traits: Types, schemes: Mapping[str, Definition]) -> None:
    own_columns = added_columns(definition)
    owners: dict[str, frozenset[str]] = {key: added_columns(scheme) for key, scheme in schemes.items()}
    for key, columns in owners.items():
        if shared := own_columns & columns:
            raise ColumnsTaken(scheme=definition.key, columns=", ".join(sorted(shared)), owner=key)
    if shared := own_columns & {*traits, *CATALOGUE, *_POSSIBLE_COLUMNS}:
        named = ", ".join(sorted(shared))
        raise ColumnsTaken(scheme=definition.key, columns=named, owner=named)


def _check_window(definition: Definition) -> None:
    fixed = [name for name in scheme_of(definition).reads if name in ONE_WINDOW]
    if definition.window != WINDOW and fixed:
        raise OneWindowOnly(scheme=definition.key, traits=", ".join(fixed), days=WINDOW)


def _check_traits(definition: Definition, column_types: Mapping[str, str | dt.DataType]) -> None:
    trait_names = [name for name in scheme_of(definition).reads if not name.endswith("_since")]
    missing = [name for name in trait_names if name not in column_types]
    if missing:
        likely = ", ".join(dict.fromkeys(nearest_names(name, column_types) for name in missing))
        raise UnknownTraits(scheme=definition.key, missing=", ".join(missing), near=likely)
    for name, kinds in _numbers(definition):
        kind = dt.dtype(column_types[name])
        if kind_of(kind) not in kinds:
            raise NotANumberTrait(scheme=definition.key, trait=name, type=kind)


def _numbers(definition: Definition) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The traits that it reckons with, and the sorts of value that will do; a file's own column is a text."""
    settings = definition.settings
    if definition.kind == "score":
        yield from ((factor.trait, ("number", "truth")) for factor in settings["factors"].values())
    elif definition.kind in _COUNTED:
        named = (*settings["traits"], settings.get("target"), settings.get("order_by"))
        yield from ((name, ("number", "truth")) for name in named if name)
    elif "trait" in settings:
        yield settings["trait"], ("number", "text")
