"""On a full disk, a read-only one, or without rights, a command says so in a sentence and changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import ended

MAIN = "from custrata.__main__ import main; main()"
ORDERS = "order_id,customer_id,ordered_at,amount\n" + "".join(
    f"{number},c{number % 400},2025-0{number % 6 + 1}-11,{number}\n" for number in range(4000)
)
NEW = "order_id,customer_id,ordered_at,amount\n" + "".join(
    f"n{number},d{number},2025-07-01,7\n" for number in range(4000)
)
WRITING = {
    "import": ("import", "orders", "{new}"),
    "refresh": ("refresh", "--as-of", "2025-08-01"),
    "exclude": ("exclude", "c1", "--reason", "staff"),
    "schemes": ("schemes", "apply", "{vip}"),
    "erase": ("erase", "c2", "--yes"),
    "report": ("report",),
    "profile": ("profile", "--format", "csv", "-o", "{shop}/p.csv"),
}  # fmt: skip
READING = (("tiers", "value"), ("explain", "c1"), ("history", "show", "c1"), ("runs", "list"), ("doctor",))
VIP = "{key: vip, kind: threshold, trait: spend, tiers: [{key: gold, line: 500}, {key: basic}]}"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk, or become another user")


def as_nobody(*arguments: object) -> tuple[int, str]:
    """How a command of another user ends: exit code and errors."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd="/", timeout=300, user="nobody", group=65534, extra_groups=[]
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded workspace beside a file to import and a scheme to publish."""
    home = tmp_path_factory.mktemp("home")
    for name, text in (("orders.csv", ORDERS), ("new.csv", NEW), ("vip.yaml", VIP)):
        (home / name).write_text(text, "utf-8")
    for command in (
        ("init", home / "shop", "--language", "en"),
        ("import", "orders", home / "orders.csv"),
        ("refresh",),
    ):
        assert ended(*command, *(() if command[0] == "init" else ("-w", home / "shop")))[0] == 0
    return home


@pytest.fixture
def disk(tmp_path: Path, home: Path) -> Iterator[Path]:
    """A disk of 24 MB with the workspace on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    shutil.copytree(home / "shop", disk / "shop")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk: Path, *, leave: int) -> None:
    """Write a file until so many bytes are left."""
    free = shutil.disk_usage(disk).free
    (disk / "filling").write_bytes(bytes(max(free - leave, 0)))


def words(name: str, home: Path, shop: Path) -> list[str]:
    return [word.format(new=home / "new.csv", vip=home / "vip.yaml", shop=shop) for word in WRITING[name]]


def is_a_sentence(err: str) -> bool:
    return err.count("\n") == 1 and not any(word in err for word in ("Traceback", "panicked", "Errno", "maintainers"))


def trial_on_a_full_disk(name: str, leave: int, home: Path, disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shop = disk / "shop"
    before = ended("profile", "--format", "csv", "-w", shop)[1]
    fill(disk, leave=leave)
    code, _, err = ended(*words(name, home, shop), "-w", shop)
    assert code == 0 or is_a_sentence(err), err
    assert "panicked" not in capfd.readouterr().err
    (disk / "filling").unlink()
    assert ended("doctor", "--deep", "-w", shop)[0] == 0
    if code != 0 and name != "erase":  # an erasure that has begun goes on with the next command
        assert ended("profile", "--format", "csv", "-w", shop)[1] == before
    assert ended(*words(name, home, shop), "-w", shop)[0] in {"schemes": (0, 1), "erase": (0, 2)}.get(name, (0,))


def test_a_full_disk_is_told_in_a_sentence(home: Path, disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    trial_on_a_full_disk("import", 0, home, disk, capfd)


@pytest.mark.deep
@pytest.mark.parametrize("leave", [0, 4096, 40_000, 200_000, 1_000_000])
@pytest.mark.parametrize("name", WRITING)
def test_every_command_on_a_full_disk(
    name: str, leave: int, home: Path, disk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trial_on_a_full_disk(name, leave, home, disk, capfd)


@pytest.mark.parametrize("name", ["import", "exclude"])
def test_a_read_only_disk_is_told_in_a_sentence(name: str, home: Path, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    code, _, err = ended(*words(name, home, disk / "shop"), "-w", disk / "shop")
    assert (code, is_a_sentence(err)) == (1, True), err


@pytest.mark.deep
@pytest.mark.parametrize("name", WRITING)
def test_every_command_on_a_read_only_disk(name: str, home: Path, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    code, _, err = ended(*words(name, home, disk / "shop"), "-w", disk / "shop")
    assert (code != 0, is_a_sentence(err)) == (True, True), err


def test_what_is_there_can_be_read_on_a_read_only_disk(home: Path, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert [ended(*command, "-w", disk / "shop")[::2] for command in READING] == [(0, "")] * len(READING)


def test_a_user_without_rights_is_told_in_a_sentence(disk: Path) -> None:
    interpreter = Path(sys.executable)
    if not os.access(interpreter, os.X_OK) or any(not path.stat().st_mode & 0o001 for path in interpreter.parents):
        pytest.skip("another user cannot run this interpreter")
    for path in (disk.parent, *disk.parents):
        if not path.stat().st_mode & 0o001:
            pytest.skip("another user cannot reach the disk")
    code, err = as_nobody("refresh", "-w", disk / "shop")
    assert (code, is_a_sentence(err)) == (1, True), err
