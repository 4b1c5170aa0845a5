"""Take somebody's number and contacts out of texts that speak of other things: notes, jobs, the audit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.http import QueryDict

from custrata.apps.audit.actions import ERASED
from custrata.apps.customers.models import Customer
from custrata.apps.jobs.models import Job
from custrata.identity.folding import searchable, searched
from custrata.lake.intents import Person

APPS = ("audit", "jobs", "customers", "tiers", "playbooks")
LEAST = 4  # characters of a number that is looked for in running text; shorter ones stand there by chance
LEAST_DIGITS = 7
AT_ONCE = 20  # people looked for in one statement
QUESTION = "question"  # of a job about a list of customers: its address, in which a search stands


class Needles:
    """What is looked for of some people in a text, and the text without it.

    >>> ann = Person("C-0815", ("ann@example.com",), ("+8613800130007",))
    >>> Needles([ann]).without("C-0815, Ann@example.com; C-08156")
    'erased, erased; C-08156'
    """

    def __init__(self, people: Collection[Person]) -> None:
        self.ids = {person.customer_id for person in people if len(person.customer_id) >= LEAST}
        emails = {email for person in people for email in person.emails}
        numbers = {phone for person in people for phone in person.phones}
        numbers |= {national for phone in numbers for national in _national(phone)}
        self.words = sorted({*self.ids, *emails, *numbers}, key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(rf"(?<![\w@.+-]){re.escape(word)}(?![\w@-])" for word in self.words) or r"(?!)", re.IGNORECASE
        )

    def without(self, text: str) -> str:
        """The text with something neutral in their place."""
        return self._pattern.sub(ERASED, text)

    def out_of(self, value: Any) -> Any:
        """A value of JSON with something neutral in their place."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, list):
            return [self.out_of(one) for one in value]
        if isinstance(value, dict):
            return {self.without(name): self.out_of(one) for name, one in value.items()}
        return value


def _national(phone: str) -> Iterator[str]:
    """A number as it is typed without its country, as far as `searchable` knows it."""
    import phonenumbers

    try:
        national = str(phonenumbers.parse(phone).national_number)
    except phonenumbers.NumberParseException:
        return
    yield phone.removeprefix("+")
    if len(national) >= LEAST_DIGITS:
        yield national


def scrub(people: Sequence[Person]) -> dict[str, int]:
    """Take numbers and contacts of people out of every text and JSON of the apps; how many rows changed, by table.

    The audit must be open. Names stay in texts: others bear them too.
    """
    changed: dict[str, int] = {}
    for model in (one for label in APPS for one in apps.get_app_config(label).get_models() if one is not Customer):
        fields = [field for field in model._meta.concrete_fields if _is_text(field)]
        for start in range(0, len(people), AT_ONCE):
            count = _scrub(model, fields, Needles(people[start : start + AT_ONCE]))
            changed[model._meta.db_table] = changed.get(model._meta.db_table, 0) + count
    jobs = Job._meta.db_table
    changed[jobs] = changed.get(jobs, 0) + _scrub_searches(people)
    return {table: count for table, count in changed.items() if count}


def _is_text(field: models.Field[Any, Any]) -> bool:
    free = isinstance(field, models.CharField | models.TextField) and not (field.choices or field.primary_key)
    return (free and field.attname != "customer_id") or isinstance(field, models.JSONField)


def _scrub(model: type[models.Model], fields: Sequence[models.Field[Any, Any]], needles: Needles) -> int:
    if not needles.words or not fields:
        return 0
    as_text = {f"{field.attname}__text": Cast(field.attname, models.TextField()) for field in fields}
    wanted = Q()
    for word in needles.words:
        for form in {word, json.dumps(word)[1:-1]}:  # as SQLite keeps JSON
            for name in as_text:
                wanted |= Q(**{f"{name}__icontains": form})
    changed = 0
    names = [field.attname for field in fields]
    for row in model._base_manager.annotate(**as_text).filter(wanted).only("pk", *names):
        before = {name: getattr(row, name) for name in names}
        after = {name: _fitting(field, needles.out_of(before[name])) for name, field in zip(names, fields, strict=True)}
        if after != before:
            model._base_manager.filter(pk=row.pk).update(**after)
            changed += 1
    return changed


def _fitting(field: models.Field[Any, Any], value: Any) -> Any:
    longest = getattr(field, "max_length", None)
    return value[:longest] if isinstance(value, str) and longest else value


def _scrub_searches(people: Sequence[Person]) -> int:
    """Take searches that find one of the people out of jobs: what was typed may be a name."""
    texts = [searchable(one.customer_id, *one.names, *one.phones, *one.emails) for one in people]
    finds: Callable[[str], bool] = lambda typed: any(  # noqa: E731  # short
        all(part in text for part in searched(typed)) for text in texts
    )
    changed = 0
    for job in Job.objects.filter(arguments__has_key=QUESTION).only("pk", "arguments"):
        query = QueryDict(str(job.arguments[QUESTION]), mutable=True)
        if (typed := query.get("q", "").strip()) and typed != ERASED and finds(typed):
            query["q"] = ERASED
            Job.objects.filter(pk=job.pk).update(arguments={**job.arguments, QUESTION: query.urlencode()})
            changed += 1
    return changed
