"""What the apps declare: every name in it leads somewhere, and every phrase is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.template.loader import get_template
from django.urls import reverse

from custrata.apps.customers.queries.happenings import PLAIN, timeline_kinds
from custrata.apps.customers.queries.personal import personal_models
from custrata.config.installed import APPS
from custrata.web.manifest import function, manifests, rights, scopes
from custrata.web.rights import Right
from custrata.web.scopes import TokenScope
from custrata.wording import catalogue

SETTINGS = Path(__file__).resolve().parents[3] / "docs/server/settings.md"


def functions() -> Iterator[str]:
    """Every dotted name of a function that an app declares."""
    for app in manifests():
        yield from (*app.routers, *filter(None, [app.token_lookup]), *app.attention, *app.preloads)
        yield from (tab.context for tab in app.customer_tabs)
        yield from (link.exists for link in app.tier_links)
        yield from (column.values for column in app.list_columns)
        yield from (
            name for declared in app.list_filters for name in (declared.choices, declared.customers, declared.chip)
        )


def phrases() -> Iterator[str]:
    """Every phrase that an app declares."""
    yield from (right.phrase for right in rights())
    yield from (scope.phrase for scope in scopes())
    for app in manifests():
        declared: list[Any] = [
            *app.menu,
            *app.customer_tabs,
            *app.customer_panels,
            *app.list_columns,
            *app.list_filters,
        ]
        yield from (item.phrase for item in declared)
        yield from (phrase for link in app.tier_links for phrase in (link.phrase, link.label))
        yield from (f"{app.label}.timeline.{kind.name}" for kind in app.timeline if not kind.template)


def test_every_app_on_the_list_has_a_manifest() -> None:
    assert tuple(app.name for app in manifests()) == APPS


@pytest.mark.parametrize("name", sorted(functions()))
def test_every_function_an_app_names_is_there(name: str) -> None:
    assert function(name) is not None


@pytest.mark.parametrize("phrase", sorted(phrases()))
def test_every_phrase_an_app_names_is_there(phrase: str) -> None:
    area, _, name = phrase.partition(".")
    assert name in catalogue()[area]


def test_every_template_an_app_names_is_there() -> None:
    tabs = [tab.template for app in manifests() for tab in app.customer_tabs]
    for template in (*tabs, *(kind.template or PLAIN for _, kind in timeline_kinds().values())):
        get_template(template)


def test_every_panel_takes_the_id_of_a_customer() -> None:
    panels = [panel for app in manifests() for panel in app.customer_panels]
    assert [panel.address for panel in panels if not reverse(panel.address, args=["c007"])] == []


@pytest.mark.parametrize("declared", [rights(), scopes()], ids=["rights", "scopes"])
def test_no_two_apps_declare_the_same_name_or_place(declared: list[Right] | list[TokenScope]) -> None:
    assert len({str(item) for item in declared}) == len(declared)
    assert len({item.order for item in declared}) == len(declared)


def test_a_kind_of_entry_is_declared_once() -> None:
    assert len(timeline_kinds()) == sum(len(app.timeline) for app in manifests())


def test_every_table_about_customers_is_declared_by_its_app() -> None:
    about = {
        model for model in apps.get_models() if any(field.attname == "customer_id" for field in model._meta.fields)
    }
    assert {model for model, _ in personal_models()} == about


def test_what_is_exported_of_a_customer_can_be_read() -> None:
    for model, declared in personal_models():
        assert str(model._base_manager.values(*declared.exported).query)


def test_every_setting_of_an_app_stands_in_the_docs_with_its_meaning() -> None:
    declared = [setting for app in manifests() for setting in app.settings]
    page = SETTINGS.read_text("utf-8")
    assert [item.name for item in declared if f"| `{item.variable}` | {item.meaning} |" not in page] == []
