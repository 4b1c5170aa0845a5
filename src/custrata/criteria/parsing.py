"""Parses JSON into the tree of a condition. Every error names the path, such as `all[1].value`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from custrata.criteria import values
from custrata.criteria.nodes import (
    AllOf,
    AnyOf,
    FactsLeaf,
    Measure,
    Node,
    NotOf,
    TagLeaf,
    Test,
    TierLeaf,
    TraitLeaf,
    Where,
    below,
)
from custrata.criteria.operators import OF_AMOUNTS, OF_COLUMNS, OPERATORS, Operator
from custrata.errors import BadInput

FACTS = ("orders", "order_lines", "events", "feedback")
DEEPEST, MOST_NODES = 20, 500
TOP = "$"

Data = Mapping[str, object]


class UnknownNode(BadInput):
    template = "{path}: “{given}” is not a condition. A condition is an object with one of {nodes}."


class UnknownPart(BadInput):
    template = "{path}: “{part}” does not belong here. Available: {parts}."


class MissingPart(BadInput):
    template = "{path}: “{part}” is missing."


class UnknownOperator(BadInput):
    template = "{path}: there is no operator “{operator}” here. The operators are {operators}."


class UnknownFacts(BadInput):
    template = "{path}: there is no table of facts “{facts}”. Available: {known}."


class TooLarge(BadInput):
    template = "The condition is too large. Use at most {nodes} parts, {deep} levels deep."


class Parser:
    """Reads one condition, counting its nodes."""

    def __init__(self) -> None:
        self._nodes = 0

    def node(self, value: object, path: str = "", depth: int = 0) -> Node:
        """The node at a path."""
        self._nodes += 1
        if depth > DEEPEST or self._nodes > MOST_NODES:
            raise TooLarge(nodes=MOST_NODES, deep=DEEPEST)
        mapping = values.mapping(value)
        named = [name for name in _NODES if mapping is not None and name in mapping]
        if mapping is None or len(named) != 1:
            raise UnknownNode(path=path or TOP, given=values.abbreviate(value), nodes=", ".join(_NODES))
        return _NODES[named[0]](self, mapping, path, depth)

    def parts(self, value: object, path: str, depth: int) -> tuple[Node, ...]:
        """The nodes of a list."""
        if not isinstance(value, list | tuple):
            raise values.NotAList(path=path, given=values.abbreviate(value))
        return tuple(self.node(part, f"{path}[{number}]", depth + 1) for number, part in enumerate(value))


def _all(parser: Parser, data: Data, path: str, depth: int) -> Node:
    _refuse_unknown_keys(data, path, "all")
    return AllOf(parser.parts(data["all"], below(path, "all"), depth))


def _any(parser: Parser, data: Data, path: str, depth: int) -> Node:
    _refuse_unknown_keys(data, path, "any")
    return AnyOf(parser.parts(data["any"], below(path, "any"), depth))


def _not(parser: Parser, data: Data, path: str, depth: int) -> Node:
    _refuse_unknown_keys(data, path, "not")
    return NotOf(parser.node(data["not"], below(path, "not"), depth + 1))


def _trait(parser: Parser, data: Data, path: str, depth: int) -> Node:
    trait = values.text(data["trait"], below(path, "trait"))
    return TraitLeaf(trait, _test(data, path, OPERATORS, "trait"))


def _tag(parser: Parser, data: Data, path: str, depth: int) -> Node:
    _refuse_unknown_keys(data, path, "tag")
    return TagLeaf(values.text(data["tag"], below(path, "tag")))


def _tier(parser: Parser, data: Data, path: str, depth: int) -> Node:
    _refuse_unknown_keys(data, path, "scheme", "tier", "for_days")
    scheme = values.text(data["scheme"], below(path, "scheme"))
    at = below(path, "tier")
    tier_value = _required_part(data, path, "tier")
    tiers = _texts([tier_value] if isinstance(tier_value, str) else tier_value, at)
    since = data.get("for_days")
    return TierLeaf(scheme, tiers, None if since is None else values.days(since, below(path, "for_days")))


def _facts(parser: Parser, data: Data, path: str, depth: int) -> Node:
    measure = _measure(data, path)
    test = _test(data, path, OF_AMOUNTS, "facts", "count", "sum", "window", "where")
    return FactsLeaf(measure, test)


_NODES: dict[str, Callable[[Parser, Data, str, int], Node]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "trait": _trait,
    "tag": _tag,
    "scheme": _tier,
    "facts": _facts,
}


def _measure(data: Data, path: str) -> Measure:
    facts = data["facts"]
    if facts not in FACTS:
        raise UnknownFacts(path=below(path, "facts"), facts=values.abbreviate(facts), known=", ".join(FACTS))
    if data.get("count", True) is not True:
        raise values.BadValue(path=below(path, "count"), given=values.abbreviate(data["count"]))
    if "sum" not in data and "count" not in data:
        raise MissingPart(path=path or TOP, part="count, sum")
    if "sum" in data and "count" in data:
        raise UnknownPart(path=path or TOP, part="count", parts="sum")
    column = values.text(data["sum"], below(path, "sum")) if "sum" in data else None
    window = data.get("window")
    within = None if window is None else values.days(window, below(path, "window"))
    return Measure(str(facts), column, within, _wheres(data.get("where", []), below(path, "where")))


def _wheres(value: object, path: str) -> tuple[Where, ...]:
    if not isinstance(value, list | tuple):
        raise values.NotAList(path=path, given=values.abbreviate(value))
    if len(value) > DEEPEST:
        raise TooLarge(nodes=MOST_NODES, deep=DEEPEST)
    return tuple(_where(condition, f"{path}[{number}]") for number, condition in enumerate(value))


def _where(value: object, path: str) -> Where:
    mapping = values.mapping(value)
    if mapping is None:
        raise UnknownNode(path=path, given=values.abbreviate(value), nodes="column")
    column = values.text(_required_part(mapping, path, "column"), below(path, "column"))
    return Where(column, _test(mapping, path, OF_COLUMNS, "column"))


def _test(data: Data, path: str, operators: Mapping[str, Operator], *other_keys: str) -> Test:
    """The test of a leaf, which may also have `other_keys`."""
    name = _required_part(data, path, "is")
    if not isinstance(name, str) or name not in operators:
        at = below(path, "is")
        raise UnknownOperator(path=at, operator=values.abbreviate(name), operators=" ".join(operators))
    takes = operators[name].takes
    key = {"days": "days", "share": "share", "nothing": None}.get(takes, "value")
    _refuse_unknown_keys(data, path, *other_keys, "is", *([key] if key else []))
    if key is None:
        return Test(name)
    operand, at = values.plain(_required_part(data, path, key)), below(path, key)
    match takes:
        case "anything":
            return _equal(name, operand, at)
        case "number":
            return Test(name, values.number(operand, at))
        case "numbers or days":
            return Test(name, values=_pair(operand, at))
        case "text":
            return Test(name, values.text(operand, at))
        case "texts":
            return Test(name, values=_texts(operand, at))
        case "day":
            return Test(name, values.day(operand, at))
        case "days":
            return Test(name, days=values.days(operand, at))
        case _:
            return Test(name, share=values.share(operand, at))


def _equal(name: str, operand: object, path: str) -> Test:
    if isinstance(operand, bool):
        return Test(name, truth=operand)
    return Test(name, values.text(operand, path) if isinstance(operand, str) else values.number(operand, path))


def _pair(operand: object, path: str) -> tuple[str | int, str | int]:
    if not isinstance(operand, list | tuple) or len(operand) != 2:
        raise values.NotAPair(path=path, given=values.abbreviate(operand))
    low, high = (values.plain(end) for end in operand)
    read = values.day if isinstance(low, str) and values.DAY.fullmatch(low) else values.number
    return read(low, f"{path}[0]"), read(high, f"{path}[1]")


def _texts(operand: object, path: str) -> tuple[str, ...]:
    return tuple(values.text(text, f"{path}[{number}]") for number, text in enumerate(values.value_list(operand, path)))


def _required_part(data: Data, path: str, name: str) -> object:
    if name not in data:
        raise MissingPart(path=path or TOP, part=name)
    return data[name]


def _refuse_unknown_keys(data: Data, path: str, *names: str) -> None:
    """Refuse keys that would otherwise be ignored silently."""
    strange = [key for key in data if key not in names]
    if strange:
        raise UnknownPart(path=path or TOP, part=values.abbreviate(strange[0]), parts=", ".join(names))
