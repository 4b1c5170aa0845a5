"""Commands with translated help and usage errors.

The English help is that of each command and option, as usual in Click. The area `help` of the wording catalogue has its
translations, looked up by the English sentence: a changed sentence needs a new translation. The translations of Click's
own messages are in the area `click`.
"""

from __future__ import annotations

import gettext
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from copy import copy
from functools import cache
from pkgutil import resolve_name
from typing import Any, TypeVar

import click
from rich.cells import cell_len

from custrata.cli.language import current_language, is_language, set_language, valid
from custrata.wording import catalogue

AREAS = ("help", "click")
HELP = "Show this message and exit."
OPENING, CLOSING = "（《「『“‘", "，。；：、！？…）》」』”’"
WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
PIECE = re.compile(rf"[{OPENING}]*(?:[{WIDE}]|[^\s{WIDE}{OPENING}{CLOSING}]+)[{CLOSING}]*|\s+|.")

Kind = TypeVar("Kind", bound=click.Parameter)

language_option = click.option(
    "--language",
    default=None,
    metavar="L",
    callback=lambda context, parameter, value: valid(value),
    help="zh-hans, zh-hant or en (default: from the environment, such as LANG).",
)


class Formatter(click.HelpFormatter):
    """Wraps text with wide characters, which are two columns wide and may break between any two of them."""

    def write_text(self, text: str) -> None:
        """Write wrapped paragraphs."""
        super().write_text(wrap_wide_text(text, self.width - self.current_indent))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a definition list."""
        rows = list(rows)
        first = min(max((cell_len(term) for term, _ in rows), default=0), col_max) + col_spacing
        width = max(self.width - first - 2, 10)
        super().write_dl([(term, wrap_wide_text(text, width)) for term, text in rows], col_max, col_spacing)


class LocalizedContext(click.Context):
    """A context with the formatter for wide characters."""

    formatter_class = Formatter


class LocalizedCommand(click.Command):
    """A command in the requested language, wherever `--language` is in the command line."""

    context_class = LocalizedContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Evaluate `--language` first, so that usage errors are in that language, too."""
        if any(parameter.name == "language" for parameter in self.params):
            resilient, ctx.resilient_parsing = ctx.resilient_parsing, True
            options = self.make_parser(ctx).parse_args(list(args))[0]
            ctx.resilient_parsing = resilient
            if is_language(name := options.get("language")):
                set_language(str(name).lower())
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help page."""
        super(LocalizedCommand, self._localized(ctx)).format_help(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, for the list of commands."""
        text = translated(self.help or "")
        return text.partition("。")[0] if current_language() != "en" else super().get_short_help_str(limit)

    def _localized(self, ctx: click.Context) -> LocalizedCommand:
        """A copy of the command with translated help."""
        twin, help_option = copy(self), self.get_help_option(ctx)
        twin.help = translated(self.help) if self.help else None
        twin.params = [_localized(parameter) for parameter in self.params]
        if help_option is not None:
            twin._help_option = copy(help_option)
            twin._help_option.help = translated(HELP)
        return twin


class LocalizedGroup(LocalizedCommand, click.Group):
    """A group of such commands."""

    command_class = LocalizedCommand


LocalizedGroup.group_class = LocalizedGroup


class LazyGroup(LocalizedGroup):
    """A group whose commands are imported when they are run, from `module:attribute`."""

    def __init__(self, *arguments: Any, lazy: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return sorted({*self.lazy, *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        if cmd_name in self.lazy and cmd_name not in self.commands:
            self.add_command(resolve_name(self.lazy[cmd_name]), cmd_name)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, described by the wording catalogue: none is imported for it."""
        listed = {name: self.commands.get(name) or described(name) for name in self.list_commands(ctx)}
        click.Group(commands=listed).format_commands(ctx, formatter)


def described(name: str) -> click.Command:
    """A command of a lazy group by its help alone."""
    phrases = catalogue()["help"]
    return LocalizedCommand(name, help=(phrases.get(f"commands.{name}") or phrases[f"commands.{name}.all"])["en"])


def wrap_wide_text(text: str, width: int) -> str:
    """Wrap text with wide characters to `width` columns, marked as preformatted; other text is left to Click.

    >>> wrap_wide_text("导入订单，刷新。", 8).split()[1:]
    ['导入订', '单，刷', '新。']
    """
    if not re.search(f"[{WIDE}]", text):
        return text
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join("\b\n" + "\n".join(_lines(" ".join(paragraph.split()), width)) for paragraph in paragraphs)


def _lines(text: str, width: int) -> Iterable[str]:
    line = ""
    for piece in PIECE.findall(text):
        if line and cell_len(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece if line else piece.lstrip()
    if line:
        yield line.rstrip()


def translated(english: str) -> str:
    """A sentence of the command line in the current language; unchanged where it has no translation."""
    texts = _by_english().get(plain(english))
    return texts[current_language()] if texts and current_language() != "en" else english


def plain(text: str) -> str:
    """A text with each paragraph on one line, as the catalogue has it."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)))


@cache
def _by_english() -> Mapping[str, Mapping[str, str]]:
    areas = (catalogue()[area].values() for area in AREAS)
    return {plain(texts["en"]): texts for phrases in areas for texts in phrases}


def _localized(parameter: Kind) -> Kind:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    twin = copy(parameter)
    twin.help = translated(parameter.help)
    return twin


def _plural(singular: str, many: str, number: int) -> str:
    return translated(singular if number == 1 else many)


def _patch_click_gettext() -> None:
    """Replace gettext in the modules of Click, which ships no catalogue, by lookups in the wording catalogue."""
    for name, module in list(sys.modules.items()):
        if name.startswith("click."):
            for asks, ours in ((gettext.gettext, translated), (gettext.ngettext, _plural)):
                for attribute in [key for key, value in vars(module).items() if value is asks]:
                    setattr(module, attribute, ours)


_patch_click_gettext()
