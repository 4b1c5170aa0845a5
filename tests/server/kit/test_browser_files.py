"""Front-end files are fetched at installation, in pinned versions, and are complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hatch_build

ROOT = Path(__file__).resolve().parents[3]
USERS = '<svg\n  class="x"\n>\n  <path stroke="none" d="M0 0h24v24H0z" fill="none" />\n  <path d="M5 7" />\n</svg>'


def page(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_versions_are_exact() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_the_lock_file_has_the_same_versions_and_no_addresses_to_fetch_from() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    pinned = {**package["dependencies"], **package["devDependencies"]}
    assert {name: locked[f"node_modules/{name}"]["version"] for name in pinned} == pinned
    assert [name for name, package in locked.items() if "resolved" in package] == []
    assert [name for name, package in locked.items() if name and "integrity" not in package] == []


def test_all_files_are_there_and_no_build_residue() -> None:
    there = {path.name for path in hatch_build.VENDOR.iterdir()}
    expected = {*hatch_build.FILES, "icons.svg", "LICENSES.txt"}
    assert there == expected | {f"{name}.gz" for name in expected} | {"made-of.json"}


def test_licences_travel_with_the_files() -> None:
    licences = (hatch_build.VENDOR / "LICENSES.txt").read_text("utf-8")
    assert [name for name in hatch_build.LICENSED if f"{name} " not in licences] == []
    assert "MIT License" in licences
    assert "Apache License" in licences


def test_no_file_loads_others_from_elsewhere() -> None:
    texts = {name: (hatch_build.VENDOR / name).read_text("utf-8") for name in hatch_build.FILES}
    assert [name for name, text in texts.items() if "sourceMappingURL" in text] == []
    assert re.findall(r"url\((?![\"']?data:)[^)]{0,40}", texts["tabler.min.css"]) == []


def test_finds_every_word_that_may_name_an_icon(tmp_path: Path) -> None:
    page(tmp_path, "web/templates/a.html", '{% icon "users" %}{% include "x.html" with icon=\'circle-x\' %}')
    page(tmp_path, "apps/shop/navigation.py", 'Entry("web.nav.x", "chart-bar")')
    page(tmp_path, "elsewhere/b.html", '"home"')
    assert hatch_build.words(tmp_path) == ["chart-bar", "circle-x", "users"]


def test_a_sprite_holds_the_icons_there_are(tmp_path: Path) -> None:
    page(tmp_path, "users.svg", USERS)
    sprite = hatch_build.sprite(tmp_path, ["nothing", "users"])
    assert '<symbol id="users" viewBox="0 0 24 24"><path d="M5 7" /></symbol>' in sprite
    assert sprite.count("<symbol") == 1
