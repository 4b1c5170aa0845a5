"""What a server does from which an app was deleted: checks, migrates, opens every page, erases a customer.

Run as a program, with the workspace and `PYTHONPATH` of a source tree without the app.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import django

AT = datetime(2025, 7, 1, 4, tzinfo=UTC)
PASSWORD = "correct horse 7"


def main(app: str) -> None:
    """Print what was opened, and how it was answered."""
    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.urls import reverse

    from custrata.apps.accounts.actions import create_person
    from custrata.apps.customers.actions import ServerDatabase, sync_customers
    from custrata.lake.intents import ErasedPerson
    from custrata.web.manifest import manifests
    from custrata.web.navigation import GROUPS, entries
    from custrata.web.rights import Role
    from custrata.web.workspace import workspace

    assert app not in {config.label for config in apps.get_app_configs()}
    call_command("check", fail_level="WARNING")
    settings.STATE.mkdir(exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
    made = create_person(username="ada", role=Role.ADMINISTRATOR, name="", password=PASSWORD, actor=None, at=AT)
    sync_customers(workspace(), at=AT)
    browser = Client(headers={"host": "localhost"})
    browser.force_login(made.user, "django.contrib.auth.backends.ModelBackend")
    tabs = [tab.key for declared in manifests() for tab in declared.customer_tabs]
    pages = [reverse(entry.address) for entry in entries(*GROUPS)]
    pages += [f"/customers/c007/?tab={tab}" for tab in tabs]
    pages += ["/tiers/value/", "/account/people/", "/api/v1/openapi.json", "/api/v1/docs"]
    answers = {page: browser.get(page) for page in pages}
    html = b"".join(answer.content for answer in answers.values()).decode()
    removed = ServerDatabase(settings.STATE).erase([ErasedPerson("c007")], at=AT)
    result = {
        "status": {page: answer.status_code for page, answer in answers.items()},
        "html": html,
        "removed": removed,
        "api": browser.get("/api/v1/customers/c007/tiers", headers={"Authorization": "Bearer cst_1_2"}).status_code,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
