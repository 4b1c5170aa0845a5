"""What an import assumed, left out, merged or replaced: each with its count and an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from custrata.wording import phrase


@dataclass(frozen=True)
class Notice:
    """One assumption or action of an import that the file does not state explicitly.

    `code` names the sentence (`ingest`, `notice.<code>`), `count` how many rows, columns or orders it concerns,
    `example` one of them as the file writes it; `facts` are what else the sentence needs.
    """

    code: str
    count: int = 1
    example: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """The notice in a language.

        >>> Notice("in_future", 1, "order 7, 2062-01-05").sentence("en")
        'Dated in the future: 1 rows, for example order 7, 2062-01-05. They were imported.'
        """
        return phrase("ingest", f"notice.{self.code}", language, count=self.count, example=self.example, **self.facts)

    def to_json(self) -> dict[str, object]:
        """The notice as plain values, with its English sentence."""
        facts = {name: str(value) for name, value in self.facts.items()}
        return {"code": self.code, "count": self.count, "example": self.example, "facts": facts,
                "text": self.sentence("en")}  # fmt: skip
