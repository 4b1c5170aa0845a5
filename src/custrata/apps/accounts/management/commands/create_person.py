"""`custrata manage create_person`: create a person, for instance when nobody can sign in any more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from custrata.apps.accounts.actions import create_person
from custrata.cli.language import current_language
from custrata.errors import CustrataError
from custrata.web.rights import Role
from custrata.wording import error_sentence, phrase


class Command(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        roles = [role.value for role in Role]
        parser.description = _text("about")
        parser.add_argument("username", help=_text("username"))
        parser.add_argument("--role", choices=roles, default=Role.ADMINISTRATOR.value, help=_text("role"))
        parser.add_argument("--name", default="", help=_text("name"))
        parser.add_argument("--email", default="", help=_text("email"))

    def handle(self, *args: Any, **options: Any) -> None:
        fields = {key: options[key] for key in ("username", "role", "name", "email")}
        try:
            created = create_person(**fields, actor=None, at=timezone.now())
        except CustrataError as error:
            raise CommandError(error_sentence(error, current_language())) from error
        user = created.user
        self.stdout.write(_text("made", username=user.username, role=user.role, password=created.password))


def _text(name: str, **facts: object) -> str:
    return phrase("accounts", f"create_person.{name}", current_language(), **facts)
