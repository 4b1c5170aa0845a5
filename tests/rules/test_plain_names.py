"""Names are specific: few variables, parameters and functions have a generic name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

GENERIC = re.compile(
    "_*(found|held|told|given|asked|one|known|seen|made|kept|shown|said|wanted|standing|former|beside|others|begun|"
    "decided|begin|held_by|thing|things|stuff|data2|result2|tmp)_*",
    re.IGNORECASE,
)
LIMITS = {"src": 0.5, "tests": 0.5, "benchmarks": 0.5}


def bound_names(tree: ast.AST) -> Iterator[str]:
    """The names that a module binds: variables, attributes of classes, parameters, functions and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def generic_share(folder: Path) -> float:
    """Percent of the names bound below a folder that are generic; migrations are left out."""
    paths = [path for path in folder.rglob("*.py") if "migrations" not in path.parts]
    names = [name for path in paths for name in bound_names(ast.parse(path.read_text("utf-8")))]
    return 100 * sum(bool(GENERIC.fullmatch(name)) for name in names) / max(len(names), 1)


@pytest.mark.parametrize("folder", LIMITS)
def test_few_names_are_generic(root: Path, folder: str) -> None:
    assert generic_share(root / folder) <= LIMITS[folder]


def test_counts_every_kind_of_binding(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "class Told:\n    said: int\n\ndef _found(given, order):\n    return [one for one in given if (kept := one)]\n"
    )
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/first.py").write_text("order = 1\n")
    assert generic_share(tmp_path) == pytest.approx(600 / 7)
