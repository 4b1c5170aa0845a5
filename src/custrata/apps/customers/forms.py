"""Forms of the customer page, of bulk actions and of tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from custrata.apps.accounts.models import User
from custrata.apps.customers.models import Tag
from custrata.apps.customers.queries import tag_groups
from custrata.apps.customers.queries.portrait import Attribute
from custrata.web.days import ONE_LINE
from custrata.web.forms import StyledForm, text_lazy
from custrata.web.texts import text


class CustomerForm(StyledForm):
    """Fields of every form on a customer's page: the customer, and the tab to return to."""

    customer_id = forms.CharField(strip=False, validators=[ONE_LINE])
    tab = forms.CharField(required=False, max_length=20)


class EditForm(CustomerForm):
    """An attribute and its new value."""

    attribute = forms.CharField(max_length=40)
    value = forms.CharField(required=False)

    def __init__(self, *args: Any, attribute: Attribute | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if attribute is not None:
            self.fields["value"].widget = _widget_of(attribute)


class UndoForm(CustomerForm):
    """An attribute whose edit is undone."""

    attribute = forms.CharField(max_length=40)


class NoteForm(CustomerForm):
    """A note."""

    text = forms.CharField(
        required=False,
        label=text_lazy("customers.notes.write"),
        widget=forms.Textarea({"id": "note", "rows": 3, "maxlength": 10_000, "required": True}),
    )


class RemoveNoteForm(CustomerForm):
    """A note to remove."""

    note = forms.IntegerField()


class TagOneForm(CustomerForm):
    """A tag for one customer: an existing one, or the name of a new one."""

    tag = forms.IntegerField(required=False, label=text_lazy("customers.column.tag"), widget=forms.Select())
    name = forms.CharField(
        required=False,
        max_length=60,
        label=text_lazy("customers.new_tag"),
        widget=forms.TextInput({"id": "new-tag", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, tags: Iterable[Tag] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "tag", tag_choices(tags))


class OwnOneForm(CustomerForm):
    """The owner of one customer, if any."""

    owner = forms.IntegerField(required=False, label=text_lazy("customers.column.owner"), widget=forms.Select())

    def __init__(self, *args: Any, owners: Iterable[User] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "owner", owner_choices(owners))


class ExcludeForm(CustomerForm):
    """Why a customer is excluded from grading."""

    reason = forms.CharField(
        required=False,
        max_length=500,
        label=text_lazy("customers.exclude.reason"),
        widget=forms.TextInput({"required": True, "placeholder": text_lazy("customers.exclude.example")}),
    )


class BulkForm(StyledForm):
    """An action on all customers of a list, and the number of customers that was shown."""

    tag = forms.IntegerField(
        required=False, label=text_lazy("customers.column.tag"), widget=forms.Select({"required": True})
    )
    owner = forms.IntegerField(required=False, label=text_lazy("customers.column.owner"), widget=forms.Select())
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput())

    def __init__(self, *args: Any, tags: Iterable[Tag] = (), owners: Iterable[User] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "tag", tag_choices(tags))
        _offer(self, "owner", owner_choices(owners))


class SearchForm(StyledForm):
    """The search of the list of customers."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label=text_lazy("customers.search.label"),
        widget=forms.TextInput(
            {
                "type": "search",
                "placeholder": text_lazy("customers.search.hint"),
                "autocomplete": "off",
                "spellcheck": "false",
                "aria-keyshortcuts": "/",
            }
        ),
    )


class FindColumnForm(StyledForm):
    """Find a column by its name; the browser hides the others."""

    find = forms.CharField(
        label=text_lazy("customers.columns.find"),
        widget=forms.TextInput(
            {
                "type": "search",
                "id": "find-column",
                "placeholder": text_lazy("customers.columns.find"),
                "data-finds": ".choose-column",
                "autocomplete": "off",
            }
        ),
    )


class EraseForm(StyledForm):
    """The number of the customer to erase."""

    customer_id = forms.CharField(
        max_length=255,
        label=text_lazy("customers.erase.number"),
        widget=forms.TextInput({"id": "customer-id", "autocomplete": "off"}),
    )


class LiftForm(StyledForm):
    """Why rows of an erased customer are accepted again."""

    reason = forms.CharField(max_length=500, label=text_lazy("customers.exclude.reason"))


class TagForm(StyledForm):
    """A new tag."""

    name = forms.CharField(max_length=60, label=text_lazy("customers.column.name"))
    group = forms.TypedChoiceField(
        coerce=int, empty_value=None, required=False, label=text_lazy("customers.tags.group")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.fields["group"]
        assert isinstance(group, forms.TypedChoiceField)
        group.choices = [("", text("customers.tags.no_group")), *((group.pk, group.name) for group in tag_groups())]


class GroupForm(StyledForm):
    """A new group of tags."""

    name = forms.CharField(max_length=60, label=text_lazy("customers.column.name"))
    exclusive = forms.BooleanField(required=False, label=text_lazy("customers.tags.exclusive"))


def tag_choices(tags: Iterable[Tag]) -> list[tuple[str, str]]:
    """Tags to choose from, each with its group."""
    return [(str(tag.pk), f"{tag.group.name} · {tag.name}" if tag.group else tag.name) for tag in tags]


def owner_choices(owners: Iterable[User]) -> list[tuple[str, str]]:
    """People to choose from, or nobody."""
    return [("", text("customers.owner.nobody")), *((str(person.pk), str(person)) for person in owners)]


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    widget = form.fields[name].widget
    assert isinstance(widget, forms.Select)
    widget.choices = choices


def _widget_of(attribute: Attribute) -> forms.Widget:
    """The control of an attribute: a list where its values are limited, else by its type."""
    attributes = {"aria-label": attribute.label, "autofocus": True}
    if attribute.choices:
        named = [(value, text(f"customers.choice.{value}")) for value in attribute.choices]
        return forms.Select({**attributes, "class": "form-select"}, choices=[("", "–"), *named])
    return forms.TextInput({**attributes, "class": "form-control", "type": attribute.input, "maxlength": 1000})


def cleaned_number(form: forms.Form, name: str) -> Any:
    """A cleaned number of a form; None if left empty."""
    return form.cleaned_data.get(name)
