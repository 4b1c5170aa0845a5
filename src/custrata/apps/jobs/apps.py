from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "custrata.apps.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the job kinds, and the metric of jobs by status."""
        from custrata.apps.jobs import queries  # models are loaded only now
        from custrata.web.metrics import add_gauge

        autodiscover_modules("jobs")
        for module in settings.JOBS:
            import_module(module)
        add_gauge("custrata_jobs", "Jobs by status.", "status", queries.counts)
