"""What the rules look at: the tree, its contracts, its modules, and Django with whatever apps there are."""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import django
import django.conf
import pytest

import custrata
from custrata.errors import BadInput, CustrataError, Refused

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("custrata.web", "custrata.apps", "custrata.config", "custrata.__main__")


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
    for found in pkgutil.walk_packages(custrata.__path__, "custrata.", onerror=lambda name: None):
        yield found.name


@pytest.fixture(scope="session")
def errors(library: list[ModuleType]) -> list[type[CustrataError]]:
    """Every concrete error class; those defined in tests and docstrings are not ours."""
    assert library
    found, kinds = list[type[CustrataError]](), [CustrataError]
    while kinds:
        kind = kinds.pop()
        kinds.extend(kind.__subclasses__())
        if kind not in (CustrataError, BadInput, Refused) and kind.__module__.startswith("custrata."):
            found.append(kind)
    return sorted(set(found), key=lambda kind: kind.__name__)


@pytest.fixture(scope="session")
def server() -> list[str]:
    """Django, set up with Custrata's own apps or, as long as there are none, with none; their labels."""
    if importlib.util.find_spec("custrata.config"):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custrata.config.settings")
    elif not django.conf.settings.configured:
        django.conf.settings.configure(INSTALLED_APPS=[], USE_TZ=True)
    django.setup()
    from django.apps import apps  # only once it is set up

    return [app.label for app in apps.get_app_configs() if app.name.startswith("custrata.apps.")]
