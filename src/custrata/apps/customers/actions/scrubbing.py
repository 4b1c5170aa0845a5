"""Redact ids and contacts of erased people in other texts: notes, jobs, the audit log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.http import QueryDict

from custrata.apps.audit.actions import ERASED
from custrata.apps.customers.models import Customer
from custrata.apps.jobs.models import Job
from custrata.identity.folding import searchable, searched
from custrata.lake.intents import ErasedPerson
from custrata.web.manifest import manifests

LEAST = 4  # minimum length of an id that is searched for in running text; shorter ones match by chance
LEAST_DIGITS = 7
FEW = 20  # up to so many people the database filters rows; beyond, every row is scanned
TOKEN = re.compile(r"[\w@.+-]+", re.ASCII)  # Chinese text may be adjacent without a space
QUESTION = "question"  # of a job about a list of customers: the query string of the list, which may contain a search


class Needles:
    """Search terms of some people, and texts with them redacted.

    >>> ann = ErasedPerson("C-0815", ("ann@example.com",), ("+8613800130007",))
    >>> Needles([ann]).redact("客户C-0815来电, Ann@example.com; C-08156")
    '客户erased来电, erased; C-08156'
    """

    def __init__(self, people: Collection[ErasedPerson]) -> None:
        self.ids = {person.customer_id for person in people if len(person.customer_id) >= LEAST}
        emails = {email for person in people for email in person.emails}
        numbers = {phone for person in people for phone in person.phones}
        numbers |= {national for phone in numbers for national in _national(phone)}
        self.words = {*self.ids, *emails, *numbers}
        lower = {word.lower() for word in self.words}
        self._whole = {word for word in lower if TOKEN.fullmatch(word)}
        odd = sorted(lower - self._whole, key=len, reverse=True)
        self._odd = re.compile("|".join(map(re.escape, odd)), re.IGNORECASE) if odd else None

    def redact(self, text: str) -> str:
        """The text with the terms replaced."""
        text = self._odd.sub(ERASED, text) if self._odd else text
        return TOKEN.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        whole = match[0]
        plain = whole.rstrip(".+-")  # sentence punctuation
        hit = next((token for token in (whole, plain) if token.lower() in self._whole), None)
        return whole if hit is None else ERASED + whole[len(hit) :]

    def redact_json(self, value: Any) -> Any:
        """A JSON value with the terms replaced."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, list):
            return [self.redact_json(element) for element in value]
        if isinstance(value, dict):
            return {self.redact(name): self.redact_json(element) for name, element in value.items()}
        return value


def _national(phone: str) -> Iterator[str]:
    """The national forms of a phone number, as `searchable` indexes them."""
    import phonenumbers

    try:
        national = str(phonenumbers.parse(phone).national_number)
    except phonenumbers.NumberParseException:
        return
    yield phone.removeprefix("+")
    if len(national) >= LEAST_DIGITS:
        yield national


def scrub(people: Sequence[ErasedPerson]) -> dict[str, int]:
    """Redact ids and contacts of people in every text and JSON field of the apps; return changed rows by table.

    The audit log must be open for changes. Names are not redacted, since others may have the same name.
    """
    changed: dict[str, int] = {}
    needles = Needles(people)
    for model in _models():
        fields = [field for field in model._meta.concrete_fields if _is_text(field)]
        changed[model._meta.db_table] = _scrub(model, fields, needles, look=len(people) <= FEW)
    jobs = Job._meta.db_table
    changed[jobs] = changed.get(jobs, 0) + _scrub_searches(people)
    return {table: count for table, count in changed.items() if count}


def _models() -> list[type[models.Model]]:
    """The models whose texts may mention customers."""
    return [model for app in manifests() if app.mentions_people for model in app.get_models() if model is not Customer]


def _is_text(field: models.Field[Any, Any]) -> bool:
    free = isinstance(field, models.CharField | models.TextField) and not (field.choices or field.primary_key)
    return (free and field.attname != "customer_id") or isinstance(field, models.JSONField)


def _scrub(model: type[models.Model], fields: Sequence[models.Field[Any, Any]], needles: Needles, *, look: bool) -> int:
    if not needles.words or not fields:
        return 0
    as_text = {f"{field.attname}__text": Cast(field.attname, models.TextField()) for field in fields}
    condition = Q()
    for word in needles.words if look else ():
        for form in {word, json.dumps(word)[1:-1]}:  # as SQLite stores JSON
            for name in as_text:
                condition |= Q(**{f"{name}__icontains": form})
    names = [field.attname for field in fields]
    rows = model._base_manager.annotate(**as_text).filter(condition).only("pk", *names)
    changes = [
        (row.pk, {name: new for field, name in zip(fields, names, strict=True)
                  if (new := _truncate(field, needles.redact_json(getattr(row, name)))) != getattr(row, name)})
        for row in rows.iterator(chunk_size=2000)
    ]  # fmt: skip
    changes = [(key, values) for key, values in changes if values]
    for key, values in changes:
        model._base_manager.filter(pk=key).update(**values)
    return len(changes)


def _truncate(field: models.Field[Any, Any], value: Any) -> Any:
    longest = getattr(field, "max_length", None)
    return value[:longest] if isinstance(value, str) and longest else value


def _scrub_searches(people: Sequence[ErasedPerson]) -> int:
    """Redact searches in jobs that match one of the people, since the search text may be a name."""
    texts = [searchable(person.customer_id, *person.names, *person.phones, *person.emails) for person in people]
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
