"""`custrata manage create_person`: make a person without a page, for instance where nobody can sign in any more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from custrata.apps.accounts.actions import create_person
from custrata.errors import CustrataError
from custrata.web.rights import Role


class Command(BaseCommand):
    help = "Make a person and print their password, once. Nobody can look it up later."

    def add_arguments(self, parser: ArgumentParser) -> None:
        roles = [role.value for role in Role]
        parser.add_argument("username", help="The name to sign in with.")
        parser.add_argument("--role", choices=roles, default=Role.ADMINISTRATOR.value, help="What they may do.")
        parser.add_argument("--name", default="", help="What they are called.")
        parser.add_argument("--email", default="", help="Their e-mail address.")

    def handle(self, *given: Any, **options: Any) -> None:
        asked = {key: options[key] for key in ("username", "role", "name", "email")}
        try:
            made = create_person(**asked, actor=None, at=timezone.now())
        except CustrataError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.user.username} ({made.user.role}), password {made.password}")
