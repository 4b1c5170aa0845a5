"""Hostile requests to every URL, with every parameter, in every form and body, are refused quickly."""

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
from tests.server.kit.test_addresses import PATH_ARGUMENTS, addresses

from custrata.apps.accounts.models import User
from custrata.apps.connect.actions import create_token
from custrata.apps.customers.actions import sync_customers
from custrata.apps.schemes.actions import save_draft
from custrata.apps.schemes.models import SchemeDraft
from custrata.lake import Workspace
from custrata.tiering import BUILT_IN
from custrata.web.manifest import scopes
from custrata.web.rights import Role

pytestmark = pytest.mark.database

SOURCE = Path(__file__).resolve().parents[3] / "src/custrata"
LONGEST = 30.0  # seconds that an answer may take
EDITED = ("value", "loyalty", "lifecycle", "need", "rfm", "frequency", "standing")
# These end the session.
LEFT_OUT = {"accounts:sign_out"}
KEYS = ("value", "vip", "nobody", "c001", "high", "1", "new")
BODIES: dict[str, Any] = {
    "/schemes/simulate": {"scheme": BUILT_IN["value"].definition.data(), "movers": 5, "language": "en"},
    "/schemes": {"schemes": [{**BUILT_IN["loyalty"].definition.data(), "key": "own"}], "note": "try"},
    "/schemes/value/rollback": {"version": 1, "note": "back"},
    "/customers/c001/tiers/value/override": {"tier": "high", "reason": "loyal", "mode": "at_least", "until": None},
}
API_PATHS = ("/schemes", "/schemes/value", "/schemes/value/versions", "/schemes/value/versions/1", "/changes", "/runs",
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
    """Every parameter name that the code reads from a request or a form."""
    named = re.compile(
        r"""(?:GET|POST|query|post)(?:\.get(?:list)?\(|\[)["'](\w+)["']|^    (\w+)(?:: [\w ]+)? = \w*\.?\w*Field""",
        re.M,
    )
    names = {name for file in SOURCE.rglob("*.py") for pair in named.findall(file.read_text("utf-8")) for name in pair}
    return sorted(names - {""})


@dataclass
class Trial:
    """An administrator's session, the forms found, and the results of the requests."""

    client: Client
    person: User
    token: str
    run: str
    forms: list[Form] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def send(self, what: str, send: Callable[[], Any]) -> Any:
        """Send one request, and record its result."""
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
            self.sign_in()
        return answer

    def sign_in(self) -> None:
        """Sign in again, whatever the state of the last session."""
        User.objects.filter(pk=self.person.pk).update(is_active=True, role=Role.ADMINISTRATOR.value)
        _, self.token = create_token(name="till", scopes=tuple(scopes()), expires_at=None, actor=self.person, at=AT)
        self.client.force_login(self.person, backend="django.contrib.auth.backends.ModelBackend")


@pytest.fixture
def trial(
    own_workspace: Workspace, transactional_db: None, person: Callable[[Role], User], settings: Settings
) -> Trial:
    settings.API_PER_MINUTE = 10**6
    cache.clear()
    sync_customers(own_workspace, at=AT)
    someone = person(Role.ADMINISTRATOR)
    tiers = [{"key": "gold", "line": 1000, "keep": "80%"}, {"key": "silver", "line": 200}, {"key": "basic"}]
    vip = {"kind": "threshold", "trait": "spend", "names": {"en": "VIP"}, "tiers": tiers}
    save_draft(key="vip", definition=vip, note="", revision=None, actor=someone, at=AT)
    client = Client(raise_request_exception=False)
    session = Trial(client, someone, "", own_workspace.runs.ids()[-1])
    session.sign_in()
    return session


def crawl(trial: Trial) -> None:
    """Open every page once and collect its forms."""
    pages = [address.path(trial.run) for address in addresses() if address.name not in LEFT_OUT]
    pages += [f"/tiers/{key}/edit/" for key in (*EDITED, "vip")] + [f"/customers/c001/?tab={tab}" for tab in TABS]
    for page in pages:
        answer = trial.send(f"GET {page}", lambda page=page: trial.client.get(page))  # type: ignore[misc]  # the loop's page
        if answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
            trial.forms += forms_of(page, answer.content.decode())
    distinct = {(form.action, tuple(name for name, _ in form.fields)): form for form in trial.forms}
    trial.forms = [form for form in distinct.values() if not form.action.endswith("/sign-out/")]


TABS = ("overview", "why", "timeline", "purchases", "notes", "history")


def send_hostile_requests(trial: Trial, chance: random.Random, many: int) -> None:
    """Send so many requests, of every sort in turn."""
    names, endpoints = parameters(), [address for address in addresses() if address.name not in LEFT_OUT]
    sorts: tuple[Callable[..., None], ...] = (_address, _query, _form, _form, _form, _body, _api, _header)
    for number in range(many):
        sorts[number % len(sorts)](trial, chance, names, endpoints)


def _path(trial: Trial, chance: random.Random, endpoints: list[Any], *, spoil: bool) -> str:
    endpoint = chance.choice(endpoints)
    arguments = {name: trial.run if name == "run_id" else PATH_ARGUMENTS.get(name, "1") for name in endpoint.arguments}
    path = endpoint.path(trial.run)
    for name in endpoint.arguments:
        if spoil or chance.random() < 0.3:
            path = path.replace(
                str(arguments[name]), quote(value(chance) if spoil else chance.choice(KEYS), safe=""), 1
            )
    return str(path)


def _address(trial: Trial, chance: random.Random, names: list[str], endpoints: list[Any]) -> None:
    path = _path(trial, chance, endpoints, spoil=True)
    method = chance.choice(["get", "post"])
    ask = getattr(trial.client, method)
    trial.send(f"{method} {path}", lambda: ask(path))


def _query(trial: Trial, chance: random.Random, names: list[str], endpoints: list[Any]) -> None:
    path = _path(trial, chance, endpoints, spoil=False)
    query = {chance.choice(names): value(chance) for _ in range(chance.choice([1, 3, 30]))}
    method = chance.choice(["get", "get", "post"])
    ask = getattr(trial.client, method)
    trial.send(f"{method} {path} {query}", lambda: ask(path, query))


def _form(trial: Trial, chance: random.Random, names: list[str], endpoints: list[Any]) -> None:
    form = chance.choice(trial.forms)
    sent: dict[str, list[str]] = {}
    for name, initial in form.fields:
        sent.setdefault(name, []).append(initial)
    for name in chance.sample(sorted(sent), min(len(sent), chance.choice([0, 1, 1, 2, 5]))):
        sent[name] = [value(chance)] if chance.random() < 0.9 else [value(chance), value(chance)]
    if chance.random() < 0.1 and sent:
        sent.pop(chance.choice(sorted(sent)))
    if "seen" in sent and "/edit/" in form.action and chance.random() < 0.9:
        draft = SchemeDraft.objects.filter(scheme=form.action.split("/")[2]).first()
        sent["seen"] = [draft.at.isoformat() if draft else ""]
    action = form.action if chance.random() < 0.95 else _path(trial, chance, endpoints, spoil=False)
    headers = {"HX-Request": "true"} if chance.random() < 0.2 else {}
    ask = trial.client.post if form.method == "post" else trial.client.get
    trial.send(f"{form.method} {action} {sent}", lambda: ask(action, sent, headers=headers))


def _body(trial: Trial, chance: random.Random, names: list[str], endpoints: list[Any]) -> None:
    """Send a corrupted body to the REST API, or one that is not JSON."""
    path = chance.choice(sorted(BODIES))
    body = json.dumps(spoilt(BODIES[path], chance), default=str)
    if chance.random() < 0.15:
        place = chance.randrange(len(body))
        body = (
            body[:place] + chance.choice(["\\u0000", "\\ud800", "1e99999999", "NaN", "{" * 900, "", '"']) + body[place:]
        )
    _program(trial, "post", path, body)


def _api(trial: Trial, chance: random.Random, names: list[str], endpoints: list[Any]) -> None:
    path = chance.choice(API_PATHS)
    if chance.random() < 0.4:
        path = path.replace(chance.choice(["value", "c001", "high", "1"]), quote(value(chance), safe=""))
    query = {
        chance.choice(["limit", "cursor", "since", "fields", "scheme", "language", "form", *names[:5]]): value(chance)
    }
    _program(trial, chance.choice(["get", "get", "get", "delete"]), path, query)


def _program(trial: Trial, method: str, path: str, data: Any) -> None:
    ask = getattr(Client(raise_request_exception=False, headers={"Authorization": f"Bearer {trial.token}"}), method)
    more = {"content_type": "application/json"} if method == "post" else {}
    sent = data if method != "delete" else None
    answer = trial.send(f"api {method} {path} {data}", lambda: ask(f"/api/v1{path}", sent, **more))
    if answer.status_code == 401:
        trial.sign_in()


def _header(trial: Trial, chance: random.Random, names: list[str], endpoints: list[Any]) -> None:
    path, name = _path(trial, chance, endpoints, spoil=False), chance.choice(HEADERS)
    header = value(chance).replace("\r\n", " ").replace("\0", "")
    header = f'sessionid="{header[:50]}\\000"; theme={header[:200]}' if name == "Cookie" else header
    header = header.encode().decode("latin-1")
    ask = (Client(raise_request_exception=False) if name == "Cookie" else trial.client).get
    trial.send(f"{path} {name}: {header}", lambda: ask(path, headers={name: header}))


def test_hostile_requests_are_refused(trial: Trial) -> None:
    crawl(trial)
    send_hostile_requests(trial, random.Random(1), 400)
    assert trial.failures == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(5))
def test_many_hostile_requests_are_refused(trial: Trial, seed: int) -> None:
    crawl(trial)
    send_hostile_requests(trial, random.Random(100 + seed), 2_000)
    print(dict(trial.statuses), trial.slowest)
    assert trial.failures == []
