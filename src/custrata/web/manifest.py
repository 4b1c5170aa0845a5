"""What an app declares of itself: from here the rest of the server learns what the app adds to it.

`apps.py` is imported before there are models. So a declaration is plain data, or the dotted name of a function or a
module, which is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.utils.module_loading import import_string

from custrata.web import environment
from custrata.web.rights import Right
from custrata.web.scopes import TokenScope

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting(Generic[Value]):
    """A setting of an app: its name among Django's settings, its environment variable, what it means, and its value.

    Parameters: `read` makes the value of the variable's text; `default` is the text where there is no variable;
    `expected` says what it can be, in any language. `read` raises `ValueError` for anything else.
    `docs/server/settings.md` has a line with `meaning` for each.
    """

    name: str
    variable: str
    meaning: str
    read: Callable[[str], Value]
    default: str
    expected: str

    def of_environment(self) -> Value:
        """The value that the environment has for it. Raises `BadVariable`."""
        return environment.read(self.variable, self.default, self.read, self.expected)

    @property
    def value(self) -> Value:
        """The value in force."""
        return cast(Value, getattr(settings, self.name))


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
class ListColumn:
    """A column of the list of customers: its key, its phrase, how its values are written, and where they come from.

    `values` is a function of the customers on the page, by id, that gives their values by id; `kind` is one of
    `custrata.apps.customers.queries.columns.Kind`. To sort by it is not possible: the list is in the profile's order.
    """

    key: str
    phrase: str
    kind: str
    values: str


@dataclass(frozen=True)
class ListFilter:
    """A filter of the list of customers by what the database knows: its name in the address, and its phrase.

    `choices` is a function that gives values and labels; `customers` one of a value that gives whom it lets through
    (`custrata.apps.customers.queries.filters.Selected`), None where the value makes no sense; `chip` one of a value
    that says what the list is filtered by.
    """

    name: str
    phrase: str
    choices: str
    customers: str
    chip: str


@dataclass(frozen=True)
class Personal:
    """A model whose rows are each about one customer, by `customer_id`.

    Parameters: `exported` are the columns for who asks what is stored about them; `erased` rows are deleted with the
    customer; `moves`: where two customers are merged, the rows go to the one that stays.
    """

    model: str
    exported: tuple[str, ...]
    erased: bool = True
    moves: bool = True


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


@dataclass(frozen=True)
class SchemePart:
    """What an app adds to the list of schemes, and to the page of a scheme.

    `context` is a function of the request that gives variables of the templates by scheme, also of schemes that no run
    has; a template has those of its scheme as `part`. `badges` stand on its card and its page, `actions` are buttons of
    its page, `card` is its card where the run does not have it. `buttons` of the list lead to pages of the app.
    """

    context: str
    badges: str
    actions: str
    card: str
    buttons: tuple[Entry, ...] = ()


class App(AppConfig):
    """An app of Custrata. Deleting its folder, and its line in `custrata.config.installed`, removes it everywhere."""

    default = False  # Django takes the class below it in an `apps.py`
    default_auto_field = "django.db.models.BigAutoField"

    address: ClassVar[str | None] = None
    """Where its `urls` begin; none: it has no pages."""
    rights: ClassVar[tuple[Right, ...]] = ()
    scopes: ClassVar[tuple[TokenScope, ...]] = ()
    menu: ClassVar[tuple[Entry, ...]] = ()
    routers: ClassVar[tuple[str, ...]] = ()
    """Routers of the REST API."""
    token_lookup: ClassVar[str] = ""
    """The function that finds the token of a secret (`custrata.web.bearers.Recognise`)."""
    jobs: ClassVar[tuple[str, ...]] = ()
    """Modules that register kinds of work and what is looked at from time to time (`custrata.apps.jobs.actions`)."""
    customer_tabs: ClassVar[tuple[Tab, ...]] = ()
    customer_panels: ClassVar[tuple[Panel, ...]] = ()
    timeline: ClassVar[tuple[TimelineKind, ...]] = ()
    list_columns: ClassVar[tuple[ListColumn, ...]] = ()
    list_filters: ClassVar[tuple[ListFilter, ...]] = ()
    personal: ClassVar[tuple[Personal, ...]] = ()
    mentions_people: ClassVar[bool] = False
    """Whether its models' texts and JSON may speak of customers: an erasure takes numbers and contacts out of them."""
    tier_links: ClassVar[tuple[TierLink, ...]] = ()
    scheme_parts: ClassVar[tuple[SchemePart, ...]] = ()
    attention: ClassVar[tuple[str, ...]] = ()
    """Functions of a person and an instant: what the overview shows them to see to (`custrata.web.attention`)."""
    settings: ClassVar[tuple[Setting[Any], ...]] = ()
    preloads: ClassVar[tuple[str, ...]] = ()
    """Functions called as a process begins to serve, so that the first who opens a page need not wait for them."""

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls.default = True


def declared_settings(names: Iterable[str]) -> dict[str, Any]:
    """The settings of apps, by name, of the environment; for settings themselves, before Django has loaded the apps."""
    modules = (import_module(f"{name}.apps") for name in names)
    declared = (app for module in modules for app in vars(module).values() if isinstance(app, type))
    apps_of_ours = (app for app in declared if issubclass(app, App))
    return {setting.name: setting.of_environment() for app in apps_of_ours for setting in app.settings}


def manifests() -> Iterator[App]:
    """Every app of Custrata that is installed, the lowest first."""
    return (app for app in apps.get_app_configs() if isinstance(app, App))


def rights() -> list[Right]:
    """Every right there is, in the order of tables."""
    return sorted((right for app in manifests() for right in app.rights), key=lambda right: right.order)


def scopes() -> list[TokenScope]:
    """Every scope of tokens there is, in the order of lists."""
    return sorted((scope for app in manifests() for scope in app.scopes), key=lambda scope: scope.order)


def function(name: str) -> Callable[..., Any]:
    """The function of a dotted name. Raises `ImportError`."""
    return cast(Callable[..., Any], import_string(name))
