"""Kinds of damage to the files of a workspace."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from custrata.lake.delta import LOG

MANIFEST, POINTER = "lake/manifest.json", "derived/published.json"
Damage = Callable[[Path], object]


def newest(folder: Path, pattern: str) -> Path:
    """The file of a pattern that sorts last."""
    return sorted(folder.glob(pattern))[-1]


def oldest(folder: Path, pattern: str) -> Path:
    """The file of a pattern that sorts first."""
    return sorted(folder.glob(pattern))[0]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def garble(path: Path) -> None:
    """Other bytes, as many as before."""
    path.write_bytes(os.urandom(path.stat().st_size))


def zero(path: Path) -> None:
    """Nulls in the middle, as many bytes as before."""
    data = bytearray(path.read_bytes())
    start, end = len(data) // 4, len(data) * 3 // 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)


def zero_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))


def delete(path: Path) -> None:
    path.unlink()


def swap(first: Path, second: Path) -> None:
    """Each file under the name of the other."""
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


@dataclass(frozen=True)
class Case:
    """One kind of damage: its name, and the function that applies it to a workspace."""

    name: str
    do: Damage


def file_case(name: str, damage: Callable[[Path], object], choose: Callable[[Path], Path]) -> Case:
    return Case(name, lambda shop: damage(choose(shop)))


def json_case(name: str, file: str, **values: object) -> Case:
    """A damage that replaces values in a JSON file."""

    def damage(shop: Path) -> None:
        path = shop / file
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")

    return Case(name, damage)


def log(shop: Path) -> Path:
    return shop / "lake" / "orders" / LOG


def run(shop: Path, place: int) -> Path:
    ids: list[str] = json.loads((shop / "derived" / "published.json").read_text("utf-8"))["runs"]
    return shop / "derived" / "runs" / ids[place]


def database(shop: Path) -> Path:
    return shop / "server" / "server.sqlite3"


CASES = (
    file_case("newest log entry emptied", empty, lambda shop: newest(log(shop), "*.json")),
    file_case("newest log entry truncated", truncate, lambda shop: newest(log(shop), "*.json")),
    file_case("newest log entry garbled", garble, lambda shop: newest(log(shop), "*.json")),
    file_case("newest log entry deleted", delete, lambda shop: newest(log(shop), "*.json")),
    file_case("oldest log entry emptied", empty, lambda shop: oldest(log(shop), "*.json")),
    Case("log deleted", lambda shop: shutil.rmtree(log(shop))),
    file_case("data file truncated", truncate, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    file_case("data file emptied", empty, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    file_case("data file zeroed", zero, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    file_case("data file deleted", delete, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    file_case("manifest emptied", empty, lambda shop: shop / "lake" / "manifest.json"),
    file_case("manifest truncated", truncate, lambda shop: shop / "lake" / "manifest.json"),
    json_case("manifest without rows", MANIFEST, tables={}),
    json_case("manifest of other types", MANIFEST, tables=7),
    file_case("manifest deleted", delete, lambda shop: shop / "lake" / "manifest.json"),
    file_case(
        "pending change garbled", lambda path: path.write_bytes(b"\xff*[../"), lambda shop: shop / "lake" / ".writing"
    ),
    file_case("pointer truncated", truncate, lambda shop: shop / "derived" / "published.json"),
    json_case("pointer of other types", POINTER, runs="x", current=5),
    json_case("pointer to nothing", POINTER, runs=[], current=None),
    file_case("pointer deleted", delete, lambda shop: shop / "derived" / "published.json"),
    file_case("newest record truncated", truncate, lambda shop: run(shop, -1) / "run.json"),
    file_case("old record garbled", garble, lambda shop: run(shop, 0) / "run.json"),
    file_case("old record deleted", delete, lambda shop: run(shop, 0) / "run.json"),
    Case("records swapped", lambda shop: swap(run(shop, 0) / "run.json", run(shop, -1) / "run.json")),
    file_case("newest profile truncated", truncate, lambda shop: run(shop, -1) / "profile.parquet"),
    file_case("newest profile zeroed", zero, lambda shop: run(shop, -1) / "profile.parquet"),
    file_case("old profile deleted", delete, lambda shop: run(shop, 0) / "profile.parquet"),
    file_case("newest changes garbled", garble, lambda shop: run(shop, -1) / "changes.parquet"),
    Case("tables swapped", lambda shop: swap(run(shop, -1) / "profile.parquet", run(shop, -1) / "changes.parquet")),
    file_case("scheme truncated", truncate, lambda shop: shop / "schemes" / "vip" / "1.yaml"),
    file_case("scheme deleted", delete, lambda shop: shop / "schemes" / "vip" / "1.yaml"),
    file_case("list of schemes garbled", garble, lambda shop: shop / "schemes" / "published.json"),
    file_case(
        "learned lines emptied", empty, lambda shop: newest(shop / "schemes" / "lifecycle" / "learned", "*-*.json")
    ),
    file_case("settings emptied", empty, lambda shop: shop / "custrata.toml"),
    file_case("settings garbled", garble, lambda shop: shop / "custrata.toml"),
    file_case("exclusions deleted", delete, lambda shop: shop / "exclusions.json"),
    file_case(
        "exclusions of other types", lambda path: path.write_text("[[1]]"), lambda shop: shop / "exclusions.json"
    ),
    file_case("erasures truncated", truncate, lambda shop: shop / "erasures.json"),
    file_case("key of erasures deleted", delete, lambda shop: shop / "erasures.key"),
    Case("erasure under way garbled", lambda shop: (shop / "erasing.json").write_text('[{"people": 5}]')),
    file_case("check sums garbled", garble, lambda shop: run(shop, -1) / ".sums.json"),
    file_case("header of the database zeroed", zero_header, database),
    file_case("database truncated", truncate, database),
    file_case("database zeroed", zero, database),
)  # fmt: skip

COMMANDS: dict[str, tuple[str, ...]] = {
    "import": ("import", "orders", "{new}"),
    "refresh": ("refresh",),
    "tiers": ("tiers", "value", "--format", "csv"),
    "profile": ("profile", "--format", "json"),
    "explain": ("explain", "a"),
    "report": ("report", "-o", "{out}"),
    "history show": ("history", "show", "a"),
    "runs list": ("runs", "list"),
    "runs verify": ("runs", "verify"),
    "schemes": ("schemes",),
    "excluded": ("excluded",),
    "erasures": ("erasures", "list"),
    "doctor": ("doctor",),
}


def make_database(shop: Path) -> None:
    """A database as the server leaves one: some hundred rows and an index."""
    database(shop).parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(database(shop))) as connection, connection:
        connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("CREATE INDEX by_text ON note (text)")
        connection.executemany("INSERT INTO note (text) VALUES (?)", [(f"note {number}" * 9,) for number in range(500)])
