"""Conditions in the form of a draft: rows of fields, what their selects offer, and the condition in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.forms import BoundField

from custrata.apps.schemes.forms.conditions import Condition, Row, condition_of
from custrata.apps.schemes.forms.editor import ConditionForm, PartForm, PartRows, Rows
from custrata.apps.schemes.queries import offered
from custrata.apps.schemes.queries.offered import Group, Offer
from custrata.criteria import OPERATORS, parse
from custrata.errors import CustrataError
from custrata.tiering.explanations import criteria_sentence
from custrata.tiering.names import trait_name
from custrata.web import texts

Data = Mapping[str, Any]
Choices = Sequence[tuple[str, str]]
SIGNS = {"=": "=", "!=": "≠", ">": ">", ">=": "≥", "<": "<", "<=": "≤"}
WIDGETS = {"number": "number", "text": "text", "texts": "text", "day": "date", "days": "days", "share": "share",
           "nothing": "", "numbers or days": "pair"}  # fmt: skip


@dataclass(frozen=True)
class ConditionRow:
    """One row of a condition, with the options of its selects."""

    token: int
    row: Row
    operators: Choices
    widget: str
    sort: str = "number"
    tiers: Choices = ()
    sums: Choices = ()
    wheres: Choices = ()
    builder: str = ""
    form: PartForm | None = None

    @property
    def negated(self) -> BoundField | None:
        """The box that negates it."""
        return self.form["not"] if self.form is not None else None

    @property
    def remove(self) -> str:
        """The value of the button that removes it."""
        return f"row:remove:{self.builder}:{self.token}"


@dataclass(frozen=True)
class Builder:
    """A condition as rows of widgets."""

    name: str
    condition: Condition
    parts: tuple[ConditionRow, ...]
    sentence: str
    problem: str
    form: ConditionForm
    rows: Rows

    @property
    def add(self) -> str:
        """The value of the button that adds a row."""
        return f"row:add:{self.name}"


class Offering:
    """What the selects of the form offer; a chosen value that is not offered any more stays an option."""

    def __init__(self, data: Data, offers: dict[str, Offer]) -> None:
        self.offers = offers
        self.measures = offered.measures(offers)
        self._all = offered.grouped(offers.values())
        self.schemes = [(key, name) for key, name in offered.scheme_choices() if key != data.get("key")]
        self.facts = [(facts, texts.text(f"criteria.facts.{facts}")) for facts in offered.FACTS]

    def traits(self, chosen: object) -> list[Any]:
        """The measures, by group."""
        return self._with(self.measures, chosen)

    def all_traits(self, chosen: object) -> list[Any]:
        """Every column, by group."""
        return self._with(self._all, chosen)

    def _with(self, groups: Sequence[Group], chosen: object) -> list[Any]:
        listed: list[Any] = [(group.name, [(one.key, one.label) for one in group.offers]) for group in groups]
        if chosen and chosen not in self.offers:
            listed.append((str(chosen), trait_name(str(chosen), texts.language())))
        return listed


def condition_builder(name: str, when: Any, problem: str, offer: Offering) -> Builder:
    condition = condition_of(when)
    parts = [replace(_part(place, row, offer.offers), builder=name) for place, row in enumerate(condition.rows)]
    rows = [{"choices": _part_choices(part, offer), "control": part.widget} for part in parts]
    formset = PartRows(prefix=name, initial=[_part_values(part) for part in parts], form_kwargs={"rows": rows})
    form = ConditionForm(
        prefix=name,
        initial={"how": condition.how, "text": condition.text},
        is_expert=condition.how == "expert",
    )
    with_forms = tuple(replace(part, form=row) for part, row in zip(parts, formset, strict=False))
    return Builder(name, condition, with_forms, sentence_of(when), problem, form, formset)


def _part_values(part: ConditionRow) -> dict[str, Any]:
    values = {**vars(part.row), "is": part.row.operator, "not": part.row.negated, "tier": list(part.row.tiers)}
    return {**values, "sort": part.sort}


def _part_choices(part: ConditionRow, offer: Offering) -> dict[str, Choices]:
    row, text = part.row, texts.text
    empty = [] if row.scheme else [("", "")]
    return {
        "trait": offer.all_traits(row.trait),
        "scheme": [*empty, *offer.schemes],
        "tier": part.tiers,
        "facts": offer.facts,
        "column": [
            ("", text("schemes.editor.count")),
            *((key, text("schemes.editor.sum_of", column=label)) for key, label in part.sums),
        ],
        "where": [
            ("", text("schemes.editor.no_where")),
            *((key, text("schemes.editor.where_is", column=label)) for key, label in part.wheres),
        ],
        "is": part.operators,
    }


def sentence_of(when: Any) -> str:
    """A condition in words; empty if it is incomplete."""
    if not when:
        return ""
    try:
        return criteria_sentence(parse(when), texts.writer("criteria"))
    except CustrataError:
        return ""


def _part(place: int, row: Row, offers: dict[str, Offer]) -> ConditionRow:
    if row.what == "tier":
        return ConditionRow(place, row, (), "", tiers=offered.tier_choices(row.scheme))
    if row.what == "facts":
        sums, wheres = offered.fact_columns(row.facts)
        return ConditionRow(
            place, row, _operators(offered.AMOUNTS), "pair" if row.operator == "between" else "number",
            sums=[(column, texts.text(f"criteria.columns.{column}")) for column in sums],
            wheres=[(column, texts.text(f"criteria.columns.{column}")) for column in wheres],
        )  # fmt: skip
    if row.what == "tag":
        return ConditionRow(place, row, (), "")
    sort = offers[row.trait].sort if row.trait in offers else _guess_sort(row)
    fitting = offered.operators_of(sort)
    operator = row.operator if row.operator in fitting else fitting[0]
    takes = OPERATORS[operator].takes
    widget = WIDGETS.get(takes) if takes in WIDGETS else {"number": "number", "truth": "truth"}.get(sort, "text")
    widget = "days_pair" if widget == "pair" and sort == "day" else widget
    return ConditionRow(place, row, _operators(fitting), widget or "", sort=sort)


def _guess_sort(row: Row) -> str:
    """Guess the sort of a missing trait from its operator and value, so that the condition stays unchanged."""
    if row.value in ("true", "false"):
        return "truth"
    kinds = OPERATORS[row.operator].kinds if row.operator in OPERATORS else frozenset()
    return next((sort for sort in ("number", "text", "day", "truth") if sort in kinds), "text")


def _operators(names: Sequence[str]) -> Choices:
    return [(name, SIGNS.get(name) or texts.text(f"schemes.operators.{name}")) for name in names]
