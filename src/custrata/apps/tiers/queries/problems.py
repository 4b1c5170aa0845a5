"""What is wrong with a draft, beside the field it belongs to, in the reader's language."""

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
Found = Iterator[tuple[str, str]]


def problems(data: Data, columns: Collection[str] | None = None) -> Problems:
    """What is wrong, by place: `tiers[0].line`, `rules[1].when`, `trait`; under `whole` what has no place of its own.

    `columns` are those of the profile, where there is one: a trait it lacks is told.
    """
    shape = SHAPES.get(data.get("kind", ""))
    if shape is None:
        return {"whole": texts.text("tiers.problem.kind")}
    found = dict([*_own(data, shape, columns), *_tiers(data, shape), *_rules(data), *_factors(data, columns)])
    if not found:
        found = _whole(data)
    return found


def _whole(data: Data) -> Problems:
    try:
        define(data)
    except BadInput as error:
        place = str(getattr(error, "facts", {}).get("place", ""))
        known = {"qualify": "qualify", "window": "window", "names": "names", "review": "dates", "tiers": "tiers"}
        for start, name in known.items():
            if place.startswith(start):
                return {start: texts.text(f"tiers.problem.{name}")}
        return {"whole": texts.sentence(error)}
    return {}


def _refused(read: Callable[[Any], Any], given: Any) -> bool:
    try:
        read(given)
    except (Unreadable, BadInput):
        return True
    return False


def _own(data: Data, shape: Shape, columns: Collection[str] | None) -> Found:
    """The fields of the kind, but rules and factors, which are looked at one by one."""
    for field in shape.own:
        if field.name in ("rules", "factors"):
            if not data.get(field.name):
                yield field.name, texts.text(f"tiers.problem.no_{field.name}")
            continue
        given = data.get(field.name)
        missing = field.name not in data or given in (None, "", [])
        if missing and field.default is ...:
            yield field.name, texts.text("tiers.problem.trait")
        elif field.name == "among" and given:
            yield from _condition("among", given)
        elif not missing and _refused(field.read, given):
            yield field.name, texts.text("tiers.problem.number" if isinstance(field.default, int) else
                                         "tiers.problem.field")  # fmt: skip
        elif field.name in ("trait", "target", "order_by") and columns and given and given not in columns:
            yield field.name, texts.text("tiers.problem.no_trait", trait=given)


def _condition(place: str, given: Any) -> Found:
    if not given:
        yield place, texts.text("tiers.problem.no_condition")
        return
    try:
        criteria(given)
    except BadInput as error:
        yield place, texts.text("tiers.problem.condition") if isinstance(given, Mapping) else texts.sentence(error)


def _tiers(data: Data, shape: Shape) -> Found:
    tiers = data.get("tiers") or []
    if shape.tiers_found or (shape.tiers and not tiers):
        return
    if len(tiers) < 2:
        yield "tiers", texts.text("tiers.problem.two_tiers")
    for place, tier in enumerate(tiers):
        last = place == len(tiers) - 1
        yield from _tier(f"tiers[{place}]", tier, shape, last=last)
    yield from _lines(data, tiers)


def _tier(where: str, tier: Data, shape: Shape, *, last: bool) -> Found:
    for name, (read, _) in TIER_FIELDS.items():
        if tier.get(name) is not None and _refused(read, tier[name]):
            yield f"{where}.{'line' if name == 'share' else name}", texts.text(f"tiers.problem.{name}")
    drawn = tier.get("line") is not None or tier.get("share") is not None
    if not last and shape.drawn != "none" and not drawn:
        missing = "missing_share" if shape.drawn == "share" else "missing_line"
        yield f"{where}.line", texts.text(f"tiers.problem.{missing}")


def _lines(data: Data, tiers: Sequence[Data]) -> Found:
    """Each line is harder to reach than the next one down, and kept no harder than reached."""
    rising, former = bool(data.get("less_is_better")), None
    for place, tier in enumerate(tiers):
        line = _number(tier.get("line"))
        if line is None:
            continue
        if former is not None and (line <= former if rising else line >= former):
            yield f"tiers[{place}].line", texts.text("tiers.problem.order")
        former, keep = line, tier.get("keep")
        if keep is None:
            continue
        share = _number(str(keep).removesuffix("%"))
        kept = share if not str(keep).endswith("%") or share is None else line * share / 100
        if kept is not None and (kept < line if rising else kept > line):
            yield f"tiers[{place}].keep", texts.text("tiers.problem.keep_harder")


def _number(given: Any) -> Decimal | None:
    try:
        return None if given is None else number(given)
    except Unreadable:
        return None


def _rules(data: Data) -> Found:
    if data.get("kind") not in ("rules", "points"):
        return
    keys = [tier.get("key") for tier in data.get("tiers") or ()]
    for place, rule in enumerate(data.get("rules") or ()):
        yield from _condition(f"rules[{place}].when", rule.get("when"))
        if data["kind"] == "rules" and rule.get("tier") not in keys:
            yield f"rules[{place}].tier", texts.text("tiers.problem.rule_tier")
        if data["kind"] == "points" and _refused(signed, rule.get("points")):
            yield f"rules[{place}].points", texts.text("tiers.problem.points")


def _factors(data: Data, columns: Collection[str] | None) -> Found:
    if data.get("kind") != "score":
        return
    for name, factor in (data.get("factors") or {}).items():
        for part, read in FACTOR_FIELDS.items():
            if part in factor and _refused(read, factor[part]):
                yield f"factors[{name}].{part}", texts.text(f"tiers.problem.{'trait' if part == 'trait' else 'number'}")
        low, high = _number(factor.get("low", 0)), _number(factor.get("high", 1))
        if low is not None and high is not None and low >= high:
            yield f"factors[{name}].high", texts.text("tiers.problem.bounds")
