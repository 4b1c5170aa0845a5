"""Apps draw lists, files and messages with the kit in `custrata.web`, not by themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

APPS = "src/custrata/apps"
# What the kit does, and what only the kit may therefore contain.
IN_CODE = {
    "pages of lists": re.compile(r"django\.core\.paginator|web\.paging import .*\b[Pp]age\b"),
    "files": re.compile(r"^\s*(?:import|from) (?:csv|xlsxwriter|openpyxl)\b", re.M),
    "messages": re.compile(r"django\.contrib\.messages|django\.contrib import .*\bmessages\b"),
}
IN_TEMPLATES = {
    "pages of lists": re.compile(r"web/parts/(?:pager|headings)\.html"),
    "empty states": re.compile(r"class=[\"'](?:[^\"']* )?empty[ \"']"),
    "confirmations": re.compile(r"hx-confirm|data-confirm"),
    "export buttons": re.compile(r"name=[\"']file[\"']"),
}


def found_in(folder: Path, suffix: str, pattern: re.Pattern[str]) -> list[str]:
    """The files of a folder in which a pattern occurs."""
    files = sorted(folder.rglob(f"*{suffix}"))
    return [str(file.relative_to(folder)) for file in files if pattern.search(file.read_text("utf-8"))]


@pytest.mark.parametrize("what", IN_CODE)
def test_no_app_programs_what_the_kit_does(root: Path, what: str) -> None:
    assert found_in(root / APPS, ".py", IN_CODE[what]) == []


@pytest.mark.parametrize("what", IN_TEMPLATES)
def test_no_app_draws_what_the_kit_draws(root: Path, what: str) -> None:
    assert found_in(root / APPS, ".html", IN_TEMPLATES[what]) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("from django.core.paginator import Paginator", "pages of lists"),
        ("from custrata.web.paging import Cursor, Page, page", "pages of lists"),
        ("import csv", "files"),
        ("from django.contrib import messages", "messages"),
    ],
)
def test_sees_code_of_its_own(text: str, what: str) -> None:
    assert [name for name, pattern in IN_CODE.items() if pattern.search(text)] == [what]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{% include "web/parts/pager.html" %}', "pages of lists"),
        ('<div class="card empty">', "empty states"),
        ('<button hx-confirm="{{ text }}">', "confirmations"),
        ('<button class="btn" name="file" value="csv">', "export buttons"),
    ],
)
def test_sees_markup_of_its_own(text: str, what: str) -> None:
    assert [name for name, pattern in IN_TEMPLATES.items() if pattern.search(text)] == [what]
