"""Common tasks: from a chart to one customer's explanation, search by phone, an export, watching a refresh."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.server.browser.conftest import Open, Served

from custrata.lake import Workspace


def test_from_a_ring_to_the_reason_of_one_customer(window: Open) -> None:
    page = window().open("/")
    page.locator("#content svg a[href*='/customers/?tier=']").filter(visible=True).last.click()
    page.wait_for_url(re.compile(r"/customers/\?.*tier="))
    page.locator("table tbody a[href^='/customers/']").first.click()
    page.get_by_role("link", name="Reasons").click()
    expect(page.locator("main")).to_contain_text("Ticket size")
    expect(page.locator("main")).to_contain_text("Lifecycle")


def test_finds_a_customer_by_half_a_phone_number(window: Open) -> None:
    page = window().open("/customers/")
    page.keyboard.press("/")
    page.keyboard.type("0130042")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    expect(page.locator("#found")).to_contain_text("c042")


def test_exports_what_is_filtered(window: Open) -> None:
    page = window().open("/customers/?tier=value:high")
    page.locator("details.dropdown summary", has_text="Export").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="CSV").click()
    lines = coming.value.path().read_text("utf-8-sig").splitlines()
    listed_count = int(re.sub(r"\D", "", page.locator(".found-many").inner_text()))
    assert len(lines) == listed_count + 1


def test_runs_a_refresh_and_watches_it(window: Open, product: Served) -> None:
    before = len(Workspace.open(product.folder).runs.all())
    page = window().open("/tiers/runs/")
    page.fill("#as_of", "2025-07-02")
    page.locator("form[action='/tiers/runs/refresh/'] button").click()
    expect(page.locator("progress")).to_be_visible()
    expect(page.locator("progress")).to_be_hidden(timeout=60_000)
    assert len(Workspace.open(product.folder).runs.all()) == before + 1
    expect(window().open("/tiers/runs/").locator("#content")).to_contain_text("Jul 2, 2025")


def test_cancels_a_refresh_before_it_publishes(window: Open, product: Served) -> None:
    before = [run.id for run in Workspace.open(product.folder).runs.all()]
    page = window().open("/tiers/runs/")
    page.fill("#as_of", "2025-07-03")
    page.locator("form[action='/tiers/runs/refresh/'] button").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#content")).to_contain_text("Cancelled", timeout=60_000)
    assert [run.id for run in Workspace.open(product.folder).runs.all()] == before
