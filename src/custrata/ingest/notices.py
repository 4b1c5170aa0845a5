"""What an import assumed, left out, filled in or replaced, to be told with its count and an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Notice:
    """One thing the report of an import tells.

    `code` is its text in the wording catalogue (`ingest`, `notice.<code>`); `count` how many rows, cells or sheets it
    is about; `example` one of them; `facts` what else the text names.

    >>> Notice("totals", 2, "row 5: Total").count
    2
    """

    code: str
    count: int = 1
    example: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
