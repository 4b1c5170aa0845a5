"""A workspace: made once, opened as it was made, and refused by name where it cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from custrata.engine import BadMemoryLimit
from custrata.errors import BadInput
from custrata.lake import (
    AlreadyAWorkspace,
    BadSettings,
    CannotMakeWorkspace,
    MissingSetting,
    NotAWorkspace,
    Settings,
    UnknownCurrency,
    UnusableFolderName,
    Workspace,
)
from custrata.schema.zones import UnknownTimeZone
from custrata.wording import UnknownLanguage

GOOD = 'name = "Shop"\ncurrency = "EUR"\ntimezone = "Europe/Paris"\nlanguage = "en"\n'


def test_opens_what_it_made(tmp_path: Path) -> None:
    created = Workspace.create(tmp_path / "a" / "shop", name="小店", currency="usd", timezone="UTC", language="zh-Hant")
    assert created.settings == Settings("小店", "USD", "UTC", "zh-hant")
    assert Workspace.open(tmp_path / "a" / "shop") == created


def test_is_named_for_its_folder_and_chinese_unless_told(tmp_path: Path) -> None:
    created = Workspace.create(tmp_path / "shop")
    assert created.settings == Settings("shop", "CNY", "Asia/Shanghai", "zh-hans")


def test_makes_its_folders(workspace: Workspace) -> None:
    assert workspace.quarantine.is_dir()
    assert workspace.mappings.is_dir()
    assert (workspace.lake.snapshot().versions, workspace.runs.all()) == ({}, [])


def test_settings_are_a_file_a_person_can_edit(workspace: Workspace) -> None:
    (workspace.folder / "custrata.toml").write_text("# ours\n" + GOOD + "[server]\nport = 80\n")
    assert Workspace.open(workspace.folder).settings == Settings("Shop", "EUR", "Europe/Paris", "en")


def test_refuses_to_create_a_workspace_over_another(workspace: Workspace) -> None:
    before = (workspace.folder / "custrata.toml").read_bytes()
    with pytest.raises(AlreadyAWorkspace, match="is already a workspace"):
        Workspace.create(workspace.folder, name="other")
    assert (workspace.folder / "custrata.toml").read_bytes() == before


def test_completes_a_partly_created_workspace(workspace: Workspace) -> None:
    (workspace.folder / "custrata.toml").unlink()
    assert Workspace.create(workspace.folder, language="en") == workspace


@pytest.mark.parametrize("make", [lambda folder: None, Path.mkdir, Path.touch])
def test_refuses_to_open_a_folder_that_is_no_workspace(tmp_path: Path, make: object) -> None:
    folder = tmp_path / "nothing"
    assert callable(make)
    make(folder)
    with pytest.raises(NotAWorkspace, match=f"custrata init {folder}"):
        Workspace.open(folder)


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("currency", "YUAN", UnknownCurrency),
        ("currency", "", UnknownCurrency),
        ("timezone", "Asia/Peking", UnknownTimeZone),
        ("language", "fr", UnknownLanguage),
        ("memory", "much", BadMemoryLimit),
        ("memory", "200MB", BadMemoryLimit),
        ("memory", "0%", BadMemoryLimit),
        ("memory", "101%", BadMemoryLimit),
    ],
)
def test_refuses_unknown_settings(tmp_path: Path, option: str, value: str, error: type[BadInput]) -> None:
    chosen: dict[str, Any] = {option: value}
    with pytest.raises(error):
        Workspace.create(tmp_path / "shop", **chosen)
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("name = ", BadSettings, "Invalid value"),
        (b"\xff\xfe", BadSettings, "custrata.toml"),
        (GOOD.replace('"EUR"', "7"), MissingSetting, 'lack currency = "…"'),
        (GOOD.replace('language = "en"', ""), MissingSetting, "language"),
        (GOOD.replace("EUR", "EURO"), UnknownCurrency, "EURO"),
    ],
)
def test_refuses_settings_it_cannot_use(
    workspace: Workspace, text: str | bytes, error: type[BadInput], says: str
) -> None:
    (workspace.folder / "custrata.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(error, match=says):
        Workspace.open(workspace.folder)


@pytest.mark.parametrize("name", ["100%", "a*b", "[x]", "{x}", "why?", 'a"b', "a\\b"])
def test_refuses_a_folder_name_not_every_engine_reads(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableFolderName):
        Workspace.create(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_refuses_to_create_a_workspace_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "shop").touch()
    with pytest.raises(CannotMakeWorkspace, match="part of the path is not a folder"):
        Workspace.create(tmp_path / "shop" / "more")


def test_free_orders_are_counted_unless_the_workspace_says_otherwise(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "shop")
    Workspace.create(tmp_path / "other", free_orders="ignore")
    assert [Workspace.open(tmp_path / name).settings.free_orders for name in ("shop", "other")] == ["count", "ignore"]
