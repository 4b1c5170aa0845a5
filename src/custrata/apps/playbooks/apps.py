from __future__ import annotations

from custrata.apps.playbooks.rights import DO_TASKS, EDIT_PLAYBOOKS, SEE_PLAYBOOKS
from custrata.web.manifest import App, Entry, Panel, Personal, TierLink, TimelineKind


class PlaybooksApp(App):
    name = "custrata.apps.playbooks"
    address = ""
    rights = (SEE_PLAYBOOKS, DO_TASKS, EDIT_PLAYBOOKS)
    menu = (
        Entry("playbooks.nav.playbooks", "book", "playbooks:list", SEE_PLAYBOOKS, order=50),
        Entry("playbooks.nav.tasks", "checklist", "playbooks:tasks", SEE_PLAYBOOKS, order=60),
    )
    customer_panels = (Panel("bulb", "playbooks.next_title", "playbooks:next", SEE_PLAYBOOKS),)
    personal = (Personal("Task", ("title", "scheme", "tier", "due", "state", "result", "made_at", "ended_at")),)
    mentions_people = True
    timeline = (
        TimelineKind("task", "checklist"),
        TimelineKind("task_done", "circle-check", detail="result"),
        TimelineKind("task_dropped", "x", detail="result"),
        TimelineKind("task_reopened", "checklist"),
        TimelineKind("task_handed_over", "checklist"),
    )
    tier_links = (
        TierLink(
            "book",
            "playbooks.tier_link.column",
            "playbooks.tier_link.label",
            address="playbooks:one",
            exists="custrata.apps.playbooks.queries.has_playbook",
        ),
    )
    attention = ("custrata.apps.playbooks.queries.tasks_due",)
    preloads = ("custrata.tiering.playbooks.playbooks",)
