"""Measure the shape of a Python code base, to compare ours with the ones we learn from.

Usage: python tools/measure.py SOURCE_DIR TESTS_DIR_OR_DASH [NAME]

Source figures leave out tests and migrations. Where the tests live inside SOURCE_DIR pass "-": a file under a folder
named test or tests, or named test_*.py or conftest.py, counts as a test.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TEST = re.compile(r"(^|/)(tests?)(/|$)|(^|/)test_[^/]*\.py$|(^|/)conftest\.py$")
TEST_FILE = re.compile(r"(^|/)(test_|tests)[^/]*\.py$")
DRAWER = re.compile(r"(^|/)_?(utils?|helpers?|misc|common|core)(\.py$|/)")
MIGRATION = re.compile(r"(^|/)migrations/(?!__init__)")
UNNAMED = re.compile(r"(^|/)\d{4}_auto_\d|_and_more\.py$")

MARKS = {
    "star imports": re.compile(r"^from .* import \*", re.M),
    "signals": re.compile(r"django\.db\.models\.signals|@receiver\("),
    "type: ignore": re.compile(r"type: ignore"),
    "noqa": re.compile(r"#\s*noqa"),
    "left for later": re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b"),
    "TYPE_CHECKING": re.compile(r"if (typing\.)?TYPE_CHECKING"),
}
MOCK = re.compile(r"\bmock\b|\bMock\b|mocker")


@dataclass(frozen=True)
class Function:
    """One function: where it is, its length in lines, and how it takes its arguments (self and cls left out)."""

    path: str
    name: str
    lines: int
    arguments: int
    positional: int
    typed: bool
    documented: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.name}"


@dataclass(frozen=True)
class Module:
    """One file: path relative to the tree, text, functions, and imports hidden in functions (a sign of a cycle)."""

    path: str
    text: str
    functions: tuple[Function, ...]
    late_imports: int

    @property
    def lines(self) -> int:
        """Lines of the file."""
        return self.text.count("\n")


def modules(folder: Path) -> list[Module]:
    """Every Python file below a folder, in the order of their paths; raises SyntaxError on one that does not parse."""
    return [_module(path, path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*.py"))]


def quantile(values: Iterable[int], share: float) -> int:
    """The value below which that share of the values lies; 0 of none.

    >>> quantile([1, 2, 3, 4], 0.5)
    3
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def _module(path: Path, relative: str) -> Module:
    text = path.read_text("utf-8")
    nodes = list(_function_nodes(ast.parse(text)))
    late = sum(isinstance(inner, ast.Import | ast.ImportFrom) for node in nodes for inner in ast.walk(node))
    return Module(relative, text, tuple(_function(node, relative) for node in nodes), late)


def _function_nodes(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, path: str) -> Function:
    positional = [a for a in node.args.posonlyargs + node.args.args if a.arg not in ("self", "cls")]
    arguments = positional + node.args.kwonlyargs
    return Function(
        path=path,
        name=node.name,
        lines=(node.end_lineno or node.lineno) - node.lineno + 1,
        arguments=len(arguments),
        positional=len(positional),
        typed=node.returns is not None and all(argument.annotation for argument in arguments),
        documented=bool(ast.get_docstring(node)),
    )


def report(source: Sequence[Module], tests: Sequence[Module], name: str) -> str:
    """The figures of a tree, as a page of text."""
    code = [module for module in source if not MIGRATION.search(module.path)]
    migrations = [module for module in source if MIGRATION.search(module.path)]
    parts = [f"## {name}", *_size_lines(code), *_mark_lines(code)]
    if migrations:
        unnamed = sum(bool(UNNAMED.search(module.path)) for module in migrations)
        parts.append(f"migrations {len(migrations)}; unnamed {_percent(unnamed, len(migrations))}")
    return "\n".join([*parts, _test_line(code, tests)])


def _size_lines(code: Sequence[Module]) -> Iterator[str]:
    functions = [function for module in code for function in module.functions]
    total, lengths = sum(module.lines for module in code), [function.lines for function in functions]
    largest = max(code, key=lambda module: module.lines)
    yield (
        f"source lines {total}; files {len(code)}; mean {total // len(code)}; "
        f"over 500 lines {_percent(sum(module.lines > 500 for module in code), len(code))}; "
        f"largest {largest.lines} {largest.path}"
    )
    if not functions:
        return
    longest = max(functions, key=lambda function: function.lines)
    yield (
        f"functions {len(functions)}; median {quantile(lengths, 0.5)}; p90 {quantile(lengths, 0.9)}; "
        f"p99 {quantile(lengths, 0.99)}; over 40 lines {_percent(sum(n > 40 for n in lengths), len(lengths))}; "
        f"over 70 {_percent(sum(n > 70 for n in lengths), len(lengths))}; longest {longest.lines} {longest}; "
        f"over 5 arguments {_percent(sum(f.arguments > 5 for f in functions), len(functions))}"
    )
    public = [function for function in functions if not function.name.startswith("_")]
    yield (
        f"fully typed {_percent(sum(f.typed for f in functions), len(functions))}; "
        f"docstrings {_percent(sum(f.documented for f in functions), len(functions))} "
        f"(public {_percent(sum(f.documented for f in public), len(public))})"
    )


def _mark_lines(code: Sequence[Module]) -> Iterator[str]:
    drawers = [module for module in code if DRAWER.search(module.path)]
    counts = {mark: sum(len(pattern.findall(module.text)) for module in code) for mark, pattern in MARKS.items()}
    yield f"late imports {sum(module.late_imports for module in code)}; " + "; ".join(
        f"{mark} {count}" for mark, count in counts.items()
    )
    yield f"drawers {len(drawers)} ({sum(module.lines for module in drawers)} lines)"


def _test_line(code: Sequence[Module], tests: Sequence[Module]) -> str:
    files = [module for module in tests if TEST_FILE.search(module.path)]
    lengths = [function.lines for module in files for function in tests_of(module)]
    lines, of = sum(module.lines for module in tests), sum(module.lines for module in code)
    return (
        f"tests {len(lengths)}; test lines/source lines {lines / max(of, 1):.2f}; "
        f"median test {quantile(lengths, 0.5)}; p90 {quantile(lengths, 0.9)}; files using mocks "
        f"{_percent(sum(bool(MOCK.search(module.text)) for module in files), len(files))}"
    )


def tests_of(module: Module) -> list[Function]:
    """The tests of a file."""
    return [function for function in module.functions if function.name.startswith("test")]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "-"


def main(source: str, tests: str, name: str) -> None:
    """Print the figures of one tree."""
    found = modules(Path(source))
    code = [module for module in found if not TEST.search(module.path)]
    inside = [module for module in found if TEST.search(module.path)]
    print(report(code, inside if tests == "-" else inside + modules(Path(tests)), name))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else sys.argv[1])
