"""Every page runs exactly the number of database queries that `query_counts.toml` pins, on SQLite.

`CUSTRATA_PIN_QUERY_COUNTS=1 pytest tests/server/kit/test_query_counts.py` renews the file.
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import NoneType

import pytest
from django.db import connection
from django.template import Context, Template, VariableDoesNotExist
from django.template.context import BaseContext
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.server.conftest import AT
from tests.server.kit.test_addresses import NOTED, OPEN, addresses
from tests.server.postgresql import ON_POSTGRESQL

from custrata.apps.accounts.actions import begin_session
from custrata.apps.accounts.models import User
from custrata.apps.connect.models import Token
from custrata.apps.customers.actions import sync_customers
from custrata.apps.customers.models import Tag
from custrata.apps.customers.queries.tagging import KIND
from custrata.apps.jobs.models import Job
from custrata.apps.playbooks.models import OwnPlaybook, Task
from custrata.apps.schemes.models import SchemeDraft
from custrata.lake import Workspace
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import as_data, playbook
from custrata.web.rights import Role

PINS = Path(__file__).with_name("query_counts.toml")
HEAD = "# The number of database queries of every page; written by tests/server/kit/test_query_counts.py.\n"
# Addresses whose arguments are not those of the other addresses.
PATHS = {
    "jobs:schedule": {"kind": "refresh"},
    "schemes:step": {"key": "value", "step": "measure"},
}
TABS = ("portrait", "why", "history", "timeline", "purchases", "notes")
PLAIN = (NoneType, BaseContext, dict, str, list)
pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="pinned on SQLite; on PostgreSQL some pages query its size, too")


@pytest.fixture
def browser(served: Workspace, db: None, signed_in: Callable[[Role], Client]) -> Client:
    """An administrator's browser on a server with one row of everything."""
    ann = User.objects.create(pk=1, username="ann", role=Role.AGENT, joined_at=AT)
    client = signed_in(Role.ADMINISTRATOR)
    administrator = User.objects.get(role=Role.ADMINISTRATOR)
    key = client.session.session_key or ""
    begin_session(person=administrator, session_key=key, device="", address=None, since=AT, at=AT)
    sync_customers(served, at=AT)
    Tag.objects.create(pk=1, name="vip")
    Token.objects.create(pk=1, name="shop", key="k", digest="d", scopes=[], person=ann, made_at=AT)
    tagging = {"question": "", "run": None, "seen": 1, "tag": 1, "off": False}
    Job.objects.create(pk=1, kind=KIND, arguments=tagging, actor_id=administrator.pk, asked_at=AT, run_after=AT)
    place = {"scheme": "value", "tier": "high"}
    Task.objects.create(pk=1, **place, action="call", kind="touch", title="Call", due=AT.date(), made_at=AT)
    OwnPlaybook.objects.create(**place, content=as_data(playbook(**place)), at=AT)
    SchemeDraft.objects.create(scheme="value", definition=BUILT_IN["value"].definition.data(), at=AT)
    client.get("/")
    return client


def count_queries(client: Client, path: str) -> int | str:
    """The number of queries of a page, opened a second time (caches are warm); the status where there is no page."""
    first = client.get(path)
    if first.status_code != 200 or not first.headers["Content-Type"].startswith("text/html"):
        return f"{first.status_code}"
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def page_paths(run: str) -> dict[str, str]:
    """The path of every page, by the name of its address."""
    pages = {address.name: address.path(run) for address in addresses() if address.name not in OPEN | NOTED}
    pages |= {name: reverse(name, kwargs=arguments) for name, arguments in PATHS.items()}
    customer = pages["customers:customer"]
    return pages | {f"customers:customer?tab={tab}": f"{customer}?tab={tab}" for tab in TABS}


def failed_lookups(records: list[logging.LogRecord]) -> set[str]:
    """The attributes that templates read of objects that lack them, as `Class.attribute`."""
    failed = set[str]()
    for record in records:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, VariableDoesNotExist):
            name, holder, *_ = (*error.params, None)
            if not isinstance(holder, PLAIN) and type(holder) is not tuple:
                failed.add(f"{type(holder).__name__}.{name}")
    return failed


def test_every_page_runs_the_pinned_number_of_queries(served: Workspace, browser: Client) -> None:
    run = served.runs.all()[-1].id
    counts = {name: count_queries(browser, path) for name, path in sorted(page_paths(run).items())}
    lines = [f'"{name}" = {count}\n' for name, count in counts.items() if isinstance(count, int)]
    if os.environ.get("CUSTRATA_PIN_QUERY_COUNTS"):
        PINS.write_text(HEAD + "".join(lines), "utf-8")
    others = {name: count for name, count in counts.items() if isinstance(count, str)}
    # 405: accepts POST only; 200: a file; 302: redirects to a page.
    assert {name: status for name, status in others.items() if status not in ("200", "302", "405")} == {}
    assert tomllib.loads("".join(lines)) == tomllib.loads(PINS.read_text("utf-8"))


def test_templates_read_only_attributes_that_exist(
    served: Workspace, browser: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="django.template"):
        for path in page_paths(served.runs.all()[-1].id).values():
            browser.get(path)
    assert failed_lookups(caplog.records) == set()


def test_a_renamed_attribute_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="django.template"):
        Template("{{ day.no_such }}{{ day.year }}{{ nobody.name }}").render(Context({"day": AT.date(), "nobody": None}))
    assert failed_lookups(caplog.records) == {"date.no_such"}
