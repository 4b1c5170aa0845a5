"""The base of the product's forms: styles of the controls, what an empty required field says, and single fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import lazy

from custrata.web.texts import text

text_lazy = lazy(text, str)
Choices = Iterable[tuple[str, str]]
TICKED = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


class StyledForm(forms.Form):
    """A form whose fields are drawn by `web/field.html` in the product's styles."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not field.widget.is_hidden:
                own = field.widget.attrs.get("class", "")
                field.widget.attrs["class"] = f"{_style(field.widget)} {own}".strip()
            field.error_messages["required"] = text_lazy("web.required")


def day_input(**attributes: str) -> forms.DateInput:
    """The browser's own control for a day."""
    return forms.DateInput({"type": "date", **attributes}, format="%Y-%m-%d")


def select(
    name: str, choices: Choices, chosen: object, *, label: str = "", id: str = "", submits: bool = False
) -> BoundField:
    """A field to choose one of several values, outside of a form class. `submits`: choosing submits the form."""
    widget = forms.Select({"data-submits": True} if submits else {})
    field = forms.ChoiceField(choices=choices, label=label, required=False, widget=widget)
    return _bound(name, field, chosen, id or name)


def checks(name: str, choices: Choices, chosen: Sequence[str], *, label: str, id: str = "") -> BoundField:
    """A field to choose any of several values, outside of a form class."""
    widget = forms.CheckboxSelectMultiple()
    field = forms.MultipleChoiceField(choices=choices, label=label, required=False, widget=widget)
    return _bound(name, field, chosen, id or name)


def _bound(name: str, field: forms.Field, chosen: object, id: str) -> BoundField:
    """The field in a form of its own."""
    class_ = type("ChoiceForm", (StyledForm,), {name: field})
    form: StyledForm = class_(initial={name: chosen}, auto_id=id.removesuffix(name) + "%s")
    return form[name]


def _style(widget: forms.Widget) -> str:
    if isinstance(widget, TICKED):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
