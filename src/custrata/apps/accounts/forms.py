"""Forms of the account pages; the actions validate the meaning."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from custrata.web.forms import StyledForm, text_lazy
from custrata.web.preferences import THEMES
from custrata.web.rights import Role
from custrata.web.texts import text
from custrata.wording import LANGUAGES, phrase

LONGEST_PASSWORD = 4096  # longer ones would only cost hashing time
LANGUAGE_NAMES = [(language, phrase("languages", "own", language)) for language in LANGUAGES]
ROLE_NAMES = [(role.value, text_lazy(f"web.roles.{role.value}")) for role in Role]


def username_field(**more: Any) -> forms.CharField:
    """A user name."""
    marks = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", **more}
    return forms.CharField(
        max_length=150, label=text_lazy("accounts.field.username"), widget=forms.TextInput(attrs=marks)
    )


def password_field(label: str, autocomplete: str, *, required: bool = True, help: str = "") -> forms.CharField:
    """A password; spaces are kept."""
    return forms.CharField(
        max_length=LONGEST_PASSWORD,
        strip=False,
        required=required,
        label=text_lazy(label),
        help_text=text_lazy(help) if help else "",
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


def name_field() -> forms.CharField:
    """The name of a person."""
    return forms.CharField(
        max_length=150,
        required=False,
        label=text_lazy("accounts.field.name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


def email_field() -> forms.EmailField:
    """An e-mail address, or none."""
    return forms.EmailField(
        max_length=254,
        required=False,
        label=text_lazy("accounts.field.email"),
        error_messages={"invalid": text_lazy("accounts.fault.email")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class SignInForm(StyledForm):
    username = username_field(autofocus=True)
    password = password_field("accounts.field.password", "current-password")


class CodeForm(StyledForm):
    """A code of the authenticator, or a recovery code."""

    code = forms.CharField(
        max_length=60,
        label=text_lazy("accounts.field.code"),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )


class PresentPasswordForm(StyledForm):
    """The current password of the signed-in person."""

    present = password_field("accounts.field.present", "current-password")


class NewPasswordForm(StyledForm):
    """A new password, entered twice."""

    password = password_field("accounts.field.new_password", "new-password")
    repeated = password_field("accounts.field.repeated", "new-password")

    def clean(self) -> dict[str, Any]:
        cleaned_data = super().clean() or self.cleaned_data
        if (
            cleaned_data.get("password")
            and cleaned_data.get("repeated")
            and cleaned_data["password"] != cleaned_data["repeated"]
        ):
            self.add_error("repeated", ValidationError(text("accounts.fault.repeated")))
        return cleaned_data


class InvitedForm(NewPasswordForm):
    name = name_field()
    field_order = ("name", "password", "repeated")


class FirstForm(NewPasswordForm):
    username = username_field()
    name = name_field()
    field_order = ("username", "name", "password", "repeated")


class ChangePasswordForm(NewPasswordForm):
    present = password_field("accounts.field.present", "current-password")
    field_order = ("present", "password", "repeated")


class InviteForm(StyledForm):
    username = username_field(autocomplete="off")
    email = email_field()
    role = forms.ChoiceField(choices=ROLE_NAMES, label=text_lazy("accounts.field.role"), initial=Role.AGENT.value)


class RoleForm(StyledForm):
    role = forms.ChoiceField(choices=ROLE_NAMES, label=text_lazy("accounts.field.role"))


class MeForm(StyledForm):
    """One's own profile; a new e-mail address requires the password."""

    name = name_field()
    email = email_field()
    present = password_field(
        "accounts.field.present", "current-password", required=False, help="accounts.me.present_help"
    )
    language = forms.ChoiceField(
        required=False,
        choices=[("", text_lazy("accounts.me.any_language")), *LANGUAGE_NAMES],
        label=text_lazy("web.language"),
    )
    theme = forms.ChoiceField(
        required=False,
        choices=[(theme, text_lazy(f"web.theme.{theme}")) for theme in THEMES],
        label=text_lazy("web.theme.title"),
    )


class WorkspaceForm(StyledForm):
    name = forms.CharField(
        max_length=100, label=text_lazy("accounts.workspace.name"), help_text=text_lazy("accounts.workspace.name_help")
    )
    language = forms.ChoiceField(
        choices=LANGUAGE_NAMES,
        label=text_lazy("accounts.workspace.language"),
        help_text=text_lazy("accounts.workspace.language_help"),
    )
    memory = forms.CharField(
        max_length=20,
        label=text_lazy("accounts.workspace.memory"),
        help_text=text_lazy("accounts.workspace.memory_help"),
    )
    keep_runs = forms.CharField(
        max_length=20,
        required=False,
        label=text_lazy("accounts.workspace.keep_runs"),
        help_text=text_lazy("accounts.workspace.keep_runs_help"),
    )
    keep_quarantine = forms.CharField(
        max_length=20,
        required=False,
        label=text_lazy("accounts.workspace.keep_quarantine"),
        help_text=text_lazy("accounts.workspace.keep_quarantine_help"),
    )
    compact_at = forms.CharField(
        max_length=20,
        required=False,
        label=text_lazy("accounts.workspace.compact_at"),
        help_text=text_lazy("accounts.workspace.compact_at_help"),
    )
