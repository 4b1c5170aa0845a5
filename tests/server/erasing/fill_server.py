"""Write everything a server can store about one customer, in a process of its own: `python fill_server.py`."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custrata.config.settings")
django.setup()

from custrata.apps.accounts.models import User  # noqa: E402  # Django is set up first
from custrata.apps.audit.actions import record  # noqa: E402  # as above
from custrata.apps.customers.actions import (  # noqa: E402  # as above
    edit_attribute,
    exclude_customers,
    make_tag,
    sync_customers,
    tag_customers,
    write_note,
)
from custrata.apps.jobs.models import Job, Line  # noqa: E402  # as above
from custrata.apps.playbooks.models import Task  # noqa: E402  # as above
from custrata.apps.schemes.models import SchemeDraft  # noqa: E402  # as above
from custrata.apps.tiers.models import Override  # noqa: E402  # as above
from custrata.config.database import migrate  # noqa: E402  # as above
from custrata.web.workspace import workspace  # noqa: E402  # as above

WHO, NAME, MAIL, PHONE = "ZQ-77001", "Wanda Quill", "wanda.quill@example.com", "13800138077"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def fill() -> None:
    """Store everything that can be stored about the customer, and mention them elsewhere too."""
    served = workspace()
    migrate(at=AT)
    sync_customers(served, at=AT)
    ann = User.objects.create(username="ann", role="administrator", joined_at=AT)
    who: dict[str, Any] = {"actor": ann, "at": AT}
    edit_attribute(customer_id=WHO, attribute="city", value=f"{NAME} City", source_value=None, **who)
    tag = make_tag(name="vip", **who)
    tag_customers(customer_ids=[WHO], tag_id=tag.pk, **who)
    write_note(customer_id=WHO, text=f"{NAME} calls on Mondays", **who)
    write_note(customer_id="b1", text=f"a friend of {WHO}, {MAIL.title()}, +86 {PHONE}", **who)
    exclude_customers(served, customer_ids=[WHO], reason="a till", **who)
    Override.objects.create(
        customer_id=WHO, scheme="value", tier="gold", reason=f"{NAME} is dear", approver=ann, approved_at=AT
    )
    Task.objects.create(
        customer_id=WHO, scheme="value", tier="gold", action="call", kind="touch", title=f"Call {NAME}",
        due=date(2026, 2, 1), made_at=AT,
    )  # fmt: skip
    SchemeDraft.objects.create(scheme="own", definition={"note": WHO}, note=f"for {WHO}", at=AT)
    done = {"status": "done", "asked_at": AT, "run_after": AT, "finished_at": AT}
    question = {"question": "q=Wanda+Quill&tag=1", "run": None, "seen": 1, "tag": 1, "off": False}
    job = Job.objects.create(kind="customers.tag", arguments=question, result={"first": WHO}, **done)
    Line.objects.create(job=job, at=AT, text=f"tagged {WHO} ({MAIL})")
    after = {"chosen": f"q={WHO}"}
    record(tag, "customers.tag", after=after, **who)


if __name__ == "__main__":
    fill()
