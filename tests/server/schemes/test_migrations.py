"""Drafts stay where they are when their model moves from one app to another, in both directions."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from tests.server.conftest import AT

from custrata.apps.schemes.models import SchemeDraft

BEFORE = ("tiers", "0003_give_tiers_at_least_or_exactly")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_drafts_survive_the_move_to_another_app_and_back() -> None:
    SchemeDraft.objects.create(scheme="vip", definition={"kind": "rules"}, note="for spring", at=AT)
    MigrationExecutor(connection).migrate([("schemes", None), BEFORE])
    former_apps = MigrationExecutor(connection).loader.project_state(BEFORE).apps
    former_apps.get_model("tiers", "Draft").objects.create(scheme="gold", definition={}, at=AT)
    call_command("migrate", verbosity=0)
    assert list(SchemeDraft.objects.order_by("pk").values_list("scheme", "note")) == [
        ("vip", "for spring"),
        ("gold", ""),
    ]
