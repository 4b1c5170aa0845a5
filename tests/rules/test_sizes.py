"""Functions and files stay below a maximum length."""

from __future__ import annotations

from pathlib import Path

import pytest

from measure import TEST_FILE, Function, Module, modules, quantile, tests_of

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / name for name in ("src", "tests", "tools", "docs", "benchmarks", "examples")]


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


def test_the_measure_sees_what_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("def long(a, b, *, c):\n" + "    a += b\n" * 80 + "    return c\n")
    (function,) = modules(tmp_path)[0].functions
    assert (function.lines, function.arguments, function.positional, function.typed) == (82, 3, 2, False)
