"""Drafts and versions of schemes: each action takes effect once; a refused one changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.server.conftest import CUSTOMERS

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job
from custrata.apps.schemes.actions import (
    BadKey,
    DraftChangedMeanwhile,
    KeyTaken,
    NoDraft,
    copy_scheme,
    create_scheme,
    discard_draft,
    free_key,
    publish_draft,
    restore_scheme,
    retire_scheme,
    roll_back,
    save_draft,
)
from custrata.apps.schemes.models import SchemeDraft
from custrata.apps.schemes.queries.drafts import library, scheme_state
from custrata.apps.tiers.actions import start_refresh
from custrata.apps.tiers.queries.values import value_histogram
from custrata.errors import CustrataError
from custrata.lake import Workspace
from custrata.pipeline.reading import GradedRun
from custrata.tiering.checking import NotANumberTrait, UnknownTraits
from custrata.tiering.fields import BadDefinition
from custrata.tiering.library import KindIsTaken, NoSuchVersion, NothingToPublish, StillRead
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
AT = datetime(2025, 8, 1, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
VIP: dict[str, Any] = {
    "kind": "threshold",
    "names": {"en": "VIP"},
    "trait": "spend",
    "tiers": [{"key": "gold", "line": 1000, "keep": "80%", "grace_days": 60}, {"key": "basic"}],
}


@pytest.fixture
def ann(own_workspace: Workspace, person: Callable[[Role], User]) -> User:
    """Ann, an operator of a workspace of her own."""
    return person(Role.OPERATOR)


def save(actor: User, **other: Any) -> SchemeDraft:
    defaults = {"key": "vip", "definition": VIP, "note": "", "revision": None, "actor": actor, "at": AT}
    return save_draft(**{**defaults, **other})


def publish(actor: User, key: str = "vip", **other: Any) -> int:
    return publish_draft(**{"key": key, "note": "", "revision": AT, "actor": actor, "at": LATER, **other}).number


def audited_actions() -> list[str]:
    return list(Change.objects.order_by("pk").values_list("action", flat=True))


def lowered(line: int = 900) -> dict[str, Any]:
    return {**VIP, "tiers": [{"key": "gold", "line": line}, {"key": "basic"}]}


def test_a_draft_is_kept_and_told(ann: User) -> None:
    save(ann)
    save(ann, definition=lowered(), revision=AT, at=LATER)
    draft = SchemeDraft.objects.get()
    assert (draft.definition["tiers"][0]["line"], draft.author, draft.at) == (900, ann, LATER)
    assert [change.before and change.before["tiers"][0]["line"] for change in Change.objects.order_by("pk")] == [
        None,
        1000,
    ]


def test_the_same_draft_again_changes_nothing(ann: User) -> None:
    save(ann)
    save(ann, revision=AT, at=LATER)
    assert (SchemeDraft.objects.get().at, audited_actions()) == (AT, ["tiers.draft"])


def test_an_unfinished_draft_is_kept(ann: User) -> None:
    save(ann, definition={"kind": "threshold", "tiers": [{"key": "gold", "line": "many"}]})
    assert SchemeDraft.objects.get().definition["tiers"][0]["line"] == "many"


@pytest.mark.parametrize("revision", [None, AT - timedelta(hours=1), LATER])
def test_a_save_that_did_not_see_the_newest_is_refused(ann: User, revision: datetime | None) -> None:
    save(ann)
    with pytest.raises(DraftChangedMeanwhile):
        save(ann, definition=lowered(), revision=revision, at=LATER)
    assert (SchemeDraft.objects.get().definition["tiers"][0]["line"], len(audited_actions())) == (1000, 1)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"key": "new"}, BadKey),
        ({"key": "Größe"}, BadKey),
        ({"key": "111"}, BadKey),
        ({"key": "value"}, KindIsTaken),
        ({"revision": AT}, DraftChangedMeanwhile),
    ],
)
def test_saving_refuses_by_name_and_changes_nothing(
    ann: User, wrong: dict[str, Any], refusal: type[CustrataError]
) -> None:
    with pytest.raises(refusal):
        save(ann, **wrong)
    assert (SchemeDraft.objects.exists(), audited_actions()) == (False, [])


def test_a_draft_is_discarded_once(ann: User) -> None:
    save(ann)
    discard_draft(key="vip", revision=AT, actor=ann, at=LATER)
    with pytest.raises(NoDraft):
        discard_draft(key="vip", revision=AT, actor=ann, at=LATER)
    assert (SchemeDraft.objects.exists(), audited_actions()) == (False, ["tiers.draft", "tiers.draft_discarded"])


def test_discarding_what_one_has_not_seen_is_refused(ann: User) -> None:
    save(ann)
    with pytest.raises(DraftChangedMeanwhile):
        discard_draft(key="vip", revision=LATER, actor=ann, at=LATER)
    assert SchemeDraft.objects.exists()


def test_publishing_makes_a_version_and_starts_a_refresh(ann: User) -> None:
    save(ann)
    assert publish(ann, note="first") == 1
    version = library().published()["vip"]
    assert (version.by, version.at, version.note) == (str(ann), LATER, "first")
    assert version.definition.tiers[0].line == 1000
    assert (SchemeDraft.objects.exists(), Job.objects.get().kind) == (False, "refresh")
    assert audited_actions() == ["tiers.draft", "tiers.refresh", "tiers.publish"]


def test_publishing_twice_is_refused(ann: User) -> None:
    save(ann)
    publish(ann)
    with pytest.raises(NoDraft):
        publish(ann)
    assert len(library().versions("vip")) == 1


def test_no_second_refresh_is_started(ann: User) -> None:
    start_refresh(as_of=None, actor=ann, at=AT)
    save(ann)
    publish(ann)
    assert Job.objects.count() == 1


def test_publishing_what_one_has_not_seen_is_refused(ann: User) -> None:
    save(ann)
    with pytest.raises(DraftChangedMeanwhile):
        publish(ann, revision=LATER)
    assert (SchemeDraft.objects.count(), library().versions("vip"), Job.objects.exists()) == (1, [], False)


def test_an_unfinished_draft_is_not_published(ann: User) -> None:
    save(ann, definition={"kind": "threshold", "tiers": VIP["tiers"]})
    with pytest.raises(BadDefinition):
        publish(ann)
    assert (SchemeDraft.objects.count(), library().versions("vip"), Job.objects.exists()) == (1, [], False)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"trait": "no_such_trait"}, UnknownTraits),
        ({"trait": "first_order_on"}, NotANumberTrait),
        ({"among": {"scheme": "gone", "tier": ["high"]}}, CustrataError),
    ],
)
def test_a_draft_that_the_workspace_cannot_grade_by_is_not_published(
    ann: User, wrong: dict[str, Any], refusal: type[CustrataError]
) -> None:
    save(ann, definition={**VIP, **wrong})
    with pytest.raises(refusal):
        publish(ann)
    assert (SchemeDraft.objects.count(), library().versions("vip"), Job.objects.exists()) == (1, [], False)


def test_a_draft_that_changes_nothing_is_not_published(ann: User) -> None:
    save(ann)
    publish(ann)
    save(ann, at=LATER)
    with pytest.raises(NothingToPublish):
        publish(ann, revision=LATER)
    assert (SchemeDraft.objects.count(), len(library().versions("vip"))) == (1, 1)


@pytest.fixture
def published_twice(ann: User) -> User:
    """Ann, after she published two versions of a scheme, at 1000 and at 900."""
    save(ann)
    publish(ann)
    save(ann, definition=lowered(), at=LATER)
    publish(ann, revision=LATER)
    return ann


def test_rolling_back_publishes_the_old_version_as_a_new_one(published_twice: User) -> None:
    assert roll_back(key="vip", number=1, note="back", actor=published_twice, at=LATER).number == 3
    assert library().published()["vip"].definition.tiers[0].line == 1000
    assert audited_actions()[-1] == "tiers.roll_back"


def test_rolling_back_to_what_is_published_is_refused(published_twice: User) -> None:
    before = audited_actions()
    with pytest.raises(NothingToPublish):
        roll_back(key="vip", number=2, actor=published_twice, at=LATER)
    with pytest.raises(NoSuchVersion):
        roll_back(key="vip", number=9, actor=published_twice, at=LATER)
    assert (len(library().versions("vip")), audited_actions()) == (2, before)


def test_a_scheme_is_retired_and_restored_once_each(published_twice: User) -> None:
    retire_scheme(key="vip", actor=published_twice, at=LATER)
    with pytest.raises(NoSuchVersion):
        retire_scheme(key="vip", actor=published_twice, at=LATER)
    assert "vip" not in library().published()
    assert restore_scheme(key="vip", actor=published_twice, at=LATER).number == 2
    with pytest.raises(NothingToPublish):
        restore_scheme(key="vip", actor=published_twice, at=LATER)
    assert audited_actions()[-2:] == ["tiers.retire", "tiers.restore"]


def test_a_scheme_that_others_read_is_not_retired(ann: User) -> None:
    with pytest.raises(StillRead):
        retire_scheme(key="value", actor=ann, at=AT)
    assert ("value" in library().published(), audited_actions(), Job.objects.exists()) == (True, [], False)


def test_a_copy_keeps_the_names(ann: User) -> None:
    copied = copy_scheme(key="value", new_key="worth", actor=ann, at=AT)
    assert copied.definition["names"]["zh-hans"] == "购买金额（副本）"
    assert copied.definition["tiers"][0]["names"]["en"] == "High value"


@pytest.mark.parametrize(("key", "refusal"), [("rfm", KeyTaken), ("runs", BadKey)])
def test_a_copy_needs_a_key_of_its_own(ann: User, key: str, refusal: type[CustrataError]) -> None:
    with pytest.raises(refusal):
        copy_scheme(key="value", new_key=key, actor=ann, at=AT)
    assert (SchemeDraft.objects.exists(), audited_actions()) == (False, [])


def test_a_key_that_is_taken_gets_a_number(ann: User) -> None:
    create_scheme(key=free_key("vip"), definition=VIP, actor=ann, at=AT)
    assert (free_key("vip"), free_key("value"), free_key("other")) == ("vip_2", "value_2", "other")


def test_a_scheme_says_where_it_stands(published_twice: User) -> None:
    status = scheme_state("vip")
    assert status is not None
    assert (status.waits, status.graded, status.is_retired, status.revision) == (True, None, False, "")
    shipped = scheme_state("value")
    assert shipped is not None
    assert (shipped.waits, shipped.graded) == (False, 1)
    assert scheme_state("nothing") is None


def test_a_refresh_grades_by_what_was_published(ann: User, own_workspace: Workspace) -> None:
    start_refresh(as_of=date(2025, 7, 20), actor=ann, at=AT)
    perform(take_job("a worker", at=AT))  # type: ignore[arg-type]  # there is one
    save(ann)
    publish(ann)
    perform(take_job("a worker", at=LATER))  # type: ignore[arg-type]  # there is one
    run = GradedRun.of(own_workspace.runs.all()[-1])
    assert (run.schemes["vip"].version, run.as_of.isoformat()) == (1, "2025-07-19T16:00:00+00:00")
    status = scheme_state("vip")
    assert status is not None
    assert not status.waits
    spread = value_histogram(run, "vip", "en")
    assert spread is not None
    orders = pq.read_table(run.folder / "profile.parquet", columns=["orders"])["orders"].to_pylist()
    with_order = sum(number > 0 for number in orders)
    assert (spread.name, spread.unit, sum(spread.counts)) == ("Spend, 365 days", "money", with_order)
    assert 0 < with_order < len(orders) == CUSTOMERS
