"""The command line as people run it: arguments in, output and exit code out, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from custrata.cli import main

ORDERS = """订单号,客户编号,下单时间,实付金额,优惠金额
1,a,2025-01-05 10:00:00,120.00,10.00
2,a,2025-02-05 10:00:00,80.00,0
3,a,2025-03-01 10:00:00,60.00,0
4,b,2025-01-15 09:30:00,19.99,0
5,c,2025-02-20 18:00:00,5.00,5.00
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def custrata(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`custrata("tiers", "value", "-w", folder)` runs the command line."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["custrata", *[str(argument) for argument in arguments]])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def shop(custrata: Run, tmp_path: Path) -> Path:
    """A workspace made by the command line, empty."""
    folder = tmp_path / "shop"
    assert custrata("init", folder, "--currency", "USD", "--language", "en").code == 0
    return folder


@pytest.fixture
def orders_file(tmp_path: Path) -> Path:
    """A small file of orders with Chinese headers."""
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS, "utf-8")
    return path


Prepare = Callable[[str, Callable[[], Path]], Path]


@pytest.fixture(scope="session")
def prepared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where workspaces are that several tests begin with."""
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture
def prepare(prepared_folder: Path, tmp_path: Path) -> Prepare:
    """`prepare("graded", make)`: the workspace that `make` returns; made by the first test, copied for the others."""

    def workspace(name: str, make: Callable[[], Path]) -> Path:
        if not (prepared_folder / name).exists():
            copytree(make(), prepared_folder / name)
        return Path(copytree(prepared_folder / name, tmp_path / "shop", dirs_exist_ok=True))

    return workspace


@pytest.fixture
def graded(custrata: Run, shop: Path, orders_file: Path, prepare: Prepare) -> Path:
    """The workspace with the orders imported and graded."""

    def make() -> Path:
        assert custrata("import", "orders", orders_file, "-w", shop).code == 0
        assert custrata("refresh", "-w", shop).code == 0
        return shop

    return prepare("graded", make)


@pytest.fixture
def lived(custrata: Run, shop: Path, orders_file: Path, prepare: Prepare) -> Path:
    """The workspace with two runs."""

    def make() -> Path:
        assert custrata("import", "orders", orders_file, "-w", shop).code == 0
        for day in ("2025-02-01", "2025-03-02"):
            assert custrata("refresh", "--as-of", day, "-w", shop).code == 0
        return shop

    return prepare("lived", make)
