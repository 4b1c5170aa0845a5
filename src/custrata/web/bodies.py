"""Strict JSON parsing of the request bodies of the REST API."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Annotated, Any, NoReturn

from django.http import HttpRequest
from ninja import Field
from ninja.parser import Parser

from custrata.schema.numbers import MOST_DIGITS

DEEPEST = 60
# Databases do not store NUL characters in text.
StorableText = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class StrictParser(Parser):
    """Refuses values that Python accepts but a database cannot store: NaN, infinities, NUL, unpaired surrogates.

    Ninja answers whatever is raised here with status 400.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        """The values in the body. Raises `ValueError`."""
        return read_json(request.body.decode("utf-8"))


def read_json(text: str) -> Any:
    """The values of a JSON text that a database and a file can keep, at most 60 levels deep. Raises `ValueError`.

    >>> read_json('{"line": 1e99999999}')
    Traceback (most recent call last):
        ...
    ValueError: 1e99999999
    """
    try:
        data = json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    for text_value in _texts(data):
        text_value.encode("utf-8")
        if "\x00" in text_value:
            raise ValueError("NUL")
    return data


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(written)
    return number


def _whole(written: str) -> int:
    if len(written) > MOST_DIGITS:
        raise ValueError(f"{written[:MOST_DIGITS]}…")
    return int(written)


def _texts(data: Any, depth: int = 0) -> Iterator[str]:
    """All strings in plain values, keys included. Raises `ValueError` on values nested too deep."""
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for part in data:
            yield from _texts(part, depth + 1)
    elif isinstance(data, dict):
        for name, part in data.items():
            yield name
            yield from _texts(part, depth + 1)
