"""A class name means one thing: no two modules define a class of the same name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

# Django looks these up by their names, each in a module of its own.
OF_DJANGO = frozenset({"Command", "Migration"})


def classes(source: Path) -> Iterator[tuple[str, str]]:
    """Name and module of every class that a module defines at its top level."""
    for path in sorted(source.rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name not in OF_DJANGO:
                yield node.name, path.relative_to(source).as_posix()


def ambiguous(source: Path) -> Mapping[str, list[str]]:
    """The class names that several modules define, with these modules."""
    modules = defaultdict[str, list[str]](list)
    for name, module in classes(source):
        modules[name].append(module)
    return {name: defining for name, defining in modules.items() if len(defining) > 1}


def test_sees_a_name_that_means_two_things(tmp_path: Path) -> None:
    (tmp_path / "charts.py").write_text("class Line: ...\nclass Row: ...\n")
    (tmp_path / "jobs.py").write_text("class Line: ...\nclass Command: ...\n")
    (tmp_path / "flush.py").write_text("class Command: ...\n")
    assert ambiguous(tmp_path) == {"Line": ["charts.py", "jobs.py"]}


def test_each_of_our_class_names_means_one_thing(root: Path) -> None:
    assert ambiguous(root / "src/custrata") == {}
