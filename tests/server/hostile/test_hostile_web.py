"""Hostile requests to every address, with every parameter, in every form and body: refused, and quickly."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings
from tests.hostile import spoilt, value
from tests.server.conftest import AT
from tests.server.hostile.forms import Form, forms_of
from tests.server.kit.test_addresses import GIVEN, addresses

from custrata.apps.accounts.models import User
from custrata.apps.connect.actions import make_token
from custrata.apps.customers.actions import follow_lake
from custrata.apps.tiers.actions import save_draft
from custrata.apps.tiers.models import Draft
from custrata.lake import Workspace
from custrata.tiering import BUILT_IN
from custrata.web.manifest import scopes
from custrata.web.rights import Role

SOURCE = Path(__file__).resolve().parents[3] / "src/custrata"
LONGEST = 30.0  # seconds that an answer may take
EDITED = ("value", "loyalty", "lifecycle", "need", "rfm", "frequency", "standing")
# What ends the session of who asks.
LEFT_OUT = {"accounts:sign_out"}
KEYS = ("value", "vip", "nobody", "c001", "high", "1", "new")
BODIES: dict[str, Any] = {
    "/schemes/simulate": {"scheme": BUILT_IN["value"].definition.data(), "movers": 5, "language": "en"},
    "/schemes": {"schemes": [{**BUILT_IN["loyalty"].definition.data(), "key": "own"}], "note": "try"},
    "/schemes/value/rollback": {"version": 1, "note": "back"},
    "/customers/c001/tiers/value/override": {"tier": "high", "reason": "loyal", "mode": "at_least", "until": None},
}
ASKED = ("/schemes", "/schemes/value", "/schemes/value/versions", "/schemes/value/versions/1", "/changes", "/runs",
         "/schemes/value/tiers/high/customers", "/customers/c001/tiers", "/customers/c001/explanations",
         "/customers/c001/history")  # fmt: skip
HEADERS = (
    "Accept-Language",
    "HX-Request",
    "HX-Current-URL",
    "User-Agent",
    "Cookie",
    "Authorization",
    "X-Forwarded-For",
)


def parameters() -> list[str]:
    """Every name that our code asks a request or a form for."""
    named = re.compile(
        r"""(?:GET|POST|query|post)(?:\.get(?:list)?\(|\[)["'](\w+)["']|^    (\w+)(?:: [\w ]+)? = \w*\.?\w*Field""",
        re.M,
    )
    found = {name for file in SOURCE.rglob("*.py") for pair in named.findall(file.read_text("utf-8")) for name in pair}
    return sorted(found - {""})


@dataclass
class Trial:
    """Someone who may do everything, the forms that were offered, and what came of the requests."""

    client: Client
    person: User
    token: str
    run: str
    forms: list[Form] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def ask(self, what: str, send: Callable[[], Any]) -> Any:
        """Send one request, and note what came of it."""
        began = time.perf_counter()
        answer = send()
        if getattr(answer, "streaming", False):
            b"".join(answer.streaming_content)
        took = time.perf_counter() - began
        self.slowest = max(self.slowest, (took, what[:200]))
        self.statuses[answer.status_code] += 1
        if (answer.status_code >= 500 and answer.status_code != 503) or took > LONGEST:
            self.failures.append(f"{answer.status_code} in {took:.1f} s: {what[:600]}")
        if answer.status_code == 302 and "/sign-in" in answer.headers.get("Location", ""):
            self.come_in()
        return answer

    def come_in(self) -> None:
        """Sign in again, whatever became of the last session."""
        User.objects.filter(pk=self.person.pk).update(is_active=True, role=Role.ADMINISTRATOR.value)
        _, self.token = make_token(name="till", scopes=tuple(scopes()), expires_at=None, actor=self.person, at=AT)
        self.client.force_login(self.person, backend="django.contrib.auth.backends.ModelBackend")


@pytest.fixture
def trial(
    own_workspace: Workspace, transactional_db: None, person: Callable[[Role], User], settings: Settings
) -> Trial:
    settings.API_PER_MINUTE = 10**6
    cache.clear()
    follow_lake(own_workspace, at=AT)
    someone = person(Role.ADMINISTRATOR)
    tiers = [{"key": "gold", "line": 1000, "keep": "80%"}, {"key": "silver", "line": 200}, {"key": "basic"}]
    vip = {"kind": "threshold", "trait": "spend", "names": {"en": "VIP"}, "tiers": tiers}
    save_draft(key="vip", definition=vip, note="", seen=None, actor=someone, at=AT)
    client = Client(raise_request_exception=False)
    made = Trial(client, someone, "", own_workspace.runs.ids()[-1])
    made.come_in()
    return made


def crawl(trial: Trial) -> None:
    """Open every page once and keep its forms."""
    pages = [one.path(trial.run) for one in addresses() if one.name not in LEFT_OUT]
    pages += [f"/tiers/{key}/edit/" for key in (*EDITED, "vip")] + [f"/customers/c001/?tab={tab}" for tab in TABS]
    for page in pages:
        answer = trial.ask(f"GET {page}", lambda page=page: trial.client.get(page))  # type: ignore[misc]
        if answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
            trial.forms += forms_of(page, answer.content.decode())
    distinct = {(form.action, tuple(name for name, _ in form.fields)): form for form in trial.forms}
    trial.forms = [form for form in distinct.values() if not form.action.endswith("/sign-out/")]


TABS = ("overview", "why", "timeline", "purchases", "notes", "history")


def hostile(trial: Trial, chance: random.Random, many: int) -> None:
    """So many requests, of every sort in turn."""
    names, known = parameters(), [one for one in addresses() if one.name not in LEFT_OUT]
    sorts: tuple[Callable[..., None], ...] = (_address, _query, _form, _form, _form, _body, _api, _header)
    for number in range(many):
        sorts[number % len(sorts)](trial, chance, names, known)


def _path(trial: Trial, chance: random.Random, known: list[Any], *, spoil: bool) -> str:
    one = chance.choice(known)
    given = {name: trial.run if name == "run_id" else GIVEN.get(name, "1") for name in one.arguments}
    path = one.path(trial.run)
    for name in one.arguments:
        if spoil or chance.random() < 0.3:
            path = path.replace(str(given[name]), quote(value(chance) if spoil else chance.choice(KEYS), safe=""), 1)
    return str(path)


def _address(trial: Trial, chance: random.Random, names: list[str], known: list[Any]) -> None:
    path = _path(trial, chance, known, spoil=True)
    method = chance.choice(["get", "post"])
    ask = getattr(trial.client, method)
    trial.ask(f"{method} {path}", lambda: ask(path))


def _query(trial: Trial, chance: random.Random, names: list[str], known: list[Any]) -> None:
    path = _path(trial, chance, known, spoil=False)
    given = {chance.choice(names): value(chance) for _ in range(chance.choice([1, 3, 30]))}
    method = chance.choice(["get", "get", "post"])
    ask = getattr(trial.client, method)
    trial.ask(f"{method} {path} {given}", lambda: ask(path, given))


def _form(trial: Trial, chance: random.Random, names: list[str], known: list[Any]) -> None:
    form = chance.choice(trial.forms)
    sent: dict[str, list[str]] = {}
    for name, held in form.fields:
        sent.setdefault(name, []).append(held)
    for name in chance.sample(sorted(sent), min(len(sent), chance.choice([0, 1, 1, 2, 5]))):
        sent[name] = [value(chance)] if chance.random() < 0.9 else [value(chance), value(chance)]
    if chance.random() < 0.1 and sent:
        sent.pop(chance.choice(sorted(sent)))
    if "seen" in sent and "/edit/" in form.action and chance.random() < 0.9:
        draft = Draft.objects.filter(scheme=form.action.split("/")[2]).first()
        sent["seen"] = [draft.at.isoformat() if draft else ""]
    action = form.action if chance.random() < 0.95 else _path(trial, chance, known, spoil=False)
    headers = {"HX-Request": "true"} if chance.random() < 0.2 else {}
    ask = trial.client.post if form.method == "post" else trial.client.get
    trial.ask(f"{form.method} {action} {sent}", lambda: ask(action, sent, headers=headers))


def _body(trial: Trial, chance: random.Random, names: list[str], known: list[Any]) -> None:
    """A body of the REST API with a part of it spoilt, or one that is no JSON."""
    path = chance.choice(sorted(BODIES))
    body = json.dumps(spoilt(BODIES[path], chance), default=str)
    if chance.random() < 0.15:
        place = chance.randrange(len(body))
        body = (
            body[:place] + chance.choice(["\\u0000", "\\ud800", "1e99999999", "NaN", "{" * 900, "", '"']) + body[place:]
        )
    _program(trial, "post", path, body)


def _api(trial: Trial, chance: random.Random, names: list[str], known: list[Any]) -> None:
    path = chance.choice(ASKED)
    if chance.random() < 0.4:
        path = path.replace(chance.choice(["value", "c001", "high", "1"]), quote(value(chance), safe=""))
    query = {
        chance.choice(["limit", "cursor", "since", "fields", "scheme", "language", "form", *names[:5]]): value(chance)
    }
    _program(trial, chance.choice(["get", "get", "get", "delete"]), path, query)


def _program(trial: Trial, method: str, path: str, given: Any) -> None:
    ask = getattr(Client(raise_request_exception=False, headers={"Authorization": f"Bearer {trial.token}"}), method)
    more = {"content_type": "application/json"} if method == "post" else {}
    sent = given if method != "delete" else None
    answer = trial.ask(f"api {method} {path} {given}", lambda: ask(f"/api/v1{path}", sent, **more))
    if answer.status_code == 401:
        trial.come_in()


def _header(trial: Trial, chance: random.Random, names: list[str], known: list[Any]) -> None:
    path, name = _path(trial, chance, known, spoil=False), chance.choice(HEADERS)
    held = value(chance).replace("\r\n", " ").replace("\0", "")
    held = f'sessionid="{held[:50]}\\000"; theme={held[:200]}' if name == "Cookie" else held
    held = held.encode().decode("latin-1")
    ask = (Client(raise_request_exception=False) if name == "Cookie" else trial.client).get
    trial.ask(f"{path} {name}: {held}", lambda: ask(path, headers={name: held}))


def test_hostile_requests_are_refused(trial: Trial) -> None:
    crawl(trial)
    hostile(trial, random.Random(1), 400)
    assert trial.failures == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(5))
def test_many_hostile_requests_are_refused(trial: Trial, seed: int) -> None:
    crawl(trial)
    hostile(trial, random.Random(100 + seed), 2_000)
    print(dict(trial.statuses), trial.slowest)
    assert trial.failures == []
