from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig, apps

from custrata.wording import add_area


class WebConfig(AppConfig):
    name = "custrata.web"
    label = "web"

    def ready(self) -> None:
        """Give the phrases of every app of ours, and of the kit, to the catalogue."""
        for app in apps.get_app_configs():
            file = Path(app.path) / "wording.toml"
            if app.name.startswith("custrata.") and file.exists():
                add_area(app.label, file)
