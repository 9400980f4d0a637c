"""What an invoice in Stars carries: the documented form, and what no sender can do."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.payments.providers.stars.payload import make_payload, payload_holds, payment_of

KEY = bytes.fromhex("00112233445566778899aabbccddeeff" * 2)
KEYS = {"1": KEY}
PAYMENT = "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11"
TERMS: dict[str, Any] = {
    "provider": "stars",
    "account": "4200000042",
    "payment_id": PAYMENT,
    "order_id": "018f6a2e-7c1a-7e55-8d21-51c2a7b0e0f4",
    "user_id": 7,
    "amount_minor": 250,
    "currency": "XTR",
    "payer": "123456789",
}
DOCUMENTED = "s1.018f6a2e7c1b7d109f3e2b6f0c9d4a11.1.BqJ453afT7RBsIJxcjH-1Q"

ids = st.uuids().map(str)
people = st.integers(1, 2**53).map(str)


def test_the_payload_is_the_documented_one() -> None:
    payload = make_payload(KEYS, "1", **TERMS)

    assert payload == DOCUMENTED
    assert len(payload.encode()) == 60
    assert payment_of(payload) == PAYMENT
    assert payload_holds(KEYS, payload, **TERMS)


@given(payment_id=ids, payer=people, stars=st.integers(1, 100_000), key=st.binary(min_size=32, max_size=32))
def test_what_we_made_holds_and_fits(payment_id: str, payer: str, stars: int, key: bytes) -> None:
    terms = TERMS | {"payment_id": payment_id, "payer": payer, "amount_minor": stars}

    payload = make_payload({"0a1b2c3d": key}, "0a1b2c3d", **terms)

    assert payload_holds({"0a1b2c3d": key}, payload, **terms)
    assert payment_of(payload) == payment_id
    assert len(payload.encode()) <= 128


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("payment_id", "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a12"),
        ("payer", "123456780"),
        ("payer", ""),
        ("amount_minor", 249),
        ("currency", "RUB"),
    ],
)
def test_it_holds_for_one_payment_one_person_and_one_amount(field: str, other: Any) -> None:
    assert not payload_holds(KEYS, DOCUMENTED, **(TERMS | {field: other}))


def test_it_does_not_hold_where_nobody_knows_who_pays() -> None:
    assert not payload_holds(KEYS, DOCUMENTED, **{k: v for k, v in TERMS.items() if k != "payer"})


@given(place=st.integers(0, len(DOCUMENTED) - 1), letter=st.characters(codec="ascii"))
def test_no_letter_of_it_can_be_changed(place: int, letter: str) -> None:
    assume(DOCUMENTED[place] != letter)

    assert not payload_holds(KEYS, DOCUMENTED[:place] + letter + DOCUMENTED[place + 1 :], **TERMS)


@given(
    st.none()
    | st.integers()
    | st.binary()
    | st.text()
    | st.text().map("s1.".__add__)
    | st.text().map(DOCUMENTED.__add__)
)
def test_what_anybody_sends_instead_is_no_payload(sent: object) -> None:
    assume(sent != DOCUMENTED)

    assert not payload_holds(KEYS, sent, **TERMS)
    payment_of(sent)


def test_a_retired_key_holds_for_as_long_as_it_is_in_the_ring() -> None:
    ring = {"2": bytes(32), "1": KEY}

    assert payload_holds(ring, DOCUMENTED, **TERMS)
    assert not payload_holds({"2": bytes(32)}, DOCUMENTED, **TERMS)


@pytest.mark.parametrize(
    "other", [None, "", "s1.", "s1.x.1.y", "s2." + DOCUMENTED[3:], "s1." + "é" * 32, "s" * 10_000]
)
def test_what_names_no_payment_is_seen(other: object) -> None:
    assert payment_of(other) is None
