"""One ordered scale per scheme; every word is readable on what lies behind it (WCAG AA)."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib import resources

import pytest

from custrata.pipeline.reading.figures import SchemeSummary, Tier
from custrata.report.colours import colour, tier_colours
from tests.report.sample import ladder

CSS = (resources.files("custrata.report") / "templates" / "pictures.css").read_text("utf-8")
LIGHT, DARK, FORCED = (dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in CSS.split("@media screen")[:3])
THEMES = {"light": LIGHT, "dark": DARK}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """How much two colours stand out from each other, from 1 to 21."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("step", range(21))
def test_ink_reads_on_every_step_of_the_ramp(theme: str, step: int) -> None:
    assert contrast(THEMES[theme][f"ramp-{step}"], THEMES[theme][f"ink-{step}"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["page", "card", "soft"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "up", "down"])
def test_words_read_on_every_ground(theme: str, ground: str, ink: str) -> None:
    assert contrast(THEMES[theme][ink], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_the_ramp_goes_one_way(theme: str) -> None:
    steps = [luminance(THEMES[theme][f"ramp-{step}"]) for step in range(21)]
    assert steps == sorted(steps, reverse=theme == "dark")


def test_a_forced_theme_has_the_colours_of_the_one_it_forces() -> None:
    assert FORCED == DARK


@pytest.mark.parametrize("tiers", range(2, 13))
def test_no_two_tiers_of_a_scheme_share_a_colour(tiers: int) -> None:
    colours = list(
        tier_colours(ladder(range(tiers, 0, -1), [10 ** (tiers - place) for place in range(tiers)])).values()
    )
    assert (len(set(colours)), colours[0], colours[-1]) == (tiers, "step-0", "step-20")


def test_depth_follows_revenue_per_customer() -> None:
    assert tier_colours(ladder([10, 10, 10], [20, 90, 50])) == {"t0": "step-20", "t1": "step-0", "t2": "step-10"}


def test_a_tier_off_the_ladder_is_grey() -> None:
    tiers = Tier(1, Decimal(9), key="a", name="A"), Tier(1, Decimal(0), key="z", name="Z", apart=True)
    assert tier_colours(SchemeSummary("s", "S", tiers)) == {"a": "step-0", "z": "apart"}


def test_an_empty_tier_stands_beside_its_better_neighbour() -> None:
    assert tier_colours(ladder([5, 0, 5], [50, 0, 10])) == {"t0": "step-0", "t1": "step-10", "t2": "step-20"}


@pytest.mark.parametrize(("paleness", "css"), [(-1, "step-0"), (0.5, "step-10"), (7, "step-20")])
def test_colours_stay_on_the_ramp(paleness: float, css: str) -> None:
    assert colour(paleness) == css
