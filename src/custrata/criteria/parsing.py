"""From JSON to the tree. Whatever is wrong is said with its place, such as `all[1].value`."""

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

Given = Mapping[str, object]


class UnknownNode(BadInput):
    template = "{path}: “{given}” is no condition. It is an object with one of {nodes}."


class UnknownPart(BadInput):
    template = "{path}: “{part}” does not belong here. What belongs here is {parts}."


class MissingPart(BadInput):
    template = "{path}: “{part}” is missing."


class UnknownOperator(BadInput):
    template = "{path}: there is no operator “{operator}” here. The operators are {operators}."


class UnknownFacts(BadInput):
    template = "{path}: there are no facts “{facts}”. The facts are {known}."


class TooLarge(BadInput):
    template = "The condition is too large. Use at most {nodes} parts, {deep} levels deep."


class Parser:
    """Reads one condition, counting its nodes."""

    def __init__(self) -> None:
        self._nodes = 0

    def node(self, given: object, path: str = "", depth: int = 0) -> Node:
        """The node at a path."""
        self._nodes += 1
        if depth > DEEPEST or self._nodes > MOST_NODES:
            raise TooLarge(nodes=MOST_NODES, deep=DEEPEST)
        found = values.mapping(given)
        named = [name for name in _NODES if found is not None and name in found]
        if found is None or len(named) != 1:
            raise UnknownNode(path=path or TOP, given=values.shown(given), nodes=", ".join(_NODES))
        return _NODES[named[0]](self, found, path, depth)

    def parts(self, given: object, path: str, depth: int) -> tuple[Node, ...]:
        """The nodes of a list."""
        if not isinstance(given, list | tuple):
            raise values.NotAList(path=path, given=values.shown(given))
        return tuple(self.node(part, f"{path}[{number}]", depth + 1) for number, part in enumerate(given))


def _all(parser: Parser, given: Given, path: str, depth: int) -> Node:
    _only(given, path, "all")
    return AllOf(parser.parts(given["all"], below(path, "all"), depth))


def _any(parser: Parser, given: Given, path: str, depth: int) -> Node:
    _only(given, path, "any")
    return AnyOf(parser.parts(given["any"], below(path, "any"), depth))


def _not(parser: Parser, given: Given, path: str, depth: int) -> Node:
    _only(given, path, "not")
    return NotOf(parser.node(given["not"], below(path, "not"), depth + 1))


def _trait(parser: Parser, given: Given, path: str, depth: int) -> Node:
    trait = values.text(given["trait"], below(path, "trait"))
    return TraitLeaf(trait, _test(given, path, OPERATORS, "trait"))


def _tag(parser: Parser, given: Given, path: str, depth: int) -> Node:
    _only(given, path, "tag")
    return TagLeaf(values.text(given["tag"], below(path, "tag")))


def _tier(parser: Parser, given: Given, path: str, depth: int) -> Node:
    _only(given, path, "scheme", "tier", "for_days")
    scheme = values.text(given["scheme"], below(path, "scheme"))
    at = below(path, "tier")
    asked = _part(given, path, "tier")
    tiers = _texts([asked] if isinstance(asked, str) else asked, at)
    since = given.get("for_days")
    return TierLeaf(scheme, tiers, None if since is None else values.days(since, below(path, "for_days")))


def _facts(parser: Parser, given: Given, path: str, depth: int) -> Node:
    measure = _measure(given, path)
    test = _test(given, path, OF_AMOUNTS, "facts", "count", "sum", "window", "where")
    return FactsLeaf(measure, test)


_NODES: dict[str, Callable[[Parser, Given, str, int], Node]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "trait": _trait,
    "tag": _tag,
    "scheme": _tier,
    "facts": _facts,
}


def _measure(given: Given, path: str) -> Measure:
    facts = given["facts"]
    if facts not in FACTS:
        raise UnknownFacts(path=below(path, "facts"), facts=values.shown(facts), known=", ".join(FACTS))
    if given.get("count", True) is not True:
        raise values.BadValue(path=below(path, "count"), given=values.shown(given["count"]))
    if "sum" not in given and "count" not in given:
        raise MissingPart(path=path or TOP, part="count, sum")
    if "sum" in given and "count" in given:
        raise UnknownPart(path=path or TOP, part="count", parts="sum")
    column = values.text(given["sum"], below(path, "sum")) if "sum" in given else None
    window = given.get("window")
    within = None if window is None else values.days(window, below(path, "window"))
    return Measure(str(facts), column, within, _wheres(given.get("where", []), below(path, "where")))


def _wheres(given: object, path: str) -> tuple[Where, ...]:
    if not isinstance(given, list | tuple):
        raise values.NotAList(path=path, given=values.shown(given))
    if len(given) > DEEPEST:
        raise TooLarge(nodes=MOST_NODES, deep=DEEPEST)
    return tuple(_where(one, f"{path}[{number}]") for number, one in enumerate(given))


def _where(given: object, path: str) -> Where:
    found = values.mapping(given)
    if found is None:
        raise UnknownNode(path=path, given=values.shown(given), nodes="column")
    column = values.text(_part(found, path, "column"), below(path, "column"))
    return Where(column, _test(found, path, OF_COLUMNS, "column"))


def _test(given: Given, path: str, operators: Mapping[str, Operator], *beside: str) -> Test:
    """The test of a leaf, whose other keys are `beside`."""
    name = _part(given, path, "is")
    if not isinstance(name, str) or name not in operators:
        at = below(path, "is")
        raise UnknownOperator(path=at, operator=values.shown(name), operators=" ".join(operators))
    takes = operators[name].takes
    key = {"days": "days", "share": "share", "nothing": None}.get(takes, "value")
    _only(given, path, *beside, "is", *([key] if key else []))
    if key is None:
        return Test(name)
    asked, at = values.plain(_part(given, path, key)), below(path, key)
    match takes:
        case "anything":
            return _equal(name, asked, at)
        case "number":
            return Test(name, values.number(asked, at))
        case "numbers or days":
            return Test(name, values=_pair(asked, at))
        case "text":
            return Test(name, values.text(asked, at))
        case "texts":
            return Test(name, values=_texts(asked, at))
        case "day":
            return Test(name, values.day(asked, at))
        case "days":
            return Test(name, days=values.days(asked, at))
        case _:
            return Test(name, share=values.share(asked, at))


def _equal(name: str, asked: object, path: str) -> Test:
    if isinstance(asked, bool):
        return Test(name, truth=asked)
    return Test(name, values.text(asked, path) if isinstance(asked, str) else values.number(asked, path))


def _pair(asked: object, path: str) -> tuple[str | int, str | int]:
    if not isinstance(asked, list | tuple) or len(asked) != 2:
        raise values.NotAPair(path=path, given=values.shown(asked))
    low, high = (values.plain(one) for one in asked)
    read = values.day if isinstance(low, str) and values.DAY.fullmatch(low) else values.number
    return read(low, f"{path}[0]"), read(high, f"{path}[1]")


def _texts(asked: object, path: str) -> tuple[str, ...]:
    return tuple(values.text(one, f"{path}[{number}]") for number, one in enumerate(values.listed(asked, path)))


def _part(given: Given, path: str, name: str) -> object:
    if name not in given:
        raise MissingPart(path=path or TOP, part=name)
    return given[name]


def _only(given: Given, path: str, *names: str) -> None:
    """Refuse keys that would otherwise be left out in silence."""
    strange = [key for key in given if key not in names]
    if strange:
        raise UnknownPart(path=path or TOP, part=values.shown(strange[0]), parts=", ".join(names))
