"""Marks of pictures as links: where they lead, and what a screen reader calls them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

from markupsafe import Markup

from custrata.pipeline.reading.figures import RfmCell, RfmMap, TierMove
from custrata.report.pictures import bars, flow, rfm_map, rings
from custrata.wording.writer import Writer
from tests.report.sample import ladder

WRITE = Writer("en", "USD", "UTC", "report")
SCHEME = ladder([10, 20, 30])


def links(picture: Markup) -> dict[str, str]:
    """What the links of a picture are called, by where they lead."""
    root = ElementTree.fromstring(str(picture))
    return {link.attrib["href"]: link.get("aria-label") or link.findtext("title") or "" for link in root.iter("a")}


def test_a_ring_leads_to_its_tier() -> None:
    titles = links(rings(SCHEME, WRITE, link="/?tier=sizes:"))
    assert list(titles) == ["/?tier=sizes:t2", "/?tier=sizes:t1", "/?tier=sizes:t0"]
    assert "Tier 2" in titles["/?tier=sizes:t2"]


def test_a_band_leads_to_its_move() -> None:
    moves = (TierMove("t0", "t2", 3, Decimal(9)), TierMove(None, "t0", 2, Decimal(4)))
    titles = links(flow(replace(SCHEME, moves=moves), WRITE, link="/?moved="))
    assert titles["/?moved=t0:t2"].startswith("Tier 0 → Tier 2: 3")
    assert set(titles) == {"/?moved=t0:t2", "/?moved=:t0"}


def test_a_cell_leads_to_its_scores() -> None:
    cells = RfmMap((RfmCell(5, 4, 10, Decimal(9)),))
    assert links(rfm_map(cells, WRITE, link="/?rfm=")) == {"/?rfm=5-4": "R5 F4: 10 customers, $9 per customer"}


def test_a_bar_leads_to_its_tier() -> None:
    titles = links(bars(SCHEME.tiers, WRITE, "Sizes", link="/?label="))
    assert set(titles) == {"/?label=t0", "/?label=t1", "/?label=t2"}


def test_without_an_address_nothing_is_a_link() -> None:
    pictures = (rings(SCHEME, WRITE), flow(SCHEME, WRITE), bars(SCHEME.tiers, WRITE, "Sizes"))
    assert [links(picture) for picture in pictures] == [{}, {}, {}]


def test_an_address_is_escaped() -> None:
    picture = rings(SCHEME, WRITE, link='/?a=1&b="x')
    assert 'href="/?a=1&amp;b=&quot;xt0"' in picture
