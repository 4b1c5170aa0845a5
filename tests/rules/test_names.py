"""A module is named for what it holds; inside an app every module has its appointed name."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from measure import DRAWER

OWN = ("src", "tests", "tools", "docs", "benchmarks", "examples")


def drawers(folder: Path) -> list[str]:
    """Modules and packages named for being a drawer."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    return [path for path in paths if DRAWER.search(path)]


def allowed_in_an_app(contracts: configparser.ConfigParser) -> set[str]:
    contract = contracts["importlinter:contract:inside-an-app"]
    return set(re.findall(r"\w+", contract["layers"] + contract["exhaustive_ignores"])) | {"__init__"}


def strangers(apps: Path, allowed: set[str]) -> list[str]:
    """Modules directly inside an app that the contract does not name."""
    entries = [path for app in apps.glob("[!_]*/") for path in app.iterdir()]
    modules = [path for path in entries if path.suffix == ".py" or (path / "__init__.py").exists()]
    return sorted(path.relative_to(apps).as_posix() for path in modules if path.stem not in allowed)


@pytest.mark.parametrize("folder", OWN)
def test_no_module_is_a_drawer(root: Path, folder: str) -> None:
    assert drawers(root / folder) == []


def test_apps_hold_only_the_appointed_modules(root: Path, contracts: configparser.ConfigParser) -> None:
    assert strangers(root / "src/custrata/apps", allowed_in_an_app(contracts)) == []


def test_sees_a_drawer(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/utils.py").touch()
    (tmp_path / "shop/orders.py").touch()
    assert drawers(tmp_path) == ["shop/utils.py"]


def test_sees_a_strange_module_in_an_app(tmp_path: Path, contracts: configparser.ConfigParser) -> None:
    (tmp_path / "tiers/signals").mkdir(parents=True)
    for name in ("__init__.py", "actions.py", "logic.py", "signals/__init__.py"):
        (tmp_path / "tiers" / name).touch()
    assert strangers(tmp_path, allowed_in_an_app(contracts)) == ["tiers/logic.py", "tiers/signals"]
