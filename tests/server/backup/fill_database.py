"""Fill the database of the environment with rows in every table, as a used server has them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

AT = datetime(2025, 7, 1, 4, 0, 0, 123456, tzinfo=UTC)
ODD = "王\u200d🙂 “quoted” \\u0041\ttab\nline"


def fill() -> None:
    """Rows in every table of every app; call once, on an empty database."""
    _people()
    _django()
    _customers()
    _jobs()
    _decisions()


def _people() -> None:
    from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from custrata.apps.accounts.models import OneTimeLink, RecoveryCode, SignIn, User
    from custrata.apps.connect.models import Token

    ann = User.objects.create(username="ann", name=ODD, role="administrator", joined_at=AT, password="!", theme="dark")
    bob = User.objects.create(username="bob", role="agent", joined_at=AT, is_active=False, last_login=AT)
    for person in (ann, bob):
        session = SessionStore()
        session["person"] = person.pk
        session.create()
        stored = Session.objects.get(pk=session.session_key)
        SignIn.objects.create(session=stored, person=person, address="2001:db8::1", since=AT, seen_at=AT)
        locked = AccessAttempt.objects.create(username=person.username, ip_address="10.0.0.9", failures_since_start=5)
        AccessAttemptExpiration.objects.create(access_attempt=locked, expires_at=AT)
        AccessFailureLog.objects.create(username=person.username, ip_address="10.0.0.9", locked_out=True)
        AccessLog.objects.create(username=person.username, ip_address="10.0.0.9")
    ends = AT + timedelta(days=1)
    OneTimeLink.objects.create(kind="invitation", digest="1" * 64, username="eve", role="analyst", made_by=ann,
                               made_at=AT, expires_at=ends)  # fmt: skip
    OneTimeLink.objects.create(kind="password", digest="2" * 64, person=bob, made_at=AT, expires_at=ends, used_at=AT)
    TOTPDevice.objects.create(user=ann, name="phone", confirmed=True, last_t=10**10, throttling_failure_count=2)
    RecoveryCode.objects.create(person=ann, digest="4" * 64, made_at=AT)
    Token.objects.create(name="till", key="abcdef", digest="3" * 64, scopes=["tiers:read"], person=ann, made_at=AT)


def _django() -> None:
    from django.contrib.auth.models import Group, Permission

    group = Group.objects.create(name="nobody uses these")
    group.permissions.add(*Permission.objects.all()[:3])


def _customers() -> None:
    from custrata.apps.accounts.models import User
    from custrata.apps.customers import models

    ann = User.objects.get(username="ann")
    many = [models.Customer(customer_id=f"c{n:05}", name=f"{ODD} {n}", search=f"王{n}", mark=n - 2**62, owner=ann)
            for n in range(4_500)]  # fmt: skip
    models.Customer.objects.bulk_create(many)
    models.Customer.objects.filter(mark__gt=4_000 - 2**62).delete()  # so that keys have gaps
    group = models.TagGroup.objects.create(name="size", exclusive=True)
    big, odd = models.Tag.objects.create(name="big", group=group), models.Tag.objects.create(name=ODD)
    for number, customer in enumerate(models.Customer.objects.all()[:50]):
        models.Edit.objects.create(customer=customer, attribute="name", value=None if number % 2 else ODD, at=AT)
        models.CustomerTag.objects.create(customer=customer, tag=big, exclusive_group=group, at=AT, actor=ann)
        models.CustomerTag.objects.create(customer=customer, tag=odd, at=AT)
        models.Note.objects.create(customer=customer, text=ODD * 50, at=AT, actor=ann)
        facts = {"b": 1.0, "a": [1e20, 0.1, 10**17, True, None], "": {"z": "é", "y": -0.5}}
        models.TimelineEntry.objects.create(customer_id=customer.customer_id, at=AT, kind="edited", facts=facts)
    models.FollowedRun.objects.create(run="2025-07-01", rows=9, done=4)
    models.FollowedLake.objects.create(fingerprint="f", run="2025-07-01", at=AT)
    models.ListColumns.objects.create(person=ann, columns=["name", "spend"])


def _jobs() -> None:
    from custrata.apps.audit.models import Change
    from custrata.apps.jobs.models import Job, Lease, Line, Schedule

    common = {"asked_at": AT, "run_after": AT, "arguments": {"as_of": None}}
    running = Job.objects.create(kind="refresh", status="running", claim="5" * 32, worker="host:1:2", started_at=AT,
                                 heartbeat_at=AT, fraction=1 / 3, key="refresh", **common)  # fmt: skip
    Job.objects.create(kind="backup", status="waiting", key="backup", **common)
    Job.objects.create(kind="learn", status="failed", finished_at=AT, error="Busy", result=None, **common)
    Job.objects.create(kind="rebuild", status="done", finished_at=AT, result={"runs": 3, "share": 0.25}, **common)
    Line.objects.create(job=running, at=AT, phrase="jobs.log.taken", facts={"attempt": 1})
    Line.objects.create(job=running, at=AT, text=ODD)
    Schedule.objects.create(kind="refresh", cron="0 3 * * *", zone="Asia/Shanghai", next_at=AT)
    for name in ("scheduler", "Über", "_under", "zz", "Aa"):  # keys that collations sort differently
        Lease.objects.create(name=name, holder="host:1:2", until=AT)
    Change.objects.create(at=AT, action="people.create", subject="person", subject_id="1", before=None, after={"n": 1})
    Change.objects.create(at=AT, action="x", subject="y", subject_id="2", actor_id=2**40, customer_id=ODD, before=[])


def _decisions() -> None:
    from custrata.apps.accounts.models import User
    from custrata.apps.customers.models import Customer
    from custrata.apps.playbooks.models import OwnPlaybook, Task
    from custrata.apps.schemes.models import SchemeDraft
    from custrata.apps.tiers.models import Override

    ann, customer = User.objects.get(username="ann"), Customer.objects.first()
    Override.objects.create(customer_id="c00001", scheme="value", tier="top", reason=ODD, approver=ann, approved_at=AT)
    Override.objects.create(customer_id="gone", scheme="value", tier="low", reason="r", approved_at=AT, mode="exactly")
    definition = {"tiers": [{"line": 500}, {}], "at_least": 0.5}
    SchemeDraft.objects.create(scheme="vip", definition=definition, author=ann, at=AT)
    OwnPlaybook.objects.create(scheme="value", tier="top", content={"aim": ODD, "actions": []}, at=AT, actor=ann)
    whole = {"scheme": "value", "tier": "top", "action": "call", "kind": "touch", "title": ODD, "made_at": AT}
    Task.objects.create(customer=customer, assignee=ann, due=date(2025, 7, 9), **whole)
    Task.objects.create(due=date(2025, 7, 9), state="done", ended_at=AT, ended_by=ann, **whole)


def without_rows() -> list[str]:
    """The models that have no row."""
    from django.apps import apps

    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return [model._meta.label for model in models if not model._base_manager.exists()]


if __name__ == "__main__":
    import django

    django.setup()
    fill()
    print(" ".join(without_rows()))
