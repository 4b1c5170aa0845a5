"""Backups of a used server, spoilt at random: each is restored, or refused in a sentence and leaves nothing."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.hostile import plain, spoilt, value
from tests.server.backup.conftest import Used
from tests.server.forks import Forks

LONGEST = 30.0  # seconds
Members = dict[str, bytes]


@pytest.fixture
def forks(tmp_path: Path) -> Forks:
    """Runs commands."""
    return Forks(tmp_path)


def members_of(file: Path) -> Members:
    """Every member of an archive, in its order."""
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]  # files


def write_archive(members: Members, file: Path) -> None:
    """An archive with these members."""
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o600, 1_700_000_000
            tar.addfile(member, io.BytesIO(content))


def sealed(members: Members) -> Members:
    """The members with the checksums that they have now."""
    names = [name for name in members if name not in ("backup.json", "complete.json")]
    sums = {name: hashlib.sha256(members[name]).hexdigest() for name in names}
    return {**members, "complete.json": json.dumps(sums).encode()}


def dumped(data: Any) -> bytes:
    return json.dumps(data, default=str).encode("utf-8", "surrogatepass")


def spoil_bytes(members: Members, chance: random.Random) -> Members:
    name = chance.choice(sorted(members))
    content = bytearray(members[name])
    for _ in range(chance.choice([1, 5, 50])):
        if content:
            content[chance.randrange(len(content))] = chance.randrange(256)
    return {**members, name: bytes(content[: chance.choice([len(content), len(content) // 2, 0])])}


def spoil_json(members: Members, chance: random.Random) -> Members:
    name = chance.choice(["backup.json", "complete.json"])
    return {**members, name: dumped(spoilt(json.loads(members[name]), chance))}


def spoil_row(members: Members, chance: random.Random) -> Members:
    name = chance.choice([name for name in sorted(members) if name.startswith("database/") and members[name].strip()])
    lines = members[name].splitlines()
    number = chance.randrange(len(lines))
    row = json.loads(lines[number].decode("utf-8", "surrogatepass"))
    choices: list[Callable[[], bytes]] = [
        lambda: dumped(spoilt(row, chance)),
        lambda: dumped(plain(chance)),
        lambda: value(chance).encode("utf-8", "surrogatepass"),
        lambda: lines[number] + b"\n" + lines[number],
    ]
    lines[number] = chance.choice(choices)()
    return sealed({**members, name: b"\n".join(lines) + b"\n"})


def spoil_file(members: Members, chance: random.Random) -> Members:
    texts = [name for name in sorted(members) if name.startswith("workspace/") and not name.endswith(".parquet")]
    name = chance.choice(texts)
    content = members[name].decode("utf-8", "replace")
    start = chance.randrange(len(content) + 1)
    changed = content[:start] + value(chance) + content[start + chance.choice([0, 1, 20]) :]
    return sealed({**members, name: changed.encode("utf-8", "surrogatepass")})


def spoil_names(members: Members, chance: random.Random) -> Members:
    old, names = chance.choice(sorted(members)), [*sorted(members), "workspace/../x", "database/x.jsonl", "/etc/passwd"]
    changed = {chance.choice(names) if name == old else name: content for name, content in members.items()}
    return sealed(changed) if chance.random() < 0.7 and "backup.json" in changed else changed


SPOILERS = (spoil_bytes, spoil_json, spoil_row, spoil_file, spoil_names)


def failures(used: Used, forks: Forks, home: Path, seed: int, rounds: int) -> list[str]:
    """What went wrong with so many spoilt backups of each sort."""
    members, faults, ends = members_of(used.backup), list[str](), Counter[int]()
    for number in range(rounds):
        for spoil in SPOILERS:
            label = f"{spoil.__name__} {seed} {number}"
            folder = home / "restored"
            folder.mkdir()
            write_archive(spoil(members, random.Random(label)), folder / "spoilt.tar")
            ended = forks.run("restore", folder / "spoilt.tar", "-w", folder / "new", database=None)
            ends[ended.code] += 1
            if ended.code not in (0, 1, 2) or "Traceback" in ended.written or ended.seconds > LONGEST:
                faults.append(f"{label}: {ended.code}, {ended.seconds:.1f} s, {ended.written[-600:]}")
            elif ended.code and (left := {path.name for path in folder.iterdir()} - {"spoilt.tar"}):
                faults.append(f"{label}: leaves {left}")
            shutil.rmtree(folder)
    print(dict(ends), *faults, sep="\n")
    return faults


def test_spoilt_backups_are_refused_in_a_sentence(used: Used, forks: Forks, tmp_path: Path) -> None:
    assert failures(used, forks, tmp_path, 1, 1) == []


@pytest.mark.deep
def test_many_spoilt_backups_are_refused_in_a_sentence(used: Used, forks: Forks, tmp_path: Path) -> None:
    assert failures(used, forks, tmp_path, 2, 200) == []
