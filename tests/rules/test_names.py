"""Modules are named for their contents; inside an app only the layers of the contract exist."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from measure import DRAWER

OWN = ("src", "tests", "tools", "docs", "benchmarks", "examples")


def catch_all_modules(folder: Path) -> list[str]:
    """Modules and packages with a catch-all name, such as `utils`."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    return [path for path in paths if DRAWER.search(path)]


def allowed_in_an_app(contracts: configparser.ConfigParser) -> set[str]:
    contract = contracts["importlinter:contract:inside-an-app"]
    return set(re.findall(r"\w+", contract["layers"] + contract["exhaustive_ignores"])) | {"__init__"}


def unexpected_modules(apps: Path, allowed: set[str]) -> list[str]:
    """Modules directly inside an app that the contract does not name."""
    entries = [path for app in apps.glob("[!_]*/") for path in app.iterdir()]
    modules = [path for path in entries if path.suffix == ".py" or (path / "__init__.py").exists()]
    return sorted(path.relative_to(apps).as_posix() for path in modules if path.stem not in allowed)


@pytest.mark.parametrize("folder", OWN)
def test_no_module_has_a_catch_all_name(root: Path, folder: str) -> None:
    assert catch_all_modules(root / folder) == []


def test_apps_hold_only_the_modules_of_the_contract(root: Path, contracts: configparser.ConfigParser) -> None:
    assert unexpected_modules(root / "src/custrata/apps", allowed_in_an_app(contracts)) == []


def test_sees_a_catch_all_module(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/utils.py").touch()
    (tmp_path / "shop/orders.py").touch()
    assert catch_all_modules(tmp_path) == ["shop/utils.py"]


def test_sees_an_unexpected_module_in_an_app(tmp_path: Path, contracts: configparser.ConfigParser) -> None:
    (tmp_path / "tiers/signals").mkdir(parents=True)
    for name in ("__init__.py", "actions.py", "logic.py", "signals/__init__.py"):
        (tmp_path / "tiers" / name).touch()
    assert unexpected_modules(tmp_path, allowed_in_an_app(contracts)) == ["tiers/logic.py", "tiers/signals"]
