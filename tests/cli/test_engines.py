"""The options that choose an engine, and the settings of Spark in the file of a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from custrata.engine import connect
from custrata.engine.spark_session import SharedFolderMissing
from custrata.lake import Workspace
from tests.cli.conftest import Run

NOBODY = "spark://127.0.0.1:1"


@pytest.mark.parametrize("option", ["executor.memory=4g", "spark.executor.memory", "spark.=4g", "spark.a b=4g"])
def test_a_text_that_is_no_spark_option_is_refused(custrata: Run, shop: Path, option: str) -> None:
    ended = custrata("refresh", "--engine", "spark", "--spark-option", option, "-w", shop, "--language", "en")
    assert (ended.code, f"“{option}” is not a Spark option" in ended.err) == (2, True)


@pytest.mark.parametrize("option", [("--master", NOBODY), ("--spark-option", "spark.executor.memory=4g")])
def test_options_of_spark_are_refused_for_another_engine(custrata: Run, shop: Path, option: tuple[str, str]) -> None:
    ended = custrata("refresh", *option, "-w", shop, "--language", "en")
    assert (ended.code, "Add --engine spark." in ended.err) == (2, True)


def test_a_master_that_does_not_answer_is_named(custrata: Run, shop: Path) -> None:
    ended = custrata("refresh", "--engine", "spark", "--master", NOBODY, "-w", shop, "--language", "en")
    assert (ended.code, f"with the master {NOBODY}" in ended.err) == (1, True)


def test_spark_connect_is_refused(custrata: Run, shop: Path) -> None:
    remote = ("--spark-option", "spark.remote=sc://127.0.0.1:1")
    ended = custrata("refresh", "--engine", "spark", *remote, "-w", shop, "--language", "en")
    assert (ended.code, "Spark Connect (spark.remote) cannot be used" in ended.err) == (2, True)


def test_the_settings_of_a_workspace_name_the_master(custrata: Run, shop: Path) -> None:
    with (shop / "custrata.toml").open("a") as file:
        file.write(f'[spark]\nmaster = "{NOBODY}"\nexecutor.cores = 2\nspeculation = true\n')
    assert Workspace.open(shop).spark_options() == {
        "spark.master": NOBODY,
        "spark.executor.cores": "2",
        "spark.speculation": "true",
    }
    ended = custrata("refresh", "--engine", "spark", "-w", shop, "--language", "en")
    assert (ended.code, f"with the master {NOBODY}" in ended.err) == (1, True)


@pytest.mark.parametrize("line", ['spark = "yarn"', "[spark]\njars = [1]"])
def test_a_setting_of_spark_that_is_no_text_is_refused(custrata: Run, shop: Path, line: str) -> None:
    with (shop / "custrata.toml").open("a") as file:
        file.write(f"{line}\n")
    ended = custrata("refresh", "--engine", "spark", "-w", shop, "--language", "en")
    assert (ended.code, "is not a Spark option" in ended.err) == (2, True)
    assert custrata("tiers", "value", "-w", shop).code == 1  # it is nobody else's business


def test_a_cluster_needs_a_shared_folder() -> None:
    with pytest.raises(SharedFolderMissing, match="every worker can read and write"):
        connect("spark", spark_options={"spark.master": NOBODY})
