"""Files of a release, and the audit when the service cannot be reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit import browser_verdict, python_verdict
from pins import pinned
from release import NotAsPinned, browser_components, licences


def test_every_pin_has_a_licence(root: Path) -> None:
    pins = pinned((root / "constraints.txt").read_text("utf-8"))
    text = licences({name: pins[name] for name in ("Django", "django-otp", "segno", "duckdb", "pyarrow-hotfix")})
    assert "Django 5.2" in text
    assert "Permission is hereby granted" in text
    assert len(text.split("=" * 78)) == 5


@pytest.mark.parametrize("pin", [{"no-such-package": "1"}, {"Django": "1.0"}])
def test_a_pin_that_is_not_installed_is_no_release(pin: dict[str, str]) -> None:
    with pytest.raises(NotAsPinned, match="make setup"):
        licences(pin)


def test_the_bill_of_materials_lists_browser_files_but_not_test_tools(root: Path) -> None:
    components = browser_components(json.loads((root / "package-lock.json").read_text("utf-8")))
    names = {component["name"] for component in components}
    assert {"htmx.org", "echarts", "@tabler/core"} <= names
    assert "axe-core" not in names
    assert next(component["purl"] for component in components if component["name"] == "@tabler/core").startswith(
        "pkg:npm/%40tabler/core@"
    )


WEAK = {"name": "b", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
FINE = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "text"),
    [
        ([FINE], 0, "1 packages audited, 0 weaknesses"),
        ([FINE, WEAK], 1, "PYSEC-1"),
        ([FINE, SKIPPED], 2, "not audited: c"),
        ([SKIPPED, SKIPPED], 2, "NOT AUDITED"),
        ([], 2, "NOT AUDITED"),
    ],
)
def test_unaudited_packages_are_not_reported_as_safe(packages: list[dict[str, object]], status: int, text: str) -> None:
    verdict = python_verdict(json.dumps({"dependencies": packages}), "")
    assert (verdict.status, text in str(verdict)) == (status, True)


@pytest.mark.parametrize("output", ["", "no json", '{"statusCode": 405}'])
def test_an_unreachable_index_is_reported(output: str) -> None:
    for read in (python_verdict, browser_verdict):
        verdict = read(output, "error: 405\n")
        assert (verdict.status, "NOT AUDITED" in str(verdict), "405" in str(verdict)) == (2, True, True)


def test_vulnerabilities_of_browser_files_are_reported() -> None:
    output = {"metadata": {"dependencies": {"total": 9}}, "vulnerabilities": {"echarts": {"severity": "high"}}}
    verdict = browser_verdict(json.dumps(output), "")
    assert (verdict.status, "echarts: high" in str(verdict)) == (1, True)
