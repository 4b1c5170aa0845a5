"""A shop whose customer Wanda has data everywhere, and helpers that find it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from tests.server.backup.commands import environment
from tests.server.backup.commands import run as run_command

from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.pipeline import refresh

MAIN = "from custrata.__main__ import main; main()"
FILL_SERVER = Path(__file__).with_name("fill_server.py")
WHO = "ZQ-77001"
AT = datetime(2026, 1, 1, tzinfo=UTC)
TRACES = re.compile(rb"ZQ-77001|Wanda|wanda\.quill|13800138077", re.IGNORECASE)
FILES = {
    "customers": "customer_id,name,phone,email\nZQ-77001,Wanda Quill,13800138077,Wanda.Quill@example.com\n"
    "b1,Bo,13800138078,b@example.com\n,Nobody,x,wanda.quill@example.com\n",
    "orders": "order_id,customer_id,ordered_at,amount\n1,ZQ-77001,2024-01-05,10\n2,b1,2024-02-05,20\n"
    "6,b1,2024-04-05,20\n3,ZQ-77001,soon,5\n4,ZQ-77001,2024-03-05,50\n5,=\"ZQ-77001\",2024-03-06\n",
    "lines": "order_id,customer_id,ordered_at,quantity,unit_price\n1,ZQ-77001,2024-01-05,1,10\n2,b1,2024-02-05,1,20\n",
    "events": "customer_id,occurred_at,name\nＺＱ-77001,2024-01-05,visit\nb1,2024-01-05,visit\n",
    "feedback": "customer_id,given_at,kind,score\nZQ-77001,2024-01-05,nps,9\nb1,2024-01-05,nps,3\n",
}  # fmt: skip


def run(*arguments: object, database: str | None = None, fails: bool = False, program: object = None) -> str:
    """Run the command line, or a program on a workspace, in a process of its own; returns what it wrote."""
    if program is None:
        return run_command(*arguments, database=database, fails=fails)
    variables = environment(database, CUSTRATA_WORKSPACE=str(arguments[0]))
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, env=variables, timeout=240)
    assert (done.returncode != 0) is fails, done.stderr + done.stdout
    return done.stdout


def import_all(folder: Path, files: Path) -> Counter[str]:
    """Import every kind of file again, under new names, and refresh; returns the notices with their row counts."""
    files.mkdir(exist_ok=True)
    notices, workspace = Counter[str](), Workspace.open(folder)
    with DuckEngine() as engine:
        for kind, content in FILES.items():
            file = files / f"{kind}-{len(list(files.iterdir()))}.csv"
            file.write_text(content, "utf-8")
            done = import_file(workspace, kind, file, at=AT, again=True, accept_defaults=True, engine=engine)
            notices.update({notice.code: notice.count for notice in done.notices})
        refresh(workspace, engine, at=AT)
    return notices


def traces(folder: Path) -> list[str]:
    """Every file below a folder that holds the customer, in its bytes or in its decoded rows."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and TRACES.search(_all(path))]


def _all(path: Path) -> bytes:
    decoded = str(pq.read_table(path).to_pylist()).encode() if path.suffix == ".parquet" else b""
    return path.name.encode() + path.read_bytes() + decoded


def rows_of(database: str) -> Iterator[bytes]:
    """Every row of every table of a PostgreSQL database, as text."""
    with psycopg.connect(database) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            for (row,) in connection.execute(f'SELECT t::text FROM "{name}" AS t'):
                yield f"{name} {row}".encode()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """An empty database for the server; `None` for the file in the workspace."""
    if request.param == "sqlite":
        yield None
        return
    address, name = request.getfixturevalue("postgresql"), f"erasing_{secrets.token_hex(4)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield address.removesuffix("/postgres") + f"/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a graded shop with data about Wanda in every file, and of its files. Copied, never changed."""
    home = tmp_path_factory.mktemp("imported")
    Workspace.create(home / "home" / "shop", language="en")
    import_all(home / "home" / "shop", home / "files")
    return home


@pytest.fixture
def shop(imported: Path, tmp_path: Path, database: str | None) -> Path:
    """That shop with data about Wanda in every table, an older backup, and residue of killed processes."""
    shutil.copytree(imported, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "home" / "shop"
    run(folder, program=FILL_SERVER, database=database)
    run("backup", tmp_path / "older.tar", "--no-verify", "-w", folder, database=database)
    _leave_residue(folder)
    return folder


def _leave_residue(folder: Path) -> None:
    """What killed backups, restores and imports leave: folders with links to files, and copies."""
    for name in (
        folder / ".backup-1",
        folder / ".import-1",
        folder.parent / ".restoring-1",
        folder / "scratch/custrata-x",
    ):
        name.mkdir(parents=True)
        for number, file in enumerate(sorted(folder.rglob("*.parquet"))[:20]):
            if not file.is_relative_to(name):
                os.link(file, name / f"{number}.parquet")
    (folder / "quarantine" / "tmp1.half").write_text(WHO)
    (folder / "exclusions.json.new").write_text(WHO)
    (folder / "server" / "backups").mkdir(exist_ok=True)
    (folder / "server" / "backups" / "server-20250101T000000Z.sqlite3").write_text(WHO)
