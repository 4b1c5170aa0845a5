"""History pages: stays, movers, corrections, and rebuilds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import polars as pl
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.server.conftest import AT, RUNS

from custrata.apps.audit.models import Change
from custrata.apps.jobs.actions import HandedBack, Running
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.actions import AlreadyRebuilding, AlreadyRefreshing, start_rebuild, start_refresh
from custrata.apps.tiers.jobs import rebuild as rebuild_job
from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.pipeline import rebuild, refresh
from custrata.pipeline.reading.corrections import corrections_of
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=30)


def page(client: Client, address: str, language: str = "en") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.fixture
def corrected(own_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three large orders of May are imported late: a refresh reports it, and a rebuild corrects June and July."""
    days = ("2025-05-11", "2025-05-12", "2025-05-13")
    rows = [{"order_id": day, "customer_id": "c007", "ordered_at": day, "amount": 9000} for day in days]
    file = tmp_path_factory.mktemp("late") / "late.csv"
    pl.DataFrame(rows).write_csv(file)
    with DuckEngine(threads=2) as engine:
        import_file(own_workspace, "orders", file, at=LATER, engine=engine)
        refresh(own_workspace, engine, at=LATER + timedelta(days=1), as_of="2025-07-02")
        rebuild(own_workspace, engine, at=LATER + timedelta(days=2), start=date(2025, 5, 15))
    return own_workspace


def addresses(workspace: Workspace) -> dict[str, set[Role]]:
    everybody, seers = set(Role), {Role.ADMINISTRATOR, Role.OPERATOR, Role.ANALYST}
    run = workspace.runs.ids()[-1]
    return {
        "/tiers/value/history/": everybody,
        f"/tiers/value/history/?run={workspace.runs.ids()[1]}": everybody,
        "/customers/c007/?tab=history": everybody,
        f"/tiers/runs/{run}/corrections/": seers,
        "/tiers/runs/rebuild/": {Role.ADMINISTRATOR, Role.OPERATOR},
    }


@pytest.mark.parametrize("role", Role)
def test_who_may_sees_the_past(served: Workspace, signed_in: Callable[[Role], Client], role: Role) -> None:
    client = signed_in(role)
    statuses = {address: client.get(address).status_code for address in addresses(served)}
    assert statuses == {address: 200 if role in roles else 403 for address, roles in addresses(served).items()}


def test_a_stranger_is_asked_to_sign_in(served: Workspace, stranger: Client) -> None:
    assert {stranger.get(address).status_code for address in addresses(served)} == {302}


@pytest.mark.parametrize(
    ("address", "queries"),
    [("/tiers/value/history/", 2), ("/customers/c007/?tab=history", 4), ("/tiers/runs/rebuild/", 3)],
)
def test_how_many_queries_a_page_asks(
    served: Workspace, operator: Client, address: str, queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    page(operator, address)
    with django_assert_num_queries(queries):
        page(operator, address)


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_the_past_of_a_scheme_has_stays_and_movers(served: Workspace, operator: Client, language: str) -> None:
    html = page(operator, "/tiers/value/history/", language)
    assert html.count('class="stay-line') == 2 * 3  # three tiers, wide and narrow
    assert 'class="table movers"' in html
    assert "?tab=history" in html


def test_the_page_of_a_scheme_takes_its_past_in(served: Workspace, operator: Client) -> None:
    assert 'hx-get="/tiers/value/history/"' in page(operator, "/tiers/value/")


def test_a_scheme_that_is_not_there_has_no_past(served: Workspace, operator: Client) -> None:
    assert operator.get("/tiers/nothing/history/").status_code == 404
    assert operator.get("/tiers/runs/nothing/corrections/").status_code == 404


def test_a_run_says_whom_late_facts_corrected(corrected: Workspace, operator: Client) -> None:
    july = corrected.runs.ids()[-2]
    html = page(operator, f"/tiers/runs/{july}/")
    assert ("Late data and corrections" in html, f'href="/tiers/runs/{july}/corrections/"' in html) == (True, True)
    whole = page(operator, f"/tiers/runs/{july}/corrections/?scheme=value")
    assert 'href="/customers/c007/?tab=history"' in whole
    assert "Aug 2, 2025" in whole
    assert f'href="/tiers/runs/{july}/corrections/?scheme=value"' in page(operator, "/tiers/value/history/")


def test_corrections_continue_on_another_page(corrected: Workspace) -> None:
    july = corrected.runs.all()[-2]
    everything = corrections_of(july)
    first, *others = everything
    assert len(others) >= 2
    assert corrections_of(july, after=first.place) == others
    assert corrections_of(july, after=others[1].place, backwards=True) == [others[0], first]


def test_a_run_without_late_facts_says_nothing_of_them(served: Workspace, operator: Client) -> None:
    assert 'id="late"' not in page(operator, f"/tiers/runs/{served.runs.ids()[-1]}/")


def test_the_strip_of_a_customer_leads_to_the_runs(corrected: Workspace, operator: Client) -> None:
    html = page(operator, "/customers/c007/?tab=history")
    assert html.count('<svg class="strip"') == len(corrected.runs.all()[-1].record["tiers"])
    assert f'href="/tiers/value/?run={corrected.runs.ids()[2]}"' in html
    assert "style=" not in html.partition('class="strips"')[2].partition("</main>")[0]


def test_the_plan_says_how_many_runs(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/runs/rebuild/?start=2025-03-15&every=month")
    assert "4 dates will be graded" in html
    assert "Runs to replace: 4; runs to add: 0" in html


@pytest.mark.parametrize(
    ("start", "every", "message"), [("2031-01-01", "month", "no date"), ("x", "month", "valid date")]
)
def test_a_plan_that_cannot_be_is_refused(
    served: Workspace, operator: Client, start: str, every: str, message: str
) -> None:
    response = operator.get(f"/tiers/runs/rebuild/?start={start}&every={every}")
    assert (message in response.content.decode(), Job.objects.exists()) == (True, False)


def test_the_page_starts_the_job(served: Workspace, operator: Client) -> None:
    response = operator.post("/tiers/runs/rebuild/", {"start": "2025-05-15", "every": "month"})
    job = Job.objects.get()
    assert (response.status_code, job.kind, job.arguments) == (
        302,
        "rebuild",
        {"start": "2025-05-15", "every": "month"},
    )
    assert Change.objects.filter(action="tiers.rebuild").count() == 1
    assert "Rebuilding history" in page(operator, "/tiers/runs/rebuild/")


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AGENT])
def test_who_may_not_cannot_start_it(served: Workspace, signed_in: Callable[[Role], Client], role: Role) -> None:
    assert signed_in(role).post("/tiers/runs/rebuild/", {"every": "month"}).status_code == 403
    assert not Job.objects.exists()


def test_one_at_a_time(served: Workspace) -> None:
    start_rebuild(start=None, every="month", actor=None, at=AT)
    with pytest.raises(AlreadyRebuilding):
        start_rebuild(start=None, every="month", actor=None, at=AT)


def test_not_beside_a_refresh(served: Workspace) -> None:
    start_refresh(as_of=None, actor=None, at=AT)
    with pytest.raises(AlreadyRefreshing):
        start_rebuild(start=None, every="month", actor=None, at=AT)


def test_the_job_makes_the_past_anew_and_a_second_time_nothing(own_workspace: Workspace) -> None:
    results = []
    for number in (1, 2):
        start_rebuild(start=date(2025, 3, 15), every="quarter", actor=None, at=datetime.now(UTC))
        job = take_job("a worker", at=datetime.now(UTC))
        assert job
        perform(job)
        results.append(Job.objects.get(pk=job.pk).result)
        assert len(own_workspace.runs.ids()) == len(RUNS), number
    assert results == [{"runs": 0, "corrected": 0}, {"runs": 0, "corrected": 0}]


def test_handed_back_half_way_the_former_history_stays_and_it_goes_on_where_it_was(own_workspace: Workspace) -> None:
    start_rebuild(start=date(2025, 2, 15), every="month", actor=None, at=LATER)
    job = take_job("a worker", at=LATER)
    assert job
    calls, former_ids = count(), own_workspace.runs.ids()
    with pytest.raises(HandedBack):
        rebuild_job(Running(job, clock=lambda: LATER, asked_back=lambda: next(calls) > 12), start="2025-02-15")
    assert own_workspace.runs.ids() == former_ids
    assert own_workspace.runs.rebuilding() == LATER
    result = rebuild_job(Running(job, clock=lambda: LATER, asked_back=lambda: False), start="2025-02-15")
    assert (len(own_workspace.runs.ids()), result) == (len(RUNS) + 1, {"runs": 5, "corrected": 0})
    assert own_workspace.runs.rebuilding() is None
