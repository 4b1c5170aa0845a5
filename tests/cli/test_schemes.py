"""Schemes as code from the command line: out, planned, in, compared, rolled back, retired and restored."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Prepare, Run

VIP = """key: vip
kind: threshold
names: {zh-hans: 会员等级, en: VIP}
trait: spend
tiers:
  - {key: gold, line: 100, cost: 20}
  - {key: basic}
"""


@pytest.fixture
def vip(tmp_path: Path) -> Path:
    """A file with one scheme."""
    path = tmp_path / "vip.yaml"
    path.write_text(VIP, "utf-8")
    return path


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    """The same scheme with a lower line."""
    path = tmp_path / "lower.yaml"
    path.write_text(VIP.replace("line: 100", "line: 10"), "utf-8")
    return path


@pytest.fixture
def ranked(custrata: Run, graded: Path, vip: Path, prepare: Prepare) -> Path:
    """The graded workspace, graded by the scheme of the file too."""

    def make() -> Path:
        assert custrata("schemes", "apply", vip, "--by", "Li", "--note", "first", "-w", graded).code == 0
        assert custrata("refresh", "-w", graded).code == 0
        return graded

    return prepare("ranked", make)


def test_without_a_subcommand_it_lists_the_schemes(custrata: Run, graded: Path) -> None:
    assert "value.high" in custrata("schemes", "-w", graded).out


def test_what_is_exported_changes_nothing_when_applied(custrata: Run, graded: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.yaml"
    assert "all.yaml" in custrata("schemes", "export", "-o", out, "-w", graded).out
    assert "Nothing changed" in custrata("schemes", "apply", out, "-w", graded).out
    assert not (graded / "schemes" / "published.json").exists()


def test_single_schemes_are_exported_to_the_terminal(custrata: Run, graded: Path) -> None:
    exported = yaml.safe_load(custrata("schemes", "export", "rfm", "value", "-w", graded).out)
    assert [scheme["key"] for scheme in exported["schemes"]] == ["rfm", "value"]
    assert custrata("schemes", "export", "gone", "-w", graded).code == 2


def test_a_plan_tells_what_a_file_would_do_and_writes_nothing(custrata: Run, ranked: Path, lower: Path) -> None:
    out = custrata("schemes", "plan", lower, "-w", ranked).out
    expected = (
        "~ vip (VIP): changed, version 2",
        "tiers.gold.line: 100 → 10",
        "↑ basic → gold: 1 customers",
        "(now $20.00)",
    )
    assert [part for part in expected if part not in out] == []
    assert "Nothing changed" not in custrata("schemes", "apply", lower, "-w", ranked).out


def test_a_plan_before_the_first_refresh_tells_the_fields_alone(custrata: Run, shop: Path, vip: Path) -> None:
    out = custrata("schemes", "plan", vip, "-w", shop).out
    assert ("+ vip (VIP): new, version 1" in out, "1 new, 0 changed" in out) == (True, True)


def test_only_what_is_in_the_file_stays_where_that_is_asked_for(custrata: Run, graded: Path, vip: Path) -> None:
    assert "- rfm (RFM groups): retired" in custrata("schemes", "plan", vip, "--only", "-w", graded).out
    custrata("schemes", "apply", vip, "--only", "-w", graded)
    custrata("refresh", "-w", graded)
    out = custrata("schemes", "-w", graded).out
    assert ("vip.gold" in out, "value.high" in out) == (True, False)


def test_applied_schemes_are_graded_by_the_next_refresh(custrata: Run, graded: Path, vip: Path) -> None:
    assert "custrata refresh" in custrata("schemes", "apply", vip, "-w", graded).out
    assert custrata("tiers", "vip", "-w", graded).code == 2
    custrata("refresh", "-w", graded)
    assert "gold" in custrata("tiers", "vip", "-w", graded).out


def test_a_mistake_is_told_with_its_line_and_nothing_is_published(custrata: Run, graded: Path, vip: Path) -> None:
    vip.write_text(VIP.replace("line: 100", "line: lots"), "utf-8")
    ended = custrata("schemes", "apply", vip, "-w", graded)
    assert (ended.code, "vip.yaml:6 tiers[0].line" in ended.err, ended.err.count("\n")) == (2, True, 1)
    assert custrata("schemes", "versions", "vip", "-w", graded).code == 2


def test_a_trait_that_is_not_there_is_refused_with_the_nearest(custrata: Run, graded: Path, vip: Path) -> None:
    vip.write_text(VIP.replace("spend", "spent"), "utf-8")
    for command in ("plan", "apply", "simulate"):
        ended = custrata("schemes", command, vip, "-w", graded)
        assert (ended.code, "spent" in ended.err, "spend" in ended.err) == (2, True, True)


def test_versions_tell_who_when_and_why(custrata: Run, ranked: Path, lower: Path) -> None:
    custrata("schemes", "apply", lower, "--by", "Wang", "-w", ranked)
    newest, first = custrata("schemes", "versions", "vip", "-w", ranked).out.splitlines()[1:]
    assert ("Wang" in newest, "published" in newest) == (True, True)
    assert ("Li" in first, "first" in first, "published" in first) == (True, True, False)
    assert "built-in" in custrata("schemes", "versions", "value", "-w", ranked).out


def test_two_versions_are_compared_and_the_old_one_comes_back(custrata: Run, ranked: Path, lower: Path) -> None:
    custrata("schemes", "apply", lower, "-w", ranked)
    assert "tiers.gold.line: 100 → 10" in custrata("schemes", "diff", "vip", "1", "2", "-w", ranked).out
    assert "version 3" in custrata("schemes", "rollback", "vip", "1", "-w", ranked).out
    assert "identical" in custrata("schemes", "diff", "vip", "1", "3", "-w", ranked).out
    assert custrata("schemes", "rollback", "vip", "3", "-w", ranked).code == 1


def test_a_retired_scheme_comes_back(custrata: Run, ranked: Path) -> None:
    assert "- vip (VIP): retired" in custrata("schemes", "retire", "vip", "-w", ranked).out
    assert custrata("schemes", "retire", "vip", "-w", ranked).code == 2
    assert "+ vip (VIP): restored" in custrata("schemes", "restore", "vip", "-w", ranked).out
    assert custrata("schemes", "restore", "vip", "-w", ranked).code == 2


def test_a_scheme_that_another_reads_is_not_retired(custrata: Run, graded: Path) -> None:
    ended = custrata("schemes", "retire", "value", "-w", graded)
    assert (ended.code, "potential" in ended.err) == (1, True)


def test_a_simulation_names_who_moves_and_why(custrata: Run, ranked: Path, lower: Path) -> None:
    out = custrata("schemes", "simulate", lower, "vip", "--language", "zh-hans", "-w", ranked).out
    assert [
        part for part in ("会员等级", "b: basic → gold", "近一年净消费：US$19.99", "权益年成本") if part not in out
    ] == []
    assert custrata("schemes", "simulate", lower, "gone", "-w", ranked).code == 2


def test_the_group_hands_its_workspace_and_language_down(custrata: Run, graded: Path) -> None:
    out = custrata("schemes", "-w", graded, "--language", "zh-hant", "versions", "value").out
    assert "內建" in out


def test_short_explanations_say_what_customers_may_be_told(custrata: Run, ranked: Path) -> None:
    out = custrata("explain", "b", "--short", "-w", ranked).out
    assert ("VIP: basic" in out, "$80.01 more to reach gold" in out) == (True, True)
    assert ("RFM" in out, "Lifecycle" in out) == (False, False)
