"""docs/schemes.md keeps its word: every example loads, and every field and kind there is has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from custrata.analytics.traits import CATALOGUE
from custrata.tiering import built_in
from custrata.tiering.checking import check_definition
from custrata.tiering.definitions import COMMON, TIER_FIELDS
from custrata.tiering.files import read_schemes, write_schemes
from custrata.tiering.shapes import FACTOR_FIELDS, SHAPES

PAGE = (Path(__file__).resolve().parents[2] / "docs/schemes.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FIELDS = {*COMMON, *TIER_FIELDS, *FACTOR_FIELDS, *(own.name for shape in SHAPES.values() for own in shape.own)}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.partition("\n")[0])
def test_every_example_loads_fits_a_workspace_and_is_written_back(example: str) -> None:
    (definition,) = read_schemes(example)
    check_definition(definition, {key: trait.type for key, trait in CATALOGUE.items()}, built_in())
    assert read_schemes(write_schemes([definition])) == [definition]


def test_every_kind_has_an_example_under_its_heading() -> None:
    assert {read_schemes(example)[0].kind for example in EXAMPLES} == set(SHAPES)
    assert [kind for kind in SHAPES if f"### {kind}\n" not in PAGE] == []


def test_every_field_is_explained() -> None:
    assert sorted(name for name in FIELDS if f"`{name}`" not in PAGE) == []
