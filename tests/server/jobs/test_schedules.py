"""Schedules: next times, one job per time, and one active scheduler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.server.conftest import Person
from tests.server.jobs.process_tree import AT

from custrata.apps.audit.models import Change
from custrata.apps.jobs.actions import Check, enqueue_due, release_lease, set_schedule, take_lease
from custrata.apps.jobs.management.scheduler import Scheduler
from custrata.apps.jobs.models import Job, Lease, Schedule
from custrata.apps.jobs.queries import UnusableCron, cron_in_words, next_times, this_process
from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = pytest.mark.database

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nightly(cron: str = "0 3 * * *", *, enabled: bool = True, zone: str = SHANGHAI) -> Schedule:
    return set_schedule(kind="trial_nap", cron=cron, zone=zone, enabled=enabled, actor=None, at=AT)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "times"),
    [
        ("0 3 * * *", SHANGHAI, "2025-07-01T04:00", ["2025-07-01T19:00", "2025-07-02T19:00"]),
        # The hour from two to three is left out on 8 March 2026: what falls into it comes right after.
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00", ["2026-03-08T07:00", "2026-03-09T06:30"]),
        # The hour from one to two comes twice on 1 November 2026: what falls into it comes once.
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00", ["2026-11-01T05:30", "2026-11-02T06:30"]),
        ("0 * * * *", NEW_YORK, "2026-11-01T04:30", ["2026-11-01T05:00", "2026-11-01T06:00", "2026-11-01T07:00"]),
        ("0 0 L * *", "UTC", "2026-02-01T00:00", ["2026-02-28T00:00", "2026-03-31T00:00"]),
    ],
)
def test_next_times_across_changes_of_the_clock(cron: str, zone: str, after: str, times: list[str]) -> None:
    assert next_times(cron, zone, at(after), len(times)) == [at(time) for time in times]


@pytest.mark.parametrize(
    "cron", ["", "daily", "* * * * * *", "0 3 * *", "61 3 * * *", "0 0 30 2 *", "0 3 * * FUN", "–"]
)
def test_refuses_what_is_no_cron_form_and_changes_nothing(db: None, cron: str) -> None:
    with pytest.raises(UnusableCron):
        nightly(cron)
    assert not Schedule.objects.exists()
    assert not Change.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "At 03:00, Monday through Friday"),
        ("zh-hans", "在 03:00，星期一到星期五"),
        ("zh-hant", "在 03:00，星期一到星期五"),
    ],
)
def test_says_a_cron_form_in_words(language: str, words: str) -> None:
    assert cron_in_words("0 3 * * 1-5", language) == words


def test_no_english_is_left_in_chinese_words() -> None:
    forms = ("0 3 * * SUN#2", "5 4 1 JAN,MAY *", "0 3 * JUL-SEP 5L")
    words = "".join(cron_in_words(cron, "zh-hans") for cron in forms)
    assert not any(letter.isascii() and letter.isalpha() for letter in words)


def test_sets_when_it_comes_and_writes_down_what_changed(person: Person) -> None:
    schedule = set_schedule(
        kind="trial_nap", cron=" 0  3 * * * ", zone=SHANGHAI, enabled=True, actor=person(Role.OPERATOR), at=AT
    )
    assert (schedule.cron, schedule.next_at) == ("0 3 * * *", at("2025-07-01T19:00"))
    assert Change.objects.get().after == {"cron": "0 3 * * *", "enabled": True}


def test_setting_the_same_again_writes_nothing_down(db: None) -> None:
    nightly()
    nightly()
    assert Change.objects.count() == 1


def test_a_job_is_enqueued_when_due_and_not_before(db: None) -> None:
    due = nightly().next_at
    assert due is not None
    assert enqueue_due(zone=SHANGHAI, at=due - timedelta(seconds=1)) == []
    (job,) = enqueue_due(zone=SHANGHAI, at=due)
    assert (job.kind, job.key) == ("trial_nap", "trial_nap")
    assert enqueue_due(zone=SHANGHAI, at=due + timedelta(seconds=1)) == []


def test_several_missed_times_enqueue_one_job(db: None) -> None:
    nightly()
    assert len(enqueue_due(zone=SHANGHAI, at=AT + 10 * DAY)) == 1
    assert enqueue_due(zone=SHANGHAI, at=AT + 10 * DAY + timedelta(minutes=1)) == []
    assert Schedule.objects.get().next_at == at("2025-07-11T19:00")


def test_a_disabled_schedule_enqueues_nothing(db: None) -> None:
    nightly()
    assert nightly(enabled=False).next_at is None
    assert enqueue_due(zone=SHANGHAI, at=AT + DAY) == []


def test_no_job_is_enqueued_while_the_last_is_open(db: None) -> None:
    nightly()
    enqueue_due(zone=SHANGHAI, at=AT + DAY)
    enqueue_due(zone=SHANGHAI, at=AT + 2 * DAY)
    assert Job.objects.count() == 1


def test_when_the_workspace_changes_its_zone_the_next_time_moves(db: None) -> None:
    nightly()
    assert enqueue_due(zone=NEW_YORK, at=AT) == []
    assert Schedule.objects.get().next_at == at("2025-07-01T07:00")


def test_one_holds_a_lease_until_it_ends(db: None) -> None:
    lasts = timedelta(seconds=30)
    assert take_lease("s", "one", at=AT, lasts=lasts)
    assert not take_lease("s", "other", at=AT + lasts / 2, lasts=lasts)
    assert take_lease("s", "one", at=AT + lasts / 2, lasts=lasts)
    assert take_lease("s", "other", at=AT + 2 * lasts, lasts=lasts)
    assert not take_lease("s", "one", at=AT + 2 * lasts, lasts=lasts)


def test_a_released_or_orphaned_lease_is_free(db: None) -> None:
    gone = "/".join([*this_process().split("/")[:3], "1"])
    take_lease("s", gone, at=AT, lasts=DAY)
    assert take_lease("s", "other", at=AT, lasts=DAY)
    release_lease("s", "other")
    assert take_lease("s", "third", at=AT, lasts=DAY)


def test_only_one_of_two_schedulers_runs(served: Workspace, db: None) -> None:
    looked: list[datetime] = []
    checks = {"c": Check("c", 0, looked.append)}
    first, second = Scheduler("one", checks), Scheduler("other", checks)
    assert [first.look(AT), second.look(AT), first.look(AT + timedelta(seconds=1))] == [True, False, True]
    assert looked == [AT, AT + timedelta(seconds=1)]
    assert Lease.objects.get().holder == "one"


def test_checks_run_at_their_interval(served: Workspace, db: None) -> None:
    looked: list[datetime] = []
    clock = iter([0.0, 0.0, 4.0, 5.0, 5.0])
    scheduler = Scheduler("one", {"c": Check("c", 5, looked.append)}, since=lambda: next(clock))
    for second in (0, 4, 5):
        scheduler.look(AT + timedelta(seconds=second))
    assert looked == [AT, AT + timedelta(seconds=5)]


def test_a_check_that_fails_stops_no_other(served: Workspace, db: None, caplog: pytest.LogCaptureFixture) -> None:
    looked: list[datetime] = []

    def broken(at: datetime) -> None:
        raise ValueError("broken")

    scheduler = Scheduler("one", {"a": Check("a", 0, broken), "b": Check("b", 0, looked.append)})
    assert scheduler.look(AT)
    assert looked == [AT]
    assert "the check a failed" in caplog.text
