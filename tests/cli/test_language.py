"""Commands, their help and their errors speak as the option says, else as the environment does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from custrata.__main__ import cli
from custrata.cli.help import wrap_wide_text
from custrata.cli.language import environment_language
from custrata.cli.session import command_here
from tests.cli.conftest import Run

HANS, HANT, ENGLISH = "导入", "匯入", "Import"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LANG": "zh_SG"}, "zh-hans"),
        ({"LANG": "zh"}, "zh-hans"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-hant"),
        ({"LANG": "zh_HK.big5hkscs"}, "zh-hant"),
        ({"LANG": "zh_MO@stroke"}, "zh-hant"),
        ({"LANG": "zh-Hant-SG"}, "zh-hant"),
        ({"LANG": "zh_Hans_HK.UTF-8"}, "zh-hans"),
        ({"LANG": "zha_CN"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "zh-hant"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh-hans"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh-hans"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en_GB:zh_CN"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh_TW"}, "zh-hant"),
        ({"LANG": "C", "LANGUAGE": "zh_CN"}, "en"),
        ({"LANGUAGE": "zh_CN"}, "en"),
    ],
)
def test_the_environment_names_the_language_as_it_does_for_gettext(environment: dict[str, str], language: str) -> None:
    assert environment_language(environment) == language


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["import", "--help"], ENGLISH),
        (["--language", "zh-hans", "import", "--help"], HANS),
        (["import", "--language", "zh-hant", "--help"], HANT),
        (["import", "--help", "--language", "zh-hant"], HANT),
        (["--help", "--language", "ZH-Hans"], HANS),
        (["--language", "zh-hans", "import", "--help", "--language", "en"], ENGLISH),
    ],
)
def test_help_speaks_the_language_asked_for(custrata: Run, line: list[str], expected: str) -> None:
    ended = custrata(*line)
    assert (ended.code, expected in ended.out) == (0, True)


@pytest.mark.parametrize(("locale", "expected"), [("zh_CN.UTF-8", HANS), ("zh_TW.UTF-8", HANT), ("nl_NL", ENGLISH)])
def test_help_speaks_as_the_environment_says(
    custrata: Run, monkeypatch: pytest.MonkeyPatch, locale: str, expected: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert expected in custrata("import", "--help").out
    assert ENGLISH in custrata("import", "--language", "en", "--help").out


def test_the_variable_goes_before_the_locale_and_the_option_before_both(
    custrata: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("CUSTRATA_LANGUAGE", "zh-hant")
    assert HANT in custrata("--help").out
    assert ENGLISH in custrata("--language", "en", "--help").out


@pytest.mark.parametrize(
    "line",
    [
        ["bring"], ["erase"], ["erase", "--yes=1", "c"], ["erase", "a", "b"], ["demo", "--prot", "1"],
        ["demo", "--port"], ["demo", "--port", "x"], ["demo", "--port", "70000"], ["import", "things", "f"],
        ["schemes", "plan", "none.yaml"], ["history", "rebuild", "--from", "soon"], ["refresh", "-w", "/nowhere"],
        ["tiers", "value", "--language", "tlh"],
    ],
)  # fmt: skip
def test_no_error_of_a_wrong_line_is_in_english_to_chinese_readers(
    custrata: Run, monkeypatch: pytest.MonkeyPatch, line: list[str]
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ended = custrata(*line)
    last = re.sub(r"'[^']*'|“[^”]*”|`[^`]*`|zh-han[st]|（.*）", "", ended.err.splitlines()[-1])
    assert (ended.code in (1, 2), re.findall(r"(?<![-/])\b[A-Za-z]{4,}", last)) == (True, [])


def test_messages_speak_as_the_environment_and_the_report_as_the_workspace(
    custrata: Run, monkeypatch: pytest.MonkeyPatch, graded: Path
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "没有变化" in custrata("refresh", "-w", graded).out
    assert "报告已写入" in custrata("report", "-w", graded).out
    assert '<html lang="en"' in (graded / "report.html").read_text("utf-8")
    custrata("--language", "zh-hant", "report", "-w", graded)
    assert '<html lang="zh-Hant"' in (graded / "report.html").read_text("utf-8")


@pytest.mark.parametrize(("locale", "language"), [("zh_CN.UTF-8", "zh-hans"), ("zh_HK", "zh-hant"), ("C", "en")])
def test_a_workspace_is_made_in_the_language_of_the_environment(
    custrata: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, locale: str, language: str
) -> None:
    monkeypatch.setenv("LANG", locale)
    custrata("init", tmp_path / "new")
    assert f'language = "{language}"' in (tmp_path / "new/custrata.toml").read_text("utf-8")


def test_an_unknown_language_is_refused_by_every_command(custrata: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert custrata("--language", "tlh", "refresh").code == 2
    monkeypatch.setenv("CUSTRATA_LANGUAGE", "tlh")
    assert "tlh" in custrata("refresh").err


def test_help_in_chinese_stays_within_the_width(custrata: Run) -> None:
    for name in cli.list_commands(click.Context(cli)):
        lines = custrata("--language", "zh-hans", name, *(["--help"] if name != "manage" else [])).out.splitlines()
        assert [line for line in lines if cell_len(line) > 80] == []


@given(st.text(alphabet="导入订单，刷新。（）“”abc 1", min_size=1), st.integers(8, 40))
def test_wrapping_loses_nothing_and_begins_no_line_with_closing_punctuation(text: str, width: int) -> None:
    laid = wrap_wide_text(text, width).removeprefix("\b\n")
    assert "".join(laid.split()) == "".join(text.split())
    assert all(line[0] not in "，。）”" for line in laid.splitlines()[1:] if re.search("[导入订单刷新]", text) and line)


@pytest.mark.parametrize(
    ("line", "path", "called"),
    [
        (".venv/bin/custrata", "", ".venv/bin/custrata"),
        ("/usr/lib/custrata/__main__.py", "", "custrata"),
    ],
)
def test_advice_names_the_command_as_it_can_be_called(
    monkeypatch: pytest.MonkeyPatch, line: str, path: str, called: str
) -> None:
    monkeypatch.setattr("sys.argv", [line, "demo"])
    monkeypatch.setenv("PATH", path)
    assert command_here() == called


def test_advice_names_the_command_by_its_name_where_it_is_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "custrata").write_text("#!/bin/sh\n")
    (tmp_path / "custrata").chmod(0o755)
    monkeypatch.setattr("sys.argv", [".venv/bin/custrata", "demo"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_here() == "custrata"
