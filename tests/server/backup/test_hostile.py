"""A crafted archive writes nothing outside of the new folder, on every supported Python."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.config.backup import DamagedBackup, NotABackup, UnsafeBackup, unpack

FILE = "workspace/custrata.toml"
Member = tuple[tarfile.TarInfo, bytes]


def plain(name: str, content: bytes = b"x", *, mode: int = 0o644) -> Member:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), mode, 1_700_000_000
    return member, content


def special(name: str, kind: bytes, target: str = "") -> Member:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def archive(path: Path, *members: Member, sums: object = None) -> Path:
    """A backup with these members between its head and its end."""
    read_manifest = {"format": 1, "version": version("custrata"), "at": "2025-01-01T00:00:00+00:00"}
    plains = {member.name: hashlib.sha256(content).hexdigest() for member, content in members}
    end = json.dumps(plains if sums is None else sums).encode()
    with tarfile.open(path, "w") as tar:
        for member, content in (
            plain("backup.json", json.dumps(read_manifest).encode()),
            *members,
            plain("complete.json", end),
        ):
            tar.addfile(member, io.BytesIO(content))
    return path


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_backup_is_unpacked_with_its_times(tmp_path: Path) -> None:
    unpack(archive(tmp_path / "a.tar", plain(FILE, b"name = 1")), tmp_path / "new")
    assert (tmp_path / "new" / FILE).read_bytes() == b"name = 1"
    assert (tmp_path / "new" / FILE).stat().st_mtime == 1_700_000_000


HOSTILE: dict[str, list[Member]] = {
    "absolute": [plain("/tmp/custrata-was-here")],
    "above": [plain("../outside")],
    "above, inside": [plain("workspace/../../outside")],
    "a detour that stays inside": [plain("workspace/../workspace/x")],
    "dots": [plain("workspace/./x")],
    "doubled slash": [plain("workspace//etc/passwd")],
    "only the folder": [plain("workspace")],
    "elsewhere": [plain("server/secret_key")],
    "a Windows name": [plain("..\\outside")],
    "a symbolic link out": [special("workspace/out", tarfile.SYMTYPE, "/etc")],
    "a symbolic link inside": [plain(FILE), special("workspace/in", tarfile.SYMTYPE, "custrata.toml")],
    "through a link": [special("workspace/out", tarfile.SYMTYPE, "../.."), plain("workspace/out/outside")],
    "a hard link": [plain(FILE), special("workspace/hard", tarfile.LNKTYPE, FILE)],
    "a hard link out": [special("workspace/hard", tarfile.LNKTYPE, "../../outside")],
    "a device": [special("workspace/null", tarfile.CHRTYPE)],
    "a block device": [special("workspace/disk", tarfile.BLKTYPE)],
    "a pipe": [special("workspace/pipe", tarfile.FIFOTYPE)],
    "a folder": [special("workspace/lake", tarfile.DIRTYPE)],
    "twice": [plain(FILE), plain(FILE, b"other")],
    "head twice": [plain("backup.json", b"{}")],
    "a file as a folder": [plain("workspace/a"), plain("workspace/a/b")],
    "a folder as a file": [plain("workspace/a/b"), plain("workspace/a")],
    "a file in the head's place": [plain("backup.json/x")],
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_what_no_backup_has_in_it_is_refused_by_name(tmp_path: Path, members: list[Member]) -> None:
    home = tmp_path / "deep" / "home"
    home.mkdir(parents=True)
    with pytest.raises(UnsafeBackup) as refused:
        unpack(archive(home / "a.tar", *members), home / "new")
    assert refused.value.facts["part"] in {member.name for member, _ in members}
    assert not any("outside" in name for name in everything(tmp_path))
    assert not Path("/tmp/custrata-was-here").exists()


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    member, content = plain("workspace/sparse", b"1\n0\n1\n".ljust(512, b"\0") + b"x")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1000000000000"}
    with pytest.raises(UnsafeBackup):
        unpack(archive(tmp_path / "a.tar", (member, content)), tmp_path / "new")


@pytest.mark.parametrize("mode", [0o7777, 0o000, 0o600, 0o666, 0o4755])
def test_what_is_unpacked_is_its_owners_alone(tmp_path: Path, mode: int) -> None:
    unpack(archive(tmp_path / "a.tar", plain(FILE, mode=mode)), tmp_path / "new")
    file_stat = (tmp_path / "new" / FILE).stat()
    assert (file_stat.st_mode & 0o7777, file_stat.st_uid) == (0o600, tmp_path.stat().st_uid)
    assert (tmp_path / "new/workspace").stat().st_mode & 0o7777 == 0o700


def test_a_file_that_the_check_sums_do_not_name_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedBackup, match="stowaway"):
        unpack(archive(tmp_path / "a.tar", plain("workspace/stowaway"), sums={}), tmp_path / "new")


def test_check_sums_name_no_file_outside(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"x")
    sums = {"../outside": hashlib.sha256(b"x").hexdigest()}
    with pytest.raises(DamagedBackup):
        unpack(archive(tmp_path / "a.tar", sums=sums), tmp_path / "new")


@pytest.mark.parametrize("sums", [[], 7, "x"])
def test_an_end_that_is_no_object_is_no_backup(tmp_path: Path, sums: object) -> None:
    with pytest.raises(NotABackup):
        unpack(archive(tmp_path / "a.tar", plain(FILE), sums=sums), tmp_path / "new")


@pytest.mark.parametrize("mtime", [2**70, -(2**70)])
def test_a_time_beyond_all_times_is_no_backup(tmp_path: Path, mtime: int) -> None:
    member, content = plain(FILE)
    member.mtime = mtime
    with pytest.raises(NotABackup):
        unpack(archive(tmp_path / "a.tar", (member, content)), tmp_path / "new")


@given(st.lists(st.sampled_from(["workspace", "database", "..", ".", "", "a", "backup.json"]), min_size=1, max_size=5))
def test_whatever_a_member_is_called_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    home = tmp_path_factory.mktemp("hostile")
    file = archive(home / "a.tar", plain("/".join(parts) or "x"))
    with suppress(UnsafeBackup, NotABackup):
        unpack(file, home / "new")
    assert {name.split("/")[0] for name in everything(home)} <= {"a.tar", "new"}
    assert {path.name for path in (home / "new").iterdir()} <= {"backup.json", "complete.json", "workspace", "database"}


def test_links_of_a_workspace_are_backed_up_as_the_files_they_lead_to(tmp_path: Path) -> None:
    from custrata.config.backup import _pack

    (tmp_path / "home/workspace").mkdir(parents=True)
    (tmp_path / "home/workspace/a").write_bytes(b"12")
    (tmp_path / "home/workspace/b").hardlink_to(tmp_path / "home/workspace/a")
    (tmp_path / "home/workspace/c").symlink_to("a")
    _pack(tmp_path / "home", tmp_path / "a.tar", {"format": 1})
    unpack(tmp_path / "a.tar", tmp_path / "new")
    assert [(tmp_path / "new/workspace" / name).read_bytes() for name in "abc"] == [b"12"] * 3


Harm = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "harm", [lambda all: all[:700], lambda all: all[:1024], lambda all: b"\0" * 10240], ids=[0, 1, 2]
)
def test_half_an_archive_is_no_backup(tmp_path: Path, harm: Harm) -> None:
    file = archive(tmp_path / "a.tar", plain(FILE))
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(NotABackup):
        unpack(file, tmp_path / "new")
