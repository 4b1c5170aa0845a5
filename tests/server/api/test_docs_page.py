"""The API documentation page: complete, under the content security policy, and without the network."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from custrata.lake import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_operation_is_shown_and_nothing_comes_from_elsewhere(
    chromium: Browser, served: Workspace, live_server: LiveServer, settings: Settings
) -> None:
    settings.API_DOCS_OPEN = True
    page, wrong, requested_urls = chromium.new_page(), list[str](), list[str]()
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: requested_urls.append(request.url))
    page.goto(f"{live_server.url}/api/v1/docs")
    page.wait_for_selector(".opblock >> nth=15")
    page.close()
    assert wrong == []
    assert [url for url in requested_urls if not url.startswith((live_server.url, "data:"))] == []
