"""The form of a new token."""

from __future__ import annotations

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from custrata.web.forms import StyledForm, text_lazy
from custrata.web.manifest import scopes
from custrata.web.texts import text

DAYS = (30, 90, 365)
NEVER = ""


def _lifetimes() -> list[tuple[str, str]]:
    return [*((str(days), text("connect.make.days", number=days)) for days in DAYS), (NEVER, text("connect.never"))]


def _scopes() -> list[tuple[str, SafeString]]:
    return [(scope, format_html("<code>{}</code> {}", scope, text(scope.phrase))) for scope in scopes()]


class TokenForm(StyledForm):
    """Name, scopes and lifetime in days; without days the token does not expire."""

    name = forms.CharField(
        max_length=100,
        required=False,
        label=text_lazy("connect.field.name"),
        widget=forms.TextInput({"required": True, "autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        choices=_lifetimes,
        coerce=int,
        empty_value=None,
        required=False,
        initial="90",
        label=text_lazy("connect.field.lasting"),
    )
    scopes = forms.MultipleChoiceField(
        choices=_scopes,
        required=False,
        label=text_lazy("connect.field.scopes"),
        widget=forms.CheckboxSelectMultiple,
    )
