"""An erasure that is killed goes on with the next command and ends as one that was not killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ingest.conftest import AT, Shop, copied_shop, opened_shop
from tests.lake.test_erase import traces

from custrata.engine import DuckEngine
from custrata.ingest.erased_rows import CODE
from custrata.ingest.erasure import ErasureGoesOn, begin_erasure, erase, people_of, resume_erasures, rows_of
from custrata.lake import Workspace
from custrata.pipeline import refresh

WHO = "ZQ-77001"
CUSTOMERS = f"customer_id,name,phone,email\n{WHO},Wanda,13800138077,w@example.com\nb1,Bo,13800138078,b@example.com\n"
HEAD = "order_id,customer_id,ordered_at,amount\n"
ORDERS = f"{HEAD}1,{WHO},2024-01-05,10\n2,b1,2024-02-05,20\n3,{WHO},soon,5\n4,{WHO}\n"
# Erases, and is killed when it waits for the disk for the so-manieth time.
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from custrata.ingest.erasure import erase
from custrata.lake import Workspace
left, sync = [int(sys.argv[2])], os.fsync
def counted(handle):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = counted
erase(Workspace.open(sys.argv[1]), "ZQ-77001", at=datetime(2026, 1, 1, tzinfo=UTC))
"""
Kill = Callable[[int], tuple[Workspace, bool]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine) -> Path:
    """The folder of a graded shop with a customer in every file. Copied, never changed."""
    shop = opened_shop(tmp_path_factory.mktemp("template"), duck)
    shop.import_text("customers", CUSTOMERS)
    shop.import_text("orders", ORDERS)
    refresh(shop.workspace, shop.engine, at=AT)
    shop.workspace.exclusions.add([WHO], reason="a till", by="", at=AT)
    return shop.folder


@pytest.fixture
def graded(template: Path, tmp_path: Path, duck: DuckEngine) -> Shop:
    """A graded shop with a customer in every file."""
    return copied_shop(template, tmp_path, duck)


@pytest.fixture
def kill(graded: Shop, tmp_path: Path) -> Kill:
    """Erase in a copy of the shop, killed at a moment; the copy, and whether it came so far."""

    def killed(moment: int) -> tuple[Workspace, bool]:
        copy = tmp_path / f"copy-{moment}"
        shutil.copytree(graded.workspace.folder, copy)
        done = subprocess.run([sys.executable, "-c", KILLED, copy, str(moment)], capture_output=True, text=True)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return Workspace.open(copy), done.returncode != 0

    return killed


def assert_consistent(workspace: Workspace) -> None:
    """An erasure that was recorded is completed; one that was not has changed nothing."""
    started = bool(workspace.erasing.all() or workspace.erasures.all())
    resume_erasures(workspace, at=AT)
    assert workspace.erasing.all() == []
    if started:
        assert traces(workspace.folder, WHO) == []
        assert rows_of(workspace, people_of(workspace, ["b1"], None), None)["orders"] == 1


@pytest.mark.parametrize("moment", [2, pytest.param(9, marks=pytest.mark.deep), 24])
def test_an_erasure_killed_at_any_moment_goes_on(kill: Kill, moment: int) -> None:
    workspace, came_so_far = kill(moment)
    assert came_so_far
    assert_consistent(workspace)


@pytest.mark.deep
def test_an_erasure_killed_at_every_moment_goes_on(kill: Kill) -> None:
    moment, goes_on = 1, True
    while goes_on:
        workspace, goes_on = kill(moment)
        assert_consistent(workspace)
        shutil.rmtree(workspace.folder)
        moment += 1
    assert moment > 25


def test_what_was_noted_is_reported_even_where_a_kill_lost_the_counts(graded: Shop) -> None:
    noted = begin_erasure(graded.workspace, [WHO], at=AT).removed
    graded.workspace.lake.erase(WHO, at=AT)
    (done,) = resume_erasures(graded.workspace, at=AT)
    assert done.removed == noted == {"customer_records": 1, "orders": 1, "runs": 1, "quarantine": 2, "exclusions": 1}
    assert dict(graded.workspace.erasures.all()[0].removed) == done.removed


def test_somebody_known_only_from_quarantine_is_erased(shop: Shop) -> None:
    result = shop.import_text("orders", HEAD + "1,b1,2024-01-05,10\n2,ＺＱ-77001,soon,5\n3,ZQ-77001\n")
    assert erase(shop.workspace, WHO, at=AT).removed == {"quarantine": 2}
    assert shop.quarantine(result)[1:] == []


def test_a_line_nobody_can_read_does_not_come_back(graded: Shop) -> None:
    erase(graded.workspace, WHO, at=AT)
    result = graded.import_text("orders", ORDERS, name="other.csv", again=True)
    assert {notice.code: notice.count for notice in result.notices}[CODE] == 3
    assert (result.quarantine, result.rejected) == (None, 0)


def test_a_workspace_with_a_server_waits_for_its_database(graded: Shop) -> None:
    (graded.workspace.folder / "server").mkdir()
    with pytest.raises(ErasureGoesOn, match="database"):
        erase(graded.workspace, WHO, at=AT)
    (intent,) = graded.workspace.erasing.all()
    assert "lake" in intent.clean
