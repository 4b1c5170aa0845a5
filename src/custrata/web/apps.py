from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig, apps
from django.db.backends.signals import connection_created

from custrata.wording import add_area


class WebConfig(AppConfig):
    name = "custrata.web"
    label = "web"

    def ready(self) -> None:
        """Register the phrases of the apps in the catalogue, and apply deadlines to database connections."""
        from custrata.web.computing import watch_database

        connection_created.connect(watch_database, dispatch_uid="custrata.web.computing")
        for app in apps.get_app_configs():
            file = Path(app.path) / "wording.toml"
            if app.name.startswith("custrata.") and file.exists():
                add_area(app.label, file)
