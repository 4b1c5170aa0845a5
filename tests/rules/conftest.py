"""Fixtures for the rules: the tree, its contracts, its modules, and Django with its apps."""

from __future__ import annotations

import configparser
import importlib
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import django
import pytest

import custrata
from custrata.errors import BadInput, CustrataError, Refused

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("custrata.web", "custrata.apps", "custrata.config", "custrata.__main__")
STARTING = ("custrata.__main__", "custrata.config.wsgi")  # what does something when it is imported


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def contracts() -> configparser.ConfigParser:
    """The import contracts."""
    parser = configparser.ConfigParser()
    assert parser.read(ROOT / ".importlinter")
    return parser


@pytest.fixture(scope="session")
def library() -> list[ModuleType]:
    """Every module of the library, imported: all but the server's."""
    return [importlib.import_module(name) for name in _names() if not name.startswith(SERVER)]


def _names() -> Iterator[str]:
    yield "custrata"
    for module in pkgutil.walk_packages(custrata.__path__, "custrata.", onerror=lambda name: None):
        yield module.name


@pytest.fixture(scope="session")
def errors(library: list[ModuleType], server: list[str]) -> list[type[CustrataError]]:
    """Every concrete error class, the server's too; those defined in tests and docstrings are not ours."""
    assert library
    for name in _names():
        if name.startswith(SERVER) and name not in STARTING:
            importlib.import_module(name)
    classes, kinds = list[type[CustrataError]](), [CustrataError]
    while kinds:
        kind = kinds.pop()
        kinds.extend(kind.__subclasses__())
        if kind not in (CustrataError, BadInput, Refused) and kind.__module__.startswith("custrata."):
            classes.append(kind)
    return sorted(set(classes), key=lambda kind: kind.__name__)


@pytest.fixture(scope="session")
def server() -> list[str]:
    """Django, set up with Custrata's own apps; their labels."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custrata.config.settings")
    django.setup()
    from django.apps import apps  # only once it is set up

    return [app.label for app in apps.get_app_configs() if app.name.startswith("custrata.apps.")]


@pytest.fixture(scope="session")
def templates() -> dict[str, str]:
    """Every template of the pages: its path and its text."""
    paths = sorted(path for part in ("web", "apps") for path in (ROOT / "src/custrata" / part).rglob("*.html"))
    return {path.relative_to(ROOT / "src/custrata").as_posix(): path.read_text("utf-8") for path in paths}
