"""Names nobody guesses, and secrets that rest in the database."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.tokens import Secrets, Vault, new_id, new_token

SECRET, FORMER = "the-secret-of-today-0123456789", "the-secret-of-yesterday-012345"


def test_an_id_is_a_uuid_of_version_7_that_begins_with_its_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after


def test_ids_differ_and_lie_in_their_order() -> None:
    made = [new_id() for _ in range(2000)]
    assert len(set(made)) == 2000
    times = [one.int >> 80 for one in made]
    assert times == sorted(times)


def test_a_token_is_letters_and_digits_and_never_the_same() -> None:
    made = {new_token() for _ in range(2000)}
    assert len(made) == 2000
    assert all(re.fullmatch(r"[A-Za-z0-9]{22}", one) for one in made)
    assert len(new_token(16)) == 16


def test_keys_of_two_purposes_and_of_two_secrets_have_nothing_in_common() -> None:
    rings = [Secrets(secret).ring(label) for secret in (SECRET, FORMER) for label in ("order-mac", "panel-secrets")]
    keys = {key for ring in rings for key in ring.keys.values()}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}


def test_keys_stay_the_same_from_one_start_to_the_next() -> None:
    assert Secrets(SECRET).ring("order-mac") == Secrets(SECRET).ring("order-mac")
    assert Secrets(SECRET).derive_token("metrics") == Secrets(SECRET).derive_token("metrics")
    assert Secrets(SECRET).derive_token("metrics") != Secrets(FORMER).derive_token("metrics")


def test_after_a_change_the_new_secret_signs_and_the_former_still_verifies() -> None:
    ring, former = Secrets(SECRET, FORMER).ring("order-mac"), Secrets(FORMER).ring("order-mac")
    assert ring.newest != former.newest
    assert ring.newest == Secrets(SECRET).ring("order-mac").newest
    assert ring.keys[former.newest] == former.keys[former.newest]
    assert set(Secrets(SECRET, "").ring("order-mac").keys) == {ring.newest}


@given(
    text=st.text(st.characters(codec="utf-8"), max_size=200), where=st.text(st.characters(codec="utf-8"), max_size=40)
)
def test_what_is_sealed_is_opened_where_it_belongs(text: str, where: str) -> None:
    vault = Vault(Secrets(SECRET).ring("panel-secrets"))
    sealed = vault.seal(text, where)
    assert vault.open(sealed, where) == text
    with pytest.raises(ValueError, match="another row"):
        vault.open(sealed, f"{where}2")


def test_the_same_text_is_never_sealed_alike_and_does_not_show() -> None:
    vault = Vault(Secrets(SECRET).ring("panel-secrets"))
    sealed = {vault.seal("password", "server:main") for _ in range(50)}
    assert len(sealed) == 50
    assert not any("password" in one for one in sealed)


def test_what_was_sealed_before_a_change_of_the_secret_is_opened_after_it() -> None:
    sealed = Vault(Secrets(FORMER).ring("panel-secrets")).seal("text", "here")
    assert Vault(Secrets(SECRET, FORMER).ring("panel-secrets")).open(sealed, "here") == "text"
    with pytest.raises(ValueError, match="SECRET_KEY_OLD"):
        Vault(Secrets(SECRET).ring("panel-secrets")).open(sealed, "here")


@given(at=st.integers(0, 200), letter=st.sampled_from("AZaz09-_"))
def test_a_changed_letter_is_noticed(at: int, letter: str) -> None:
    vault = Vault(Secrets(SECRET).ring("panel-secrets"))
    kid, _, body = vault.seal("a text that is long enough to be changed somewhere", "here").partition(".")
    at %= len(body) - 2  # the last letters may carry unused bits
    changed = f"{body[:at]}{letter}{body[at + 1 :]}"
    if changed == body:
        return
    with pytest.raises(ValueError, match="changed"):
        vault.open(f"{kid}.{changed}", "here")
