"""Playbooks and tasks by URL arguments."""

from __future__ import annotations

from django.http import Http404

from custrata.apps.playbooks.models import OwnPlaybook, Task
from custrata.apps.playbooks.queries import playbook_and_own, task
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import NoSuchPlaybook, Playbook
from custrata.web.texts import sentence


def playbook_or_404(scheme: str, tier: str) -> Playbook:
    """The workspace's playbook of a tier; 404 if there is none."""
    return playbook_and_own_or_404(scheme, tier)[0]


def playbook_and_own_or_404(scheme: str, tier: str) -> tuple[Playbook, OwnPlaybook | None]:
    """The workspace's playbook of a tier, and the replacement of the shipped one if it is that."""
    if scheme not in BUILT_IN:
        raise Http404
    try:
        return playbook_and_own(scheme, tier)
    except NoSuchPlaybook as error:
        raise Http404(sentence(error)) from error


def task_or_404(number: int) -> Task:
    """The task with that id; 404 if there is none."""
    requested_task = task(number)
    if requested_task is None:
        raise Http404
    return requested_task
