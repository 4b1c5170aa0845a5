"""One customer: what is known, by whom it is said, where they stand, and in which tiers and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from custrata.analytics.traits import CATALOGUE
from custrata.apps.customers.models import Edit
from custrata.apps.customers.queries.columns import BY_UNIT, Kind, columns_known, trait_label
from custrata.identity.golden import ATTRIBUTES, EDITABLE
from custrata.pipeline.reading import Reading, SourceValue
from custrata.tiering import Explanation, explain
from custrata.tiering.names import trait_name
from custrata.web.schemes import graded_schemes, scheme_named, tier_named
from custrata.wording.writer import Writer

TRAIT_GROUPS = ("time", "money", "rhythm", "price", "returns", "breadth", "channel")
CHOICES = {"kind": ("person", "company"), "gender": ("female", "male", "other")}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Attribute:
    """An attribute as it is now, what the sources say of it, and the edit that beats them."""

    name: str
    label: str
    value: Any
    told: SourceValue | None
    edit: Edit | None

    @property
    def shown(self) -> dict[str, str | None]:
        """What a form shows of it, by its name."""
        return {self.name: None if self.value is None else str(self.value)}

    @property
    def editable(self) -> bool:
        """Whether a person may say what it is."""
        return self.name in EDITABLE

    @property
    def choices(self) -> tuple[str, ...]:
        """The values there are, where there are few."""
        return CHOICES.get(self.name, ())

    @property
    def written(self) -> str:
        """The value as a form holds it."""
        return "" if self.value is None else str(self.value)

    @property
    def input(self) -> str:
        """The kind of field to write it in."""
        return {"birthday": "date", "email": "email", "phone": "tel"}.get(self.name, "text")


@dataclass(frozen=True)
class Standing:
    """A trait of the customer and the share of customers with less of it."""

    key: str
    label: str
    value: Any
    kind: Kind
    place: float | None


@dataclass(frozen=True)
class InTier:
    """A customer's tier in one scheme; `by_hand` where somebody put them there."""

    scheme: str
    tier: str
    since: datetime | None
    before: str | None
    by_hand: bool = False
    reason: str | None = None
    until: datetime | None = None


def edits_of(customer_id: str) -> dict[str, Edit]:
    """The edits of a customer, by attribute."""
    rows = Edit.objects.filter(customer_id=customer_id).select_related("actor")
    return {edit.attribute: edit for edit in rows}


def attributes(told: Mapping[str, SourceValue], edits: Mapping[str, Edit], language: str) -> list[Attribute]:
    """Every attribute: what a person said, else what the newest source did."""
    return [
        Attribute(
            name,
            trait_label(name, language),
            _edited(edits[name]) if name in edits else (told[name].value if name in told else None),
            told.get(name),
            edits.get(name),
        )
        for name in ATTRIBUTES
    ]


def _edited(edit: Edit) -> Any:
    return date.fromisoformat(edit.value) if edit.attribute == "birthday" and edit.value else edit.value


def tiers_of(row: Row, schemes: Iterable[str] | None = None) -> list[InTier]:
    """The customer's tier in these schemes, in every published one where none are named."""
    return [
        InTier(
            key,
            row[f"{key}_tier"],
            row.get(f"{key}_since"),
            row.get(f"{key}_before"),
            row.get(f"{key}_status") == "override",
            row.get(f"{key}_reason"),
            row.get(f"{key}_until"),
        )
        for key in (graded_schemes() if schemes is None else schemes)
        if row.get(f"{key}_tier") is not None
    ]


def standings(reading: Reading, row: Row, language: str) -> list[tuple[str, list[Standing]]]:
    """The traits by group, those that are empty left out, with where the customer stands in each."""
    places = reading.percentiles_of(row, [name for name in CATALOGUE if row.get(name) is not None])
    groups: dict[str, list[Standing]] = {group: [] for group in TRAIT_GROUPS}
    known = columns_known(reading.columns, language)
    for trait in CATALOGUE.values():
        value, column = row.get(trait.key), known.get(trait.key)
        if value is not None and column is not None:
            groups[trait.group].append(
                Standing(trait.key, column.label, value, column.kind, places.get(trait.key) if trait.unit else None)
            )
    others = [
        Standing(column.key, trait_name(column.key, language), row[column.key], column.kind, None)
        for column in known.values()
        if column.group == "other" and row.get(column.key) is not None
    ]
    return [(group, found) for group, found in (*groups.items(), ("other", others)) if found]


def explanations(reading: Reading, row: Row, writer: Writer) -> Iterator[tuple[InTier, Explanation, Sequence[Any]]]:
    """Why the customer is in each tier: the explanation, and its inputs with labels and how they are written."""
    known = columns_known(reading.columns, writer.language)
    for held in tiers_of(row, reading.run.record["schemes"]):
        told = explain(held.scheme, row, reading.run.record["schemes"][held.scheme], writer)
        inputs = []
        for name, value in told.inputs:
            if value is not None and not name.endswith("_since"):  # when a tier began stands with that tier
                column = known.get(name)
                if column is not None and column.kind == "tier":
                    inputs.append((column.label, tier_named(column.scheme, value, writer.language), "text"))
                else:
                    inputs.append(
                        (_called(name, writer.language), value, column.kind if column else _kind(name, value))
                    )
        yield held, told, inputs


def _kind(name: str, value: Any) -> Kind:
    """How an input is written that is no column of the list: by what it holds, and by the trait's unit."""
    if isinstance(value, str | bool | list):
        return "text"
    trait = CATALOGUE.get(name)
    return "day" if isinstance(value, date) else BY_UNIT.get(trait.unit if trait else "", "decimal")


def _called(name: str, language: str) -> str:
    """What an input is called: a trait, or the score of another scheme."""
    scheme = name.removesuffix("_value")
    known = name.endswith("_value") and scheme in graded_schemes()
    return scheme_named(scheme, language) if known else trait_name(name, language)
