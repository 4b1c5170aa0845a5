"""Schemes in YAML files: one scheme, or a list of them under `schemes`. Every mistake is told with its line.

They are read by the core schema of YAML 1.2, as `custrata.tiering.loading` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from custrata.errors import BadInput
from custrata.tiering.definitions import Definition, define
from custrata.tiering.library import dump_yaml
from custrata.tiering.loading import TooComplex, load_core

LONGEST = 500_000  # bytes: enough for hundreds of schemes


class NotYaml(BadInput):
    template = "{file} cannot be read as YAML: {reason} (line {line}, column {column})."


class TooDeepYaml(BadInput):
    template = "{file} is nested too deep, or refers to itself too often. Write the schemes out, without aliases."


class TooLongYaml(BadInput):
    template = "{file} is longer than {most}. Split it into several files."


class NotASchemeFile(BadInput):
    template = (
        "{file} has {given} at the top level. A file of schemes contains a single scheme (key, kind and so on), or a "
        "list of them under schemes."
    )


class WrittenTwice(BadInput):
    template = "{file} defines {what} twice: in line {first} and in line {second}. Remove one of them."


def read_schemes(content: bytes | str, file: str = "YAML") -> list[Definition]:
    """The definitions in a file, in its order; `file` is what messages call it.

    Raises `NotYaml`, `TooDeepYaml`, `TooLongYaml`, `NotASchemeFile`, `WrittenTwice`, and what `define` raises, its
    place with file and line.

    >>> file = "{key: abc, kind: pareto, trait: spend, tiers: [{key: a, share: 80%}, {key: b}]}"
    >>> [definition.key for definition in read_schemes(file)]
    ['abc']
    """
    if len(content) > LONGEST:
        raise TooLongYaml(file=file, most=f"{LONGEST // 1000} KB")
    try:
        root, data = load_core(content)
    except TooComplex as error:
        raise TooDeepYaml(file=file) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise NotYaml(file=file, reason=error.problem or error.context, line=line, column=column) from error
    except (yaml.YAMLError, ValueError) as error:  # bytes that are no text; a date that no calendar has
        raise NotYaml(file=file, reason=" ".join(str(error).split()), line=1, column=1) from error
    _refuse_duplicate_keys(root, file)
    parts = _scheme_nodes(root, data, file)
    definitions = [_define_at(scheme_data, node, file) for scheme_data, node in parts]
    _refuse_duplicate_schemes(definitions, [node for _, node in parts], file)
    return definitions


def write_schemes(definitions: Sequence[Definition]) -> str:
    """A file of schemes that `read_schemes` reads back the same."""
    return dump_yaml({"schemes": [definition.data() for definition in definitions]})


def _scheme_nodes(root: Node | None, data: Any, file: str) -> list[tuple[Any, Node]]:
    """Each scheme as plain values, with the node it stands in."""
    if not isinstance(root, MappingNode):
        raise NotASchemeFile(file=file, given="nothing" if root is None else type(data).__name__)
    if "schemes" not in data:
        if not {"key", "kind"} & set(data):
            raise NotASchemeFile(file=file, given=", ".join(map(str, data)) or "nothing")
        return [(data, root)]
    if unexpected := [str(name) for name in data if name != "schemes"]:
        raise NotASchemeFile(file=file, given=", ".join(unexpected))
    listed = _child(root, "schemes")
    if not isinstance(listed, SequenceNode) or not listed.value:
        raise NotASchemeFile(file=file, given=f"schemes: {data['schemes']!r:.60}")
    return list(zip(data["schemes"], listed.value, strict=True))


def _define_at(data: Any, node: Node, file: str) -> Definition:
    """The definition; a mistake in it is told with file and line."""
    try:
        return define(data)
    except BadInput as error:
        name = next((fact for fact in ("place", "path") if fact in error.facts), None)
        if name is None:
            raise
        place = str(error.facts[name])
        where = place if name == "place" else f"{data.get('key')}: {place}"
        line = (_node_at(node, place) if name == "place" else node).start_mark.line + 1
        raise type(error)(**{**error.facts, name: f"{file}:{line} {where}"}) from error


def _node_at(node: Node, place: str) -> Node:
    """The node at a place such as `tiers[1].line`, or the deepest there is on the way."""
    for step in place.replace("[", ".").replace("]", "").split("."):
        below = _child(node, step)
        if below is None:
            return node
        node = below
    return node


def _child(node: Node, step: str) -> Node | None:
    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        child: Node = node.value[int(step)]
        return child
    return None


def _refuse_duplicate_keys(root: Node | None, file: str) -> None:
    """Refuse duplicate keys in a mapping, of which YAML would silently take the last."""
    for node in _mappings(root):
        first_lines: dict[Any, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.value.__hash__ is not None and key.value in first_lines:
                raise WrittenTwice(file=file, what=key.value, first=first_lines[key.value], second=line)
            if key.value.__hash__ is not None:
                first_lines[key.value] = line


def _mappings(node: Node | None) -> Iterator[MappingNode]:
    """Every mapping of a document, each once, however often it is referred to."""
    waiting, visited = [node], set[int]()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in visited:
            continue
        visited.add(id(current))
        if isinstance(current, MappingNode):
            yield current
            waiting += [value for _, value in current.value]
        elif isinstance(current, SequenceNode):
            waiting += current.value


def _refuse_duplicate_schemes(definitions: Sequence[Definition], nodes: Sequence[Node], file: str) -> None:
    lines: dict[str, int] = {}
    for definition, node in zip(definitions, nodes, strict=True):
        line = node.start_mark.line + 1
        if definition.key in lines:
            raise WrittenTwice(file=file, what=definition.key, first=lines[definition.key], second=line)
        lines[definition.key] = line
