"""What people fill in: a playbook, a task, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from custrata.apps.playbooks.queries import STANDS, WHOSE, Search
from custrata.tiering.playbooks import AREAS, KINDS, Playbook, as_data, localized
from custrata.web.days import ONE_LINE, DayField

MOST_ACTIONS = 40
BLANK_ROWS = 2
OWNER = "owner"


class PlaybookForm(forms.Form):
    """What a tier means and the aim, in the reader's language."""

    meaning = forms.CharField(max_length=1_000)
    aim = forms.CharField(max_length=300)


class ActionForm(forms.Form):
    """One action; without a text it is left out."""

    key = forms.CharField(required=False, max_length=64)
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    area = forms.ChoiceField(choices=[(area, area) for area in AREAS])
    text = forms.CharField(required=False, max_length=500)
    due_days = forms.IntegerField(required=False, min_value=1, max_value=3_650)
    every_days = forms.IntegerField(required=False, min_value=1, max_value=3_650)


ActionForms = forms.formset_factory(ActionForm, extra=BLANK_ROWS, max_num=MOST_ACTIONS, absolute_max=MOST_ACTIONS + 5)


def filled_in(found: Playbook, language: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """A playbook as its form shows it to a reader."""
    rows: list[dict[str, Any]] = [
        {
            "key": action.key,
            "kind": action.kind,
            "area": action.area,
            "text": action.text_in(language),
            "due_days": action.due_days,
            "every_days": action.every_days,
        }
        for action in found.actions
    ]
    return {"meaning": localized(found.meaning, language), "aim": localized(found.aim, language)}, rows


def content(held: Playbook, language: str, whole: Mapping[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What was filled in, as data of a playbook.

    A text that was changed is kept in the language it was written in alone: the others would say something else.
    """
    data, known = as_data(held), {action.key: action for action in held.actions}
    for name in ("meaning", "aim"):
        data[name] = _text(data[name], whole[name], language)
    data["actions"] = []
    for row in (row for row in rows if row.get("text", "").strip()):
        key = row["key"] or _free_key(known, data["actions"])
        before = known[key].text if key in known else {}
        days = {name: row[name] for name in ("due_days", "every_days") if row[name] is not None}
        text_now = _text(before, row["text"], language)
        data["actions"].append({"key": key, "kind": row["kind"], "area": row["area"], "text": text_now, **days})
    return data


def _text(before: Mapping[str, str], now: str, language: str) -> dict[str, str]:
    text_now = " ".join(now.split())
    return dict(before) if before and localized(before, language) == text_now else {language: text_now}


def _free_key(known: Mapping[str, object], taken: list[dict[str, Any]]) -> str:
    used = {*known, *(action["key"] for action in taken)}
    return next(key for number in range(1, 1_000) if (key := f"own_{number}") not in used)


class TaskForm(forms.Form):
    """What is to be done, until when, whose it is; and for whom: a customer somebody is looking for, or the tier."""

    title = forms.CharField(max_length=500)
    due = DayField()
    assignee = forms.CharField(required=False, max_length=20)
    customer = forms.CharField(required=False, max_length=255, strip=True)

    def whose(self) -> dict[str, Any]:
        """The assignee as actions take it."""
        return assigned(self.cleaned_data["assignee"])


def assigned(written: str) -> dict[str, Any]:
    """A choice of the list of people: one by number, whoever looks after the customer, nobody."""
    number = int(written) if written.isdecimal() else None
    return {"assignee_id": number, "to_owner": written == OWNER}


class NextForm(forms.Form):
    """An action of a customer's tier that becomes a task with everything as the playbook says."""

    customer_id = forms.CharField(max_length=1_000, strip=False, validators=[ONE_LINE])
    scheme = forms.CharField(max_length=64)
    tier = forms.CharField(max_length=64)
    action = forms.CharField(max_length=64)


class FinishForm(forms.Form):
    """What came of a task."""

    result = forms.CharField(required=False, max_length=5_000)
    again = forms.BooleanField(required=False)


class HandOverForm(forms.Form):
    """Who does a task, by when."""

    assignee = forms.IntegerField(required=False)
    due = DayField(required=False)


class SearchForm(forms.Form):
    """Whose tasks, how they stand, of which scheme."""

    whose = forms.ChoiceField(required=False, choices=[(one, one) for one in WHOSE])
    stands = forms.ChoiceField(required=False, choices=[(one, one) for one in STANDS])
    scheme = forms.CharField(required=False, max_length=64)

    def search(self, usual: str) -> Search:
        """What is asked for; what cannot be used is as usual."""
        self.is_valid()
        given = self.cleaned_data
        return Search(given.get("whose") or usual, given.get("stands") or "open", given.get("scheme") or "")
