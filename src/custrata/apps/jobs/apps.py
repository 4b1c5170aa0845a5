from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "custrata.apps.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Learn what kinds of work there are, and show how many jobs to who monitors."""
        from custrata.apps.jobs import queries  # models stand only now
        from custrata.web.metrics import add_gauge

        autodiscover_modules("jobs")
        for module in settings.JOBS:
            import_module(module)
        add_gauge("custrata_jobs", "Jobs by status.", "status", queries.counts)
