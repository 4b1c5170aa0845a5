"""The base of the product's forms: styles of the controls, and what an empty required field says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import lazy

from custrata.web.texts import text

text_lazy = lazy(text, str)
TICKED = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


class StyledForm(forms.Form):
    """A form whose fields are drawn by `web/field.html` in the product's styles."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs["class"] = _style(field.widget)
            field.error_messages["required"] = text_lazy("web.required")


def day_input() -> forms.DateInput:
    """The browser's own control for a day."""
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


def _style(widget: forms.Widget) -> str:
    if isinstance(widget, TICKED):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
