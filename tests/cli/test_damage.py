"""On a damaged workspace a command reports the damage or gives the same result as without it; `repair` mends it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custrata.lake import Workspace
from tests.cli.damage import CASES, COMMANDS, Case, make_database, newest
from tests.cli.terminal import ended

HEAD = "order_id,customer_id,ordered_at,amount,discount\n"
SOLD = [("a", 1), ("b", 1), ("a", 2), ("c", 2), ("d", 3), ("a", 3), ("b", 3), ("e", 1), ("c", 3)]
FIRST = [f"{number},{name},2025-0{month}-1{number},{10 * number + 5},0\n" for number, (name, month) in enumerate(SOLD)]
SECOND = ["21,a,2025-04-02,70,0\n", "22,f,2025-04-03,15,5\n"]
NEW = ["31,a,2025-05-02,20,0\n", "32,g,2025-05-03,35,5\n"]
VIP = "{key: vip, kind: threshold, trait: spend, tiers: [{key: gold, line: 50}, {key: basic}]}"
LATE = datetime(2025, 6, 1, tzinfo=UTC)
SAMPLE = {"newest log entry emptied", "data file truncated", "manifest of other types", "pointer deleted",
          "old record garbled", "newest profile zeroed", "exclusions deleted",
          "header of the database zeroed"}  # fmt: skip
FEW = ("tiers", "history show", "runs list", "doctor")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two imports, three runs, a scheme of its own, an exclusion, an erasure and a database."""
    home = tmp_path_factory.mktemp("whole")
    for name, rows in (("first", FIRST), ("second", SECOND), ("new", NEW)):
        (home / f"{name}.csv").write_text(HEAD + "".join(rows), "utf-8")
    (home / "vip.yaml").write_text(VIP, "utf-8")
    shop = home / "shop"
    steps = (
        ("init", shop, "--currency", "USD", "--language", "en"),
        ("import", "orders", home / "first.csv", "-w", shop),
        ("schemes", "apply", home / "vip.yaml", "-w", shop),
        ("refresh", "--as-of", "2025-02-01", "-w", shop),
        ("refresh", "--as-of", "2025-04-01", "-w", shop),
        ("import", "orders", home / "second.csv", "-w", shop),
        ("exclude", "e", "--reason", "staff", "-w", shop),
        ("erase", "d", "--yes", "-w", shop),
        ("refresh", "-w", shop),
    )
    for step in steps:
        assert ended(*step)[0] == 0, step
    make_database(shop)
    (shop / "lake" / ".writing").write_text("0123abcd", "ascii")
    with tarfile.open(home / "backup.tar", "w") as tar:
        tar.add(shop, "workspace")
    return home


def command(name: str, home: Path, shop: Path) -> tuple[int, str, str]:
    """One of the commands of the trial on a workspace."""
    places = {"{new}": str(home / "new.csv"), "{out}": str(shop.parent / "report.html")}
    code, out, err = ended(*(places.get(word, word) for word in COMMANDS[name]), "-w", shop)
    return code, re.sub(r"in [\d.]+ s|\S*/shop\S*|\S*report\.html\S*|\d{8}T\d{6}Z-\w+", "…", out), err


@pytest.fixture(scope="module")
def answers(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command says of the whole workspace."""
    outputs = {}
    for name in COMMANDS:
        shop = copied(whole, tmp_path_factory.mktemp("answers"))
        code, outputs[name], err = command(name, whole, shop)
        assert (code, err) == (0, ""), name
    return outputs


def copied(whole: Path, folder: Path, case: Case | None = None) -> Path:
    """A copy of the workspace, damaged."""
    shutil.copytree(whole / "shop", folder / "shop")
    if case is not None:
        case.do(folder / "shop")
    return folder / "shop"


def state(shop: Path) -> dict[str, str]:
    """Every file that counts, by its digest."""
    files = (
        path for path in shop.rglob("*") if path.is_file() and "lock" not in path.name and "lease" not in path.name
    )
    digests = {path.relative_to(shop).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {name: digest for name, digest in digests.items() if not name.startswith(("scratch", "lake/.writing"))}


def faults(case: Case, names: tuple[str, ...], whole: Path, answers: dict[str, str], folder: Path) -> Iterator[str]:
    """What commands did that they must not: fail without a sentence, differ without a word, or change what is left."""
    for name in names:
        shop = copied(whole, folder / name.replace(" ", "-"), case)
        before = state(shop)
        code, out, err = command(name, whole, shop)
        if "Traceback" in err + out or "unexpected error" in err or "maintainers" in err:
            yield f"{name}: {err.strip()[-300:]}"
        if code == 0 and out != answers[name] and not err:
            yield f"{name}: another answer without a word"
        if code != 0 and not (err.count("\n") == 1 or name == "doctor"):
            yield f"{name}: {err.count(chr(10))} lines"
        if code != 0 and name != "doctor" and state(shop) != before:
            yield f"{name}: changed {sorted(set(state(shop).items()) ^ set(before.items()))[:3]}"
        if name == "doctor" and code == 0 and "pending" not in case.name:
            yield "doctor: everything is whole"
        shutil.rmtree(shop)


@pytest.mark.parametrize("case", [case for case in CASES if case.name in SAMPLE], ids=lambda case: case.name)
def test_a_sample_of_damages_is_named(case: Case, whole: Path, answers: dict[str, str], tmp_path: Path) -> None:
    assert list(faults(case, FEW, whole, answers, tmp_path)) == []


@pytest.mark.deep
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_damage_is_named(case: Case, whole: Path, answers: dict[str, str], tmp_path: Path) -> None:
    assert list(faults(case, tuple(COMMANDS), whole, answers, tmp_path)) == []


MENDED_BY_ITSELF = {
    "newest log entry emptied", "newest log entry truncated", "newest log entry garbled", "newest log entry deleted",
    "oldest log entry emptied", "log deleted", "manifest emptied", "manifest truncated", "manifest without rows",
    "manifest of other types", "manifest deleted", "pending change garbled", "pointer truncated",
    "pointer of other types", "pointer to nothing", "pointer deleted", "check sums garbled",
}  # fmt: skip
RUN_IS_LEFT_OUT = {
    "newest record truncated", "old record garbled", "old record deleted", "records swapped",
    "newest profile truncated", "newest profile zeroed", "old profile deleted", "newest changes garbled",
    "tables swapped",
}  # fmt: skip
BY_HAND = {"erasure under way garbled", "header of the database zeroed", "database truncated", "database zeroed"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_repair_mends_what_is_whole_elsewhere(case: Case, whole: Path, answers: dict[str, str], tmp_path: Path) -> None:
    shop = copied(whole, tmp_path, case)
    code, out, err = ended("repair", "-w", shop)
    assert (err, code) == ("", 0 if case.name in MENDED_BY_ITSELF | RUN_IS_LEFT_OUT else 1), out
    assert ended("doctor", "-w", shop)[0] == code
    if case.name in MENDED_BY_ITSELF:
        assert command("profile", whole, shop)[1:] == (answers["profile"], "")
    if case.name in RUN_IS_LEFT_OUT:
        assert "derived/damaged/" in out
        assert command("runs list", whole, shop)[0] == 0


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in BY_HAND], ids=lambda case: case.name)
def test_repair_takes_the_rest_from_a_backup(case: Case, whole: Path, answers: dict[str, str], tmp_path: Path) -> None:
    shop = copied(whole, tmp_path, case)
    code, out, err = ended("repair", "--backup", whole / "backup.tar", "-w", shop)
    assert (code, err) == (0, ""), out
    for name in ("profile", "excluded", "erasures", "runs list"):
        assert command(name, whole, shop)[1:] == (answers[name], "")


def test_the_next_import_and_refresh_go_on_from_a_rebuilt_log(whole: Path, tmp_path: Path) -> None:
    shop = copied(whole, tmp_path, next(case for case in CASES if case.name == "log deleted"))
    assert command("import", whole, shop)[0] == 1
    assert ended("repair", "-w", shop)[0] == 0
    assert [command(name, whole, shop)[0] for name in ("import", "refresh", "doctor")] == [0, 0, 0]
    assert Workspace.open(shop).lake.snapshot().rows("orders") == 12
    assert Workspace.open(shop).lake.compact(at=LATE)
    assert ended("doctor", "--deep", "-w", shop)[0] == 0


def test_doctor_reports_as_json_and_closes_what_others_may_read(whole: Path, tmp_path: Path) -> None:
    shop = copied(whole, tmp_path)
    shop.chmod(0o755)
    code, out, _ = ended("doctor", "--json", "-w", shop)
    states = {row["part"]: row["state"] for row in json.loads(out)}
    assert (code, states["permissions"], shop.stat().st_mode & 0o777) == (0, "mended", 0o700)
    assert {"settings", "lake", "runs", "decisions", "schemes", "database"} <= states.keys()


def test_a_flipped_byte_under_the_old_time_of_change_is_found_by_a_deep_look(whole: Path, tmp_path: Path) -> None:
    shop = copied(whole, tmp_path)
    file = newest(shop / "lake" / "orders", "*.parquet")
    status, data = file.stat(), bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [ended("doctor", *more, "-w", shop)[0] for more in ((), ("--deep",))] == [0, 1]


def test_a_folder_that_is_no_workspace_and_a_backup_that_is_none_are_refused(whole: Path, tmp_path: Path) -> None:
    shop = copied(whole, tmp_path)
    (tmp_path / "no.tar").write_text("no tar", "utf-8")
    assert ended("doctor", "-w", tmp_path)[0] == 1
    for file in ("no.tar", "nothing.tar"):
        code, _, err = ended("repair", "--backup", tmp_path / file, "-w", shop)
        assert (code, err.count("\n"), file in err) == (2, 1, True)
