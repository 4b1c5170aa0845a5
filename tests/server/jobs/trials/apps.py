from __future__ import annotations

from custrata.web.manifest import App


class TrialsApp(App):
    name = "tests.server.jobs.trials"
    label = "trials"
    jobs = ("tests.server.jobs.trials.jobs",)
