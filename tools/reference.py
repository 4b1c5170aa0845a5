"""Write the reference pages of the documentation from the code they speak of.

`docs/hooks.py` hands them to MkDocs at build time; nothing of them is committed. `python tools/reference.py PAGE`
prints one of them: library, commands, settings, traits, tables, headers, terms or errors.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import pkgutil
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import resources
from types import ModuleType
from typing import Any

import click
import django

import custrata
from custrata.__main__ import cli
from custrata.analytics.traits import CATALOGUE
from custrata.errors import BadInput, CustrataError, Refused
from custrata.lake import Settings
from custrata.schema import TABLES
from custrata.wording import TERMS

# To walk through the packages is to import them, and some of the server's ask for the settings when they are.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custrata.config.settings")
SERVER = ("custrata.web", "custrata.apps", "custrata.config", "custrata.__main__")


def library_page() -> str:
    """Every public name of the library, described by its docstring."""
    lines = ["# Library", "", "What `import custrata` offers. Anything else may change without notice.", ""]
    for name in sorted(public_names(), key=_functions_first):
        lines += [f"::: custrata.{name}", ""]
    return "\n".join(lines)


def public_names() -> list[str]:
    """What the library offers, without the likes of `__version__`."""
    return [name for name in custrata.__all__ if not name.startswith("__")]


def _functions_first(name: str) -> int:
    found = getattr(custrata, name)
    return 0 if inspect.isfunction(found) else 1 if inspect.isclass(found) else 2


def commands_page() -> str:
    """Every command with its arguments and options."""
    lines = ["# Commands", "", inspect.cleandoc(cli.help or ""), ""]
    for path, command in commands():
        lines += [f"## `{path}`", "", *_command(path, command)]
    return "\n".join(lines)


def commands(group: click.Group = cli, path: str = "custrata") -> Iterator[tuple[str, click.Command]]:
    """Every command below a group with the words one types, groups left out."""
    for name in group.list_commands(context := click.Context(group)):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _command(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield from [inspect.cleandoc(command.help or "").replace("\b\n", ""), ""]
    yield from ["```", " ".join([path, *command.collect_usage_pieces(context)]), "```", ""]
    records = [option.get_help_record(context) for option in command.get_params(context)]
    described = [(f"`{record[0]}`", record[1]) for record in records if record and record[1]]
    yield from _table(("option", "meaning"), described)


def settings_page() -> str:
    """Every setting of `custrata.toml`."""
    lines = ["# Settings", "", "`custrata.toml` lies in the workspace folder; `custrata init` writes it.", ""]
    rows = [(f"`{name}`", f"`{default}`" if default else "", meaning) for name, default, meaning in settings()]
    end = [
        "",
        "Spark's own settings stand in the table `spark`: [on a Spark cluster](../cluster.md#settings-that-stay).",
    ]
    return "\n".join([*lines, *_table(("setting", "default", "meaning"), rows), *end])


def settings() -> Iterator[tuple[str, str, str]]:
    """Name, default and meaning of every setting, as the option of `custrata init` of the same name gives them."""
    command = cli.get_command(click.Context(cli), "init")
    assert command is not None
    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    for field in dataclasses.fields(Settings):
        option = options.get(field.name)
        default = option.default if option and isinstance(option.default, str) else ""
        yield field.name, default, (option.help if option else None) or ""


def traits_page() -> str:
    """Every trait of the catalogue, by group."""
    lines = ["# Traits", "", "The columns of the profile. [How they are computed](../methods/traits.md)", ""]
    for group in dict.fromkeys(trait.group for trait in CATALOGUE.values()):
        rows = [
            (f"`{trait.key}`", f"`{trait.type}`", trait.unit, trait.meaning)
            for trait in CATALOGUE.values()
            if trait.group == group
        ]
        lines += [f"## {group}", "", *_table(("trait", "type", "unit", "meaning"), rows), ""]
    return "\n".join(lines)


def tables_page() -> str:
    """Every canonical table with its columns."""
    lines = [
        "# Canonical tables",
        "",
        "What an import writes and every method reads. [From file to row](../data.md)",
    ]
    for table in TABLES.values():
        key = ", ".join(f"`{name}`" for name in table.key)
        lines += ["", f"## {table.name}", "", f"{table.meaning[0].upper()}{table.meaning[1:]}. Key: {key}.", ""]
        rows = [
            (f"`{column.name}`", f"`{column.type}`", "yes" if column.required else "", column.meaning)
            for column in table
        ]
        lines += _table(("column", "type", "required", "meaning"), rows)
    return "\n".join(lines)


def headers_page() -> str:
    """Every header that names a field of an import, best first."""
    lines = ["# Headers", "", "Headers by which a column is recognised, the best first. Case, spaces, signs, units in"]
    lines += ["brackets and traditional characters make no difference. [From file to row](../data.md)", ""]
    words = tomllib.loads((resources.files("custrata.ingest") / "synonyms.toml").read_text("utf-8"))["headers"]
    rows = [(f"`{field}`", ", ".join(headers)) for field, headers in words.items()]
    return "\n".join([*lines, *_table(("field", "headers"), rows)])


def terms_page() -> str:
    """The words of the product in every language."""
    lines = ["# Terms", "", "The words of the product, as its pages, commands and this documentation use them.", ""]
    rows = sorted((term["en"], term["zh-hans"], term["zh-hant"], term["meaning"]) for term in terms().values())
    return "\n".join([*lines, *_table(("term", "简体中文", "繁體中文", "meaning"), rows)])


def terms() -> dict[str, dict[str, Any]]:
    """The word list: each term with its word in every language, its meaning and its banned synonyms."""
    return tomllib.loads((resources.files("custrata.wording") / TERMS).read_text("utf-8"))


def errors_page() -> str:
    """Every error with its exit code and its sentence."""
    lines = ["# Errors", "", "Every error Custrata raises on purpose: one line on stderr, no traceback.", ""]
    for base, title in ((BadInput, "What was handed in cannot be used"), (Refused, "Understood, and not done")):
        rows = [(f"`{kind.__name__}`", f"`{kind.__module__}`", kind.template) for kind in errors(base)]
        lines += [f"## {title} (exit code {base.exit_code})", ""]
        lines += [*_table(("error", "raised in", "sentence"), rows), ""]
    return "\n".join(lines)


def errors(base: type[CustrataError]) -> list[type[CustrataError]]:
    """The concrete errors below one of the two kinds, by name."""
    library()
    server()
    below = [kind for child in base.__subclasses__() for kind in (child, *errors(child))]
    return sorted({kind for kind in below if kind.__module__.startswith("custrata.")}, key=lambda kind: kind.__name__)


def library() -> list[ModuleType]:
    """Every module of the library, imported: all but the server's."""
    found = pkgutil.walk_packages(custrata.__path__, "custrata.", onerror=lambda name: None)
    return [importlib.import_module(module.name) for module in found if not module.name.startswith(SERVER)]


def server() -> list[ModuleType]:
    """Every module of the server, imported, but the migrations and what a server process begins with."""
    django.setup()
    found = pkgutil.walk_packages(custrata.__path__, "custrata.", onerror=lambda name: None)
    names = [module.name for module in found if module.name.startswith(SERVER)]
    return [importlib.import_module(name) for name in names if not {"migrations", "wsgi"} & set(name.split("."))]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [" | ".join(_cell(cell) for cell in row) for row in rows]
    return ["", *[f"| {line} |" for line in (" | ".join(head), " | ".join("---" for _ in head), *body)], ""]


def _cell(text: str) -> str:
    """One line, its bars escaped outside of code."""
    parts = text.replace("\n", " ").split("`")
    return "`".join(part if number % 2 else part.replace("|", "\\|") for number, part in enumerate(parts))


PAGES: dict[str, Callable[[], str]] = {
    "library": library_page,
    "commands": commands_page,
    "settings": settings_page,
    "traits": traits_page,
    "tables": tables_page,
    "headers": headers_page,
    "terms": terms_page,
    "errors": errors_page,
}


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in PAGES:
        print(PAGES[sys.argv[1]]())
    else:
        print(f"Usage: python tools/reference.py {{{','.join(PAGES)}}}", file=sys.stderr)
        sys.exit(2)
