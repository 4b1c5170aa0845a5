"""What the library writes into a workspace can be read by its owner alone, whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread

import pytest

from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.pipeline import refresh
from custrata.private import open_paths, private_files, restrict_folder
from custrata.tiering.library import SchemeLibrary
from custrata.tiering.schemes import built_in

AT = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = "order_id,customer_id,ordered_at,amount\n1,a,2025-01-05,120\n2,a,2025-02-05,80\n3,b,2025-01-15,lots\n"


@pytest.fixture(autouse=True)
def permissive_umask() -> Iterator[None]:
    """A process whose files everybody may read and write."""
    mask = os.umask(0)
    yield
    os.umask(mask)


def test_everything_the_library_writes_is_its_owners_alone(tmp_path: Path, duck: DuckEngine) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS, "utf-8")
    shop = Workspace.create(tmp_path / "shop", currency="USD", language="en")
    import_file(shop, "orders", tmp_path / "orders.csv", at=AT)
    refresh(shop, duck, at=AT)
    shop.exclusions.add(["b"], reason="staff", by="", at=AT)
    shop.erasures.add("c", at=AT)
    SchemeLibrary(shop).publish([built_in()["value"]], by="", at=AT)
    shop.lake.compact(at=AT)
    with shop.engine():
        assert open_paths(shop.folder) == []
    assert len([path for path in shop.folder.rglob("*") if path.is_file()]) > 12


def test_an_existing_folder_is_closed_when_it_becomes_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    Workspace.create(tmp_path / "shop")
    assert (tmp_path / "shop").stat().st_mode & 0o777 == 0o700


def test_the_umask_of_the_process_comes_back(tmp_path: Path) -> None:
    both_within = Barrier(2)

    def write() -> None:
        with private_files():
            both_within.wait(10)

    threads = [Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (tmp_path / "mine").touch()
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o666


def test_open_files_are_listed_and_closed_but_not_what_links_point_to(tmp_path: Path) -> None:
    outside, shop = tmp_path / "outside", tmp_path / "shop"
    outside.touch()
    shop.mkdir(0o755)
    (shop / "orders").touch()
    (shop / "link").symlink_to(outside)
    paths = open_paths(shop)
    assert [path.path.name for path in paths] == ["shop", "orders"]
    for path in paths:
        path.close()
    assert (open_paths(shop), outside.stat().st_mode & 0o777) == ([], 0o666)


def test_a_missing_right_to_change_the_folder_is_no_error(tmp_path: Path) -> None:
    restrict_folder(tmp_path)
    assert open_paths(tmp_path) == []
