from __future__ import annotations

from importlib import import_module

from django.conf import settings

from custrata.apps.jobs.rights import REFRESH, SCHEDULE, SEE_JOBS
from custrata.web.manifest import App, Entry, manifests


class JobsApp(App):
    name = "custrata.apps.jobs"
    address = "jobs/"
    rights = (REFRESH, SEE_JOBS, SCHEDULE)
    menu = (Entry("jobs.nav.jobs", "list-check", "jobs:list", SEE_JOBS, order=80),)
    mentions_people = True
    jobs = ("custrata.apps.jobs.jobs",)

    def ready(self) -> None:
        """Register the job kinds, and the metric of jobs by status."""
        from custrata.apps.jobs import queries  # models are loaded only now
        from custrata.web.metrics import add_gauge

        for module in (*(module for app in manifests() for module in app.jobs), *settings.JOBS):
            import_module(module)
        add_gauge("custrata_jobs", "Jobs by status.", "status", queries.counts)
