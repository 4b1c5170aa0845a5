"""A page reads the pointer to the published runs once, and every file of schemes once."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from django.test import Client
from tests.server.conftest import AT

from custrata.lake import Workspace
from custrata.lake.runs import POINTER
from custrata.lake.sums import FILE as CHECKSUMS
from custrata.tiering import SchemeLibrary, built_in, define

PAGES = ("/", "/tiers/", "/tiers/value/", "/tiers/value/edit/", "/tiers/value/versions/", "/customers/",
         "/customers/c007/", "/tiers/value/simulate/?now=1")  # fmt: skip
opened: list[str] | None = None  # while files are counted


def note_opening(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and opened is not None and isinstance(arguments[0], str | Path):
        opened.append(str(arguments[0]))


sys.addaudithook(note_opening)


def files_opened(client: Client, page: str) -> Counter[str]:
    """How often a request opened each file."""
    global opened
    opened = []
    try:
        assert client.get(page).status_code == 200
        return Counter(opened)
    finally:
        opened = None


@pytest.fixture
def published_scheme(own_workspace: Workspace) -> Workspace:
    """A workspace with a scheme that has a second version."""
    definition = {**built_in()["value"].data(), "names": {"en": "Worth"}}
    SchemeLibrary(own_workspace).publish([define(definition)], by="ann", at=AT)
    return own_workspace


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_the_pointer_and_the_schemes_once(
    published_scheme: Workspace, operator: Client, page: str
) -> None:
    reads = files_opened(operator, page)
    pointer, schemes = published_scheme.runs.folder / POINTER, published_scheme.schemes
    of_schemes = {file: many for file, many in reads.items() if Path(file).is_relative_to(schemes)}
    assert reads[str(pointer)] == 1
    assert {file for file, many in of_schemes.items() if many > 1 and not file.endswith(CHECKSUMS)} == set()
