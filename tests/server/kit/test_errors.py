"""Error pages, and what is logged of an error."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from custrata.config.logging import Anonymous, JsonLines, PlainLines, logging_settings, where
from custrata.lake import Workspace
from custrata.web.requests import HEADER
from custrata.web.rights import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served"), pytest.mark.urls("tests.server.kit.pages")]
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """The lines of the server's log."""
    fields = logging_settings(form="json", level="INFO", debug=False)["formatters"]["chosen"]
    form = JsonLines(fields["fmt"], rename_fields=fields["rename_fields"], json_ensure_ascii=False)

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if Anonymous().filter(record):
                records.append(json.loads(form.format(record)))

    records: list[dict[str, object]] = []
    caplog.set_level("INFO")
    handler = Collector()
    logging.getLogger().addHandler(handler)
    yield lambda: records
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/no-sense/", 400, "could not be read"),
        ("/shut/", 403, "do not have permission to view this page"),
        ("/nowhere/", 404, "Page not found"),
    ],
)
def test_says_what_went_wrong_to_strangers_and_people_alike(
    stranger: Client, signed_in: Callable[[Role], Client], path: str, status: int, message: str
) -> None:
    for client in (stranger, signed_in(Role.AGENT)):
        answer = client.get(path, headers=ENGLISH)
        assert answer.status_code == status
        assert message in answer.content.decode()


def test_a_person_keeps_the_menu_on_an_error_page(stranger: Client, signed_in: Callable[[Role], Client]) -> None:
    assert 'id="menu"' in signed_in(Role.AGENT).get("/nowhere/").content.decode()
    assert 'id="menu"' not in stranger.get("/nowhere/").content.decode()


def test_a_form_without_its_token_is_refused_and_says_why(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/form/", headers=ENGLISH)
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_an_unexpected_error_has_a_reference_that_is_in_the_log(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    answer = Client(raise_request_exception=False).get("/broken/c001/?q=secret", headers=ENGLISH)
    assert answer.status_code == 500
    assert answer.headers[HEADER] in answer.content.decode()
    (failed, request) = lines()[-2:]
    assert failed["request_id"] == request["request_id"] == answer.headers[HEADER]
    assert "pages.py" in str(failed["exc_info"]) or "pages.py" in json.dumps(failed)


def test_the_log_holds_nothing_about_a_person(lines: Callable[[], list[dict[str, object]]]) -> None:
    Client(raise_request_exception=False).get("/broken/c001/?q=13912345678", headers=ENGLISH)
    log = json.dumps(lines(), ensure_ascii=False)
    assert [word for word in ("c001", "王小明", "13800138000", "13912345678", "127.0.0.1") if word in log] == []


def test_a_request_is_one_line_with_view_status_and_time(
    lines: Callable[[], list[dict[str, object]]], stranger: Client
) -> None:
    stranger.get("/account/sign-in/")
    (line,) = lines()
    assert (line["view"], line["method"], line["status"]) == ("accounts:sign_in", "GET", 200)
    assert {"at", "level", "logger", "ms", "request_id"} <= line.keys()


def test_the_error_page_needs_neither_database_nor_workspace(settings: Settings) -> None:
    settings.WORKSPACE = "/nowhere"
    with connection.execute_wrapper(_no_database):
        answer = Client(raise_request_exception=False).get("/broken/c001/")
    assert answer.status_code == 500


def _no_database(*_: object) -> None:
    raise OSError("the database is gone")


def test_every_answer_has_a_reference_of_its_own(stranger: Client) -> None:
    references = {stranger.get("/health", headers={"x-request-id": "made-up"}).headers[HEADER] for _ in range(3)}
    assert len(references) == 3
    assert "made-up" not in references


def test_pages_are_not_cached(signed_in: Callable[[Role], Client]) -> None:
    assert signed_in(Role.ANALYST).get("/plain/").headers["Cache-Control"] == "no-store, private"


def test_messages_are_escaped(signed_in: Callable[[Role], Client]) -> None:
    assert "kept &lt;b&gt;" in signed_in(Role.ANALYST).get("/plain/").content.decode()


def test_a_part_of_a_page_takes_its_whole_page_to_the_sign_in(stranger: Client) -> None:
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/tiers/?run=1"}
    answer = stranger.get("/plain/", headers=headers)
    assert answer.headers["HX-Redirect"] == "/account/sign-in/?next=/tiers/%3Frun%3D1"


def test_what_was_to_be_sent_is_not_asked_for_again_after_the_sign_in(stranger: Client) -> None:
    assert stranger.post("/plain/").headers["Location"] == "/account/sign-in/?next=/start/"


def test_where_an_exception_came_from_is_told_without_its_words() -> None:
    try:
        raise ValueError("王小明") from KeyError("13800138000")
    except ValueError as error:
        trace = where(error)
    assert "builtins.KeyError\nled to\nbuiltins.ValueError\n" in trace
    assert "test_errors.py" in trace
    assert "王小明" not in trace


def test_plain_lines_are_for_people(served: Workspace) -> None:
    record = logging.makeLogRecord({"msg": "request", "levelname": "INFO", "view": "web:health", "status": 200})
    assert PlainLines("%(levelname)s %(message)s").format(record) == "INFO request view=web:health status=200"
