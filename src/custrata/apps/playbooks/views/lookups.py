"""Playbooks and tasks by the keys in an address, and messages about what an action did."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest

from custrata.apps.playbooks.models import Task
from custrata.apps.playbooks.queries import effective_playbook, task
from custrata.errors import CustrataError
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import NoSuchPlaybook, Playbook
from custrata.web.texts import sentence


def playbook_or_404(scheme: str, tier: str) -> Playbook:
    """A playbook, or a page that says there is none."""
    if scheme not in BUILT_IN:
        raise Http404
    try:
        return effective_playbook(scheme, tier)
    except NoSuchPlaybook as error:
        raise Http404(sentence(error)) from error


def task_or_404(number: int) -> Task:
    """A task, or a page that says there is none."""
    requested_task = task(number)
    if requested_task is None:
        raise Http404
    return requested_task


def run_action(request: HttpRequest, act: Callable[[], object], message: str) -> bool:
    """Do it and say so, or say why it was refused; whether it was done."""
    try:
        act()
    except CustrataError as error:
        messages.error(request, sentence(error))
        return False
    if message:
        messages.success(request, message)
    return True
