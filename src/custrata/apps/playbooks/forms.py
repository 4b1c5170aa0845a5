"""Forms of playbooks and tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from custrata.apps.accounts.models import User
from custrata.apps.playbooks.queries import STANDS, WHOSE, TaskSearch
from custrata.tiering.playbooks import AREAS, KINDS, Playbook, as_data, localized
from custrata.web.days import ONE_LINE, DayField
from custrata.web.forms import StyledForm, day_input, text_lazy
from custrata.web.texts import text

MOST_ACTIONS = 40
BLANK_ROWS = 2
OWNER = "owner"


class PlaybookForm(StyledForm):
    """The meaning of a tier and the aim, in the reader's language."""

    aim = forms.CharField(max_length=300, label=text_lazy("playbooks.aim"))
    meaning = forms.CharField(
        max_length=1_000, label=text_lazy("playbooks.meaning"), widget=forms.Textarea({"rows": 2})
    )


def _kinds() -> list[tuple[str, str]]:
    return [(kind, text(f"playbooks.kinds.{kind}")) for kind in KINDS]


def _areas() -> list[tuple[str, str]]:
    return [(area, text(f"playbooks.areas.{area}")) for area in AREAS]


class ActionForm(StyledForm):
    """One action; ignored without a text."""

    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    text = forms.CharField(
        required=False, max_length=500, label=text_lazy("playbooks.edit.what"), widget=forms.Textarea({"rows": 2})
    )
    kind = forms.ChoiceField(choices=_kinds, label=text_lazy("playbooks.edit.kind"))
    area = forms.ChoiceField(choices=_areas, label=text_lazy("playbooks.edit.area"))
    due_days = forms.IntegerField(
        required=False, min_value=1, max_value=3_650, label=text_lazy("playbooks.edit.due_days")
    )
    every_days = forms.IntegerField(
        required=False, min_value=1, max_value=3_650, label=text_lazy("playbooks.edit.every_days")
    )


ActionForms = forms.formset_factory(ActionForm, extra=BLANK_ROWS, max_num=MOST_ACTIONS, absolute_max=MOST_ACTIONS + 5)


def form_initial(playbook: Playbook, language: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The initial data of a playbook's form in a language."""
    rows: list[dict[str, Any]] = [
        {
            "key": action.key,
            "kind": action.kind,
            "area": action.area,
            "text": action.text_in(language),
            "due_days": action.due_days,
            "every_days": action.every_days,
        }
        for action in playbook.actions
    ]
    return {"meaning": localized(playbook.meaning, language), "aim": localized(playbook.aim, language)}, rows


def content(playbook: Playbook, language: str, whole: Mapping[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The submitted form as playbook data.

    A changed text is kept only in the language of the form, since translations would be out of date.
    """
    data, actions = as_data(playbook), {action.key: action for action in playbook.actions}
    for name in ("meaning", "aim"):
        data[name] = _text(data[name], whole[name], language)
    data["actions"] = []
    for row in (row for row in rows if row.get("text", "").strip()):
        key = row["key"] or _free_key(actions, data["actions"])
        before = actions[key].text if key in actions else {}
        days = {name: row[name] for name in ("due_days", "every_days") if row[name] is not None}
        text_now = _text(before, row["text"], language)
        data["actions"].append({"key": key, "kind": row["kind"], "area": row["area"], "text": text_now, **days})
    return data


def _text(before: Mapping[str, str], now: str, language: str) -> dict[str, str]:
    text_now = " ".join(now.split())
    return dict(before) if before and localized(before, language) == text_now else {language: text_now}


def _free_key(existing: Mapping[str, object], taken: list[dict[str, Any]]) -> str:
    used = {*existing, *(action["key"] for action in taken)}
    return next(key for number in range(1, 1_000) if (key := f"own_{number}") not in used)


class TaskForm(StyledForm):
    """A new task: title, due date, assignee, and the customer, if any."""

    title = forms.CharField(max_length=500, widget=forms.Textarea({"rows": 2}))
    due = DayField(label=text_lazy("playbooks.make.due"), widget=day_input())
    assignee = forms.CharField(
        required=False, max_length=20, label=text_lazy("playbooks.make.assignee"), widget=forms.Select()
    )
    customer = forms.CharField(
        required=False,
        max_length=255,
        strip=True,
        label=text_lazy("playbooks.make.customer"),
        help_text=text_lazy("playbooks.make.customer_help"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, people: Iterable[User] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner, nobody = text("playbooks.make.owner"), text("playbooks.make.nobody")
        _offer(self, [(OWNER, owner), *_named(people), ("", nobody)])

    def whose(self) -> dict[str, Any]:
        """The assignee as arguments of the actions."""
        return assigned(self.cleaned_data["assignee"])


def assigned(written: str) -> dict[str, Any]:
    """The chosen assignee: a person by id, the customer's owner, or nobody."""
    number = int(written) if written.isdecimal() else None
    return {"assignee_id": number, "to_owner": written == OWNER}


class NextForm(forms.Form):
    """An action of a customer's tier that becomes a task with the playbook's defaults."""

    customer_id = forms.CharField(max_length=1_000, strip=False, validators=[ONE_LINE])
    scheme = forms.CharField(max_length=64)
    tier = forms.CharField(max_length=64)
    action = forms.CharField(max_length=64)


class FinishForm(StyledForm):
    """The result of a task."""

    result = forms.CharField(
        required=False,
        max_length=5_000,
        label=text_lazy("playbooks.task.result"),
        help_text=text_lazy("playbooks.task.result_help"),
        widget=forms.Textarea({"rows": 4}),
    )
    again = forms.BooleanField(required=False, initial=True)


class HandOverForm(StyledForm):
    """The assignee and due date of a task."""

    assignee = forms.IntegerField(required=False, label=text_lazy("playbooks.make.assignee"), widget=forms.Select())
    due = DayField(required=False, label=text_lazy("playbooks.make.due"), widget=day_input())

    def __init__(self, *args: Any, people: Iterable[User] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, [("", text("playbooks.make.nobody")), *_named(people)])


def _named(people: Iterable[User]) -> list[tuple[str, str]]:
    return [(str(person.pk), str(person)) for person in people]


def _offer(form: forms.Form, choices: list[tuple[str, str]]) -> None:
    widget = form.fields["assignee"].widget
    assert isinstance(widget, forms.Select)
    widget.choices = choices


class TaskSearchForm(forms.Form):
    """Filters of the task list: assignee, state and scheme."""

    whose = forms.ChoiceField(required=False, choices=[(value, value) for value in WHOSE])
    stands = forms.ChoiceField(required=False, choices=[(value, value) for value in STANDS])
    scheme = forms.CharField(required=False, max_length=64)

    def search(self, usual: str) -> TaskSearch:
        """The search; invalid values are replaced by defaults."""
        self.is_valid()
        cleaned_data = self.cleaned_data
        return TaskSearch(
            cleaned_data.get("whose") or usual, cleaned_data.get("stands") or "open", cleaned_data.get("scheme") or ""
        )
