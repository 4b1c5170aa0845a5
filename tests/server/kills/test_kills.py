"""A whole server under load, killed at random moments during imports and refreshes: nothing is lost or doubled."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from django.utils import timezone
from tests.server.jobs.process_tree import Tree, wait_until
from tests.server.kills import outcome
from tests.server.kills.conftest import NAME, PASSWORD
from tests.server.kills.killer import Killer, Processes
from tests.server.kills.shop import Round, Shop, kind_of, run_undisturbed
from tests.server.kills.users import PAGES, Browser, Users

from custrata.apps.customers.actions import is_synced
from custrata.apps.jobs.actions import retry
from custrata.apps.jobs.models import OPEN, Job, Status
from custrata.lake import Workspace

KILLS = int(os.environ.get("CUSTRATA_KILLS", "2"))
A_ROUND = 10  # kills at most
SEED = os.environ.get("CUSTRATA_KILLS_SEED")
LONGEST = 300  # seconds for one step that is killed repeatedly

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def request_refresh(day: str, browser: Browser) -> Job:
    """Request the refresh of a day by its page, repeated until it is in the queue."""

    def is_there() -> bool:
        browser.request("/tiers/runs/refresh/", {"as_of": day})
        return Job.objects.filter(kind="refresh", arguments={"as_of": day}).exists()

    wait_until(is_there, LONGEST)
    return Job.objects.filter(kind="refresh", arguments={"as_of": day}).latest("pk")


def is_done(job: Job) -> bool:
    """Whether a job is done; retries a failed job at once, as a person would."""
    now = timezone.now()
    Job.objects.filter(status=Status.WAITING, run_after__gt=now).update(run_after=now)
    job.refresh_from_db()
    if job.status == Status.FAILED:
        retry(job, actor=None, at=now)
    return job.status == Status.DONE


def run_round(round_: Round, processes: Processes, browser: Browser) -> None:
    """One round: a file, then a refresh and the next files at the same time."""
    processes.import_until_done(kind_of(round_.people), round_.people)
    refreshing = request_refresh(round_.day.isoformat(), browser)
    for file in round_.orders:
        processes.import_until_done(kind_of(file), file)
    wait_until(lambda: is_done(refreshing), LONGEST)


def run_with_kills(
    kills: int, shop: Shop, start: Callable[[], Tree], workspace: Workspace, browser: Browser
) -> tuple[list[Round], Users]:
    """Run rounds until all kills are done; returns the rounds and the users."""
    chance = random.Random(int(SEED or kills))
    processes, rounds = Processes(start, workspace.folder, browser), list[Round]()
    browser.sign_in(NAME, PASSWORD)
    wait_until(lambda: is_synced(workspace), LONGEST)  # before, nobody can write about a customer
    with Users(browser) as crowd, Killer(processes, kills, chance) as killer:
        for round_ in shop.rounds():
            rounds.append(round_)
            killer.allowed += A_ROUND
            run_round(round_, processes, browser)
            if killer.is_done():
                break
    wait_until(lambda: is_synced(workspace) and not Job.objects.filter(status__in=OPEN).exists(), LONGEST)
    print(f"{kills} kills in {len(rounds)} rounds: {dict(killer.killed)}; {crowd.answers.total()} pages asked for")
    for page in PAGES:
        assert browser.request(page).status == 200, page
    processes.up.stop()
    return rounds, crowd


@pytest.mark.parametrize("kills", [KILLS, pytest.param(30, marks=pytest.mark.deep)])
def test_a_killed_server_loses_and_doubles_nothing(
    *, kills: int, shop: Shop, start: Callable[[], Tree], workspace: Workspace, untouched: Workspace, browser: Browser
) -> None:
    rounds, crowd = run_with_kills(kills, shop, start, workspace, browser)
    run_undisturbed(untouched, rounds)
    assert {status for _, status in crowd.answers} <= {0, 200}, crowd.answers
    for look in (
        outcome.imports,
        outcome.facts,
        outcome.rejected,
        outcome.runs,
        outcome.recorded_moves,
        outcome.leftovers,
    ):
        assert look(workspace) == look(untouched), look.__name__
    assert outcome.timeline_moves() == outcome.recorded_moves(untouched)
    assert outcome.followed_runs() == set(workspace.runs.ids())
    notes = outcome.notes()
    assert set(notes.values()) <= {1}
    assert {text for text, answered in crowd.notes.items() if answered} <= notes.keys() <= crowd.notes.keys()
    outcome.check_audit()
    outcome.check_jobs()
