"""A small graded workspace behind the server, and a person of every role."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from tests.prepared import prepared_workspace
from tests.server.postgresql import ON_POSTGRESQL, django_db_modify_db_settings, own_database, postgresql
from tests.server.statements import Recorder, deselect_repetitions, statements_file

from custrata.apps.accounts.models import User
from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.lake.locks import locked
from custrata.pipeline import refresh
from custrata.tiering import BUILT_IN
from custrata.web.rights import Role

__all__ = ["django_db_modify_db_settings", "own_database", "postgresql"]
AT = datetime(2025, 7, 1, 4, tzinfo=UTC)
CUSTOMERS = 240
# The graded workspace has neither feedback nor tags: schemes based on them wait for data.
PUBLISHED = tuple(key for key in BUILT_IN if key not in ("need", "standing"))
RUNS = ("2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01")
STATEMENTS = statements_file()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Record the statements of each test on SQLite, where a file is named for them."""
    if STATEMENTS and not ON_POSTGRESQL:
        with Recorder(STATEMENTS).recording(item):
            return (yield)
    return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, run what the recorded statements need."""
    if STATEMENTS and ON_POSTGRESQL:
        deselect_repetitions(config, items, STATEMENTS)


def orders(seed: int = 7) -> pl.DataFrame:
    """Two and a half years of orders of `c001` … `c240`, with varied rhythms."""
    chance, rows = random.Random(seed), list[dict[str, object]]()
    for number in range(1, CUSTOMERS + 1):
        day = datetime(2023, 1, 1, 2, tzinfo=UTC) + timedelta(days=chance.randrange(700))
        gap = chance.choice([5, 9, 20, 45, 120])
        while day < AT and chance.random() > 0.03:
            amount = round(chance.lognormvariate(4, 1), 2)
            rows.append(
                {
                    "order_id": f"o{len(rows):05}",
                    "customer_id": f"c{number:03}",
                    "ordered_at": day.isoformat(),
                    "amount": amount,
                    "discount": round(amount * chance.choice([0, 0, 0.1, 0.2]), 2),
                    "channel": chance.choice(["shop", "web", "app"]),
                }
            )
            day += timedelta(days=max(1, round(chance.gauss(gap, gap / 4))), hours=chance.randrange(12))
    return pl.DataFrame(rows)


def customers() -> pl.DataFrame:
    """Names, phones and e-mails of the same customers."""
    return pl.DataFrame(
        {
            "customer_id": [f"c{number:03}" for number in range(1, CUSTOMERS + 1)],
            "name": [f"王{number:03}" for number in range(1, CUSTOMERS + 1)],
            "phone": [f"1380013{number:04}" for number in range(1, CUSTOMERS + 1)],
            "email": [f"c{number:03}@example.com" for number in range(1, CUSTOMERS + 1)],
        }
    )


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace of 240 customers with four runs. Read-only; to change it use `own_workspace`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # created once, for all workers
    folder = shared / "graded"
    with locked(shared / "graded.lock", wait=300):
        if not folder.exists():
            shutil.copytree(prepared_workspace("graded", _grade), folder)
    return folder


def _grade(folder: Path) -> None:
    files = folder.parent
    workspace = Workspace.create(folder, name="Test", currency="CNY", timezone="Asia/Shanghai", language="zh-hans")
    orders().write_csv(files / "orders.csv")
    customers().write_csv(files / "customers.csv")
    with DuckEngine(threads=2) as engine:
        import_file(workspace, "customers", files / "customers.csv", at=AT, engine=engine)
        import_file(workspace, "orders", files / "orders.csv", at=AT, engine=engine)
        for as_of in RUNS:
            refresh(workspace, engine, at=AT, as_of=as_of)


@pytest.fixture
def served(graded: Path, settings: Settings) -> Workspace:
    """The graded workspace, served."""
    settings.WORKSPACE = graded
    return Workspace.open(graded)


@pytest.fixture
def own_workspace(graded: Path, tmp_path: Path, settings: Settings) -> Workspace:
    """A copy of the graded workspace for one test, served."""
    folder = tmp_path / "workspace"
    shutil.copytree(graded, folder)
    settings.WORKSPACE = folder
    return Workspace.open(folder)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Fast password hashing; its strength is not tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


Person = Callable[[Role], User]


@pytest.fixture
def person(db: None) -> Person:
    """Makes a person of a role; the password is `correct horse 7`."""

    def make(role: Role) -> User:
        user = User(username=role.value, role=role.value, joined_at=AT, language="en")
        user.set_password("correct horse 7")
        user.save()
        return user

    return make


@pytest.fixture
def signed_in(person: Person) -> Callable[[Role], Client]:
    """A browser in which a person of the role is signed in."""

    def sign_in(role: Role) -> Client:
        client = Client()
        client.force_login(person(role), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def operator(signed_in: Callable[[Role], Client]) -> Client:
    """An operator's browser."""
    return signed_in(Role.OPERATOR)


@pytest.fixture
def stranger() -> Client:
    """A client without a session."""
    return Client()
