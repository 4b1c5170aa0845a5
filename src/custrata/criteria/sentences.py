"""Conditions in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypedDict

from babel.lists import format_list

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
)
from custrata.criteria.values import DAY, NUMBER, dates
from custrata.schema import MONEY, TABLES
from custrata.wording import catalogue
from custrata.wording.writer import Writer

SIGNS = {"=": "=", "!=": "≠", ">": ">", ">=": "≥", "<": "<", "<=": "≤"}
NET = "net"  # a valued order's worth


class Names(TypedDict, total=False):
    """What things are called, and the unit of a trait (money, share, or anything else), as callables of their key."""

    name_of_trait: Callable[[str], str]
    unit_of_trait: Callable[[str], str]
    name_of_tag: Callable[[str], str]
    name_of_scheme: Callable[[str], str]
    name_of_tier: Callable[[str, str], str]


def _key(key: str) -> str:
    return key


def _tier_key(_scheme: str, tier: str) -> str:
    return tier


def _no_unit(_trait: str) -> str:
    return ""


class SentenceWriter:
    """Writes conditions for one reader, by the names given."""

    def __init__(self, writer: Writer, names: Names) -> None:
        self.write = replace(writer, area="criteria")
        self.trait: Callable[[str], str] = names.get("name_of_trait", _key)
        self.unit: Callable[[str], str] = names.get("unit_of_trait", _no_unit)
        self.tag: Callable[[str], str] = names.get("name_of_tag", _key)
        self.scheme: Callable[[str], str] = names.get("name_of_scheme", _key)
        self.tier: Callable[[str, str], str] = names.get("name_of_tier", _tier_key)

    def sentence(self, node: Node) -> str:
        """A node in words."""
        match node:
            case AllOf(parts):
                return self._joined("and", parts) or self.write("everybody")
            case AnyOf(parts):
                return self._joined("or", parts) or self.write("nobody")
            case NotOf(part):
                return self.write("not", part=self.sentence(part))
            case TraitLeaf(trait, test):
                return self._test(self.trait(trait), test, self.unit(trait))
            case TagLeaf(tag):
                return self.write("tag", tag=self.tag(tag))
            case TierLeaf():
                return self._tiered(node)
            case FactsLeaf(measure, test):
                return self._test(self._measure(measure), test, self._unit(measure))

    def _joined(self, word: str, parts: Sequence[Node]) -> str:
        if len(parts) == 1:
            return self.sentence(parts[0])
        return self.write(word).join(self._within(part) for part in parts)

    def _within(self, node: Node) -> str:
        """A part, in brackets where it joins parts itself."""
        sentence = self.sentence(node)
        joins = isinstance(node, AllOf | AnyOf) and len(node.parts) > 1
        return self.write("within", part=sentence) if joins else sentence

    def _tiered(self, leaf: TierLeaf) -> str:
        facts = {
            "scheme": self.scheme(leaf.scheme),
            "tiers": self._either([self._quoted(self.tier(leaf.scheme, tier)) for tier in leaf.tiers]),
        }
        if leaf.for_days is None:
            return self.write("tier", **facts)
        return self.write("tier_for", days=self._days(leaf.for_days), **facts)

    def _measure(self, measure: Measure) -> str:
        where = self.write("and").join(self._where(measure.facts, condition) for condition in measure.where)
        facts = {
            "facts": self.write(f"facts.{measure.facts}"),
            "where": self.write("where", conditions=where) if where else "",
        }
        if measure.column is not None:
            facts["column"] = self._column(measure.column)
        name = "count" if measure.column is None else "sum"
        if measure.window is None:
            return self.write(f"{name}.ever", **facts)
        return self.write(f"{name}.window", days=self._days(measure.window), **facts)

    def _where(self, facts: str, where: Where) -> str:
        return self._test(self._column(where.column), where.test, _unit_of_column(facts, where.column))

    def _column(self, column: str) -> str:
        names = catalogue()["criteria"].get(f"columns.{column}")
        return names[self.write.language] if names else column

    def _unit(self, measure: Measure) -> str:
        return "count" if measure.column is None else _unit_of_column(measure.facts, measure.column)

    def _test(self, name: str, test: Test, unit: str) -> str:
        operator = test.operator
        if test.truth is not None:
            return self.write("is_true" if test.truth else "is_false", name=name)
        if test.days is not None:
            return self.write(f"tests.{operator}", name=name, days=self._days(test.days))
        if test.share is not None:
            return self.write(f"tests.{operator}", name=name, share=self.write.share(*_exactly(test.share)))
        if operator == "between":
            low, high = (self._value(end, unit) for end in test.values)
            return self.write("tests.between", name=name, low=low, high=high)
        if test.values:
            values = self._either([self._quoted(str(text)) for text in test.values])
            return self.write(f"tests.{operator}", name=name, values=values)
        if test.value is None:
            return self.write(f"tests.{operator}", name=name)
        if operator in SIGNS and (unit or isinstance(test.value, int) or operator not in ("=", "!=")):
            return self.write("compared", name=name, sign=SIGNS[operator], value=self._value(test.value, unit))
        return self._text_test(name, operator, test.value, unit)

    def _text_test(self, name: str, operator: str, value: str | int, unit: str) -> str:
        if operator in ("=", "!="):
            return self.write("tests.in" if operator == "=" else "tests.not_in", name=name,
                              values=self._quoted(str(value)))  # fmt: skip
        return self.write(f"tests.{operator}", name=name, value=self._value(value, unit))

    def _value(self, value: str | int, unit: str) -> str:
        """A number or a day as the language writes it; any other text as it is."""
        text = str(value)
        if DAY.fullmatch(text):
            return self.write.day(next(dates(text)))
        if not NUMBER.fullmatch(text):
            return text
        number, decimals = Decimal(text), _decimals(text)
        if unit == "money":
            return self.write.money(number, max(2, decimals))
        return self.write.share(*_exactly(text)) if unit == "share" else self.write.number(number, decimals)

    def _either(self, texts: list[str]) -> str:
        return format_list(texts, style="or", locale=self.write.locale)

    def _quoted(self, text: str) -> str:
        return self.write("quoted", text=text)

    def _days(self, days: int) -> str:
        return self.write.count("days", days)


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _exactly(text: str) -> tuple[Decimal, int]:
    """A share, and how many decimals its percentage needs."""
    return Decimal(text), max(0, _decimals(text.rstrip("0") if "." in text else text) - 2)


def _unit_of_column(facts: str, column: str) -> str:
    spec = TABLES[facts]
    money = column == NET or (column in spec.names and spec[column].type == MONEY)
    return "money" if money else ""
