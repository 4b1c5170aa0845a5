"""Every page, in every language, light and dark, wide and narrow: no errors, no overflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.server.browser.conftest import Open, Served

from custrata.lake import Workspace

AXE = Path(__file__).resolve().parents[3] / "build/browser/node_modules/axe-core/axe.min.js"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = (
    "/",
    "/tiers/",
    "/tiers/value/",
    "/tiers/lifecycle/",
    "/tiers/rfm/",
    "/tiers/rfm/map/",
    "/tiers/value/history/",
    "/tiers/value/by-hand/c007/",
    "/tiers/new/",
    "/tiers/value/edit/",
    "/tiers/loyalty/edit/",
    "/tiers/need/edit/",
    "/tiers/my_membership/edit/",
    "/tiers/my_membership/steps/measure/",
    "/tiers/my_membership/steps/tiers/",
    "/tiers/my_membership/simulate/?wizard=1",
    "/tiers/loyalty/simulate/?now=1",
    "/tiers/value/versions/",
    "/tiers/value/versions/1/",
    "/tiers/runs/",
    "/tiers/runs/{run}/",
    "/tiers/runs/compare/",
    "/tiers/runs/{run}/corrections/",
    "/tiers/runs/rebuild/?start=2025-03-15&every=month",
    "/customers/",
    "/customers/?tier=value:high&sort=-spend",
    "/customers/?q=nobody-at-all",
    "/customers/c007/",
    "/customers/c007/?tab=why",
    "/customers/c007/?tab=history",
    "/customers/c007/?tab=timeline",
    "/customers/c007/?tab=purchases",
    "/customers/-/tags/",
    "/playbooks/",
    "/playbooks/?scheme=rfm",
    "/playbooks/value/high/",
    "/playbooks/value/high/edit/",
    "/playbooks/value/high/task/tailor_made/",
    "/playbooks/customers/c007/",
    "/tasks/",
    "/tasks/?whose=all&stands=done",
    "/jobs/",
    "/account/me/",
    "/account/people/",
    "/account/workspace/",
    "/storage/",
    "/tokens/",
    "/audit/",
)
LANGUAGES = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}


@pytest.fixture
def pages(product: Served, window: Open) -> list[str]:
    """The pages, after creating two drafts: of a new scheme, and of one in which customers would move."""
    page = window().page
    if page.goto(f"{product.url}/tiers/my_membership/edit/").status == 404:  # type: ignore[union-attr]  # it answers
        page.goto(f"{product.url}/tiers/new/")
        page.click("button[value=membership]")
        page.goto(f"{product.url}/tiers/loyalty/edit/")
        page.fill("#tier-0-line", "80")
        page.click(".editor-foot button[value=save]")
    run = Workspace.open(product.folder).runs.published()
    assert run
    return [path.format(run=run.id) for path in PAGES]


@pytest.mark.parametrize(("colours", "width"), [("light", 1440), ("dark", 360)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_no_errors_and_no_overflow(
    window: Open, pages: list[str], language: str, colours: str, width: int
) -> None:
    browser_window = window(language=language, width=width, color_scheme=colours)
    faults = {}
    for path in pages:
        page = browser_window.open(path)
        wide, spoken = page.evaluate(TOO_WIDE), page.locator("html").get_attribute("lang")
        if browser_window.wrong or wide > 0 or spoken != LANGUAGES[language]:
            faults[path] = (list(browser_window.wrong), wide, spoken)
            browser_window.wrong.clear()
    assert faults == {}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_page_is_accessible(window: Open, pages: list[str], colours: str) -> None:
    browser_window = window(color_scheme=colours, bypass_csp=True)
    faults = {}
    for path in pages:
        page = browser_window.open(path)
        page.add_script_tag(path=AXE)
        violations = page.evaluate("axe.run().then(run => run.violations)")
        grave = [fault for fault in violations if fault["impact"] in ("serious", "critical")]
        if grave:
            faults[path] = [(fault["id"], [node["html"][:150] for node in fault["nodes"]][:3]) for fault in grave]
    assert faults == {}
