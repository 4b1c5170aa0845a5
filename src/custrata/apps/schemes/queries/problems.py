"""Validation messages of a draft by field, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from custrata.errors import BadInput
from custrata.tiering import define
from custrata.tiering.definitions import TIER_FIELDS
from custrata.tiering.fields import Unreadable, criteria, number, signed
from custrata.tiering.shapes import FACTOR_FIELDS, SHAPES, Shape
from custrata.web import texts

Data = Mapping[str, Any]
Problems = dict[str, str]
PlacedMessages = Iterator[tuple[str, str]]


def problems(data: Data, columns: Collection[str] | None = None) -> Problems:
    """Validation messages by field: `tiers[0].line`, `rules[1].when`, `trait`; `whole` for the definition itself.

    `columns` are those of the profile, if there is one: traits missing from it are reported.
    """
    shape = SHAPES.get(data.get("kind", ""))
    if shape is None:
        return {"whole": texts.text("schemes.problem.kind")}
    by_place = dict(
        [
            *_kind_messages(data, shape, columns),
            *_tiers_messages(data, shape),
            *_rule_messages(data),
            *_factor_messages(data, columns),
        ]
    )
    if not by_place:
        by_place = _definition_messages(data)
    return by_place


def _definition_messages(data: Data) -> Problems:
    try:
        define(data)
    except BadInput as error:
        place = str(getattr(error, "facts", {}).get("place", ""))
        messages = {"qualify": "qualify", "window": "window", "names": "names", "review": "dates", "tiers": "tiers"}
        for start, name in messages.items():
            if place.startswith(start):
                return {start: texts.text(f"schemes.problem.{name}")}
        return {"whole": texts.sentence(error)}
    return {}


def _is_invalid(read: Callable[[Any], Any], value: Any) -> bool:
    try:
        read(value)
    except (Unreadable, BadInput):
        return True
    return False


def _kind_messages(data: Data, shape: Shape, columns: Collection[str] | None) -> PlacedMessages:
    """Check the fields of the kind, except the contents of rules and factors."""
    for field in shape.own:
        if field.name in ("rules", "factors"):
            if not data.get(field.name):
                yield field.name, texts.text(f"schemes.problem.no_{field.name}")
            continue
        value = data.get(field.name)
        missing = field.name not in data or value in (None, "", [])
        if missing and field.default is ...:
            yield field.name, texts.text("schemes.problem.trait")
        elif field.name == "among" and value:
            yield from _condition_messages("among", value)
        elif not missing and _is_invalid(field.read, value):
            yield field.name, texts.text("schemes.problem.number" if isinstance(field.default, int) else
                                         "schemes.problem.field")  # fmt: skip
        elif field.name in ("trait", "target", "order_by") and columns and value and value not in columns:
            yield field.name, texts.text("schemes.problem.no_trait", trait=value)


def _condition_messages(place: str, condition: Any) -> PlacedMessages:
    if not condition:
        yield place, texts.text("schemes.problem.no_condition")
        return
    try:
        criteria(condition)
    except BadInput as error:
        yield (
            place,
            texts.text("schemes.problem.condition") if isinstance(condition, Mapping) else texts.sentence(error),
        )


def _tiers_messages(data: Data, shape: Shape) -> PlacedMessages:
    tiers = data.get("tiers") or []
    if shape.tiers_found or (shape.tiers and not tiers):
        return
    if len(tiers) < 2:
        yield "tiers", texts.text("schemes.problem.two_tiers")
    for place, tier in enumerate(tiers):
        last = place == len(tiers) - 1
        yield from _tier_messages(f"tiers[{place}]", tier, shape, last=last)
    yield from _line_messages(data, tiers)


def _tier_messages(where: str, tier: Data, shape: Shape, *, last: bool) -> PlacedMessages:
    for name, (read, _) in TIER_FIELDS.items():
        if tier.get(name) is not None and _is_invalid(read, tier[name]):
            yield f"{where}.{'line' if name == 'share' else name}", texts.text(f"schemes.problem.{name}")
    drawn = tier.get("line") is not None or tier.get("share") is not None
    if not last and shape.drawn != "none" and not drawn:
        missing = "missing_share" if shape.drawn == "share" else "missing_line"
        yield f"{where}.line", texts.text(f"schemes.problem.{missing}")


def _line_messages(data: Data, tiers: Sequence[Data]) -> PlacedMessages:
    """Check that lines are strictly ordered, and that no keep line is harder than the line itself."""
    rising, previous = bool(data.get("less_is_better")), None
    for place, tier in enumerate(tiers):
        line = _number(tier.get("line"))
        if line is None:
            continue
        if previous is not None and (line <= previous if rising else line >= previous):
            yield f"tiers[{place}].line", texts.text("schemes.problem.order")
        previous, keep = line, tier.get("keep")
        if keep is None:
            continue
        share = _number(str(keep).removesuffix("%"))
        keep_line = share if not str(keep).endswith("%") or share is None else line * share / 100
        if keep_line is not None and (keep_line < line if rising else keep_line > line):
            yield f"tiers[{place}].keep", texts.text("schemes.problem.keep_harder")


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None else number(value)
    except Unreadable:
        return None


def _rule_messages(data: Data) -> PlacedMessages:
    if data.get("kind") not in ("rules", "points"):
        return
    keys = [tier.get("key") for tier in data.get("tiers") or ()]
    for place, rule in enumerate(data.get("rules") or ()):
        yield from _condition_messages(f"rules[{place}].when", rule.get("when"))
        if data["kind"] == "rules" and rule.get("tier") not in keys:
            yield f"rules[{place}].tier", texts.text("schemes.problem.rule_tier")
        if data["kind"] == "points" and _is_invalid(signed, rule.get("points")):
            yield f"rules[{place}].points", texts.text("schemes.problem.points")


def _factor_messages(data: Data, columns: Collection[str] | None) -> PlacedMessages:
    if data.get("kind") != "score":
        return
    for name, factor in (data.get("factors") or {}).items():
        for part, read in FACTOR_FIELDS.items():
            if part in factor and _is_invalid(read, factor[part]):
                yield (
                    f"factors[{name}].{part}",
                    texts.text(f"schemes.problem.{'trait' if part == 'trait' else 'number'}"),
                )
        low, high = _number(factor.get("low", 0)), _number(factor.get("high", 1))
        if low is not None and high is not None and low >= high:
            yield f"factors[{name}].high", texts.text("schemes.problem.bounds")
