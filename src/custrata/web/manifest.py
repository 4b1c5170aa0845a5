"""What an app declares of itself: from here the rest of the server learns what the app adds to it.

`apps.py` is imported before there are models. So a declaration is plain data, or the dotted name of a function or a
module, which is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast

from django.apps import AppConfig, apps
from django.utils.module_loading import import_string

from custrata.web.rights import Right
from custrata.web.scopes import Scope


@dataclass(frozen=True)
class Entry:
    """One line of the menu: its phrase, icon and address name, and the right it takes; none: everybody signed in.

    The lowest `order` of its group comes first.
    """

    phrase: str
    icon: str
    address: str
    right: Right | None = None
    order: int = 0
    group: Literal["pages", "settings"] = "pages"


@dataclass(frozen=True)
class Tab:
    """A tab of a customer's page: its key in the address, icon, phrase and template; the lowest `order` comes first.

    `context` is a function of the request, the reading of the newest run (or None), the customer's row in it (or None)
    and the customer's id; it gives the template's variables.
    """

    key: str
    icon: str
    phrase: str
    template: str
    context: str
    order: int


@dataclass(frozen=True)
class Panel:
    """A part beside the tabs of a customer's page, loaded when the page stands, from an address that takes the id."""

    icon: str
    phrase: str
    address: str
    right: Right


@dataclass(frozen=True)
class TimelineKind:
    """A kind of entry on the timeline of customers: its name, its icon, and how an entry reads.

    An entry reads as its phrase (`timeline.<name>` of the app, with the entry's facts), and below it small what
    `detail` names of the facts; or as `template` has it, with the entry as `entry`.
    """

    name: str
    icon: str
    detail: str = ""
    template: str = ""


@dataclass(frozen=True)
class TierLink:
    """A link on every tier of a scheme's table: icon, phrase of its column, and its own phrase with the fact `tier`.

    `address` takes the keys of scheme and tier; `exists` is a function of both that says whether there is one.
    """

    icon: str
    phrase: str
    label: str
    address: str
    exists: str


class App(AppConfig):
    """An app of Custrata. Deleting its folder, and its line in `custrata.config.installed`, removes it everywhere."""

    default = False  # Django takes the class below it in an `apps.py`
    default_auto_field = "django.db.models.BigAutoField"

    address: ClassVar[str | None] = None
    """Where its `urls` begin; none: it has no pages."""
    rights: ClassVar[tuple[Right, ...]] = ()
    scopes: ClassVar[tuple[Scope, ...]] = ()
    menu: ClassVar[tuple[Entry, ...]] = ()
    routers: ClassVar[tuple[str, ...]] = ()
    """Routers of the REST API."""
    recognises_tokens: ClassVar[str] = ""
    """The function that finds the token of a secret (`custrata.web.bearers.Recognise`)."""
    jobs: ClassVar[tuple[str, ...]] = ()
    """Modules that register kinds of work and what is looked at from time to time (`custrata.apps.jobs.actions`)."""
    customer_tabs: ClassVar[tuple[Tab, ...]] = ()
    customer_panels: ClassVar[tuple[Panel, ...]] = ()
    timeline: ClassVar[tuple[TimelineKind, ...]] = ()
    tier_links: ClassVar[tuple[TierLink, ...]] = ()
    attention: ClassVar[tuple[str, ...]] = ()
    """Functions of a person and an instant: what the overview shows them to see to (`custrata.web.attention`)."""
    preloads: ClassVar[tuple[str, ...]] = ()
    """Functions called as a process begins to serve, so that the first who opens a page need not wait for them."""

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls.default = True


def manifests() -> Iterator[App]:
    """Every app of Custrata that is installed, the lowest first."""
    return (app for app in apps.get_app_configs() if isinstance(app, App))


def rights() -> list[Right]:
    """Every right there is, in the order of tables."""
    return sorted((right for app in manifests() for right in app.rights), key=lambda right: right.order)


def scopes() -> list[Scope]:
    """Every scope of tokens there is, in the order of lists."""
    return sorted((scope for app in manifests() for scope in app.scopes), key=lambda scope: scope.order)


def function(name: str) -> Callable[..., Any]:
    """The function of a dotted name. Raises `ImportError`."""
    return cast(Callable[..., Any], import_string(name))
