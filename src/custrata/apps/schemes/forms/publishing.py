"""The form that publishes a draft."""

from __future__ import annotations

from django import forms

from custrata.web.forms import StyledForm, text_lazy


class PublishForm(StyledForm):
    """What is noted with the version."""

    note = forms.CharField(
        required=False,
        max_length=1000,
        label=text_lazy("schemes.simulate.note"),
        widget=forms.Textarea({"id": "note", "rows": 2, "placeholder": text_lazy("schemes.simulate.note_help")}),
    )
