"""Commands killed at random moments: the workspace stays whole, and run again they do what an unkilled one does."""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from tests.server.backup.commands import files, read_manifest
from tests.server.erasing.conftest import FILL_SERVER, TRACES, WHO, import_all, rows_of, run
from tests.server.forks import Forks
from tests.server.kills import outcome
from tests.server.postgresql import ON_POSTGRESQL

from custrata.lake import Workspace

KILLS = int(os.environ.get("CUSTRATA_COMMAND_KILLS", "36" if ON_POSTGRESQL else "120"))
IN_A_ROW = 3  # kills of one command on one copy of the workspace
NEW = "order_id,customer_id,ordered_at,amount\n" + "".join(
    f"n{n},b{n % 7},2024-05-{n % 28 + 1:02},{n}\n" for n in range(300)
)
VIP = "{key: vip, kind: threshold, trait: spend, tiers: [{key: gold, line: 50}, {key: basic}]}"
COMMANDS = {
    "import": ("import", "orders", "{files}/new.csv", "--yes"),
    "refresh": ("refresh", "--as-of", "2024-06-01"),
    "apply": ("schemes", "apply", "{files}/vip.yaml"),
    "exclude": ("exclude", "b1", "--reason", "staff"),
    "erase": ("erase", WHO, "--yes"),
    "rebuild": ("history", "rebuild"),
    "compact": ("compact",),
    "backup": ("backup", "{home}/made.tar"),
    "restore": ("restore", "{files}/whole.tar"),
}
STORING = {"erase", "backup", "restore"}  # they change or read the server's database
ON_BOTH = pytest.mark.database
# A command that was killed after its work was done says so when it is run again.
DONE_BEFORE = {"apply": (0, 1), "erase": (0, 2), "restore": (0, 1, 2), "backup": (0, 1, 2)}


@dataclass
class Databases:
    """The databases of copied workspaces: files in them, or copies on PostgreSQL; None names the file."""

    address: str | None
    names: list[str] = field(default_factory=list)

    def new(self, template: str = "template1") -> str | None:
        """Another database with what the template has in it."""
        if self.address is None:
            return None
        self.names.append(f"kills_{secrets.token_hex(4)}")
        self._say(f"CREATE DATABASE {self.names[-1]} TEMPLATE {template}")
        return self.address.removesuffix("/postgres") + f"/{self.names[-1]}"

    def drop(self) -> None:
        """Drop the newest of them."""
        if self.names:
            self._say(f"DROP DATABASE {self.names.pop()} WITH (FORCE)")

    def _say(self, statement: str) -> None:
        with psycopg.connect(str(self.address), autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass(frozen=True)
class Template:
    """A graded workspace with a used database, files to import and publish, and its backup. Copied, never changed."""

    folder: Path
    files: Path
    database: str | None
    databases: Databases


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Template:
    """The workspace that commands are tried on."""
    home = tmp_path_factory.mktemp("template")
    databases = Databases(request.getfixturevalue("postgresql") if ON_POSTGRESQL else None)
    database = databases.new()
    Workspace.create(home / "shop", language="en")
    import_all(home / "shop", home / "files")
    run(home / "shop", program=FILL_SERVER, database=database)
    (home / "files" / "new.csv").write_text(NEW, "utf-8")
    (home / "files" / "vip.yaml").write_text(VIP, "utf-8")
    run("backup", home / "files" / "whole.tar", "--no-verify", "-w", home / "shop", database=database)
    return Template(home / "shop", home / "files", database, databases)


@pytest.fixture
def forks(tmp_path: Path) -> Forks:
    """Runs commands."""
    return Forks(tmp_path)


class Trial:
    """One copy of the workspace, and a command that is killed on it."""

    def __init__(self, name: str, template: Template, forks: Forks, home: Path) -> None:
        self.name, self.template, self.forks, self.home = name, template, forks, home
        home.mkdir()
        source = template.database.rpartition("/")[2] if template.database and name != "restore" else "template1"
        self.database = template.databases.new(source)
        self.shop = home / "shop"
        if name != "restore":
            shutil.copytree(template.folder, self.shop)
        self.words = [word.format(files=template.files, home=home) for word in COMMANDS[name]]

    def run(self, seconds: float | None = None) -> tuple[float, bool]:
        """Run the command, or kill it; how long it took, and whether it was killed."""
        ended = self.forks.run(*self.words, "-w", self.shop, database=self.database, seconds=seconds)
        assert "Traceback" not in ended.written, ended.written
        if seconds is None:
            assert ended.code in DONE_BEFORE.get(self.name, (0,)), ended.written
        return ended.seconds, ended.killed

    def examine(self) -> None:
        """Nothing is damaged."""
        if (self.shop / "custrata.toml").exists():
            ended = self.forks.run("doctor", "-w", self.shop, database=self.database)
            assert ended.code == 0, ended.written

    def result(self) -> dict[str, object]:
        """What is there in the end, without the times at which it was done."""
        workspace = Workspace.open(self.shop)
        looks = (outcome.imports, outcome.facts, outcome.rejected, outcome.runs, outcome.recorded_moves)
        result: dict[str, object] = {look.__name__: look(workspace) for look in (*looks, outcome.leftovers)}
        result["names"] = {
            _stem(path.relative_to(self.home)) for path in self.home.rglob("*") if "lake" not in path.parts
        }
        result["left in the temporary folder"] = [path.name for path in (self.forks.folder / "temporary").iterdir()]
        rows = [*rows_of(self.database)] if self.database else [*_rows_of(self.shop)]
        result["rows"] = Counter(row.partition(b" ")[0].decode() for row in rows)
        result["erased"] = self.name != "erase" or not any(TRACES.search(row) for row in rows)
        if self.name == "backup":
            result["backup"] = read_manifest(self.home / "made.tar")["contents"]
        if self.name == "restore":
            result["files"] = files(self.shop)
        return result

    def remove(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.home)
        self.template.databases.drop()


def _stem(path: Path) -> str:
    """A name without what differs from run to run: digits and marks."""
    return re.sub(r"[0-9a-f]{8,}|\d+", "#", path.as_posix().removesuffix("-wal").removesuffix("-shm"))


def _rows_of(shop: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(shop / "server" / "server.sqlite3")) as connection:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%trigrams%'"  # an index
        names = connection.execute(tables).fetchall()
        for (name,) in names:
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                yield f"{name} {row}".encode()


def try_kills(make: Callable[[str], Trial], kills: int, chance: random.Random) -> int:
    """Kill the command so many times at random moments, three times on one copy; how often it was at work.

    Asserts after each kill that nothing is damaged, and in the end that the result equals an unkilled one.
    """
    unkilled = make("unkilled")
    longest, _ = unkilled.run()
    expected, killed = unkilled.result(), 0
    unkilled.remove()
    for number in range(0, kills, IN_A_ROW):
        trial = make(f"{number}")
        for _ in range(min(IN_A_ROW, kills - number)):
            killed += trial.run(chance.uniform(0.02, 1.02) * longest)[1]
            trial.examine()
        trial.run()
        trial.examine()
        result = trial.result()
        for name, value in expected.items():
            assert result[name] == value, (name, result[name], value)
        trial.remove()
    return killed


@pytest.mark.parametrize("name", [pytest.param(name, marks=ON_BOTH if name in STORING else ()) for name in COMMANDS])
def test_a_command_killed_at_any_moment_is_run_again(
    name: str, template: Template, forks: Forks, tmp_path: Path
) -> None:
    seed = int(os.environ.get("CUSTRATA_KILLS_SEED", "1"))
    try_kills(lambda label: Trial(name, template, forks, tmp_path / label), 1, random.Random(seed))


@pytest.mark.deep
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_killed_again_and_again_is_run_again(
    name: str, template: Template, forks: Forks, tmp_path: Path
) -> None:
    killed = try_kills(lambda label: Trial(name, template, forks, tmp_path / label), KILLS, random.Random(KILLS))
    print(f"{name}: {killed} kills while at work, of {KILLS}")
    assert killed > KILLS / 3
