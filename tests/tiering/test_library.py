"""Versions of schemes: published all or none, never changed, retired and brought back, whoever else is at it."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from custrata.lake import Workspace
from custrata.lake.durable import Damaged
from custrata.lake.single_reads import single_reads
from custrata.tiering import Definition, SchemeLibrary, built_in, define
from custrata.tiering.comparing import planned
from custrata.tiering.library import KindIsTaken, NoSuchVersion, StillRead
from custrata.tiering.schemes import ReadsUnknownScheme, SchemesInCircle
from tests.tiering.drafts import vip

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def library(tmp_path: Path) -> SchemeLibrary:
    """The schemes of an empty workspace."""
    return SchemeLibrary(Workspace.create(tmp_path / "shop"))


def publish(library: SchemeLibrary, *definitions: Definition, **other: Any) -> list[tuple[str, int]]:
    versions = library.publish(definitions, by="Li", at=AT, note="why", **other)
    return [(version.key, version.number) for version in versions]


def reading(key: str, other: str) -> Definition:
    """A scheme that reads another."""
    rules = [{"tier": "yes", "when": {"scheme": other, "tier": ["high"]}}]
    return define({"key": key, "kind": "rules", "rules": rules, "tiers": [{"key": "yes"}, {"key": "no"}]})


def actions(library: SchemeLibrary, *definitions: Definition, replace: bool = False) -> dict[str, str]:
    plan = planned(library, definitions, replace=replace)
    return {change.key: change.action for change in plan if change.action != "unchanged"}


def test_a_new_workspace_grades_by_the_schemes_that_ship(library: SchemeLibrary) -> None:
    assert {key: version.definition for key, version in library.published().items()} == dict(built_in())
    assert library.retired() == []


def test_publishing_adds_a_version_with_who_when_and_why(library: SchemeLibrary) -> None:
    assert publish(library, vip()) == [("vip", 1)]
    version = library.published()["vip"]
    assert (version.definition, version.by, version.at, version.note) == (vip(), "Li", AT, "why")
    assert list(library.published()) == [*built_in(), "vip"]


def test_a_version_published_where_files_are_read_once_is_seen_at_once(library: SchemeLibrary) -> None:
    with single_reads():
        assert "vip" not in library.published()
        publish(library, vip())
        assert library.published()["vip"].number == 1


def test_publishing_keeps_what_others_published_since_the_list_was_read(library: SchemeLibrary) -> None:
    with single_reads():
        library.published()
        with single_reads():  # as another process
            publish(library, reading("other", "value"))
        publish(library, vip())
    assert {"other", "vip"} <= library.published().keys()


def test_publishing_the_same_twice_changes_nothing(library: SchemeLibrary) -> None:
    publish(library, vip())
    before = library.fingerprint
    assert (publish(library, vip()), library.fingerprint) == ([], before)
    assert [version.number for version in library.versions("vip")] == [1]


def test_a_changed_scheme_is_a_new_version_and_the_old_one_stays(library: SchemeLibrary) -> None:
    publish(library, vip())
    assert publish(library, vip(told=False)) == [("vip", 2)]
    assert [version.definition for version in library.versions("vip")] == [vip(told=False), vip()]


def test_a_built_in_scheme_becomes_version_two_and_can_be_rolled_back(library: SchemeLibrary) -> None:
    shipped = built_in()["value"]
    changed = define({**shipped.data(), "told": False})
    assert publish(library, changed) == [("value", 2)]
    assert publish(library, library.version("value", 1).definition) == [("value", 3)]
    assert library.published()["value"].definition == shipped


def test_all_are_published_or_none(library: SchemeLibrary) -> None:
    library.retire("usage_cycle")
    with pytest.raises(ReadsUnknownScheme, match="usage_cycle"):
        publish(library, vip(), reading("short", "usage_cycle"))
    assert ("vip" in library.published(), library.versions("vip")) == (False, [])


def test_schemes_that_read_each_other_in_a_circle_are_refused(library: SchemeLibrary) -> None:
    with pytest.raises(SchemesInCircle, match="one → other → one"):
        publish(library, reading("one", "other"), reading("other", "one"))
    with pytest.raises(SchemesInCircle):
        publish(library, reading("self", "self"))


def test_a_key_keeps_its_kind(library: SchemeLibrary) -> None:
    publish(library, vip())
    with pytest.raises(KindIsTaken, match="threshold"):
        publish(library, reading("vip", "value"))


def test_a_retired_scheme_keeps_its_versions_and_comes_back(library: SchemeLibrary) -> None:
    publish(library, vip())
    library.retire("vip")
    assert ("vip" in library.published(), library.retired()) == (False, ["vip"])
    assert library.restore("vip").number == library.published()["vip"].number == 1


def test_a_scheme_that_others_read_is_not_retired(library: SchemeLibrary) -> None:
    with pytest.raises(StillRead, match="potential"):
        library.retire("value")
    assert "value" in library.published()


def test_a_scheme_comes_back_only_with_those_it_reads(library: SchemeLibrary) -> None:
    library.retire("potential")
    library.retire("value")
    with pytest.raises(ReadsUnknownScheme, match="value"):
        library.restore("potential")
    library.restore("value")
    assert library.restore("potential").key == "potential"


def test_publishing_in_place_of_all_others_retires_them(library: SchemeLibrary) -> None:
    publish(library, vip(), replace=True)
    assert (list(library.published()), library.retired()) == (["vip"], list(built_in()))


def test_what_is_published_in_place_of_others_may_not_read_them(library: SchemeLibrary) -> None:
    with pytest.raises(ReadsUnknownScheme, match="value"):
        publish(library, reading("late", "value"), replace=True)
    assert list(library.published()) == list(built_in())


def test_publishing_a_retired_scheme_as_it_was_makes_no_new_version(library: SchemeLibrary) -> None:
    library.retire("need")
    assert publish(library, built_in()["need"]) == []
    assert library.published()["need"].number == 1


@pytest.mark.parametrize(("key", "number"), [("vip", 1), ("value", 2), ("../value", 1)])
def test_versions_that_are_not_there_are_refused(library: SchemeLibrary, key: str, number: int) -> None:
    with pytest.raises(NoSuchVersion):
        library.version(key, number)


def test_what_is_not_published_is_not_retired_and_what_never_was_does_not_come_back(library: SchemeLibrary) -> None:
    for change in (library.retire, library.restore):
        with pytest.raises(NoSuchVersion):
            change("vip")


def test_a_plan_tells_what_publishing_would_do(library: SchemeLibrary) -> None:
    publish(library, vip())
    library.retire("need")
    every = [*built_in().values(), vip(told=False), reading("late", "value")]
    assert actions(library, *every) == {"need": "restored", "vip": "changed", "late": "new"}
    definitions = [definition for key, definition in built_in().items() if key not in ("usage_cycle", "need")]
    assert actions(library, *definitions, replace=True) == {"usage_cycle": "retired", "vip": "retired"}


def test_a_damaged_version_is_told_with_its_file(library: SchemeLibrary) -> None:
    publish(library, vip())
    (library.folder / "vip" / "1.yaml").write_text("scheme: [")
    with pytest.raises(Damaged, match=r"1\.yaml"):
        library.published()


def test_two_publishers_at_once_both_get_a_version(library: SchemeLibrary) -> None:
    drafts = [vip(window=days) for days in range(30, 38)]
    with ThreadPoolExecutor(4) as pool:
        versions = [
            version for published in pool.map(lambda draft: publish(library, draft), drafts) for version in published
        ]
    assert sorted(versions) == [("vip", number) for number in range(1, 9)]
    windows = {version.definition.window for version in library.versions("vip")}
    assert windows == set(range(30, 38))


def _publish_until(folder: Path, files: int) -> None:
    """Publish in a process that ends, as if killed, when it is about to put the next file in its place."""
    library, replace, done = SchemeLibrary(Workspace.open(folder)), os.replace, iter(range(files))

    def until(source: Path, target: str | os.PathLike[str]) -> Path:
        if next(done, None) is None:
            os._exit(9)
        replace(source, target)
        return Path(target)

    Path.replace = until  # type: ignore[assignment, method-assign]  # of this process, which ends here
    library.publish([vip(told=False), reading("late", "value")], by="Li", at=AT)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of a workspace with a scheme published."""
    folder = tmp_path / "shop"
    Workspace.create(folder)
    SchemeLibrary(Workspace.open(folder)).publish([vip()], by="Li", at=AT)
    return folder


@pytest.mark.parametrize("files", [0, 1, 2])
def test_a_kill_between_files_leaves_the_former_list(shop: Path, files: int) -> None:
    process = get_context("spawn").Process(target=_publish_until, args=(shop, files))
    process.start()
    process.join()
    library = SchemeLibrary(Workspace.open(shop))
    assert (process.exitcode, library.published()["vip"].definition, "late" in library.published()) == (9, vip(), False)
    publish(library, vip(told=False), reading("late", "value"))
    assert library.published()["vip"].definition == vip(told=False)
    assert json.loads((shop / "schemes" / "published.json").read_text())["late"] == 1


@pytest.mark.parametrize("key", ["..", "a" * 5000, "../schemes", "", "A b"])
def test_what_is_no_key_names_no_scheme(tmp_path: Path, key: str) -> None:
    library = SchemeLibrary(Workspace.create(tmp_path / "shop"))
    assert library.versions(key) == []
    with pytest.raises(NoSuchVersion):
        library.version(key, 1)
