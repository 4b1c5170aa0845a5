"""Questions of an import, where a file can be read in two ways that give different amounts or customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from custrata.errors import BadInput, Refused
from custrata.ingest.notices import Notice
from custrata.wording import LazyPhrase, catalogue, phrase


class UnknownChoice(BadInput):
    template = "“{choice}” is not an answer to {code}. The answers are: {choices}."


@dataclass(frozen=True)
class Question:
    """A choice between readings of a file.

    `code` names it in `--decide` and under `[decisions]` of a mapping: a family such as `status` or `same_number`, and
    where one family asks of several things a dot and the thing, `status.退款中`. `default` is the answer proposed.
    """

    code: str
    choices: tuple[str, ...]
    default: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The code without its subject."""
        return self.code.partition(".")[0]

    def sentence(self, language: str) -> str:
        """The question in a language."""
        return phrase("ingest", f"questions.{self.family}", language, **self.facts)

    def meaning(self, choice: str, language: str) -> str:
        """The description of a choice in a language; a choice that is a column describes itself."""
        name = f"choices.{self.family}.{choice}"
        return phrase("ingest", name, language) if name in catalogue()["ingest"] else choice

    def checked(self, choice: str) -> str:
        """The choice, where it is one.

        Raises `UnknownChoice`.
        """
        if choice not in self.choices:
            raise UnknownChoice(choice=choice, code=self.code, choices=", ".join(self.choices))
        return choice

    def to_json(self) -> dict[str, object]:
        """The question as plain values, with its English sentence."""
        return {"code": self.code, "choices": list(self.choices), "default": self.default, "text": self.sentence("en")}


@dataclass(frozen=True)
class Listed(LazyPhrase):
    """Questions as part of a sentence: each on its line, with its answers."""

    questions: tuple[Question, ...] = ()

    def in_language(self, language: str) -> str:
        """The questions in a language; the proposed answer of each stands first."""
        lines = []
        for question in self.questions:
            alternatives = [choice for choice in question.choices if choice != question.default]
            lines.append(f"  {question.code}: {question.sentence(language)}")
            lines += [
                f"      {choice} – {question.meaning(choice, language)}" for choice in (question.default, *alternatives)
            ]
        return "\n".join(lines)


class NeedsDecision(Refused):
    """The import needs answers to `questions`."""

    exit_code = 2
    template = (
        "“{file}” can be read in more than one way, and nothing was imported ({count} open):\n{questions}\n"
        "Answer with --decide {code}={choice}, or under [decisions] in a mapping file; "
        "--yes takes the answer that stands first everywhere."
    )

    def __init__(self, **facts: object) -> None:
        super().__init__(**facts)
        listed = facts.get("questions")
        self.questions: tuple[Question, ...] = listed.questions if isinstance(listed, Listed) else ()


class Dialog:
    """Collects the questions and notices of one import.

    `provided` are answers by code; with `accept_defaults` every other question has its proposed answer. A question
    without an answer stays in `waiting`, and the import continues with the proposed answer to collect all questions.
    """

    def __init__(self, file: str, provided: Mapping[str, str], *, accept_defaults: bool = False) -> None:
        self.file, self.provided, self.accept_defaults = file, dict(provided), accept_defaults
        self.waiting: dict[str, Question] = {}
        self.answers: dict[str, str] = {}
        self._notices: dict[tuple[str, str], Notice] = {}

    def ask(self, question: Question, *, evident: bool = False) -> str:
        """The answer to a question: the provided one, else the proposed one; an `evident` question is not asked.

        Raises `UnknownChoice`.
        """
        if question.code in self.provided:
            choice = question.checked(self.provided[question.code])
        else:
            choice = question.default
            if not (evident or self.accept_defaults):
                self.waiting[question.code] = question
        self.answers[question.code] = choice
        return choice

    def tell(self, code: str, count: int, example: str = "", **facts: object) -> None:
        """Add a notice, unless its count is zero."""
        if count:
            self.note(Notice(code, count, example, facts))

    def note(self, notice: Notice) -> None:
        """Add a notice; a repeated one replaces the first."""
        key = (notice.code, str(sorted(notice.facts.items())) if notice.facts else "")
        self._notices[key] = notice

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices, in the order they were added."""
        return tuple(self._notices.values())

    def close(self) -> None:
        """Finish collecting questions.

        Raises `NeedsDecision`.
        """
        if not self.waiting:
            return
        waiting = tuple(self.waiting.values())
        listed, first = Listed("ingest", "questions", questions=waiting), waiting[0]
        raise NeedsDecision(file=self.file, count=len(waiting), questions=listed, code=first.code, choice=first.default)
