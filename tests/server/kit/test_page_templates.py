"""Templates of pages fill blocks of the body: none of their content stands in the head of the document."""

from __future__ import annotations

import pytest
from django.test import Client

from custrata.lake import Workspace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/account/me/", "/account/me/password/"])
def test_the_content_of_a_page_stands_in_its_body(served: Workspace, operator: Client, address: str) -> None:
    head, _, body = operator.get(address).content.decode().partition("</head>")
    assert ("<form" in body, "<dl" in head, "<input" in head) == (True, False, False)
