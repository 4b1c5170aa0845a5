"""Within a block of single reads the pointer is read once; what is published meanwhile is seen where it matters."""

from __future__ import annotations

from custrata.lake import Workspace
from custrata.lake.single_reads import single_reads
from tests.lake.facts import day
from tests.lake.test_runs import publish


def publish_elsewhere(workspace: Workspace, number: int, *supersedes: str) -> str:
    """Publish a run as another process does: the block around it does not notice."""
    with single_reads():
        return publish(workspace.runs, day(number), *supersedes).id


def test_a_run_published_elsewhere_is_seen_after_the_block(workspace: Workspace) -> None:
    first = publish(workspace.runs, day(1)).id
    with single_reads():
        assert workspace.runs.ids() == (first,)
        second = publish_elsewhere(workspace, 2)
        assert workspace.runs.ids() == (first,)
    assert workspace.runs.ids() == (first, second)


def test_a_run_published_within_the_block_is_seen_at_once(workspace: Workspace) -> None:
    with single_reads():
        assert workspace.runs.ids() == ()
        run = publish(workspace.runs, day(1))
        assert workspace.runs.ids() == (run.id,)


def test_publishing_keeps_what_others_published_meanwhile(workspace: Workspace) -> None:
    with single_reads():
        assert workspace.runs.ids() == ()
        ids = (publish_elsewhere(workspace, 1), publish(workspace.runs, day(2)).id)
    assert workspace.runs.ids() == ids


def test_a_run_superseded_meanwhile_is_left_out(workspace: Workspace) -> None:
    first, second = (publish(workspace.runs, day(number)) for number in (1, 2))
    with single_reads():
        assert workspace.runs.ids() == (first.id, second.id)
        new_id = publish_elsewhere(workspace, 2, second.id)
        assert [run.id for run in workspace.runs.all()] == [first.id, new_id]
