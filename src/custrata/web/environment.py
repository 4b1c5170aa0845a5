"""Settings from environment variables; a value that cannot be used is refused in a sentence that names its variable."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any, TypeVar

import dj_database_url

from custrata.errors import BadInput

ValueT = TypeVar("ValueT")
MOST = 1_000_000_000


class BadVariable(BadInput):
    """An environment variable has a value that its setting cannot have."""

    template = "The environment variable {variable} is “{value}”. It can be: {expected}."


def text(variable: str, default: str = "") -> str:
    """The text of a variable; an empty one counts as not set."""
    return os.environ.get(variable) or default


def whole_number(variable: str, default: int, *, least: int = 0) -> int:
    """A whole number of at least `least`. Raises `BadVariable`."""
    return read(
        variable, str(default), lambda value: _between(int(value), least), f"{least}, {least + 1}, {least + 2}, …"
    )


def positive(value: str) -> int:
    """A whole number from 1 on. Raises `ValueError`."""
    return _between(int(value), 1)


def number(variable: str, default: float, *, above: float = 0) -> float:
    """A number above `above`. Raises `BadVariable`."""
    return read(variable, str(default), lambda value: float(_above(Decimal(value), above)), f"> {above:g}")


def choice(variable: str, choices: Collection[str], default: str) -> str:
    """One of a few words. Raises `BadVariable`."""
    return read(variable, default, lambda value: _among(value, choices), " / ".join(choices))


def switch(variable: str) -> bool:
    """Whether a variable is 1; unset or 0: it is not. Raises `BadVariable`."""
    return choice(variable, ("0", "1"), "0") == "1"


def words(variable: str) -> list[str]:
    """The words of a list with commas between."""
    return [word.strip() for word in text(variable).split(",") if word.strip()]


def database(default: str) -> dict[str, Any]:
    """Django's settings of the database that DATABASE_URL names. Raises `BadVariable`, which does not quote it."""
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(text("DATABASE_URL", default)))
    except (ValueError, KeyError) as error:
        raise BadVariable(
            variable="DATABASE_URL", value="…", expected="postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    return parsed


def read(variable: str, default: str, parse: Callable[[str], ValueT], expected: str) -> ValueT:
    """What `parse` makes of a variable; `expected` says what it can be. Raises `BadVariable`."""
    value = text(variable, default).strip()
    try:
        return parse(value)
    except (ValueError, ArithmeticError) as error:
        raise BadVariable(variable=variable, value=value, expected=expected) from error


def _between(value: int, least: int) -> int:
    if not least <= value <= MOST:
        raise ValueError(value)
    return value


def _above(value: Decimal, above: float) -> Decimal:
    if not above < value <= MOST:
        raise ValueError(value)
    return value


def _among(value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise ValueError(value)
    return value
