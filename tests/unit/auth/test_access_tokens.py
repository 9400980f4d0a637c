"""An access token is believed only as we signed it, and for a quarter of an hour."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.auth.tokens import RING, AccessRefused, read_access, sign_access
from backend.kit.tokens import Secrets

OLD, NEW = "the-former-secret-of-the-tests-0", "the-secret-key-of-the-tests-0123"
RING_NOW = Secrets(NEW).ring(RING)
NOW = datetime(2026, 11, 2, 9, 30, 0, 500_000, tzinfo=UTC)
CLAIMS: dict[str, Any] = {"sub": "42", "scope": "user", "iat": 1793611800, "exp": 1793612700}


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, RING_NOW.keys[RING_NOW.newest], "HS256", headers={"kid": RING_NOW.newest})


def refused(token: str, now: datetime = NOW) -> bool:
    try:
        read_access(RING_NOW, token, now)
    except AccessRefused:
        return True
    return False


def test_a_token_says_who_asks_and_what_for() -> None:
    access = read_access(RING_NOW, sign_access(RING_NOW, 42, NOW), NOW)

    assert (access.user_id, access.scopes) == (42, {"user"})


def test_scopes_are_words_so_that_there_can_be_more_of_them() -> None:
    access = read_access(RING_NOW, sign_access(RING_NOW, 42, NOW, scope="user partner"), NOW)

    assert access.scopes == {"user", "partner"}


def test_a_token_is_good_for_a_quarter_of_an_hour_by_our_clock() -> None:
    token = sign_access(RING_NOW, 42, NOW)

    assert not refused(token, NOW + timedelta(minutes=14, seconds=59))
    assert refused(token, NOW + timedelta(minutes=15))
    assert not refused(sign_access(RING_NOW, 42, NOW - timedelta(days=3650)), NOW - timedelta(days=3650))


def test_after_a_change_of_the_secret_key_old_tokens_go_on_working_until_it_is_dropped() -> None:
    before = sign_access(Secrets(OLD).ring(RING), 42, NOW)
    both = Secrets(NEW, OLD).ring(RING)

    assert read_access(both, before, NOW).user_id == 42
    assert jwt.get_unverified_header(sign_access(both, 42, NOW))["kid"] == Secrets(NEW).ring(RING).newest
    assert refused(before)


def test_a_key_of_another_purpose_signs_nothing() -> None:
    other = Secrets(NEW).ring("order-mac")

    assert refused(sign_access(other, 42, NOW))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_a_signature_is_refused(algorithm: str) -> None:
    header = {"alg": algorithm, "typ": "JWT", "kid": RING_NOW.newest}

    assert refused(f"{part(header)}.{part(CLAIMS)}.")
    assert refused(f"{part(header)}.{part(CLAIMS)}.AA")
    assert refused(f"{part(header)}.{part(CLAIMS)}")


def test_another_algorithm_is_refused_even_with_the_right_key() -> None:
    """Signed by hand: PyJWT warns that the key is short for these."""

    def signed_by_hand(algorithm: str, digest: str) -> str:
        lines = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': RING_NOW.newest})}.{part(CLAIMS)}"
        signature = hmac.digest(RING_NOW.keys[RING_NOW.newest], lines.encode(), digest)
        return f"{lines}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

    assert not refused(signed_by_hand("HS256", "sha256"))
    assert refused(signed_by_hand("HS384", "sha384"))
    assert refused(signed_by_hand("HS512", "sha512"))


@pytest.mark.parametrize(
    "algorithm", ["RS256", "ES256", "PS256", "EdDSA", "HS1", "hs256", "", None, 1, ["HS256"], {"a": 1}]
)
def test_a_token_cannot_choose_how_it_is_checked(algorithm: object) -> None:
    genuine = sign_access(RING_NOW, 42, NOW)
    _, claims, signature = genuine.split(".")

    assert refused(f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': RING_NOW.newest})}.{claims}.{signature}")


@pytest.mark.parametrize("kid", ["", "x", "../../etc/passwd", "0' or 1=1", None, 1, True, [], {}, "\0", "\ud800"])
def test_an_unknown_key_is_refused(kid: object) -> None:
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}

    assert refused(f"{part(header)}.{part(CLAIMS)}.AA")
    assert refused(f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(CLAIMS)}.AA")


@pytest.mark.parametrize(
    "change",
    [
        {"sub": None},
        {"sub": 42},
        {"sub": ""},
        {"sub": "anna"},
        {"sub": "-1"},
        {"sub": "1.5"},
        {"scope": None},
        {"scope": ["user"]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1793612700.5},
        {"exp": True},
    ],
)
def test_claims_of_another_form_are_refused(change: dict[str, Any]) -> None:
    claims = {**CLAIMS, **change}

    assert refused(signed(claims))
    assert refused(signed({name: value for name, value in claims.items() if value is not None}))


def test_every_changed_character_is_noticed() -> None:
    token = sign_access(RING_NOW, 42, NOW)

    kept = [
        at
        for at, character in enumerate(token)
        if not refused(token[:at] + ("A" if character != "A" else "B") + token[at + 1 :])
    ]

    assert kept == []


def test_claims_under_the_signature_of_others_are_refused() -> None:
    header, _, signature = sign_access(RING_NOW, 42, NOW).split(".")

    assert refused(f"{header}.{part({**CLAIMS, 'sub': '1'})}.{signature}")


@given(st.text() | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}"))
def test_whatever_else_is_presented_is_refused(token: str) -> None:
    assert refused(token)


@pytest.mark.parametrize("nested", ["[" * 40_000, '{"a":' * 10_000])
def test_a_header_that_is_nested_without_end_is_refused(nested: str) -> None:
    header = base64.urlsafe_b64encode(nested.encode()).decode().rstrip("=")

    assert refused(f"{header}.{part(CLAIMS)}.AA")
