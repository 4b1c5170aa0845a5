"""Queries over the tables of runs stand in the pipeline; apps and web call them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import custrata

SOURCE = Path(custrata.__file__).parent
MODULES = sorted(path for area in ("apps", "web") for path in (SOURCE / area).rglob("*.py"))
READS_A_RUN = re.compile(r"read_parquet|parquet_scan|delta_scan|quantile_disc|\.parquet\b|\bQUALIFY\b")


def run_queries(code: str) -> list[str]:
    """The texts of a module that query files of a run, and what it imports to build or send such a query."""
    nodes = list(ast.walk(ast.parse(code)))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    imports = [
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("reading.connection")
        for alias in node.names
    ]
    return [text for text in texts if READS_A_RUN.search(text)] + [name for name in imports if name != "warm_up"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_apps_and_web_do_not_query_the_tables_of_runs(path: Path) -> None:
    assert run_queries(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "sql = f\"SELECT * FROM read_parquet('{path}')\"",
        "sql = \"SELECT * FROM 'profile.parquet'\"",
        "from custrata.pipeline.reading.connection import Serving",
    ],
)
def test_a_query_of_a_run_is_found(code: str) -> None:
    assert run_queries(code)
