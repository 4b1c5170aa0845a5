"""Forms of the customer page, of bulk actions and of tags."""

from __future__ import annotations

from typing import Any

from django import forms

from custrata.apps.customers.queries import tag_groups
from custrata.web.days import ONE_LINE
from custrata.web.forms import StyledForm, text_lazy
from custrata.web.texts import text


class CustomerForm(forms.Form):
    """Fields of every form on a customer's page: the customer, and the tab to return to."""

    customer_id = forms.CharField(strip=False, validators=[ONE_LINE])
    tab = forms.CharField(required=False, max_length=20)


class EditForm(CustomerForm):
    """An attribute and its new value."""

    attribute = forms.CharField(max_length=40)
    value = forms.CharField(required=False)


class UndoForm(CustomerForm):
    """An attribute whose edit is undone."""

    attribute = forms.CharField(max_length=40)


class NoteForm(CustomerForm):
    """A note."""

    text = forms.CharField(required=False)


class RemoveNoteForm(CustomerForm):
    """A note to remove."""

    note = forms.IntegerField()


class TagOneForm(CustomerForm):
    """A tag for one customer: an existing one, or the name of a new one."""

    tag = forms.IntegerField(required=False)
    name = forms.CharField(required=False, max_length=60)


class OwnOneForm(CustomerForm):
    """The owner of one customer, if any."""

    owner = forms.IntegerField(required=False)


class ExcludeForm(CustomerForm):
    """Why a customer is excluded from grading."""

    reason = forms.CharField(required=False, max_length=500)


class BulkForm(forms.Form):
    """An action on all customers of a list, and the number of customers that was shown."""

    tag = forms.IntegerField(required=False)
    owner = forms.IntegerField(required=False)
    seen = forms.IntegerField(min_value=0)


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


def cleaned_number(form: forms.Form, name: str) -> Any:
    """A cleaned number of a form; None if left empty."""
    return form.cleaned_data.get(name)
