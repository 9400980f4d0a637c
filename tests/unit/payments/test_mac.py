"""Whose order it is: vectors, and what no sender can do."""

from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from backend.payments.mac import hook_token, mac_ok, order_mac

KEY = bytes.fromhex("00112233445566778899aabbccddeeff" * 2)
TERMS: dict[str, Any] = {
    "provider": "yookassa",
    "account": "100500",
    "payment_id": "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
    "order_id": "018f6a2e-7c1a-7e55-8d21-51c2a7b0e0f4",
    "user_id": 123456789,
    "amount_minor": 29900,
    "currency": "RUB",
}

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=40)
numbers = st.integers(-(2**63), 2**63)
terms = st.fixed_dictionaries({field: numbers if field in ("user_id", "amount_minor") else words for field in TERMS})
secrets = st.binary(min_size=32, max_size=32)
anything = st.none() | st.booleans() | st.integers() | st.binary() | st.lists(st.text()) | st.text()
forgeries = (
    anything | st.text(st.characters()).map("1.".__add__) | st.text(st.characters(codec="ascii")).map("1.".__add__)
)


def test_the_signature_of_a_yookassa_payment_is_the_documented_one() -> None:
    assert order_mac({"1": KEY}, "1", **TERMS) == "1.yKKJ7LQP85ewKRxafpgerRfvhBhIlJf7VCimQCAV5go"


def test_the_signature_of_a_coingate_payment_is_the_documented_one() -> None:
    changed = TERMS | {"provider": "coingate", "account": "app-3"}

    assert order_mac({"1": KEY}, "1", **changed) == "1.tDYWghGnpEIxYkjjayt1VI-LVhVNX3tAPAVTT48Gc9I"


def test_the_webhook_address_is_the_documented_one() -> None:
    assert hook_token(KEY, "yookassa", "100500") == "_n-5-o2WvN-sxA7sZhRWkh1tBi02oVko9t6dz9CNcg4"


@pytest.mark.parametrize("field", ["provider", "account", "payment_id", "order_id", "currency"])
def test_a_newline_is_refused_so_that_fields_cannot_run_into_each_other(field: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        order_mac({"1": KEY}, "1", **(TERMS | {field: "a\nb"}))


@given(terms=terms, key=secrets)
def test_what_we_signed_verifies(terms: Any, key: bytes) -> None:
    assert mac_ok({"k": key}, order_mac({"k": key}, "k", **terms), **terms)


@given(terms=terms, other=terms, field=st.sampled_from(sorted(TERMS)))
def test_changing_any_one_field_breaks_the_signature(terms: Any, other: Any, field: str) -> None:
    assume(terms[field] != other[field])

    signed = order_mac({"1": KEY}, "1", **terms)

    assert not mac_ok({"1": KEY}, signed, **(terms | {field: other[field]}))


@given(terms=terms, position=st.integers(0, 44), letter=st.characters())
def test_changing_any_one_character_breaks_the_signature(terms: Any, position: int, letter: str) -> None:
    signed = order_mac({"1": KEY}, "1", **terms)
    assume(signed[position] != letter)

    assert not mac_ok({"1": KEY}, signed[:position] + letter + signed[position + 1 :], **terms)


@given(presented=forgeries)
@example("1.\ud800")  # JSON can carry half a character
@example("1." + "\0" * 43)
@example("." * 64)
def test_whatever_is_presented_verification_answers_no_and_never_raises(presented: object) -> None:
    assert mac_ok({"1": KEY}, presented, **TERMS) is False


@given(old=secrets, new=secrets, terms=terms)
def test_a_rotated_key_still_verifies_and_a_dropped_one_does_not(old: bytes, new: bytes, terms: Any) -> None:
    signed = order_mac({"old": old}, "old", **terms)

    assert mac_ok({"new": new, "old": old}, signed, **terms)
    assert not mac_ok({"new": new}, signed, **terms)


@given(key=secrets, other=secrets, terms=terms)
def test_a_key_id_with_another_key_behind_it_does_not_verify(key: bytes, other: bytes, terms: Any) -> None:
    assume(key != other)

    assert not mac_ok({"1": other}, order_mac({"1": key}, "1", **terms), **terms)


def test_the_webhook_address_depends_on_key_provider_and_account() -> None:
    tokens = {
        hook_token(KEY, "yookassa", "100500"),
        hook_token(KEY[::-1], "yookassa", "100500"),
        hook_token(KEY, "coingate", "100500"),
        hook_token(KEY, "yookassa", "100501"),
    }

    assert len(tokens) == 4
