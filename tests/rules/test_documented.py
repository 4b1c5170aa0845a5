"""Everything public is documented: commands, options, classes and methods, in the generated reference."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

import click

import reference
from custrata.analytics.traits import CATALOGUE
from custrata.cli.app import cli
from custrata.errors import CustrataError
from custrata.schema import TABLES


def undescribed(group: click.Group) -> Iterator[str]:
    """Commands without a help text, and options without one."""
    for path, command in reference.commands(group):
        if not command.help:
            yield path
        for option in command.params:
            if isinstance(option, click.Option) and not option.help:
                yield f"{path} {option.opts[0]}"


def public_classes(library: list[ModuleType]) -> Iterator[type]:
    """Public classes without the errors, which are described by their messages."""
    for module in library:
        for name, member in vars(module).items():
            ours = inspect.isclass(member) and member.__module__ == module.__name__ and not name.startswith("_")
            if ours and not issubclass(member, CustrataError):
                yield member


def undocumented_methods(kind: type) -> list[str]:
    """Public methods and properties without a docstring of their own or one they inherit."""
    own = [(name, value) for name, value in vars(kind).items() if not name.startswith("_")]
    doors = [(n, v) for n, v in own if isinstance(v, property | classmethod | staticmethod) or inspect.isfunction(v)]
    return [f"{kind.__qualname__}.{name}" for name, _ in doors if not inspect.getdoc(getattr(kind, name))]


def test_every_command_and_option_is_described() -> None:
    assert list(undescribed(cli)) == []


def test_sees_an_option_without_help() -> None:
    option = click.Option(["--loud"])
    group = click.Group("shop", commands=[click.Command("open", params=[option], help="Open the shop.")])
    assert list(undescribed(group)) == ["custrata open --loud"]


def test_every_command_stands_in_the_reference() -> None:
    page = reference.commands_page()
    assert [path for path, _ in reference.commands() if f"## `{path}`" not in page] == []


def test_every_setting_stands_in_the_reference_with_its_meaning() -> None:
    page = reference.settings_page()
    assert [name for name, _, meaning in reference.settings() if not meaning or f"| `{name}` |" not in page] == []


def test_every_trait_stands_in_the_reference_with_its_meaning() -> None:
    page = reference.traits_page()
    assert [key for key, trait in CATALOGUE.items() if not trait.meaning or f"| `{key}` |" not in page] == []


def test_every_canonical_column_stands_in_the_reference() -> None:
    page = reference.tables_page()
    missing = [column.name for table in TABLES.values() for column in table if f"| `{column.name}` |" not in page]
    assert missing == []


def test_every_error_stands_in_the_reference(errors: list[type[CustrataError]]) -> None:
    page = reference.errors_page()
    assert [kind.__name__ for kind in errors if f"| `{kind.__name__}` |" not in page] == []


def test_every_public_name_stands_in_the_reference() -> None:
    page = reference.library_page()
    assert [name for name in reference.public_names() if f"::: custrata.{name}\n" not in page] == []


def test_every_class_says_what_it_is(library: list[ModuleType]) -> None:
    assert [kind.__qualname__ for kind in public_classes(library) if not vars(kind).get("__doc__")] == []


def test_every_method_says_what_it_does(library: list[ModuleType]) -> None:
    assert [name for kind in public_classes(library) for name in undocumented_methods(kind)] == []
