"""Pages about one thing: its facts, drawn by `web/detail.html` and `web/parts/facts.html`.

facts(Fact("jobs.column.who", job.actor_name), Fact("jobs.column.attempts", number(job.attempts), is_figure=True))
"""

from __future__ import annotations

from dataclasses import dataclass

from custrata.web.texts import text


@dataclass(frozen=True)
class Fact:
    """A fact: the phrase of its name, and its value as it is shown; `href` makes it a link."""

    phrase: str
    value: object
    href: str = ""
    is_figure: bool = False

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return text(self.phrase)


def facts(*all_facts: Fact) -> list[Fact]:
    """The facts that have a value."""
    return [fact for fact in all_facts if fact.value not in (None, "")]
