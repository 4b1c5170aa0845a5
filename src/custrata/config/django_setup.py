"""Selection of the settings and set-up of Django, for commands. Imports Django only when a command needs it."""

from __future__ import annotations

import os
from pathlib import Path

from custrata.cli.session import WORKSPACE

SETTINGS, SETTINGS_MODULE = "DJANGO_SETTINGS_MODULE", "custrata.config.settings"


def select_settings() -> None:
    """Select the settings of the server, unless the environment names others."""
    os.environ.setdefault(SETTINGS, SETTINGS_MODULE)


def set_up_django(workspace: Path) -> None:
    """Select a workspace for this process, and set up Django."""
    os.environ[WORKSPACE] = str(workspace.resolve())
    select_settings()
    import django

    django.setup()
