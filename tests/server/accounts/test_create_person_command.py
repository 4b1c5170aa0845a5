"""`custrata manage create_person`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.cli.language import set_environment_language

pytestmark = pytest.mark.django_db


def test_makes_a_person_and_says_the_password_once() -> None:
    output = StringIO()
    call_command("create_person", "ada", "--name", "Ada", stdout=output)
    ada = User.objects.get()
    assert ada.check_password(output.getvalue().split()[-1])
    assert (ada.role, ada.name, Change.objects.get().actor_name) == ("administrator", "Ada", "")


def test_refuses_a_name_that_is_taken() -> None:
    call_command("create_person", "ada", "--role", "agent", stdout=StringIO())
    with pytest.raises(CommandError, match="is already in use"):
        call_command("create_person", "Ada", stdout=StringIO())
    assert User.objects.count() == 1


def test_speaks_as_the_environment_says() -> None:
    set_environment_language({"LANG": "zh_CN.UTF-8"})
    output = StringIO()
    call_command("create_person", "ada", stdout=output)
    with pytest.raises(CommandError, match="已被使用"):
        call_command("create_person", "Ada", stdout=StringIO())
    set_environment_language({})
    assert "密码 " in output.getvalue()
