"""One customer: attributes with their sources, trait ranks, tiers and explanations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from custrata.analytics.traits import CATALOGUE
from custrata.apps.customers.models import Edit
from custrata.apps.customers.queries.columns import BY_UNIT, Kind, available_columns, trait_label
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
    """An attribute: its current value, the value of the sources, and the edit that overrides it."""

    name: str
    label: str
    value: Any
    source: SourceValue | None
    edit: Edit | None

    @property
    def displayed(self) -> dict[str, str | None]:
        """The value that a form shows, by the attribute's name."""
        return {self.name: None if self.value is None else str(self.value)}

    @property
    def editable(self) -> bool:
        """Whether people can edit it."""
        return self.name in EDITABLE

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values, if limited."""
        return CHOICES.get(self.name, ())

    @property
    def written(self) -> str:
        """The value as form text."""
        return "" if self.value is None else str(self.value)

    @property
    def input(self) -> str:
        """The HTML input type."""
        return {"birthday": "date", "email": "email", "phone": "tel"}.get(self.name, "text")


@dataclass(frozen=True)
class TraitRank:
    """A trait of the customer, and the share of customers with a lower value."""

    key: str
    label: str
    value: Any
    kind: Kind
    place: float | None


@dataclass(frozen=True)
class InTier:
    """A customer's tier in one scheme; `by_hand` if it is an override."""

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


def attributes(source_values: Mapping[str, SourceValue], edits: Mapping[str, Edit], language: str) -> list[Attribute]:
    """Every attribute: the edited value, else that of the newest source."""
    return [
        Attribute(
            name,
            trait_label(name, language),
            _edited(edits[name]) if name in edits else (source_values[name].value if name in source_values else None),
            source_values.get(name),
            edits.get(name),
        )
        for name in ATTRIBUTES
    ]


def _edited(edit: Edit) -> Any:
    return date.fromisoformat(edit.value) if edit.attribute == "birthday" and edit.value else edit.value


def tiers_of(row: Row, schemes: Iterable[str] | None = None) -> list[InTier]:
    """The customer's tier in these schemes; by default in every published one."""
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


def trait_ranks(reading: Reading, row: Row, language: str) -> list[tuple[str, list[TraitRank]]]:
    """The non-empty traits by group, with the customer's rank in each."""
    places = reading.percentiles_of(row, [name for name in CATALOGUE if row.get(name) is not None])
    groups: dict[str, list[TraitRank]] = {group: [] for group in TRAIT_GROUPS}
    columns = available_columns(reading.columns, language)
    for trait in CATALOGUE.values():
        value, column = row.get(trait.key), columns.get(trait.key)
        if value is not None and column is not None:
            groups[trait.group].append(
                TraitRank(trait.key, column.label, value, column.kind, places.get(trait.key) if trait.unit else None)
            )
    extra = [
        TraitRank(column.key, trait_name(column.key, language), row[column.key], column.kind, None)
        for column in columns.values()
        if column.group == "other" and row.get(column.key) is not None
    ]
    return [(group, ranks) for group, ranks in (*groups.items(), ("other", extra)) if ranks]


def explanations(reading: Reading, row: Row, writer: Writer) -> Iterator[tuple[InTier, Explanation, Sequence[Any]]]:
    """Why the customer is in each tier: the explanation, and its inputs with labels and formats."""
    columns = available_columns(reading.columns, writer.language)
    for membership in tiers_of(row, reading.run.schemes):
        explanation = explain(membership.scheme, row, reading.run.schemes[membership.scheme].record, writer)
        inputs = []
        for name, value in explanation.inputs:
            if value is not None and not name.endswith("_since"):  # shown with the tier itself
                column = columns.get(name)
                if column is not None and column.kind == "tier":
                    inputs.append((column.label, tier_named(column.scheme, value, writer.language), "text"))
                else:
                    inputs.append(
                        (_input_label(name, writer.language), value, column.kind if column else _kind(name, value))
                    )
        yield membership, explanation, inputs


def _kind(name: str, value: Any) -> Kind:
    """The format of an input that is no column of the list, by its value and the trait's unit."""
    if isinstance(value, str | bool | list):
        return "text"
    trait = CATALOGUE.get(name)
    return "day" if isinstance(value, date) else BY_UNIT.get(trait.unit if trait else "", "decimal")


def _input_label(name: str, language: str) -> str:
    """The label of an input: a trait, or the score of another scheme."""
    scheme = name.removesuffix("_value")
    is_score = name.endswith("_value") and scheme in graded_schemes()
    return scheme_named(scheme, language) if is_score else trait_name(name, language)
