"""The forms of a page as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """Action, method and ordered fields of a form."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.forms, self.form = page, list[Form](), None
        self.select, self.in_text = "", False
        self.parts: list[tuple[Form, Form | None, str]] = []
        self.named: dict[str, Form] = {}

    form: Form | None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(attributes.get("action") or self.page, attributes.get("method", "get").lower())
            self.forms.append(self.form)
            self.named[attributes.get("id", "")] = self.form
        if "hx-post" in attributes:
            self.parts.append((Form(attributes["hx-post"], "post"), self.form, attributes.get("hx-include", "")))
        if self.form is None or ("name" not in attributes and tag != "option"):
            return
        if tag in ("input", "button"):
            self.form.fields.append(
                (attributes["name"], attributes.get("value", "on" if attributes.get("type") == "checkbox" else ""))
            )
        elif tag in ("select", "textarea"):
            self.select, self.in_text = attributes["name"], tag == "textarea"
            self.form.fields.append((attributes["name"], ""))
        elif (
            tag == "option" and self.select and ("selected" in attributes or self.form.fields[-1] == (self.select, ""))
        ):
            self.form.fields[-1] = (self.select, attributes.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self.in_text and self.form is not None:
            name, before = self.form.fields[-1]
            self.form.fields[-1] = (name, before + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        if tag in ("select", "textarea"):
            self.select, self.in_text = "", False


def forms_of(page: str, html: str) -> list[Form]:
    """Every form of a page, and every element that is submitted on its own by htmx."""
    reader = _Reader(page)
    reader.feed(html)
    for part, around, included in reader.parts:
        source = reader.named.get(included.removeprefix("#")) or around
        part.fields = list(source.fields) if source else []
        reader.forms.append(part)
    return reader.forms
