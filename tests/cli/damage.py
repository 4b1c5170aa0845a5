"""Damages to a workspace, and what commands say of it: what the trial of damages is made of."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
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
    """One damage: its name, and what does it to a workspace."""

    name: str
    do: Damage


def of(name: str, harm: Callable[[Path], object], choose: Callable[[Path], Path]) -> Case:
    return Case(name, lambda shop: harm(choose(shop)))


def saying(name: str, file: str, **values: object) -> Case:
    """A file of JSON with other values in it."""

    def harm(shop: Path) -> None:
        path = shop / file
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")

    return Case(name, harm)


def log(shop: Path) -> Path:
    return shop / "lake" / "orders" / LOG


def run(shop: Path, place: int) -> Path:
    ids: list[str] = json.loads((shop / "derived" / "published.json").read_text("utf-8"))["runs"]
    return shop / "derived" / "runs" / ids[place]


def database(shop: Path) -> Path:
    return shop / "server" / "server.sqlite3"


CASES = (
    of("newest log entry emptied", empty, lambda shop: newest(log(shop), "*.json")),
    of("newest log entry truncated", truncate, lambda shop: newest(log(shop), "*.json")),
    of("newest log entry garbled", garble, lambda shop: newest(log(shop), "*.json")),
    of("newest log entry deleted", delete, lambda shop: newest(log(shop), "*.json")),
    of("oldest log entry emptied", empty, lambda shop: oldest(log(shop), "*.json")),
    Case("log deleted", lambda shop: shutil.rmtree(log(shop))),
    of("data file truncated", truncate, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    of("data file emptied", empty, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    of("data file zeroed", zero, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    of("data file deleted", delete, lambda shop: newest(shop / "lake" / "orders", "*.parquet")),
    of("manifest emptied", empty, lambda shop: shop / "lake" / "manifest.json"),
    of("manifest truncated", truncate, lambda shop: shop / "lake" / "manifest.json"),
    saying("manifest without rows", MANIFEST, tables={}),
    saying("manifest of other types", MANIFEST, tables=7),
    of("manifest deleted", delete, lambda shop: shop / "lake" / "manifest.json"),
    of("pending change garbled", lambda path: path.write_bytes(b"\xff*[../"), lambda shop: shop / "lake" / ".writing"),
    of("pointer truncated", truncate, lambda shop: shop / "derived" / "published.json"),
    saying("pointer of other types", POINTER, runs="x", current=5),
    saying("pointer to nothing", POINTER, runs=[], current=None),
    of("pointer deleted", delete, lambda shop: shop / "derived" / "published.json"),
    of("newest record truncated", truncate, lambda shop: run(shop, -1) / "run.json"),
    of("old record garbled", garble, lambda shop: run(shop, 0) / "run.json"),
    of("old record deleted", delete, lambda shop: run(shop, 0) / "run.json"),
    Case("records swapped", lambda shop: swap(run(shop, 0) / "run.json", run(shop, -1) / "run.json")),
    of("newest profile truncated", truncate, lambda shop: run(shop, -1) / "profile.parquet"),
    of("newest profile zeroed", zero, lambda shop: run(shop, -1) / "profile.parquet"),
    of("old profile deleted", delete, lambda shop: run(shop, 0) / "profile.parquet"),
    of("newest changes garbled", garble, lambda shop: run(shop, -1) / "changes.parquet"),
    Case("tables swapped", lambda shop: swap(run(shop, -1) / "profile.parquet", run(shop, -1) / "changes.parquet")),
    of("scheme truncated", truncate, lambda shop: shop / "schemes" / "vip" / "1.yaml"),
    of("scheme deleted", delete, lambda shop: shop / "schemes" / "vip" / "1.yaml"),
    of("list of schemes garbled", garble, lambda shop: shop / "schemes" / "published.json"),
    of("learned lines emptied", empty, lambda shop: newest(shop / "schemes" / "lifecycle" / "learned", "*-*.json")),
    of("settings emptied", empty, lambda shop: shop / "custrata.toml"),
    of("settings garbled", garble, lambda shop: shop / "custrata.toml"),
    of("exclusions deleted", delete, lambda shop: shop / "exclusions.json"),
    of("exclusions of other types", lambda path: path.write_text("[[1]]"), lambda shop: shop / "exclusions.json"),
    of("erasures truncated", truncate, lambda shop: shop / "erasures.json"),
    of("key of erasures deleted", delete, lambda shop: shop / "erasures.key"),
    Case("erasure under way garbled", lambda shop: (shop / "erasing.json").write_text('[{"people": 5}]')),
    of("check sums garbled", garble, lambda shop: run(shop, -1) / ".sums.json"),
    of("header of the database zeroed", zero_header, database),
    of("database truncated", truncate, database),
    of("database zeroed", zero, database),
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
    with sqlite3.connect(database(shop)) as connection:
        connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("CREATE INDEX by_text ON note (text)")
        connection.executemany("INSERT INTO note (text) VALUES (?)", [(f"note {number}" * 9,) for number in range(500)])
