"""The form of a draft: rows of tiers, rules, factors and conditions, each with its validation messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from custrata.apps.schemes.forms.conditions import Condition, Row, condition_of
from custrata.apps.schemes.queries import offered
from custrata.apps.schemes.queries.offered import Group, Offer
from custrata.apps.schemes.queries.problems import Problems
from custrata.criteria import OPERATORS, parse
from custrata.errors import CustrataError
from custrata.report.colours import colour
from custrata.tiering.explanations import criteria_sentence
from custrata.tiering.names import scheme_name, tier_name
from custrata.tiering.shapes import SHAPES
from custrata.web import texts
from custrata.wording import LANGUAGES

Data = Mapping[str, Any]
Choices = Sequence[tuple[str, str]]
SIGNS = {"=": "=", "!=": "≠", ">": ">", ">=": "≥", "<": "<", "<=": "≤"}
WIDGETS = {"number": "number", "text": "text", "texts": "text", "day": "date", "days": "days", "share": "share",
           "nothing": "", "numbers or days": "pair"}  # fmt: skip


def buttons(what: str, token: int) -> Mapping[str, str]:
    """The submitted values of a row's buttons, by verb."""
    return {verb: f"{what}:{verb}:{token}" for verb in ("up", "down", "remove")}


@dataclass(frozen=True)
class Name:
    """A name in one language."""

    language: str
    label: str
    value: str
    usual: str = ""


@dataclass(frozen=True)
class TierRow:
    """One tier with its fields."""

    token: int
    key: str
    display_name: str
    names: tuple[Name, ...]
    drawn: str
    line: str
    keep: str
    keep_unit: str
    valid_days: str
    valid_unit: str
    grace_days: str
    grace_unit: str
    drop_at_most: str
    cost: str
    last: bool
    colour: str
    problems: Mapping[str, str]

    @property
    def buttons(self) -> Mapping[str, str]:
        """The values of its buttons."""
        return buttons("tier", self.token)


@dataclass(frozen=True)
class Part:
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

    @property
    def name(self) -> str:
        """The prefix of its field names."""
        return f"{self.builder}-{self.token}"

    @property
    def remove(self) -> str:
        """The value of the button that removes it."""
        return f"row:remove:{self.builder}:{self.token}"


@dataclass(frozen=True)
class Builder:
    """A condition as rows of widgets."""

    name: str
    condition: Condition
    parts: tuple[Part, ...]
    sentence: str
    problem: str

    @property
    def add(self) -> str:
        """The value of the button that adds a row."""
        return f"row:add:{self.name}"


@dataclass(frozen=True)
class RuleRow:
    """One rule, with a tier or with points."""

    token: int
    tier: str
    name: str
    points: str
    builder: Builder
    problems: Mapping[str, str]

    @property
    def buttons(self) -> Mapping[str, str]:
        """The values of its buttons."""
        return buttons("rule", self.token)


@dataclass(frozen=True)
class FactorRow:
    """One factor of a score."""

    token: int
    key: str
    trait: str
    weight: str
    direction: str
    normaliser: str
    low: str
    high: str
    share: float
    problem: str

    @property
    def remove(self) -> str:
        """The value of the button that removes it."""
        return f"factor:remove:{self.key}"


@dataclass(frozen=True)
class Layout:
    """The whole form of a draft."""

    data: Data
    kind: str
    names: tuple[Name, ...]
    about: tuple[Name, ...]
    may_be_told: bool
    fields: Mapping[str, Any]
    tiers: tuple[TierRow, ...]
    fixed: bool
    drawn: str
    ordered: bool
    among: Builder | None
    rules: tuple[RuleRow, ...]
    factors: tuple[FactorRow, ...]
    review: str
    dates: str
    qualify: str
    measures: list[Group]
    all_groups: list[Group]
    problems: Problems
    text: str
    tier_choices: Choices = ()
    tags: list[str] = field(default_factory=list)
    schemes: Choices = ()
    facts: Choices = ()


def layout(data: Data, problems: Problems, offers: dict[str, Offer]) -> Layout:
    """The form of a draft."""
    kind = str(data.get("kind", ""))
    shape, review = SHAPES.get(kind), data.get("review", "each_run")
    has = {spec.name for spec in shape.own} if shape else set()
    is_calendar = isinstance(review, Mapping)
    tiers = tuple(_tiers(data, problems, shape.drawn if shape else "none"))
    return Layout(
        data=data,
        kind=kind,
        names=_names(data, "names"),
        about=_names(data, "about"),
        may_be_told=data.get("told", True) is not False,
        fields=_fields(data),
        tiers=tiers,
        fixed=bool(shape and shape.tiers),
        drawn=shape.drawn if shape else "none",
        ordered=bool(shape and shape.ordered),
        among=_builder("among", data.get("among"), problems.get("among", ""), offers) if "among" in has else None,
        rules=tuple(_rules(data, problems, offers)),
        factors=tuple(_factors(data, problems)),
        review="calendar" if is_calendar else str(review),
        dates=_text_of(review.get("dates")) if isinstance(review, Mapping) else "",
        qualify=str(data.get("qualify", "rolling")),
        measures=offered.measures(offers),
        all_groups=offered.grouped(offers.values()),
        problems=problems,
        text=json.dumps(data, ensure_ascii=False, indent=2),
        tier_choices=[(tier.key, tier.display_name) for tier in tiers],
        tags=offered.tags(),
        schemes=[(key, name) for key, name in offered.scheme_choices() if key != data.get("key")],
        facts=[(facts, texts.text(f"criteria.facts.{facts}")) for facts in offered.FACTS],
    )


def _names(data: Data, part: str) -> tuple[Name, ...]:
    values = data.get(part) or {}
    values = dict.fromkeys(LANGUAGES, values) if isinstance(values, str) else values
    key = str(data.get("key", ""))
    usual = {
        language: scheme_name(key, language, {"definition": data}) if part == "names" else "" for language in LANGUAGES
    }
    return tuple(_name(language, values, usual[language]) for language in LANGUAGES)


def _name(language: str, values: Data, usual: str) -> Name:
    label = texts.text(f"schemes.languages.{language}")
    return Name(language, label, str(values.get(language, "")), usual)


def _fields(data: Data) -> dict[str, Any]:
    """The values of the kind's fields, with defaults for missing ones."""
    shape = SHAPES.get(data.get("kind", ""))
    usual = {spec.name: spec.default for spec in shape.own} if shape else {}
    values = {name: data.get(name, None if default is ... else default) for name, default in usual.items()}
    window = data.get("window", 365)
    lines = data.get("lines") or {}
    return {
        **values,
        "has": set(usual),
        "window": "" if window == "all" else window,
        "window_all": window == "all",
        "rfm_lines": {name: ", ".join(map(str, lines.get(name, ()))) for name in ("r", "f", "m")},
    }


def _tiers(data: Data, problems: Problems, drawn: str) -> Iterator[TierRow]:
    shape = SHAPES.get(data.get("kind", ""))
    rows = data.get("tiers") or [{"key": key} for key in (shape.tiers if shape else ())]
    for place, tier in enumerate(rows):
        shade = colour(place / max(1, len(rows) - 1))
        yield _tier(data, tier, place, problems, drawn=drawn, shade=shade, last=place == len(rows) - 1)


def _tier(data: Data, tier: Data, place: int, problems: Problems, *, drawn: str, shade: str, last: bool) -> TierRow:
    key, names, where = str(tier.get("key", "")), tier.get("names") or {}, f"tiers[{place}]."
    names = dict.fromkeys(LANGUAGES, names) if isinstance(names, str) else names
    usual = {
        language: tier_name(str(data.get("key", "")), key, language, {"definition": data}) for language in LANGUAGES
    }
    keep = _text(tier.get("keep"))
    by_share = drawn == "share" or (drawn == "either" and "share" in tier)
    return TierRow(
        token=place,
        key=key,
        display_name=usual[texts.language()],
        names=tuple(_name(language, names, usual[language]) for language in LANGUAGES),
        drawn="share" if by_share else "line" if drawn != "none" else "none",
        line=_text(tier.get("share")).removesuffix("%") if by_share else _text(tier.get("line")),
        keep=keep.removesuffix("%"),
        keep_unit="%" if keep.endswith("%") or not keep else "value",
        **_terms(tier),
        **{name: _text(tier.get(name)) for name in ("drop_at_most", "cost")},
        last=last and drawn != "none",
        colour=shade,
        problems={name.removeprefix(where): message for name, message in problems.items() if name.startswith(where)},
    )


def _terms(tier: Data) -> dict[str, str]:
    """Validity and grace as a number and a unit of time."""
    fields: dict[str, str] = {}
    for name in ("valid", "grace"):
        many, _, unit = _text(tier.get(name)).partition(" ")
        unit = unit.removesuffix("s") or "day"
        fields |= {f"{name}_days": many or _text(tier.get(f"{name}_days")), f"{name}_unit": unit}
    return fields


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _text_of(many: Any) -> str:
    return ", ".join(map(str, many)) if isinstance(many, list) else _text(many)


def _rules(data: Data, problems: Problems, offers: dict[str, Offer]) -> Iterator[RuleRow]:
    for place, rule in enumerate(data.get("rules") or ()):
        where = f"rules[{place}]."
        errors = {name.removeprefix(where): message for name, message in problems.items() if name.startswith(where)}
        builder = _builder(f"rule-{place}", rule.get("when"), errors.get("when", ""), offers)
        yield RuleRow(
            place, str(rule.get("tier", "")), str(rule.get("name", "")), _text(rule.get("points")), builder, errors
        )


def _factors(data: Data, problems: Problems) -> Iterator[FactorRow]:
    factors = data.get("factors") or {}
    weights = {name: factor.get("weight") for name, factor in factors.items()}
    total = sum(weight for weight in weights.values() if isinstance(weight, int)) or 1
    for place, (name, factor) in enumerate(factors.items()):
        problem = next((message for where, message in problems.items() if where.startswith(f"factors[{name}].")), "")
        weight = weights[name]
        yield FactorRow(
            place, name, str(factor.get("trait", "")), _text(weight), str(factor.get("direction", "more")),
            str(factor.get("normaliser", "lines")), _text(factor.get("low", 0)), _text(factor.get("high", 1)),
            weight / total if isinstance(weight, int) else 0.0, problem,
        )  # fmt: skip


def _builder(name: str, when: Any, problem: str, offers: dict[str, Offer]) -> Builder:
    condition = condition_of(when)
    parts = tuple(replace(_part(place, row, offers), builder=name) for place, row in enumerate(condition.rows))
    return Builder(name, condition, parts, sentence_of(when), problem)


def sentence_of(when: Any) -> str:
    """A condition in words; empty if it is incomplete."""
    if not when:
        return ""
    try:
        return criteria_sentence(parse(when), texts.writer("criteria"))
    except CustrataError:
        return ""


def _part(place: int, row: Row, offers: dict[str, Offer]) -> Part:
    if row.what == "tier":
        return Part(place, row, (), "", tiers=offered.tier_choices(row.scheme))
    if row.what == "facts":
        sums, wheres = offered.fact_columns(row.facts)
        return Part(
            place, row, _operators(offered.AMOUNTS), "pair" if row.operator == "between" else "number",
            sums=[(column, texts.text(f"criteria.columns.{column}")) for column in sums],
            wheres=[(column, texts.text(f"criteria.columns.{column}")) for column in wheres],
        )  # fmt: skip
    if row.what == "tag":
        return Part(place, row, (), "")
    sort = offers[row.trait].sort if row.trait in offers else _guess_sort(row)
    fitting = offered.operators_of(sort)
    operator = row.operator if row.operator in fitting else fitting[0]
    takes = OPERATORS[operator].takes
    widget = WIDGETS.get(takes) if takes in WIDGETS else {"number": "number", "truth": "truth"}.get(sort, "text")
    widget = "days_pair" if widget == "pair" and sort == "day" else widget
    return Part(place, row, _operators(fitting), widget or "", sort=sort)


def _guess_sort(row: Row) -> str:
    """Guess the sort of a missing trait from its operator and value, so that the condition stays unchanged."""
    if row.value in ("true", "false"):
        return "truth"
    kinds = OPERATORS[row.operator].kinds if row.operator in OPERATORS else frozenset()
    return next((sort for sort in ("number", "text", "day", "truth") if sort in kinds), "text")


def _operators(names: Sequence[str]) -> Choices:
    return [(name, SIGNS.get(name) or texts.text(f"schemes.operators.{name}")) for name in names]
