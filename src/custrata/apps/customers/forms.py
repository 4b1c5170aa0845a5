"""What browsers send: the forms of a customer's page, of many customers and of tags."""

from __future__ import annotations

from typing import Any

from django import forms

from custrata.web.days import ONE_LINE


class CustomerForm(forms.Form):
    """What every form on a customer's page sends: which customer, and which tab to go back to."""

    customer_id = forms.CharField(strip=False, validators=[ONE_LINE])
    tab = forms.CharField(required=False, max_length=20)


class EditForm(CustomerForm):
    """An attribute and what it is to be."""

    attribute = forms.CharField(max_length=40)
    value = forms.CharField(required=False)


class UndoForm(CustomerForm):
    """An attribute that is to be what the sources say."""

    attribute = forms.CharField(max_length=40)


class NoteForm(CustomerForm):
    """A note."""

    text = forms.CharField(required=False)


class RemoveNoteForm(CustomerForm):
    """A note that is to go."""

    note = forms.IntegerField()


class TagOneForm(CustomerForm):
    """A tag on one customer: one there is, or the name of a new one."""

    tag = forms.IntegerField(required=False)
    name = forms.CharField(required=False, max_length=60)


class OwnOneForm(CustomerForm):
    """Who looks after one customer; none: nobody."""

    owner = forms.IntegerField(required=False)


class ExcludeForm(CustomerForm):
    """Why a customer is excluded from grading."""

    reason = forms.CharField(required=False, max_length=500)


class BulkForm(forms.Form):
    """What is done to everybody a question lets through, and how many the person saw there are."""

    tag = forms.IntegerField(required=False)
    owner = forms.IntegerField(required=False)
    seen = forms.IntegerField(min_value=0)


class TagForm(forms.Form):
    """A new tag."""

    name = forms.CharField(required=False, max_length=80)
    group = forms.IntegerField(required=False)


class GroupForm(forms.Form):
    """A new group of tags."""

    name = forms.CharField(required=False, max_length=80)
    exclusive = forms.BooleanField(required=False)


def cleaned_number(form: forms.Form, name: str) -> Any:
    """A number of a form that was found right, none where it was left open."""
    return form.cleaned_data.get(name)
