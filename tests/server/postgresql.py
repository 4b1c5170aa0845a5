"""The databases the server's tests run on: SQLite in a file, or, with CUSTRATA_TEST_DATABASE=postgresql, a private
PostgreSQL that lives as long as the session.

Every worker of a parallel run has its own, so nothing is shared and nothing is left behind: the server is
a child of the test process and ends with it, however that ends.
"""

from __future__ import annotations

import ctypes
import glob
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
import pytest
from django.conf import settings
from django.db import connections
from tests.conftest import lacking

ON_POSTGRESQL = os.environ.get("CUSTRATA_TEST_DATABASE") == "postgresql"
LACKING = "PostgreSQL is not installed (on Debian: apt-get install postgresql)"
# Nothing outlives the session: no fsync, no port, little memory.
OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "listen_addresses": ""}
OPTIONS |= {"shared_buffers": "32MB", "max_connections": "60", "log_min_messages": "fatal", "jit": "off"}
OPTIONS |= {"autovacuum": "off", "max_wal_size": "256MB"}
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


class Missing(Exception):
    """PostgreSQL cannot be run here."""


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs. Raises `Missing`."""
    folders = [Path(path).parent for path in glob.glob("/usr/lib/postgresql/*/bin/initdb")]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    if not on_path:
        raise Missing(LACKING)
    return Path(on_path).resolve().parent


def owner() -> pwd.struct_passwd:
    """The user that runs it: PostgreSQL refuses root, so then the user `postgres`. Raises `Missing`."""
    if os.getuid():
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError as error:
        raise Missing(f"{LACKING}: there is no user “postgres” to run it") from error


@contextmanager
def cluster(folder: Path, who: pwd.struct_passwd) -> Iterator[str]:
    """Run a private PostgreSQL as `who` from the programs in `folder`; yields its address."""
    with tempfile.TemporaryDirectory(prefix="pg") as home:  # short: a socket's path has 107 characters at most
        os.chown(home, who.pw_uid, who.pw_gid)
        user, group = (who.pw_uid, who.pw_gid) if not os.getuid() else (None, None)
        extra_groups: list[int] | None = None if os.getuid() else []
        command: list[str | Path] = [
            folder / "initdb",
            "-D",
            f"{home}/data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
        ]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, cwd=home, user=user, group=group, extra_groups=extra_groups
        )
        options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [folder / "postgres", "-D", f"{home}/data", "-k", home, *options],
            cwd=home,
            user=user,
            group=group,
            extra_groups=extra_groups,
            preexec_fn=_end_with_parent,
        )
        try:
            _wait(folder / "pg_isready", home, server)
            yield f"postgresql://postgres@{home.replace('/', '%2F')}/postgres"
        finally:
            server.send_signal(signal.SIGQUIT)  # nothing to keep
            server.wait(timeout=20)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGQUIT)


def _wait(ready: Path, home: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while subprocess.run([ready, "-q", "-h", home, "-U", "postgres"]).returncode:
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError("PostgreSQL does not start")
        time.sleep(0.05)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a private PostgreSQL; skips where PostgreSQL is not installed."""
    try:
        folder, who = programs(), owner()
    except Missing as error:
        lacking(str(error))
    with cluster(folder, who) as address:
        yield address


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Which database the tests run on; pytest-django asks for this before it makes it.

    SQLite in a file, since one in memory knows neither WAL nor two connections that wait for each other.
    """
    default = settings.DATABASES["default"]
    if ON_POSTGRESQL:
        database = dj_database_url.parse(request.getfixturevalue("postgresql"), conn_max_age=0)
        default.update({**database, "OPTIONS": {}, "NAME": "custrata"})
        default["TEST"]["NAME"] = "custrata_tests"
        del connections["default"]  # recreated with another backend on next access
    else:
        default["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "tests.sqlite3")


@pytest.fixture
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address (DATABASE_URL) of an empty database for one test that runs processes of its own."""
    if not ON_POSTGRESQL:
        yield f"sqlite:///{tmp_path / 'own.sqlite3'}"
        return
    address, name = request.getfixturevalue("postgresql"), f"own_{secrets.token_hex(4)}"
    _execute(address, f"CREATE DATABASE {name}")
    yield address.removesuffix("/postgres") + f"/{name}"
    _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(address: str, statement: str) -> None:
    import psycopg  # only here: SQLite needs no driver

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())
