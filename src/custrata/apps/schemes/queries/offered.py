"""What the scheme editor offers: profile columns by group, tags, tiers, and facts to count."""

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

# Facts a condition may count: columns it may sum, and columns it may filter by.
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
    """A column of the profile: key, label, group, and sort of value."""

    key: str
    label: str
    group: str
    sort: str  # number, text, truth or day
    unit: str = ""


@dataclass(frozen=True)
class Group:
    """An option group of a select."""

    name: str
    offers: tuple[Offer, ...]


def offers() -> dict[str, Offer]:
    """The columns a condition may use, by key: those of the newest run, else of the trait catalogue."""
    run_reading, language = reading(workspace()), texts.language()
    if run_reading is None:
        return {
            trait.key: Offer(trait.key, trait_name(trait.key, language), trait.group, _sort(trait.type.upper()),
                             trait.unit) for trait in CATALOGUE.values()
        }  # fmt: skip
    by_key = {
        column.key: Offer(column.key, column.label, column.group, _sort(run_reading.columns[column.key]),
                          CATALOGUE[column.key].unit if column.key in CATALOGUE else "")
        for column in available_columns(run_reading.columns, language).values()
        if column.key in run_reading.columns and column.kind not in ("tier", "label") and column.group != "decided"
    }  # fmt: skip
    for scheme in graded_schemes():
        name = f"{scheme}_value"
        if name in run_reading.columns:
            label = texts.text("schemes.offered.value_of", scheme=scheme_named(scheme))
            by_key[name] = Offer(name, label, "tiers", _sort(run_reading.columns[name]))
    return by_key


def _sort(kind: str) -> str:
    if kind.startswith(NUMBERS) or kind.startswith("INT"):
        return "number"
    if kind.startswith(DAYS):
        return "day"
    return "truth" if kind.startswith("BOOL") else "text"


def grouped(columns: Iterable[Offer]) -> list[Group]:
    """Columns by group, sorted by label."""
    all_columns = list(columns)
    return [
        Group(texts.text(f"customers.group.{group}"), tuple(sorted(offers, key=lambda offer: offer.label)))
        for group in GROUPS
        if (offers := [offer for offer in all_columns if offer.group == group])
    ]


def measures(columns: dict[str, Offer]) -> list[Group]:
    """Columns that a scheme can draw lines on: numbers, and text columns from imported files."""
    return grouped(offer for offer in columns.values() if offer.sort == "number" or offer.group == "other")


def tags() -> list[str]:
    """All tag names."""
    return list(Tag.objects.order_by("name").values_list("name", flat=True).distinct())


def scheme_choices() -> list[tuple[str, str]]:
    """The schemes of the newest run."""
    return [(key, scheme_named(key)) for key in graded_schemes()]


def tier_choices(scheme: str) -> list[tuple[str, str]]:
    """The tiers of a scheme."""
    return [(tier, tier_named(scheme, tier)) for tier in tiers_of_scheme(scheme)]


def operators_of(sort: str) -> tuple[str, ...]:
    """The operators for a sort of value, the default one first."""
    first = {"number": ">=", "text": "=", "truth": "=", "day": "within_last"}.get(sort, "=")
    fitting = [name for name, operator in OPERATORS.items() if sort in operator.kinds]
    return tuple(sorted(fitting, key=lambda name: name != first))


def fact_columns(facts: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of a fact table: those that can be summed, and text columns to filter by."""
    return FACTS.get(facts, ((), ()))
