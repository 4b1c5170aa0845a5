"""Every pin has a wheel for the supported platforms: Python 3.11.0 and 3.13, x86-64 and arm64."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from tests.conftest import lacking

from pins import HEAD, MACHINES, PYTHONS, WITHOUT_WHEEL, CannotPin, NoIndex, check, pinned

PLACES = [(python, machine) for python in PYTHONS for machine in MACHINES]


@pytest.fixture(scope="module")
def constraints(root: Path) -> str:
    return (root / "constraints.txt").read_text("utf-8")


def refused(requires: str) -> list[str]:
    """The Pythons we promise on which a package that requires these does not run."""
    return [python for python in PYTHONS if not SpecifierSet(requires).contains(python)]


def requires(name: str, version: str) -> str:
    """What a pinned package says it requires, where it is installed here in that version."""
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return ""
    applies = "Requires-Python" in package.metadata and package.version == version
    return package.metadata["Requires-Python"] if applies else ""


def test_every_pin_installed_here_runs_on_every_python_promised(constraints: str) -> None:
    requirements = {name: requires(name, version) for name, version in pinned(constraints).items()}
    assert any(requirements.values())
    assert {name: pythons for name, text in requirements.items() if (pythons := refused(text))} == {}


@pytest.mark.parametrize(("python", "machine"), PLACES)
def test_every_pin_runs_there_and_has_a_wheel(constraints: str, python: str, machine: str) -> None:
    try:
        check(pinned(constraints), python, machine)
    except NoIndex as problem:
        lacking(f"The package index cannot be asked for wheels: {str(problem).splitlines()[0]}")


def test_what_has_no_wheel_is_still_pinned(constraints: str) -> None:
    assert pinned(constraints).keys() >= WITHOUT_WHEEL


def test_the_pins_are_made_for_the_oldest_python_that_the_project_promises(root: Path, constraints: str) -> None:
    assert constraints.startswith(HEAD)
    oldest = PYTHONS[0].removesuffix(".0")
    assert f'requires-python = ">={oldest}"' in (root / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("requirement", "pythons"),
    [(">=3.11.5", ["3.11.0"]), (">=3.12", ["3.11.0"]), ("<3.13", ["3.13"]), (">=3.8", []), ("!=3.11.0", ["3.11.0"])],
)
def test_sees_a_package_that_is_too_new_or_too_old(requirement: str, pythons: list[str]) -> None:
    assert refused(requirement) == pythons


@pytest.mark.parametrize(
    ("pin", "place", "why"),
    [
        ({"pymdown-extensions": "13.1"}, ("3.11.0", "x86_64"), "3.11.5"),
        ({"pywin32": "311"}, ("3.13", "aarch64"), "no wheels"),
        ({"py4j": "0.0.0.1"}, ("3.13", "x86_64"), "py4j==0.0.0.1"),
    ],
)
def test_sees_a_pin_that_cannot_be_installed(pin: dict[str, str], place: tuple[str, str], why: str) -> None:
    try:
        with pytest.raises(CannotPin, match=why):
            check(pin, *place)
    except NoIndex as problem:
        lacking(f"The package index cannot be asked for wheels: {str(problem).splitlines()[0]}")
