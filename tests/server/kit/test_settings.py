"""Settings from the environment: all documented, and safe by default."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from custrata.lake import Workspace

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/server/settings.md"
PRODUCTION = {
    "CUSTRATA_HTTPS": "1",
    "CUSTRATA_HOSTS": "crm.example.com",
    "CUSTRATA_ORIGINS": "https://crm.example.com",
    "CUSTRATA_SECRET_KEY": "k9-" + "AbCdEfGh" * 8,
}


def variables_in(code: str) -> set[str]:
    """The environment variables of the product that some code names."""
    written = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    return {name for name in written if isinstance(name, str) and re.fullmatch(r"CUSTRATA_[A-Z_]+", name)}


def variables_read() -> set[str]:
    files = (ROOT / "src/custrata").rglob("*.py")
    return {"DATABASE_URL"}.union(*(variables_in(path.read_text("utf-8")) for path in files))


def settings_with(workspace: Path, code: str, **environment: str) -> str:
    """The output of a fresh process with these variables and no others of the product."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("CUSTRATA_", "DATABASE_", "DJANGO_"))
    }
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    variables = {**inherited, "CUSTRATA_WORKSPACE": str(workspace), "PYTHONPATH": path, **environment}
    code = f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'custrata.config.settings'; {code}"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def values_of(workspace: Path, *names: str, **environment: str) -> list[Any]:
    """The values of settings in a fresh process."""
    code = f"import json; from django.conf import settings; print(json.dumps([getattr(settings, n) for n in {names}]))"
    values: list[Any] = json.loads(settings_with(workspace, code, **environment))
    return values


def value_of(workspace: Path, name: str, **environment: str) -> object:
    return values_of(workspace, name, **environment)[0]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Workspace.create(tmp_path / "shop", language="en").folder


def test_every_variable_that_is_read_is_documented() -> None:
    page = PAGE.read_text("utf-8")
    assert {name for name in variables_read() if f"| `{name}` |" not in page} == set()


def test_every_documented_variable_is_read() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert documented - variables_read() == set()


def test_sees_a_variable_that_is_read() -> None:
    code = "import os\nos.environ.get('CUSTRATA_X')\nNAME = 'CUSTRATA_Y'\ns = 'set CUSTRATA_Z to 1'"
    assert variables_in(code) == {"CUSTRATA_X", "CUSTRATA_Y"}


def test_the_documented_production_settings_are_clean_by_djangos_own_check(shop: Path) -> None:
    code = "from django.core.management import execute_from_command_line as run; run(['x', 'check', '--deploy'])"
    assert "no issues (0 silenced)" in settings_with(shop, code, **PRODUCTION)


def test_the_page_names_the_production_settings() -> None:
    page = PAGE.read_text("utf-8")
    assert [name for name in PRODUCTION if f"{name}=" not in page] == []


def test_a_workspace_makes_its_secret_key_once_and_keeps_it_to_itself(shop: Path) -> None:
    first, second = value_of(shop, "SECRET_KEY"), value_of(shop, "SECRET_KEY")
    assert first == second == (shop / "server/secret_key").read_text()
    assert len(str(first)) > 60
    assert (shop / "server/secret_key").stat().st_mode & 0o077 == 0


def test_nothing_is_written_where_there_is_no_workspace(tmp_path: Path) -> None:
    assert value_of(tmp_path, "DEBUG") is False
    assert list(tmp_path.iterdir()) == []


def test_sqlite_queues_its_writers_and_never_waits_to_read(shop: Path) -> None:
    code = (
        "import django; django.setup(); from django.db import connection as c; k = c.cursor();"
        "print([k.execute('PRAGMA ' + n).fetchone()[0] for n in"
        " ('journal_mode', 'synchronous', 'foreign_keys', 'temp_store', 'busy_timeout')])"
    )
    (shop / "server").mkdir()
    assert settings_with(shop, code).strip() == "['wal', 1, 1, 2, 20000]"


def test_a_database_url_is_taken(shop: Path) -> None:
    databases = value_of(shop, "DATABASES", DATABASE_URL="postgres://u:p@db:5433/shop")
    assert isinstance(databases, dict)
    assert (databases["default"]["ENGINE"], databases["default"]["PORT"]) == ("django.db.backends.postgresql", 5433)


def test_tls_to_the_database_is_asked_for_in_its_url(shop: Path) -> None:
    url = "postgres://u:p@db/shop?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem"
    databases = value_of(shop, "DATABASES", DATABASE_URL=url)
    assert isinstance(databases, dict)
    assert databases["default"]["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/db.pem"}


COOKIES = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME", "THEME_COOKIE_NAME")


def test_behind_https_every_cookie_is_of_this_host_alone(shop: Path) -> None:
    assert [name for name in values_of(shop, *COOKIES, **PRODUCTION) if not name.startswith("__Host-")] == []
    assert [name for name in values_of(shop, *COOKIES) if name.startswith("__")] == []


@pytest.mark.parametrize(("environment", "trusted"), [({}, None), ({"CUSTRATA_PROXIES": "1"}, True)])
def test_what_a_proxy_says_is_believed_only_behind_one(
    shop: Path, environment: dict[str, str], trusted: bool | None
) -> None:
    assert bool(value_of(shop, "SECURE_PROXY_SSL_HEADER", **environment)) is bool(trusted)


@pytest.mark.django_db
def test_every_page_says_what_a_browser_may_load(served: Workspace, stranger: Client) -> None:
    policy = stranger.get("/account/sign-in/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


BAD = {
    "CUSTRATA_LOG": "text",
    "CUSTRATA_LOG_LEVEL": "loud",
    "CUSTRATA_DEBUG": "yes",
    "CUSTRATA_HTTPS": "on",
    "CUSTRATA_PROXIES": "-1",
    "CUSTRATA_BACKUPS_KEPT": "0",
    "CUSTRATA_API_DOCS": "public",
    "CUSTRATA_API_PER_MINUTE": "1e9",
    "CUSTRATA_REQUEST_SECONDS": "nan",
    "CUSTRATA_IDLE_HOURS": "0",
    "CUSTRATA_SECOND_FACTOR": "boss",
    "CUSTRATA_SIGN_IN_PER_ADDRESS": "many",
    "CUSTRATA_SIGN_IN_OVERALL": "9" * 30,
    "DATABASE_URL": "nonsense://secret@host",
}


def test_a_bad_setting_stops_the_start_with_a_sentence_that_names_it(shop: Path) -> None:
    attempt = (
        "import sys; import importlib; from custrata.errors import CustrataError\n"
        "for name, value in json.loads(sys.stdin.read()).items():\n"
        "    os.environ[name] = value\n"
        "    try:\n"
        "        import custrata.config.settings\n"
        "    except CustrataError as error:\n"
        "        assert name in str(error), error\n"
        "        print(name, 'secret' in str(error))\n"
        "    del os.environ[name]\n"
        "    sys.modules.pop('custrata.config.settings', None)\n"
    )
    code = f"import io, json, sys; sys.stdin = io.StringIO({json.dumps(BAD)!r}); exec({attempt!r})"
    assert settings_with(shop, code).split("\n")[:-1] == [f"{name} False" for name in BAD]
