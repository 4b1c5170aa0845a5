"""The columns of the customer list, and their formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from custrata.analytics.traits import CATALOGUE
from custrata.apps.accounts.models import User
from custrata.apps.customers.models import ListColumns
from custrata.tiering.names import trait_name
from custrata.web.manifest import ListColumn, manifests
from custrata.web.schemes import graded_schemes, scheme_named
from custrata.wording import phrase

Kind = Literal[
    "tier", "label", "money", "share", "number", "decimal", "day", "instant", "weekday", "daypart", "text", "owner",
    "tags",
]  # fmt: skip

CONTACT = ("kind", "phone", "email", "gender", "birthday", "company", "country", "province", "city", "address",
           "postcode", "registered_at")  # fmt: skip
SCORES = ("rfm_label", "rfm_r_score", "rfm_f_score", "rfm_m_score")
STARTING = ("value_tier", "lifecycle_tier", "rfm_tier", "orders", "spend", "last_order_on", "owner", "tags")
DECIDED = "decided"  # the group of columns that apps declare
GROUPS = (DECIDED, "contact", "tiers", "time", "money", "rhythm", "price", "returns", "breadth", "channel", "other")
HIDDEN = ("customer_id", "name")
BY_TYPE: Sequence[tuple[str, Kind]] = (
    ("DATE", "day"),
    ("TIMESTAMP", "instant"),
    ("DECIMAL", "decimal"),
    ("DOUBLE", "decimal"),
    ("VARCHAR", "text"),
)
NAMED: dict[str, Kind] = {"favourite_weekday": "weekday", "favourite_daypart": "daypart"}
BY_UNIT: dict[str, Kind] = {"money": "money", "share": "share"}


@dataclass(frozen=True)
class ProfileColumn:
    """One column: its key in the profile, label, group, format and scheme."""

    key: str
    label: str
    group: str
    kind: Kind
    scheme: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is right-aligned."""
        return self.kind in ("money", "share", "number", "decimal")

    @property
    def sorts(self) -> bool:
        """Whether the list can be sorted by it."""
        return self.group != DECIDED


def available_columns(types: Mapping[str, str], language: str) -> dict[str, ProfileColumn]:
    """Every available column by key; `types` maps columns of the profile to SQL types."""
    columns = {key: _declared(column, language) for key, column in list_columns().items()}
    schemes = tuple(graded_schemes())
    for name, kind in types.items():
        column = _column(name, kind, language, schemes)
        if column is not None and column.key not in columns:
            columns[column.key] = column
    return columns


@cache
def list_columns() -> dict[str, ListColumn]:
    """The columns that apps declare, by key."""
    return {column.key: column for app in manifests() for column in app.list_columns}


def _declared(column: ListColumn, language: str) -> ProfileColumn:
    area, _, name = column.phrase.partition(".")
    return ProfileColumn(column.key, phrase(area, name, language), DECIDED, cast(Kind, column.kind))


def columns_of(person: User, columns: Mapping[str, ProfileColumn]) -> list[ProfileColumn]:
    """The columns a person chose, as far as available; else the defaults."""
    saved_keys = ListColumns.objects.filter(person=person).values_list("columns", flat=True).first()
    chosen = [columns[key] for key in saved_keys or () if key in columns]
    return chosen or [columns[key] for key in STARTING if key in columns]


def _column(name: str, kind: str, language: str, schemes: Sequence[str]) -> ProfileColumn | None:
    scheme, _, part = name.rpartition("_")
    if name in HIDDEN:
        return None
    if part == "tier" and scheme in schemes:
        return ProfileColumn(name, scheme_named(scheme, language), "tiers", "tier", scheme)
    if name in SCORES:
        label = phrase("customers", f"column.{name}", language)
        return ProfileColumn(name, label, "tiers", "label" if name == "rfm_label" else "number")
    if name in CONTACT:
        return ProfileColumn(name, trait_label(name, language), "contact", _by_type(kind))
    trait = CATALOGUE.get(name)
    if trait is not None:
        written = NAMED.get(name) or BY_UNIT.get(trait.unit) or _by_type(kind)
        return ProfileColumn(name, trait_name(name, language), trait.group, written)
    if any(name.startswith(f"{key}_") for key in schemes):
        return None
    return ProfileColumn(name, trait_name(name, language), "other", _by_type(kind))


def trait_label(name: str, language: str) -> str:
    """The label of an attribute."""
    return phrase("customers", f"attribute.{name}", language)


def _by_type(kind: str) -> Kind:
    return next((written for start, written in BY_TYPE if kind.startswith(start)), "number")
