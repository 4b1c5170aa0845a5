"""Queries on jobs, the times of schedules, and the identity of processes."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names
from cron_descriptor import FormatError, MissingFieldError, Options, get_description
from cronsim import CronSim, CronSimError
from django.db.models import Count, QuerySet

from custrata.apps.jobs.models import OPEN, Job, Line, Schedule, Status
from custrata.errors import BadInput
from custrata.web.texts import writer
from custrata.wording import catalogue
from custrata.wording.writer import LOCALES

LINES = 200
FIELDS = 5  # minute, hour, day, month, weekday; a sixth would be seconds
PROC = Path("/proc")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$")


class UnusableCron(BadInput):
    template = (
        "“{cron}” is not a valid cron expression: write minute, hour, day, month and weekday, "
        "such as 0 3 * * * for 03:00 every day."
    )


def job(pk: int) -> Job | None:
    """The job of that number."""
    return Job.objects.filter(pk=pk).first()


def recent(kind: str | None = None, limit: int = 10) -> list[Job]:
    """The newest jobs, of one kind or all."""
    return list(jobs(kind or "").order_by("-pk")[:limit])


def running(kind: str) -> Job | None:
    """The open job of a kind: the one that runs, else the next that waits."""
    return Job.objects.filter(kind=kind, status__in=OPEN).order_by("status", "run_after", "pk").first()


def jobs(kind: str = "", status: str = "") -> QuerySet[Job]:
    """The jobs of a kind and status, or all, in no order."""
    filters = {name: value for name, value in (("kind", kind), ("status", status)) if value}
    return Job.objects.filter(**filters).defer("result")


def counts() -> dict[str, int]:
    """How many jobs there are of every status."""
    rows = Job.objects.order_by().values_list("status").annotate(number=Count("pk"))
    return dict.fromkeys(Status.values, 0) | dict(rows)


def job_lines(pk: int, limit: int = LINES) -> list[Line]:
    """The newest lines of a job's log, oldest first."""
    return list(Line.objects.filter(job_id=pk).order_by("-pk")[:limit])[::-1]


def schedule(kind: str) -> Schedule | None:
    """The schedule of a job kind."""
    return Schedule.objects.filter(kind=kind).first()


def next_times(cron: str, zone: str, after: datetime, many: int = 5) -> list[datetime]:
    """The next times of a cron expression in a time zone, in UTC. Raises `UnusableCron`.

    A local time that a clock change skips comes right after the change; one that it repeats comes once.

    >>> [str(at) for at in next_times("30 2 * * *", "America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC), 2)]
    ['2026-03-08 07:00:00+00:00', '2026-03-09 06:30:00+00:00']
    """
    return list(islice(_times(cron, zone, after), many))


def _times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    if len(cron.split()) != FIELDS:
        raise UnusableCron(cron=cron)
    try:
        times = CronSim(cron, after.astimezone(ZoneInfo(zone)))
        first = next(times)
    except (CronSimError, StopIteration) as error:  # exhausted where no date matches
        raise UnusableCron(cron=cron) from error
    yield first.astimezone(UTC)
    yield from (at.astimezone(UTC) for at in times)


def cron_in_words(cron: str, language: str) -> str:
    """A cron expression in words. Raises `UnusableCron`.

    >>> cron_in_words("0 3 * * MON", "en"), cron_in_words("0 3 * * MON", "zh-hant")
    ('At 03:00, only on Monday', '在 03:00，僅在星期一')
    """
    options = Options(locale_code={"zh-hans": "zh_CN", "zh-hant": "zh_TW"}.get(language, "en_US"))
    options.use_24hour_time_format = True
    try:
        description = str(get_description(cron, options))
    except (FormatError, MissingFieldError, ValueError, IndexError) as error:
        raise UnusableCron(cron=cron) from error
    if language == "en":
        return description
    # The library leaves the names of days and months in English.
    names = _names(language)
    description = re.sub(f" ?({'|'.join(names)}) ?", lambda match: names[match[1]], description)
    return re.sub(r" ?, ?", "，", description).strip()


@lru_cache
def _names(language: str) -> Mapping[str, str]:
    translations: dict[str, str] = {}
    for names in (get_day_names, get_month_names):
        english, own = names("wide", locale="en"), names("wide", locale=LOCALES[language])
        translations |= {english[number]: own[number] for number in english}
    return translations


def error_of(failed: Job, language: str) -> str:
    """The error message of a failed job in a language; empty for unexpected errors."""
    name = f"errors.{failed.error}"
    translated = (phrases[name][language] for phrases in catalogue().values() if language in phrases.get(name, {}))
    template = next(translated, str(failed.error_template))
    return template.format(**{key: _read(fact) for key, fact in failed.error_facts.items()})


def _read(fact: str) -> str:
    """An error fact for display: instants, stored as ISO 8601 text, are formatted for the reader's language."""
    return writer().instant(datetime.fromisoformat(fact)) if INSTANT.match(fact) else fact


class ProcessIdentity(NamedTuple):
    """A process by boot id and PID namespace, PID and start time."""

    namespace: str
    pid: int
    start_time: str


def this_process() -> str:
    """The name of this process, unique across machines and time."""
    identity = ProcessIdentity(_namespace(), os.getpid(), _start_time(os.getpid()) or "?")
    return f"{socket.gethostname()[:40]}/{identity.pid}/{identity.namespace}/{identity.start_time}"


def is_gone(process: str) -> bool:
    """Whether a process has certainly ended; always False for processes of other machines."""
    parts = process.split("/")
    if len(parts) != 4 or parts[2] != _namespace() or parts[2] == "?":
        return False
    return _start_time(int(parts[1])) != parts[3]


def _namespace() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()[:8]
        return f"{boot}-{(PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return "?"


def _start_time(pid: int) -> str | None:
    """The start time of a process in ticks since boot; None if it has ended or is a zombie."""
    try:
        state, *fields = (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else fields[18]
