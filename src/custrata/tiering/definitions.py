"""Schemes as data: what a YAML file, a page and REST carry, checked word by word and written back the same.

key: vip
kind: threshold
trait: spend
tiers:
  - {key: gold, line: 5000, keep: 80%, grace_days: 60}
  - {key: basic}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, Literal, cast

from custrata.schema.numbers import UnreadableNumber, abbreviate_repr, whole_of
from custrata.tiering import fields
from custrata.tiering.fields import BadDefinition, Field, UnfitDefinition, Unreadable, at, requirement
from custrata.tiering.life import Review, Term
from custrata.tiering.shapes import SHAPES, Shape
from custrata.wording import LazyPhrase

Qualify = Literal["rolling", "since_review"]
WINDOW = 365
COMMON = ("key", "kind", "names", "about", "tiers", "window", "review", "qualify", "told")
SINCE_REVIEW = ("orders", "sales", "spend")


@dataclass(frozen=True)
class TierDefinition:
    """One tier of a definition: where it begins, where it is kept, how long it is safe, and what it costs a year.

    `line` is a value, `share` a cumulated share, as the kind wants; the last tier has neither. `keep` is a value or,
    as a fraction, a part of the line. `valid` and `grace` are terms of the calendar (`valid_days` and `grace_days` in
    days are another way to say them), `drop_at_most` tiers at one review, `cost` money a year for each customer.
    """

    key: str
    names: Mapping[str, str] = field(default_factory=dict)
    line: Decimal | None = None
    share: Fraction | None = None
    keep: Decimal | Fraction | None = None
    valid_days: int = 0
    grace_days: int = 0
    drop_at_most: int | None = None
    cost: Decimal | None = None
    valid: Term | None = None
    grace: Term | None = None

    @property
    def lives(self) -> bool:
        """Whether the tier has a life of its own, beyond following its value."""
        terms = self.valid_days or self.grace_days or self.valid or self.grace
        return bool(self.keep is not None or terms or self.drop_at_most)


@dataclass(frozen=True)
class Definition:
    """A scheme as data.

    `settings` are the typed fields of its kind; `tiers` are ordered from the best down; `window` is in days, `None` for
    all of time; `shown_to_customers` says whether customers may see their tier (`told` in the data). `data()` returns
    the definition as plain values, which `define` reads.
    """

    key: str
    kind: str
    tiers: tuple[TierDefinition, ...]
    settings: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    window: int | None = WINDOW
    review: Review = field(default_factory=Review)
    qualify: Qualify = "rolling"
    shown_to_customers: bool = True

    @property
    def lives(self) -> bool:
        """Whether its tiers have a life beyond following the value at every run."""
        waits = self.review.kind != "each_run" or self.qualify != "rolling"
        return waits or any(tier.lives for tier in self.tiers)

    def data(self) -> dict[str, Any]:
        """The definition as plain values, in the order people write them; what is as usual is left out."""
        shape = SHAPES[self.kind]
        data: dict[str, Any] = {"key": self.key, "kind": self.kind}
        data |= {name: dict(words) for name, words in (("names", self.names), ("about", self.about)) if words}
        for own in shape.own:
            value = self.settings[own.name]
            if own.default is ... or value != own.default:
                data[own.name] = own.write(value)
        if self.window != WINDOW:
            data["window"] = "all" if self.window is None else self.window
        if self.review != Review():
            data["review"] = _review_data(self.review)
        if self.qualify != "rolling":
            data["qualify"] = self.qualify
        if not self.shown_to_customers:
            data["told"] = False
        if self.tiers and not _are_default_tiers(self.tiers, shape):
            data["tiers"] = [_tier_data(tier) for tier in self.tiers]
        return data


def define(data: object) -> Definition:
    """The definition that plain values describe.

    Raises `BadDefinition` with the place, what was given and what is wanted, `UnfitDefinition` where parts do not go
    together, and what the condition language raises.

    >>> define({"key": "vip", "kind": "threshold", "trait": "spend",
    ...         "tiers": [{"key": "gold", "line": 5000, "keep": "80%"}, {"key": "basic"}]}).tiers[0].keep
    Fraction(4, 5)
    """
    name = str(data.get("key", "?")) if isinstance(data, Mapping) else "?"
    try:
        return _validated(_defined(data))
    except Unreadable as error:
        place = error.place or "the top"
        raise BadDefinition(
            scheme=name, place=place, given=abbreviate_repr(error.value), wanted=error.requirement
        ) from error


def _defined(data: object) -> Definition:
    if not isinstance(data, Mapping):
        raise Unreadable(data, requirement("mapping"))
    kind = at("kind", fields.choice(*SHAPES), data.get("kind"))
    shape = SHAPES[kind]
    field_names = {*COMMON, *(own.name for own in shape.own)}
    for name in data:
        if name not in field_names:
            near = get_close_matches(str(name), sorted(field_names), 3) or sorted(field_names)
            raise Unreadable(name, requirement("field", kind=kind, known=", ".join(near)), str(name))
    return Definition(
        key=at("key", fields.key, data.get("key")),
        kind=kind,
        tiers=_tiers(data.get("tiers"), shape),
        settings={own.name: _own(own, data) for own in shape.own},
        names=at("names", fields.names, data.get("names") or {}),
        about=at("about", fields.names, data.get("about") or {}),
        window=at("window", _window, data.get("window", WINDOW)),
        review=at("review", _review, data.get("review", "each_run")),
        qualify=cast(Qualify, at("qualify", fields.choice("rolling", "since_review"), data.get("qualify", "rolling"))),
        shown_to_customers=at("told", fields.flag, data.get("told", True)),
    )


def _own(own: Field, data: Mapping[str, Any]) -> Any:
    if own.name not in data:
        if own.default is ...:
            raise Unreadable(None, requirement("required", field=own.name), own.name)
        return own.default
    return at(own.name, own.read, data[own.name])


def _window(value: Any) -> int | None:
    return None if value in ("all", None) else fields.positive_days(value)


def _tiers(value: Any, shape: Shape) -> tuple[TierDefinition, ...]:
    if value is None and (shape.tiers or shape.tiers_found):
        return tuple(TierDefinition(key) for key in shape.tiers)
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise Unreadable(value, requirement("tiers"), "tiers")
    return tuple(at(f"tiers[{place}]", _tier, tier) for place, tier in enumerate(value))


def _tier(data: Any) -> TierDefinition:
    if not isinstance(data, Mapping):
        raise Unreadable(data, requirement("tier"))
    for name in data:
        if name not in TIER_FIELDS:
            raise Unreadable(name, requirement("tier_field", known=", ".join(TIER_FIELDS)))
    values = {name: at(name, read, data[name]) for name, (read, _) in TIER_FIELDS.items() if data.get(name) is not None}
    if "key" not in values:
        raise Unreadable(None, requirement("tier_key"), "key")
    for days, term in (("valid_days", "valid"), ("grace_days", "grace")):
        if values.get(days) and values.get(term):
            raise Unreadable(str(values[term]), requirement("one_term", days=days), term)
        if term in values and values[term].unit == "day":  # in days there is one way to write it
            values[days] = values.pop(term).many
    return TierDefinition(**values)


def _cost(value: Any) -> Decimal:
    cost = fields.number(value)
    if cost < 0 or cost != round(cost, 2):
        raise Unreadable(value, requirement("cost"))
    return cost


TIER_FIELDS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "key": (fields.key, str),
    "names": (fields.names, dict),
    "line": (fields.number, fields.part_text),
    "share": (fields.share, fields.part_text),
    "keep": (fields.keep, fields.part_text),
    "valid_days": (fields.days, int),
    "grace_days": (fields.days, int),
    "valid": (fields.term, str),
    "grace": (fields.term, str),
    "drop_at_most": (fields.positive, int),
    "cost": (_cost, fields.part_text),
}


def _tier_data(tier: TierDefinition) -> dict[str, Any]:
    values = {name: getattr(tier, name) for name in TIER_FIELDS}
    return {
        name: TIER_FIELDS[name][1](value)
        for name, value in values.items()
        if value is not None and value != {} and (value or name in ("line", "keep", "cost"))
    }


def _are_default_tiers(tiers: Sequence[TierDefinition], shape: Shape) -> bool:
    return tuple(tiers) == tuple(TierDefinition(key) for key in shape.tiers)


def _review(value: Any) -> Review:
    if isinstance(value, str):
        value = {"kind": value}
    if not isinstance(value, Mapping) or not set(value) <= {"kind", "dates"}:
        raise Unreadable(value, requirement("review"))
    kinds = fields.choice("each_run", "tier_anniversary", "member_anniversary", "calendar")
    kind = cast(Any, at("kind", kinds, value.get("kind")))
    dates = value.get("dates", ())
    if (kind == "calendar") != bool(dates) or isinstance(dates, str):
        raise Unreadable(dates, requirement("dates"), "dates")
    return Review(kind, tuple(at(f"dates[{place}]", _day, day) for place, day in enumerate(dates)))


def _day(value: Any) -> tuple[int, int]:
    month, _, day = str(value).partition("-")
    lengths = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    try:
        number, of_month = whole_of(month), whole_of(day)
    except UnreadableNumber as error:
        raise Unreadable(value, requirement("day")) from error
    if not (1 <= number <= 12 and 1 <= of_month <= lengths[number - 1]):
        raise Unreadable(value, requirement("day"))
    return number, of_month


def _review_data(review: Review) -> Any:
    if review.kind != "calendar":
        return review.kind
    return {"kind": review.kind, "dates": [f"{month:02d}-{day:02d}" for month, day in review.dates]}


def _validated(definition: Definition) -> Definition:
    """Validate across fields: unique tiers, ordered lines, lives only on a ladder."""
    shape, tiers = SHAPES[definition.kind], definition.tiers
    keys = [tier.key for tier in tiers]
    _require(definition, "tiers", len(set(keys)) == len(keys), requirement("tier_twice"))
    _require(definition, "tiers", len(keys) <= 20, requirement("most_tiers"))
    if shape.tiers:
        _require(
            definition, "tiers", tuple(keys) == shape.tiers, requirement("fixed_tiers", tiers=", ".join(shape.tiers))
        )
    elif not shape.tiers_found:
        _require(definition, "tiers", len(keys) >= 2, requirement("two_tiers"))
    for place, tier in enumerate(tiers):
        _check_tier(definition, shape, place, tier)
    _check_lines(definition, shape)
    _check_own(definition, keys)
    lives = shape.ordered or not definition.lives
    _require(definition, "tiers", lives, requirement("no_order", kind=definition.kind))
    qualifies = definition.qualify == "rolling" or (
        definition.settings.get("trait") in SINCE_REVIEW and definition.review.kind != "each_run"
    )
    _require(definition, "qualify", qualifies, requirement("since_review", traits=", ".join(SINCE_REVIEW)))
    return definition


def _check_tier(definition: Definition, shape: Shape, place: int, tier: TierDefinition) -> None:
    where, last = f"tiers[{place}]", place == len(definition.tiers) - 1
    drawn = [name for name in ("line", "share") if getattr(tier, name) is not None]
    choices: dict[str, list[list[str]]] = {"either": [["line"], ["share"]], "none": [[]]}
    allowed = choices.get(shape.drawn, [[shape.drawn]])
    if last and shape.drawn != "none":
        _require(definition, where, not drawn, requirement("last_tier"))
    else:
        _require(definition, where, drawn in allowed, requirement(f"drawn.{shape.drawn}"))
    _require(definition, where, not (last and tier.lives), requirement("last_life"))


def _check_own(definition: Definition, keys: Sequence[str]) -> None:
    if definition.kind == "rules":
        named = [rule.tier for rule in definition.settings["rules"]]
        for place, tier in enumerate(named):
            _require(definition, f"rules[{place}].tier", tier in keys, requirement("a_tier", tiers=", ".join(keys)))
        otherwise = definition.settings["otherwise"]
        _require(definition, "otherwise", otherwise in (None, *keys), requirement("a_tier", tiers=", ".join(keys)))
    without = definition.settings.get("without_order")
    _require(definition, "without_order", without in (None, *keys), requirement("a_tier", tiers=", ".join(keys)))
    lowest = without is None or without == keys[-1] or not definition.lives
    _require(definition, "without_order", lowest, requirement("without_order_life"))
    if definition.kind == "rfm":
        fixed = definition.settings["method"] == "fixed"
        fits = fixed == (definition.settings["lines"] is not None)
        _require(definition, "lines", fits, requirement("fixed_lines"))


def _check_lines(definition: Definition, shape: Shape) -> None:
    rising = bool(definition.settings.get("less_is_better"))
    lines = [tier.line for tier in definition.tiers if tier.line is not None]
    shares = [tier.share for tier in definition.tiers if tier.share is not None]
    _require(definition, "tiers", not (lines and shares), requirement("both"))
    ordered = lines == sorted(lines, reverse=not rising) and len(set(lines)) == len(lines)
    _require(definition, "tiers", ordered, requirement("line_order"))
    growing = shares == sorted(shares) and len(set(shares)) == len(shares)
    _require(definition, "tiers", growing, requirement("share_order"))
    for place, tier in enumerate(definition.tiers):
        if tier.keep is None:
            continue
        easier = _keep_is_easier(tier, rising=rising)
        _require(definition, f"tiers[{place}]", easier, requirement("keep_easier"))


def _keep_is_easier(tier: TierDefinition, *, rising: bool) -> bool:
    if isinstance(tier.keep, Fraction):
        return tier.keep >= 1 if rising else tier.keep <= 1
    assert tier.keep is not None
    return tier.line is None or (tier.keep >= tier.line if rising else tier.keep <= tier.line)


def _require(definition: Definition, place: str, holds: bool, needed: LazyPhrase) -> None:
    if not holds:
        raise UnfitDefinition(scheme=definition.key, place=place, wanted=needed)
