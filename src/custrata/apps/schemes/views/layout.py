"""The form of a draft: rows of tiers, rules, factors and conditions, each with its validation messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.forms import BoundField
from django.forms.boundfield import BoundWidget

from custrata.apps.schemes.forms.editor import (
    AllTiersForm,
    FactorForm,
    FactorRows,
    JsonForm,
    LifeForm,
    MeasureForm,
    NamesForm,
    Rows,
    RuleForm,
    RuleRows,
    TierForm,
    TierRows,
)
from custrata.apps.schemes.queries import offered
from custrata.apps.schemes.queries.offered import Group, Offer
from custrata.apps.schemes.queries.problems import Problems
from custrata.apps.schemes.views.condition_rows import Builder, Choices, Data, Offering, condition_builder
from custrata.report.colours import colour
from custrata.tiering.names import scheme_name, tier_name
from custrata.tiering.shapes import SHAPES
from custrata.web import texts
from custrata.wording import LANGUAGES


def buttons(what: str, token: int) -> Mapping[str, str]:
    """The submitted values of a row's buttons, by verb."""
    return {verb: f"{what}:{verb}:{token}" for verb in ("up", "down", "remove")}


@dataclass(frozen=True)
class TierRow:
    """One tier with its form, which is made last."""

    token: int
    key: str
    display_name: str
    usual: Mapping[str, str]
    values: Mapping[str, str]
    drawn: str
    last: bool
    colour: str
    problems: Mapping[str, str]
    form: TierForm | None = None

    @property
    def buttons(self) -> Mapping[str, str]:
        """The values of its buttons."""
        return buttons("tier", self.token)


@dataclass(frozen=True)
class RuleRow:
    """One rule, with a tier or with points."""

    token: int
    builder: Builder
    problems: Mapping[str, str]
    form: RuleForm

    @property
    def buttons(self) -> Mapping[str, str]:
        """The values of its buttons."""
        return buttons("rule", self.token)


@dataclass(frozen=True)
class FactorRow:
    """One factor of a score."""

    token: int
    key: str
    by_lines: bool
    share: float
    problem: str
    form: FactorForm

    @property
    def remove(self) -> str:
        """The value of the button that removes it."""
        return f"factor:remove:{self.key}"


@dataclass(frozen=True)
class Layout:
    """The whole form of a draft."""

    data: Data
    kind: str
    naming: NamesForm
    measure: MeasureForm
    life: LifeForm
    all_tiers: AllTiersForm
    fields: Mapping[str, Any]
    tiers: tuple[TierRow, ...]
    fixed: bool
    drawn: str
    ordered: bool
    among: Builder | None
    rules: tuple[RuleRow, ...]
    factors: tuple[FactorRow, ...]
    tier_rows: Rows
    rule_rows: Rows
    factor_rows: Rows
    measures: list[Group]
    problems: Problems
    text: JsonForm
    tags: list[str]
    less_there = (("less-there", "1"),)  # fields that say which boxes a page has
    traits_there = (("traits-there", "1"),)
    window_there = (("window-there", "1"),)

    @property
    def window_all(self) -> BoundField:
        """Whether all time counts."""
        return self.measure["window-all"]

    @property
    def rfm_lines(self) -> list[BoundField]:
        """The lines of the three scores."""
        return [self.measure[f"lines-{part}"] for part in "rfm"]

    @property
    def trait_checks(self) -> list[tuple[str, list[BoundWidget]]]:
        """The traits to tick, by group."""
        boxes = {box.data["value"]: box for box in self.measure["traits"]}
        return [(group.name, [boxes[one.key] for one in group.offers]) for group in self.measures]


def layout(data: Data, problems: Problems, offers: dict[str, Offer], unit: str = "") -> Layout:
    """The form of a draft. `unit` is that of its lines."""
    kind = str(data.get("kind", ""))
    shape = SHAPES.get(kind)
    has = {spec.name for spec in shape.own} if shape else set()
    offer = Offering(data, offers)
    tiers = tuple(_tiers(data, problems, shape.drawn if shape else "none"))
    tier_rows = _tier_rows(tiers, unit)
    tier_choices = [(tier.key, tier.display_name) for tier in tiers]
    rules, rule_rows = _rules(data, problems, offer, tier_choices)
    factors, factor_rows = _factors(data, problems, offer)
    fields = _fields(data)
    return Layout(
        data=data,
        kind=kind,
        naming=_naming(data),
        measure=_measure(data, fields, offer, tier_choices),
        life=_life(data),
        all_tiers=AllTiersForm(),
        fields=fields,
        tiers=tuple(replace(tier, form=form) for tier, form in zip(tiers, tier_rows, strict=False)),
        fixed=bool(shape and shape.tiers),
        drawn=shape.drawn if shape else "none",
        ordered=bool(shape and shape.ordered),
        among=condition_builder("among", data.get("among"), problems.get("among", ""), offer)
        if "among" in has
        else None,
        rules=rules,
        factors=factors,
        tier_rows=tier_rows,
        rule_rows=rule_rows,
        factor_rows=factor_rows,
        measures=offer.measures,
        problems=problems,
        text=JsonForm(initial={"json": json.dumps(data, ensure_ascii=False, indent=2)}),
        tags=offered.tags(),
    )


def _naming(data: Data) -> NamesForm:
    names, about = _by_language(data.get("names")), _by_language(data.get("about"))
    key = str(data.get("key", ""))
    usual = {language: scheme_name(key, language, {"definition": data}) for language in LANGUAGES}
    initial: dict[str, Any] = {f"names-{language}": name for language, name in names.items()}
    initial |= {f"about-{language}": text for language, text in about.items()}
    initial["told"] = data.get("told", True) is not False
    placeholders = {language: name for language, name in usual.items() if name != key}
    return NamesForm(initial=initial, usual=placeholders)


def _by_language(values: Any) -> dict[str, str]:
    named = dict.fromkeys(LANGUAGES, values) if isinstance(values, str) else values or {}
    return {language: str(named.get(language, "")) for language in LANGUAGES}


def _measure(data: Data, fields: Mapping[str, Any], offer: Offering, tiers: Choices) -> MeasureForm:
    has, kind = fields["has"], data.get("kind")
    whole = {spec.name: texts.text(f"schemes.lifecycle.{spec.name}") for spec in SHAPES["lifecycle"].own}
    last = ("", texts.text("schemes.editor.last_tier"))
    methods = ("quantile", "nested", "fixed", "log") if "bins" in has else ("k_means", "gaussian")
    choices: dict[str, Choices] = {name: offer.traits(fields.get(name)) for name in ("trait", "target", "order_by")}
    choices |= {name: [last, *tiers] for name in ("without_order", "otherwise")}
    choices["method"] = _named_choices(methods)
    choices["reference"] = _named_choices(("mean", "median"))
    choices["traits"] = offer.traits(None)
    initial = {name: value for name, value in fields.items() if name not in ("has", "rfm_lines", "window_all")}
    initial |= {f"lines-{part}": line for part, line in fields["rfm_lines"].items()}
    initial["window-all"] = fields["window_all"]
    form = MeasureForm(initial=initial, choices=choices, whole=whole if kind == "lifecycle" else {})
    if "bins" in has:  # the method decides on the fields
        form.fields["method"].widget.attrs["data-redraws"] = True
    return form


def _named_choices(names: Sequence[str]) -> Choices:
    return [(name, texts.text(f"schemes.choice.{name}")) for name in names]


def _life(data: Data) -> LifeForm:
    review = data.get("review", "each_run")
    is_calendar = isinstance(review, Mapping)
    dates = _text_of(review.get("dates")) if isinstance(review, Mapping) else ""
    shown = "calendar" if is_calendar else str(review)
    return LifeForm(initial={"review": shown, "dates": dates, "qualify": str(data.get("qualify", "rolling"))})


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
    key, where = str(tier.get("key", "")), f"tiers[{place}]."
    usual = {
        language: tier_name(str(data.get("key", "")), key, language, {"definition": data}) for language in LANGUAGES
    }
    keep = _text(tier.get("keep"))
    by_share = drawn == "share" or (drawn == "either" and "share" in tier)
    shown = "share" if by_share else "line" if drawn != "none" else "none"
    values = {
        "key": key,
        "drawn": shown,
        **{f"names-{language}": name for language, name in _by_language(tier.get("names")).items()},
        "line": _text(tier.get("share")).removesuffix("%") if by_share else _text(tier.get("line")),
        "keep": keep.removesuffix("%"),
        "keep_unit": "%" if keep.endswith("%") or not keep else "value",
        **_terms(tier),
        **{name: _text(tier.get(name)) for name in ("drop_at_most", "cost")},
    }
    return TierRow(
        token=place,
        key=key,
        display_name=usual[texts.language()],
        usual={**usual, texts.language(): usual[texts.language()] or key},
        values=values,
        drawn=shown,
        last=last and drawn != "none",
        colour=shade,
        problems={name.removeprefix(where): message for name, message in problems.items() if name.startswith(where)},
    )


def _tier_rows(tiers: Sequence[TierRow], unit: str) -> Rows:
    rows = [{"usual": tier.usual, "unit": unit} for tier in tiers]
    formset = TierRows(prefix="tier", initial=[dict(tier.values) for tier in tiers], form_kwargs={"rows": rows})
    for tier, form in zip(tiers, formset, strict=False):
        if "line" in tier.problems:
            form.fields["line"].widget.attrs["aria-invalid"] = "true"
    return formset


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


def _rules(data: Data, problems: Problems, offer: Offering, tiers: Choices) -> tuple[tuple[RuleRow, ...], Rows]:
    rules = data.get("rules") or ()
    initial = [
        {"tier": str(rule.get("tier", "")), "name": str(rule.get("name", "")), "points": _text(rule.get("points"))}
        for rule in rules
    ]
    rows = [{"choices": {"tier": tiers}}] * len(initial)
    formset = RuleRows(prefix="rule", initial=initial, form_kwargs={"rows": rows})
    listed = []
    for place, (rule, form) in enumerate(zip(rules, formset, strict=False)):
        where = f"rules[{place}]."
        errors = {name.removeprefix(where): message for name, message in problems.items() if name.startswith(where)}
        builder = condition_builder(f"rule-{place}", rule.get("when"), errors.get("when", ""), offer)
        listed.append(RuleRow(place, builder, errors, form))
    return tuple(listed), formset


def _factors(data: Data, problems: Problems, offer: Offering) -> tuple[tuple[FactorRow, ...], Rows]:
    factors = data.get("factors") or {}
    weights = {name: factor.get("weight") for name, factor in factors.items()}
    total = sum(weight for weight in weights.values() if isinstance(weight, int)) or 1
    initial = [_factor_values(name, factor) for name, factor in factors.items()]
    rows = [{"choices": {"trait": offer.traits(values["trait"])}} for values in initial]
    formset = FactorRows(prefix="factor", initial=initial, form_kwargs={"rows": rows})
    listed = []
    for place, (name, form) in enumerate(zip(factors, formset, strict=False)):
        problem = next((message for where, message in problems.items() if where.startswith(f"factors[{name}].")), "")
        weight, by_lines = weights[name], initial[place]["normaliser"] == "lines"
        if not by_lines:
            form.hide_lines()
        share = weight / total if isinstance(weight, int) else 0.0
        listed.append(FactorRow(place, name, by_lines, share, problem, form))
    return tuple(listed), formset


def _factor_values(name: str, factor: Data) -> dict[str, str]:
    return {
        "key": name,
        "trait": str(factor.get("trait", "")),
        "weight": _text(factor.get("weight")),
        "direction": str(factor.get("direction", "more")),
        "normaliser": str(factor.get("normaliser", "lines")),
        "low": _text(factor.get("low", 0)),
        "high": _text(factor.get("high", 1)),
    }
