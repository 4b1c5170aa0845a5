"""The lists of `.importlinter` name every package there is; import-linter itself checks the imports."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

SERVER = {"web", "apps", "config", "__main__", "__init__"}


def listed(contracts: configparser.ConfigParser, contract: str, option: str) -> set[str]:
    return set(re.findall(r"custrata\.(\w+)", contracts[f"importlinter:contract:{contract}"][option]))


def packages(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*") if path.suffix == ".py" or (path / "__init__.py").exists()}


def test_the_library_contract_names_every_package_of_the_library(
    root: Path, contracts: configparser.ConfigParser
) -> None:
    library = packages(root / "src/custrata") - SERVER
    assert listed(contracts, "library-is-not-django", "source_modules") == library


def test_the_engine_contract_names_every_package_but_the_engine(
    root: Path, contracts: configparser.ConfigParser
) -> None:
    expected = packages(root / "src/custrata") - {"engine", "__main__", "__init__"}
    assert listed(contracts, "engines-are-hidden", "source_modules") == expected


def test_the_apps_contract_names_every_app(root: Path, contracts: configparser.ConfigParser) -> None:
    contract = contracts["importlinter:contract:apps"]
    assert packages(root / "src/custrata/apps") - {"__init__"} <= set(re.findall(r"\w+", contract["layers"]))
    assert contract["exhaustive"] == "true"
