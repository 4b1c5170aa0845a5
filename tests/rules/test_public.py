"""What users may import is listed on purpose, has an example that runs, and is all that our own pages use."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import polars
import pytest

import custrata
import reference

PAGES = ("README.md", "README.zh-CN.md", "docs/**/*.md", "examples/**/*.py")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def functions() -> Iterator[tuple[str, object]]:
    for name in custrata.__all__:
        member = getattr(custrata, name)
        if inspect.isfunction(member):
            yield name, member


def pages(root: Path) -> Iterator[Path]:
    for pattern in PAGES:
        yield from root.glob(pattern)


def test_every_public_name_exists_once() -> None:
    assert len(set(custrata.__all__)) == len(custrata.__all__)
    assert [name for name in custrata.__all__ if not hasattr(custrata, name)] == []


def test_every_public_name_is_documented() -> None:
    named = {name: getattr(custrata, name) for name in reference.public_names()}
    silent = [name for name, member in named.items() if callable(member) and not member.__doc__]
    assert silent == []


def test_every_public_function_has_an_example() -> None:
    assert [name for name, member in functions() if ">>> " not in (inspect.getdoc(member) or "")] == []


def test_nothing_else_is_offered() -> None:
    ours = {
        name
        for name, member in vars(custrata).items()
        if str(getattr(member, "__module__", "")).startswith("custrata.")
    }
    assert ours - set(custrata.__all__) == set()


def test_our_pages_use_public_names_only(root: Path) -> None:
    used = {(page.name, name) for page in pages(root) for name in re.findall(r"\bcs\.(\w+)", page.read_text("utf-8"))}
    assert {(page, name) for page, name in used if name not in custrata.__all__} == set()


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_ten_lines_of_python_run(
    root: Path, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = {"customer_id": ["a", "a", "b"], "order_id": ["1", "2", "3"], "amount": [10, 20, 5]}
    orders["ordered_at"] = ["2025-01-02", "2025-02-03", "2025-03-04"]
    polars.DataFrame(orders).write_csv(tmp_path / "orders.csv")
    monkeypatch.chdir(tmp_path)
    (lines,) = PYTHON.findall((root / page).read_text("utf-8"))
    exec(compile(lines, page, "exec"), {})
    assert "label" in capsys.readouterr().out
