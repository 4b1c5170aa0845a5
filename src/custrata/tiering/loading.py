"""YAML: what people write is read by the core schema of YAML 1.2, what ships or was written here is read quickly.

YAML 1.1 reads `no` as false, `010` as 8, `12:30` as 750 and `2025-04-01` as a date. Here each is read as it is
written: numbers are decimal, everything that is neither a number nor true, false or null is text.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

# The C library's reader is ten times as fast, and is there in all but unusual builds of PyYAML.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_DIGITS = 40  # longer ones are read as text
DEEPEST, MOST_NODES = 60, 100_000

_TAG = "tag:yaml.org,2002:"
# The core schema, section 10.3.2 of the specification 1.2.2; a number with a sign begins with it.
_CORE = {
    "null": (r"~|null|Null|NULL|", ("~", "n", "N", "")),
    "bool": (r"true|True|TRUE|false|False|FALSE", ("t", "T", "f", "F")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", tuple("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        tuple("-+.0123456789"),
    ),
}
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
for _name, (_pattern, _first) in _CORE.items():
    for _letter in _first:
        _RESOLVERS.setdefault(_letter, []).append((_TAG + _name, re.compile(f"(?:{_pattern})$")))


class TooComplex(Exception):
    """YAML that is nested too deep, or expands to too many nodes through aliases."""


class CoreLoader(yaml.SafeLoader):
    """Reads what people write: the core schema of YAML 1.2; a number with a point as a decimal."""

    yaml_implicit_resolvers = {**_RESOLVERS, "<": [(f"{_TAG}merge", re.compile("<<$"))]}  # noqa: RUF012  # PyYAML's name

    def _number(self, node: ScalarNode) -> Any:
        text = str(self.construct_scalar(node))
        if len(text) > MOST_DIGITS:
            return text
        if text[:2] in ("0o", "0x"):
            return int(text, 0)
        return int(text) if re.fullmatch(r"[-+]?[0-9]+", text) else Decimal(_special_value(text))


def _special_value(text: str) -> str:
    """Infinity and NaN as `Decimal` spells them; they are refused wherever a number is required."""
    return text.replace(".", "") if text.lower().lstrip("+-.") in ("inf", "nan") else text


CoreLoader.add_constructor(f"{_TAG}int", CoreLoader._number)
CoreLoader.add_constructor(f"{_TAG}float", CoreLoader._number)


class Dumper(yaml.SafeDumper):
    """Writes text in quotes wherever YAML 1.1 or 1.2 would read something else in it."""

    yaml_implicit_resolvers: dict[Any, Any] = {  # noqa: RUF012  # PyYAML's name
        letter: [*yaml.SafeDumper.yaml_implicit_resolvers.get(letter, []), *_RESOLVERS.get(letter, [])]
        for letter in {*yaml.SafeDumper.yaml_implicit_resolvers, *_RESOLVERS}
    }


def load_plain(text: str) -> Any:
    """The plain values that a YAML text says which ships, or which was written here. Raises PyYAML's `YAMLError`.

    >>> load_plain("{key: vip, tiers: [gold, basic]}")
    {'key': 'vip', 'tiers': ['gold', 'basic']}
    """
    return yaml.load(text, LOADER)


def load_core(text: str | bytes) -> tuple[Node | None, Any]:
    """The nodes and the plain values of what people write. Raises PyYAML's `YAMLError`, and `TooComplex`.

    >>> load_core("{key: no, line: 010, cost: 12:30, day: 2025-04-01, share: 0.20}")[1]
    {'key': 'no', 'line': 10, 'cost': '12:30', 'day': '2025-04-01', 'share': Decimal('0.20')}
    """
    loader = CoreLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None, None
        _measure(root)
        return root, loader.construct_document(root)
    except RecursionError as error:
        raise TooComplex from error
    finally:
        loader.dispose()


def _measure(root: Node) -> None:
    """Refuse what is nested too deep, refers to itself, or would be too large with every reference written out."""
    sizes: dict[int, int] = {}

    def size(node: Node, depth: int) -> int:
        if depth > DEEPEST or sizes.get(id(node), 0) < 0:
            raise TooComplex
        if id(node) not in sizes:
            sizes[id(node)] = -1  # being measured: to meet it again is a circle
            sizes[id(node)] = 1 + sum(size(part, depth + 1) for part in _parts(node))
        if sizes[id(node)] > MOST_NODES:
            raise TooComplex
        return sizes[id(node)]

    size(root, 0)


def _parts(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []
