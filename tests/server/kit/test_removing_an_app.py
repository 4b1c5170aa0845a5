"""An app is gone when its folder and its one line are: the rest checks, migrates and serves as before."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(__file__).with_name("removed.py")
APPS = ("playbooks", "connect", "schemes")
LINKS = {
    "playbooks": ("/playbooks/", "/tasks/"),
    "connect": ("/tokens/",),
    "schemes": ("/tiers/new/", "/tiers/value/edit/"),
}


def without(app: str, folder: Path) -> Path:
    """The source tree without the folder of an app, and without its line on the list of apps."""
    source = folder / "src"
    shutil.copytree(ROOT / "src/custrata", source / "custrata", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(source / "custrata/apps" / app)
    installed = source / "custrata/config/installed.py"
    lines = installed.read_text("utf-8").splitlines(keepends=True)
    others = [line for line in lines if f'"custrata.apps.{app}"' not in line]
    assert len(others) == len(lines) - 1
    installed.write_text("".join(others), "utf-8")
    return source


@pytest.fixture(scope="module", params=APPS)
def served_without(
    request: pytest.FixtureRequest, graded: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any]]:
    """An app that was deleted, and what a server without it answered."""
    app, folder = str(request.param), tmp_path_factory.mktemp("removed")
    shutil.copytree(graded, folder / "workspace")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CUSTRATA_", "DATABASE_"))}
    environment |= {"PYTHONPATH": str(without(app, folder)), "CUSTRATA_WORKSPACE": str(folder / "workspace")}
    environment |= {"DJANGO_SETTINGS_MODULE": "custrata.config.settings", "CUSTRATA_LOG_LEVEL": "ERROR"}
    command = [sys.executable, str(PROGRAM), app]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return app, json.loads(done.stdout.splitlines()[-1])


def test_every_page_and_the_description_of_the_api_open(served_without: tuple[str, dict[str, Any]]) -> None:
    _, answers = served_without
    assert len(answers["status"]) > 15
    assert {page: status for page, status in answers["status"].items() if status != 200} == {}


def test_nothing_leads_to_the_app(served_without: tuple[str, dict[str, Any]]) -> None:
    app, answers = served_without
    assert [link for link in LINKS[app] if f'"{link}' in answers["html"]] == []


def test_a_customer_can_be_erased(served_without: tuple[str, dict[str, Any]]) -> None:
    assert served_without[1]["removed"]["customers_customer"] == 1


def test_no_token_opens_the_api(served_without: tuple[str, dict[str, Any]]) -> None:
    assert served_without[1]["api"] == 401


@pytest.mark.parametrize("app", APPS)
def test_only_the_list_of_apps_names_an_app_outside_its_folder(app: str) -> None:
    source = ROOT / "src/custrata"
    files = [path for suffix in ("py", "html", "toml") for path in source.rglob(f"*.{suffix}")]
    outside = [path for path in files if source / "apps" / app not in path.parents]
    named = re.compile(rf"""custrata[./]apps[./]{app}\b|["']{app}:[a-z]""")
    naming = {path.relative_to(source).as_posix() for path in outside if named.search(path.read_text("utf-8"))}
    assert naming == {"config/installed.py"}
