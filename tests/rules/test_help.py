"""Every command and option has its help in every language."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from custrata.__main__ import cli
from custrata.cli.help import LocalizedCommand, described, plain
from custrata.wording import catalogue


def commands(command: click.Command, path: str = "custrata") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):  # its commands may be imported only now
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, f"{path} {name}")


def untranslated(command: click.Command, path: str, english: set[str]) -> list[str]:
    """The command and those of its options whose help nobody has translated."""
    texts = [(path, command.help or "")]
    texts += [(f"{path} {option.opts[-1]}", option.help or "") for option in options(command)]
    return [where for where, text in texts if not text or plain(text) not in english]


@pytest.fixture(scope="module")
def english() -> set[str]:
    return {plain(texts["en"]) for area in ("help", "click") for texts in catalogue()[area].values()}


def test_the_help_of_every_command_and_option_is_translated_as_it_stands(english: set[str]) -> None:
    assert [where for path, command in commands(cli) for where in untranslated(command, path, english)] == []


def test_every_command_speaks_the_language_asked_for() -> None:
    assert [path for path, command in commands(cli) if not isinstance(command, LocalizedCommand)] == []


def test_a_command_is_listed_as_its_own_help_says() -> None:
    context = click.Context(cli)
    loaded = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    short = {name: command.get_short_help_str() for name, command in loaded.items() if command is not None}
    assert {name: described(name).get_short_help_str() for name in loaded} == short


def test_no_translation_is_left_of_help_that_is_gone() -> None:
    from custrata.cli.demo import demo_command  # where the server is not installed

    every = [command for _, command in commands(cli)] + [demo_command]
    english = {
        plain(text or "") for command in every for text in (command.help, *(option.help for option in options(command)))
    }
    assert [name for name, texts in catalogue()["help"].items() if plain(texts["en"]) not in english] == []


def options(command: click.Command) -> list[click.Option]:
    return [option for option in command.params if isinstance(option, click.Option)]


def test_sees_every_command() -> None:
    assert {"custrata import", "custrata runs withdraw", "custrata demo"} <= {path for path, _ in commands(cli)}


def test_sees_what_nobody_has_translated() -> None:
    command = click.Command("go", help="Go.", params=[click.Option(["--far"], help="Far."), click.Option(["--fast"])])
    assert untranslated(command, "go", {"Go."}) == ["go --far", "go --fast"]
