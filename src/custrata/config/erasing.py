"""The option of `custrata restore` for lists of erasures."""

from __future__ import annotations

from pathlib import Path

import click

LISTS = "custrata.erasures"  # key in the context of a command for the given lists of erasures

erasures_option = click.option(
    "--erasures",
    "lists",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True),
    expose_value=False,
    callback=lambda context, parameter, lists: context.meta.update({LISTS: lists}),
    help="Erase again the customers of this list of erasures, or of this newer workspace; can be given several times.",
)
