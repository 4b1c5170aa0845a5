"""Tokens: limited to their creator's rights, recognised by their text, invalid once revoked or expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.conftest import Person

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.connect.actions import (
    NoSuchToken,
    ScopeBeyondRights,
    TokenExpired,
    TokenExpiresBefore,
    TokenIdle,
    TokenNeedsName,
    TokenNeedsScope,
    TokenRevoked,
    TokenUnknown,
    UnknownScope,
    authenticate,
    create_token,
    revoke_token,
)
from custrata.apps.connect.models import Token
from custrata.errors import CustrataError
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
AT = datetime(2025, 8, 1, tzinfo=UTC)
READ = "read:schemes"


@pytest.fixture
def ann(person: Person) -> User:
    return person(Role.ADMINISTRATOR)


def make(actor: User, **other: Any) -> tuple[Token, str]:
    defaults: dict[str, Any] = {"name": "Till", "scopes": [READ], "expires_at": None}
    return create_token(**{**defaults, **other}, actor=actor, at=AT)


def test_a_token_is_recognised_by_its_text_and_only_a_digest_is_kept(ann: User) -> None:
    token, text = make(ann)
    assert authenticate(text, AT) == token
    assert text.startswith(f"cst_{token.key}_")
    assert text.split("_", 2)[2] not in str(vars(Token.objects.get()))


def test_the_audit_says_who_made_it_and_not_what_it_is(ann: User) -> None:
    _, text = make(ann, scopes=["write:schemes", READ])
    written = Change.objects.get()
    assert (written.action, written.actor_name, written.subject) == ("connect.make_token", "administrator", "token")
    assert written.after == {"scopes": [READ, "write:schemes"], "expires_at": None}
    assert text.split("_", 2)[2] not in str(vars(written))


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"name": "  "}, TokenNeedsName),
        ({"scopes": []}, TokenNeedsScope),
        ({"scopes": ["read:minds"]}, UnknownScope),
        ({"expires_at": AT}, TokenExpiresBefore),
    ],
)
def test_what_does_not_make_a_token_is_refused_and_nothing_is_kept(
    ann: User, wrong: dict[str, object], refusal: type[CustrataError]
) -> None:
    with pytest.raises(refusal):
        make(ann, **wrong)
    assert not Token.objects.exists()
    assert not Change.objects.exists()


def test_nobody_makes_a_token_for_more_than_they_may_do(person: Person) -> None:
    with pytest.raises(ScopeBeyondRights):
        make(person(Role.ANALYST), scopes=["write:schemes"])


@pytest.mark.parametrize("spoilt", ["", "cst_", "cst__x", "x", "cst_000000000000_y", "{}x", "x{}", "\udcff"])
def test_no_other_text_is_recognised(ann: User, spoilt: str) -> None:
    _, text = make(ann)
    with pytest.raises(TokenUnknown):
        authenticate(spoilt.format(text), AT)


def test_a_revoked_token_is_over_and_is_not_revoked_twice(ann: User) -> None:
    token, text = make(ann)
    revoke_token(number=token.pk, actor=ann, at=AT)
    with pytest.raises(TokenRevoked):
        authenticate(text, AT)
    with pytest.raises(NoSuchToken):
        revoke_token(number=token.pk, actor=ann, at=AT)
    assert Change.objects.filter(action="connect.revoke_token").count() == 1


def test_a_token_runs_out_at_its_instant(ann: User) -> None:
    token, text = make(ann, expires_at=AT + timedelta(days=30))
    assert authenticate(text, AT + timedelta(days=30, microseconds=-1)) == token
    with pytest.raises(TokenExpired):
        authenticate(text, AT + timedelta(days=30))


def test_a_token_is_idle_while_its_creator_is_deactivated(ann: User) -> None:
    _, text = make(ann)
    User.objects.update(is_active=False)
    with pytest.raises(TokenIdle):
        authenticate(text, AT)


def test_its_use_is_noted_once_a_minute(ann: User, django_assert_num_queries: Any) -> None:
    _, text = make(ann)
    with django_assert_num_queries(2):
        authenticate(text, AT)
    with django_assert_num_queries(1):
        authenticate(text, AT + timedelta(seconds=59))
    authenticate(text, AT + timedelta(seconds=60))
    assert Token.objects.get().last_used_at == AT + timedelta(seconds=60)
