"""The server as one process tree: start, serving, recovery and stop."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest
from tests.server.jobs.process_tree import ROOT, Tree, command, descendants, environment, is_running, wait_until

from custrata.apps.accounts.models import OneTimeLink
from custrata.apps.jobs.models import Lease
from custrata.lake import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., Tree]

HIDE_DJANGO = """
import sys
from importlib.machinery import PathFinder

class WithoutServer(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name.partition(".")[0] in ("django", "granian")
        return None if hidden else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutServer
"""


def fetch(port: int, path: str, patience: float = 5) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=patience)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def is_serving(port: int) -> bool:
    try:
        return fetch(port, "/health")[0] == 200
    except OSError:
        return False


def run_command(*arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    variables = environment(folder, **more)
    return subprocess.run(command(*arguments), env=variables, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_serves_says_where_and_stops_within_five_seconds(tree: Start, port: int) -> None:
    up = tree("up", "--port", str(port)).ready()
    assert f"http://127.0.0.1:{port}" in up.output()
    assert fetch(port, "/health")[0] == fetch(port, "/ready")[0] == 200
    wait_until(lambda: Lease.objects.exclude(holder="").exists())
    processes = up.processes()
    assert up.stop() < 5
    assert up.process.returncode == 0
    assert not any(is_running(pid) for pid in processes)
    assert Lease.objects.get().holder == ""  # released: another scheduler need not wait


def test_the_first_administrator_is_given_a_link_that_opens(tree: Start, port: int) -> None:
    up = tree("up", "--port", str(port)).ready()
    wait_until(lambda: "/account/first/" in up.output())
    path = re.search(rf"http://127.0.0.1:{port}(\S+/account/first/\S+|/account/first/\S+)", up.output())
    assert path is not None
    assert fetch(port, path[1])[0] == 200
    assert OneTimeLink.objects.count() == 1


def test_a_port_in_use_is_refused_in_one_line(tree: Start, port: int, own_workspace: Workspace) -> None:
    tree("up", "--port", str(port)).ready()
    second = run_command("up", "--port", str(port), folder=own_workspace.folder)
    assert second.returncode == 1
    assert str(port) in second.stderr
    assert second.stderr.count("\n") == 1
    assert is_serving(port)


def test_every_process_that_dies_is_restarted(tree: Start, port: int) -> None:
    up = tree("up", "--port", str(port), "--workers", "1").ready(90)
    before = descendants(up.process.pid)
    for pid in before:
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)
    wait_until(
        lambda: (
            len([pid for pid in descendants(up.process.pid) if is_running(pid) and pid not in before]) >= len(before)
        )
    )
    wait_until(lambda: is_serving(port))
    assert up.stop() < 5


def test_every_process_is_named_for_what_it_is(tree: Start, port: int) -> None:
    up = tree("up", "--port", str(port), "--workers", "1").ready(90)
    expected = ["custrata-schedu", "custrata-web", "custrata-web", "custrata-worker"]  # truncated by the kernel

    def names() -> list[str]:
        pids = [pid for pid in descendants(up.process.pid) if is_running(pid)]
        return sorted(Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids)

    wait_until(lambda: names() == expected)  # the first job may still run in a process of its own


def test_no_process_is_left_behind_when_it_is_killed(tree: Start, port: int) -> None:
    up = tree("up", "--port", str(port)).ready()
    processes = up.processes()
    up.kill()
    wait_until(lambda: not any(is_running(pid) for pid in processes))
    assert not is_serving(port)


def test_a_folder_that_is_no_workspace_is_refused_in_one_line(tmp_path: Path, own_workspace: Workspace) -> None:
    completed = run_command("up", "-w", str(tmp_path), folder=own_workspace.folder)
    assert (completed.returncode, completed.stderr.count("\n")) == (1, 1)
    assert "is not a workspace" in completed.stderr
    assert list(tmp_path.glob("server")) == []


def test_workers_refuse_a_database_that_is_behind(own_database: str, own_workspace: Workspace) -> None:
    completed = run_command("work", folder=own_workspace.folder, DATABASE_URL=own_database)
    assert (completed.returncode, completed.stderr.count("\n")) == (1, 1)
    assert "custrata manage migrate" in completed.stderr


def test_a_database_that_cannot_be_reached_is_said_in_one_line(own_workspace: Workspace) -> None:
    address = "postgresql://nobody@127.0.0.1:9/none"
    completed = run_command("work", folder=own_workspace.folder, DATABASE_URL=address)
    assert (completed.returncode, completed.stderr.count("\n")) == (1, 1)


def test_where_the_server_is_not_installed_the_library_works_and_up_says_how(
    tmp_path: Path, own_workspace: Workspace
) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDE_DJANGO)
    hidden = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT / "src")])}
    assert "王" not in run_command("schemes", folder=own_workspace.folder, **hidden).stderr
    assert run_command("schemes", folder=own_workspace.folder, **hidden).returncode == 0
    up = run_command("up", folder=own_workspace.folder, **hidden)
    assert (up.returncode, up.stderr.count("\n")) == (1, 1)
    assert "custrata[server]" in up.stderr


def test_djangos_own_commands_run(own_workspace: Workspace) -> None:
    completed = run_command("manage", "migrate", "--check", folder=own_workspace.folder)
    assert completed.returncode == 0, completed.stderr


def test_health_answers_while_bad_previews_run(tree: Start, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAL_ADDRESSES", "tests.server.kit.test_limits")
    monkeypatch.setenv("CUSTRATA_REQUEST_SECONDS", "4")
    tree("up", "--port", str(port), "--workers", "1").ready(90)
    answers, times = list[int](), list[float]()
    # Eight endless computations, more than one process admits.
    crowd = [Thread(target=lambda: answers.append(fetch(port, "/endless", 60)[0])) for _ in range(8)]
    for thread in crowd:
        thread.start()
    while any(thread.is_alive() for thread in crowd):
        began = time.monotonic()
        assert fetch(port, "/health", 60)[0] == 200
        times.append(time.monotonic() - began)
        time.sleep(0.02)
    assert answers == [503] * 8
    assert sorted(times)[len(times) * 9 // 10] < 0.5, "nine of ten, on a machine that does other things too"
