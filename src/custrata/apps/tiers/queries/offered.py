"""What a scheme may be made of: the columns of the profile by group, tags, tiers, and facts to count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from custrata.analytics.traits import CATALOGUE
from custrata.apps.customers.models import Tag
from custrata.apps.customers.queries.columns import GROUPS, available_columns
from custrata.criteria.operators import OPERATORS
from custrata.pipeline.reading import reading
from custrata.tiering.names import trait_name
from custrata.web import texts
from custrata.web.schemes import graded_schemes, scheme_named, tier_named, tiers_of_scheme
from custrata.web.workspace import workspace

# Facts a condition may count: what it may sum of them, and what it may ask of each.
FACTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "orders": (("net", "discount", "refund"), ("channel", "store")),
    "events": (("value",), ("name", "channel")),
    "feedback": (("score",), ("kind", "channel")),
}
AMOUNTS = ("=", "!=", ">", ">=", "<", "<=", "between")
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
DAYS = ("DATE", "TIMESTAMP")


@dataclass(frozen=True)
class Offer:
    """A column of the profile: its key, what it is called, its group, and what sort of value it holds."""

    key: str
    label: str
    group: str
    sort: str  # number, text, truth or day
    unit: str = ""


@dataclass(frozen=True)
class Group:
    """Columns that stand together in a select."""

    name: str
    offers: tuple[Offer, ...]


def offers() -> dict[str, Offer]:
    """Every column that a condition may ask for, by key: of the newest run, else of the catalogue."""
    held, language = reading(workspace()), texts.language()
    if held is None:
        return {
            trait.key: Offer(trait.key, trait_name(trait.key, language), trait.group, _sort(trait.type.upper()),
                             trait.unit) for trait in CATALOGUE.values()
        }  # fmt: skip
    found = {
        column.key: Offer(column.key, column.label, column.group, _sort(held.columns[column.key]),
                          CATALOGUE[column.key].unit if column.key in CATALOGUE else "")
        for column in available_columns(held.columns, language).values()
        if column.key in held.columns and column.kind not in ("tier", "label") and column.group != "decided"
    }  # fmt: skip
    for scheme in graded_schemes():
        name = f"{scheme}_value"
        if name in held.columns:
            label = texts.text("tiers.offered.value_of", scheme=scheme_named(scheme))
            found[name] = Offer(name, label, "tiers", _sort(held.columns[name]))
    return found


def _sort(kind: str) -> str:
    if kind.startswith(NUMBERS) or kind.startswith("INT"):
        return "number"
    if kind.startswith(DAYS):
        return "day"
    return "truth" if kind.startswith("BOOL") else "text"


def grouped(found: Iterable[Offer]) -> list[Group]:
    """Columns by group, each group by name."""
    held = list(found)
    return [
        Group(texts.text(f"customers.group.{group}"), tuple(sorted(offers, key=lambda one: one.label)))
        for group in GROUPS
        if (offers := [one for one in held if one.group == group])
    ]


def measures(found: dict[str, Offer]) -> list[Group]:
    """Columns that lines can be drawn on: numbers, and what files brought as texts."""
    return grouped(one for one in found.values() if one.sort == "number" or one.group == "other")


def tags() -> list[str]:
    """The tags there are."""
    return list(Tag.objects.order_by("name").values_list("name", flat=True).distinct())


def scheme_choices() -> list[tuple[str, str]]:
    """The schemes of the newest run."""
    return [(key, scheme_named(key)) for key in graded_schemes()]


def tier_choices(scheme: str) -> list[tuple[str, str]]:
    """The tiers of a scheme."""
    return [(tier, tier_named(scheme, tier)) for tier in tiers_of_scheme(scheme)]


def operators_of(sort: str) -> tuple[str, ...]:
    """The operators that fit a sort of value, the usual one first."""
    first = {"number": ">=", "text": "=", "truth": "=", "day": "within_last"}.get(sort, "=")
    fitting = [name for name, operator in OPERATORS.items() if sort in operator.kinds]
    return tuple(sorted(fitting, key=lambda name: name != first))


def fact_columns(facts: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of a table of facts: those that can be summed, and those that can be asked for a text."""
    return FACTS.get(facts, ((), ()))
