"""What the apps declare: every name in it leads somewhere, and every phrase is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.template.loader import get_template
from django.urls import reverse

from custrata.apps.customers.queries.happenings import PLAIN, timeline_kinds
from custrata.config.installed import APPS
from custrata.web.manifest import function, manifests, rights, scopes
from custrata.wording import catalogue


def functions() -> Iterator[str]:
    """Every dotted name of a function that an app declares."""
    for app in manifests():
        yield from (*app.routers, *filter(None, [app.recognises_tokens]), *app.attention, *app.preloads)
        yield from (tab.context for tab in app.customer_tabs)
        yield from (link.exists for link in app.tier_links)


def phrases() -> Iterator[str]:
    """Every phrase that an app declares."""
    yield from (declared.phrase for declared in (*rights(), *scopes()))
    for app in manifests():
        yield from (entry.phrase for entry in (*app.menu, *app.customer_tabs, *app.customer_panels))
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
        assert get_template(template)


def test_every_panel_takes_the_id_of_a_customer() -> None:
    panels = [panel for app in manifests() for panel in app.customer_panels]
    assert [panel.address for panel in panels if not reverse(panel.address, args=["c007"])] == []


@pytest.mark.parametrize("declared", [rights(), scopes()], ids=["rights", "scopes"])
def test_no_two_apps_declare_the_same_name_or_place(declared: list[object]) -> None:
    assert len({str(item) for item in declared}) == len(declared)
    assert len({item.order for item in declared}) == len(declared)  # type: ignore[attr-defined]  # both have an order


def test_a_kind_of_entry_is_declared_once() -> None:
    assert len(timeline_kinds()) == sum(len(app.timeline) for app in manifests())
