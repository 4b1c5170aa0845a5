"""`custrata manage create_person`: make a person without a page, for instance where nobody can sign in any more."""

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
        parser.description = _said("about")
        parser.add_argument("username", help=_said("username"))
        parser.add_argument("--role", choices=roles, default=Role.ADMINISTRATOR.value, help=_said("role"))
        parser.add_argument("--name", default="", help=_said("name"))
        parser.add_argument("--email", default="", help=_said("email"))

    def handle(self, *given: Any, **options: Any) -> None:
        asked = {key: options[key] for key in ("username", "role", "name", "email")}
        try:
            made = create_person(**asked, actor=None, at=timezone.now())
        except CustrataError as error:
            raise CommandError(error_sentence(error, current_language())) from error
        user = made.user
        self.stdout.write(_said("made", username=user.username, role=user.role, password=made.password))


def _said(name: str, **facts: object) -> str:
    return phrase("accounts", f"create_person.{name}", current_language(), **facts)
