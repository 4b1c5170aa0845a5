"""The settings of the workspace on their page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from tests.server.conftest import AT

from custrata.apps.accounts.actions import WorkspaceNameMissing, change_workspace
from custrata.apps.audit.models import Change
from custrata.engine import BadMemoryLimit
from custrata.lake import Workspace
from custrata.lake.workspace import Settings
from custrata.web.rights import Role
from custrata.wording import UnknownLanguage

pytestmark = pytest.mark.django_db
PAGE = "/account/workspace/"
CHANGED = {"name": "小店", "language": "zh-hans", "memory": "8GB"}
SignedIn = Callable[[Role], Client]


def test_changes_name_language_and_memory_and_leaves_the_rest(served: Workspace, signed_in: SignedIn) -> None:
    file = served.folder / "custrata.toml"
    file.write_text("# our shop\n" + file.read_text("utf-8"), "utf-8")
    page = signed_in(Role.ADMINISTRATOR).post(PAGE, CHANGED, follow=True)
    assert "小店" in page.content.decode()
    settings = Workspace.open(served.folder).settings
    assert settings == Settings("小店", "CNY", "Asia/Shanghai", "zh-hans", "8GB")
    assert file.read_text("utf-8").startswith("# our shop\n")


def test_is_written_down_once(served: Workspace) -> None:
    for _ in range(2):
        change_workspace(served, name="Shop", language="en", memory="50%", actor=None, at=AT)
    row = Change.objects.get()
    assert (row.before, row.after) == ({"name": "Test"}, {"name": "Shop"})


@pytest.mark.parametrize(
    ("name", "language", "memory", "refusal"),
    [
        (" ", "en", "50%", WorkspaceNameMissing),
        ("a", "fr", "50%", UnknownLanguage),
        ("a", "en", "1e99999999", BadMemoryLimit),
    ],
)
def test_refuses(served: Workspace, name: str, language: str, memory: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        change_workspace(served, name=name, language=language, memory=memory, actor=None, at=AT)
    assert Workspace.open(served.folder).settings.name == "Test"
    assert not Change.objects.exists()


def test_currency_and_zone_are_shown_with_the_reason_why_they_stay(served: Workspace, signed_in: SignedIn) -> None:
    page = signed_in(Role.ADMINISTRATOR).get(PAGE).content.decode()
    assert all(text in page for text in ("CNY", "Asia/Shanghai", "create a new workspace and import again"))
    assert 'name="currency"' not in page


def test_how_long_things_stay_is_changed_here_too(served: Workspace, signed_in: SignedIn) -> None:
    retention = {"keep_runs": "All", "keep_quarantine": " 90 ", "compact_at": "20%"}
    assert signed_in(Role.ADMINISTRATOR).post(PAGE, CHANGED | retention).status_code == 302
    settings = Workspace.open(served.folder).settings
    assert (settings.keep_runs, settings.keep_quarantine, settings.compact_at) == ("all", "90", "20%")


@pytest.mark.parametrize("wrong", [{"keep_runs": "0"}, {"keep_quarantine": "long"}, {"compact_at": "1e99999999%"}])
def test_refuses_what_is_no_retention(served: Workspace, signed_in: SignedIn, wrong: dict[str, str]) -> None:
    before = Workspace.open(served.folder).settings
    answer = signed_in(Role.ADMINISTRATOR).post(PAGE, CHANGED | wrong)
    assert answer.status_code == 422
    assert Workspace.open(served.folder).settings == before
