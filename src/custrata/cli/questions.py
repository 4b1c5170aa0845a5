"""Questions of an import, asked on a terminal; without one the import is refused with the list of questions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

import click

from custrata.cli.session import Report, Session, say
from custrata.errors import BadInput
from custrata.ingest import ImportResult, NeedsDecision, Question


class BadDecision(BadInput):
    template = "“{decision}” is not a decision. Write it as CODE=CHOICE."


def decisions_of(answers: Iterable[str]) -> dict[str, str]:
    """The answers given as `CODE=CHOICE`.

    Raises `BadDecision`.

    >>> decisions_of(["same_number=sum", "status.a=b=pending"])
    {'same_number': 'sum', 'status.a=b': 'pending'}
    """
    decisions = {}
    for decision in answers:
        code, equals, choice = decision.rpartition("=")
        if not (equals and code and choice):
            raise BadDecision(decision=decision)
        decisions[code.strip()] = choice.strip()
    return decisions


def import_with_answers(
    session: Session, decisions: dict[str, str], attempt: Callable[[Report], ImportResult], *, may_ask: bool
) -> ImportResult:
    """Import, asking questions and retrying until none is left; the answers are added to `decisions`.

    Raises `NeedsDecision` without a terminal.
    """
    while True:
        try:
            with session.progress("ingest") as progress:
                return attempt(progress)
        except NeedsDecision as needs:
            if not (may_ask and sys.stdin.isatty() and sys.stdout.isatty()):
                raise
            decisions |= {question.code: _prompt(session, question) for question in needs.questions}


def _prompt(session: Session, question: Question) -> str:
    say(question.sentence(session.language))
    for choice in question.choices:
        say(f"  {choice} – {question.meaning(choice, session.language)}")
    choices = click.Choice(list(question.choices))
    return str(click.prompt(question.code, type=choices, default=question.default, show_choices=False))
