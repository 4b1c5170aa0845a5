"""What programs send to the REST API, read strictly: JSON, and nothing that only looks like it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser


class StrictParser(Parser):
    """Refuses what Python would take and a database or a file could not keep: NaN, infinities, NUL, halves of letters.

    Ninja answers whatever is raised here with status 400.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        """The values in the body. Raises `ValueError`."""
        data = json.loads(request.body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
        for text in _texts(data):
            text.encode("utf-8")
            if "\x00" in text:
                raise ValueError("NUL")
        return data


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _finite(written: str) -> float:
    found = float(written)
    if not math.isfinite(found):
        raise ValueError(written)
    return found


def _texts(data: Any) -> Iterator[str]:
    """Every text in plain values, names included."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for part in data:
            yield from _texts(part)
    elif isinstance(data, dict):
        for name, part in data.items():
            yield name
            yield from _texts(part)
