"""Migrations of accounts: names are folded, and every migration is reversible."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from tests.server.conftest import AT

from custrata.apps.accounts.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def as_of_migration(name: str) -> Any:
    """The user model of a migration, with the database at that migration."""
    MigrationExecutor(connection).migrate([("accounts", name)])
    return MigrationExecutor(connection).loader.project_state([("accounts", name)]).apps.get_model("accounts", "User")


def test_names_that_were_two_people_stay_two_people() -> None:
    old_model = as_of_migration("0003_create_sign_ins")
    for name in ("Strasse", "Straße", "王小明"):
        old_model.objects.create(username=name, role="agent", password="x", joined_at=AT)
    call_command("migrate", verbosity=0)
    second = User.objects.get(username="Straße")
    assert list(User.objects.order_by("pk").values_list("folded", flat=True)) == [
        "strasse",
        f"strasse {second.pk}",
        "王小明",
    ]
    names = [User.objects.get_by_natural_key(name).username for name in ("STRASSE", "Strasse", "Straße")]
    assert names == ["Strasse", "Strasse", "Straße"]
    assert not User.objects.filter(must_change_password=True).exists()
    User.objects.all().delete()


def test_the_migrations_go_back_and_forth() -> None:
    as_of_migration("0003_create_sign_ins")
    call_command("migrate", verbosity=0)
    User.objects.create(username="ＡＮＮ", role="agent", joined_at=AT)
    assert User.objects.get_by_natural_key("ann").username == "ＡＮＮ"
