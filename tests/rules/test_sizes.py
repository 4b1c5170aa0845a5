"""Functions and files stay below a maximum length; late imports and ignored checks stay rare and have a reason."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from measure import TEST_FILE, Function, Module, modules, quantile, tests_of

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / name for name in ("src", "tests", "tools", "docs", "benchmarks", "examples")]

IGNORED = re.compile(r"#\s*(noqa|type:\s*ignore)")
REASONED = re.compile(r"# (noqa: [A-Z]+\d+|type: ignore\[[a-z-]+(, [a-z-]+)*\])  # \S")


def comments(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*.py")):
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT:
                    yield f"{path.relative_to(folder)}:{token.start[0]}", token.string


@pytest.fixture(scope="module")
def files() -> list[Module]:
    return [module for folder in FOLDERS for module in modules(folder)]


@pytest.fixture(scope="module")
def functions(files: list[Module]) -> list[Function]:
    return [function for module in files for function in module.functions]


def test_no_file_is_longer_than_500_lines(files: list[Module]) -> None:
    assert [(module.path, module.lines) for module in files if module.lines > 500] == []


def test_no_function_is_longer_than_70_lines(functions: list[Function]) -> None:
    assert [(str(function), function.lines) for function in functions if function.lines > 70] == []


def test_nine_of_ten_functions_of_the_product_have_at_most_30_lines() -> None:
    lengths = [function.lines for module in modules(ROOT / "src") for function in module.functions]
    assert quantile(lengths, 0.9) <= 30


def test_half_of_the_tests_have_at_most_10_lines(files: list[Module]) -> None:
    lengths = [test.lines for module in files if TEST_FILE.search(module.path) for test in tests_of(module)]
    assert quantile(lengths, 0.5) <= 10


def test_over_five_arguments_are_given_by_name(functions: list[Function]) -> None:
    assert [str(function) for function in functions if function.positional > 5] == []


def test_the_product_has_at_most_three_late_imports_in_ten_thousand_lines() -> None:
    product = [module for module in modules(ROOT / "src") if "/migrations/" not in module.path]
    assert sum(module.late_imports for module in product) <= 0.0003 * sum(module.lines for module in product)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_ignored_check_names_its_code_and_the_reason(folder: Path) -> None:
    ignored = [(place, text) for place, text in comments(folder) if IGNORED.search(text)]
    assert [(place, text) for place, text in ignored if not REASONED.search(text)] == []


def test_an_ignored_check_without_a_reason_is_noticed() -> None:
    assert not REASONED.search("# type: ignore[misc]")
    assert REASONED.search("# type: ignore[misc, arg-type]  # Ibis has no types")


def test_the_measure_counts_imports_in_functions(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text("import os\n\ndef late():\n    import sys\n    return sys, os\n")
    assert modules(tmp_path)[0].late_imports == 1


def test_the_measure_sees_what_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("def long(a, b, *, c):\n" + "    a += b\n" * 80 + "    return c\n")
    (function,) = modules(tmp_path)[0].functions
    assert (function.lines, function.arguments, function.positional, function.typed) == (82, 3, 2, False)
