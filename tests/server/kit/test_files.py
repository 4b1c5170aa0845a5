"""Static files and their caching."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client
from pytest_django.fixtures import Settings

import custrata.web
from custrata.web.files import ReportStyles

PAGE = "/account/sign-in/"


def fetch(client: Client, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    answer = client.get(path, headers=headers)
    return answer.status_code, dict(answer.headers), b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a file


@pytest.fixture
def named(db: None, served: object, stranger: Client) -> list[str]:
    """Every file that a page loads."""
    page = stranger.get(PAGE).content.decode()
    return re.findall(r'(?:href|src|data-echarts)="(/static/[^"]+)"', page)


def test_every_file_a_page_asks_for_is_there_with_its_version(named: list[str], stranger: Client) -> None:
    assert len(named) > 6
    assert [path for path in named if "?v=" not in path] == []
    assert [path for path in named if fetch(stranger, path)[0] != 200] == []


def test_browsers_keep_files_for_good(named: list[str], stranger: Client) -> None:
    _, headers, _ = fetch(stranger, named[0])
    assert headers["Cache-Control"] == "max-age=31536000, public"


def test_another_content_has_another_address(tmp_path: Path, settings: Settings) -> None:
    settings.DEBUG = True
    settings.STATICFILES_DIRS = [tmp_path]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    _forget_finders()
    urls = []
    for content in ("a", "b"):
        (tmp_path / "x.css").write_text(content)
        urls.append(static("x.css"))
    _forget_finders()
    assert urls[0] != urls[1]


def _forget_finders() -> None:
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]  # it is a cached function


def test_a_file_that_is_not_there_has_no_version() -> None:
    assert static("nowhere.css") == "/static/nowhere.css"


def test_files_travel_compressed(stranger: Client) -> None:
    _, headers, content = fetch(stranger, "/static/vendor/tabler.min.css", **{"accept-encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert b".btn" in gzip.decompress(content)


def test_chart_styles_come_from_the_report() -> None:
    finder = ReportStyles()
    assert str(finder.find("report/pictures.css")).endswith("report/templates/pictures.css")
    assert finder.find("report/page.html") == []
    assert [name for name, _ in finder.list(None)] == ["pictures.css"]


def test_our_styles_and_scripts_load_nothing_from_the_network() -> None:
    own = Path(custrata.web.__file__).parent / "static/web"
    texts = [path.read_text("utf-8") for path in own.iterdir() if path.suffix in (".css", ".js")]
    assert [text for text in texts if re.search(r"https?://|@import|url\(", text)] == []


def test_modules_that_others_import_are_revalidated(stranger: Client) -> None:
    _, headers, _ = fetch(stranger, "/static/web/charts/theme.js")
    assert headers["Cache-Control"] == "no-cache"
