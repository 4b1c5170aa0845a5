"""`custrata manage reset_second_factor`: remove the second factor of a person who lost it with the recovery codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from custrata.apps.accounts.actions import NoSuchPerson, reset_second_factor
from custrata.apps.accounts.queries import person_named
from custrata.cli.language import current_language
from custrata.wording import error_sentence, phrase


class Command(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.description = _text("about")
        parser.add_argument("username", help=_text("username"))

    def handle(self, *args: Any, **options: Any) -> None:
        person = person_named(options["username"])
        if person is None:
            raise CommandError(error_sentence(NoSuchPerson(), current_language()))
        done = reset_second_factor(person_id=person.pk, actor=None, at=timezone.now())
        self.stdout.write(_text("done" if done else "none", username=person.username))


def _text(name: str, **facts: object) -> str:
    return phrase("accounts", f"reset_second_factor.{name}", current_language(), **facts)
