from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "custrata.apps.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Learn what kinds of work the apps have, and show how many jobs there are to who monitors."""
        from custrata.apps.jobs import queries  # models stand only now
        from custrata.web.metrics import add_gauge

        autodiscover_modules("jobs")
        add_gauge("custrata_jobs", "Jobs by status.", "status", queries.counts)
