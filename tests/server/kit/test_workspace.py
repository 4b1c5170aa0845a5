"""The served workspace, and how often it is looked up."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from custrata.lake import Workspace
from custrata.web.workspace import cached_workspace, workspace


def test_a_request_keeps_to_the_workspace_it_began_with(served: Workspace, settings: Settings) -> None:
    with cached_workspace():
        current = workspace()
        settings.WORKSPACE = Path("/nowhere")
        assert workspace() is current
    with pytest.raises(Exception, match="nowhere"):
        workspace()


def test_what_could_not_be_opened_is_looked_for_again(served: Workspace, settings: Settings) -> None:
    settings.WORKSPACE = Path("/nowhere")
    with cached_workspace():
        with pytest.raises(Exception, match="nowhere"):
            workspace()
        settings.WORKSPACE = served.folder
        assert workspace().folder == served.folder
