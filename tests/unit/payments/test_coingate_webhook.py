"""Callbacks of CoinGate, JSON or form: which order they are about, and that no body breaks the reader."""

import contextlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.errors import Invalid
from backend.kit.money import Currency, Money
from backend.payments.providers.base import Hint, PaymentState
from backend.payments.providers.coingate.answers import read_callback

PID = "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11"
MAC = "1.tDYWghGnpEIxYkjjayt1VI-LVhVNX3tAPAVTT48Gc9I"
PAID: dict[str, Any] = {
    "id": 390104,
    "order_id": f"{PID}.{MAC}",
    "status": "paid",
    "price_amount": "299.0",
    "price_currency": "RUB",
    "pay_amount": "0.00016069",
    "pay_currency": "BTC",
    "receive_amount": "0.000152",
    "receive_currency": "BTC",
    "underpaid_amount": "0.00016069",
    "overpaid_amount": "0",
    "is_refundable": False,
    "created_at": "2026-10-01T14:03:59+00:00",
    "paid_at": "2026-10-01T14:04:32+00:00",
    "fees": [{"type": "processing_fee", "amount": "0.000002", "currency": {"id": 1, "symbol": "BTC"}}],
    "token": MAC,
}
HINT = Hint(
    event="order.paid",
    object_id="390104",
    ref="390104",
    claims=PaymentState.SUCCEEDED,
    pid=PID,
    mac=MAC,
    amount=Money(29900, Currency.RUB),
)


def as_json(**changes: Any) -> bytes:
    return json.dumps({**PAID, **changes}).encode()


def as_form(**changes: Any) -> bytes:
    flat = {**PAID, **changes}
    del flat["fees"]
    return urlencode({**flat, "fees[][type]": "processing_fee", "fees[][currency][id]": "1"}, safe="[]").encode()


@pytest.mark.parametrize("write", [as_json, as_form])
def test_a_callback_names_its_order_in_either_format(write: Any) -> None:
    assert read_callback(write()) == HINT


@pytest.mark.parametrize("write", [as_json, as_form])
def test_a_byte_order_mark_before_a_callback_is_no_part_of_it(write: Any) -> None:
    assert read_callback(b"\xef\xbb\xbf" + write()) == HINT


@pytest.mark.parametrize("write", [as_json, as_form])
@pytest.mark.parametrize(
    ("status", "claims"),
    [
        ("pending", PaymentState.PENDING),
        ("confirming", PaymentState.CONFIRMING),
        ("invalid", PaymentState.CANCELED),
        ("expired", PaymentState.CANCELED),
        ("canceled", PaymentState.CANCELED),
        ("refunded", PaymentState.SUCCEEDED),
        ("partially_refunded", PaymentState.SUCCEEDED),
        ("on_the_moon", None),
    ],
)
def test_every_status_is_an_event_of_its_own(write: Any, status: str, claims: PaymentState | None) -> None:
    hint = read_callback(write(status=status))

    assert hint is not None
    assert (hint.event, hint.claims, hint.refund_ref) == (f"order.{status}", claims, None)


@pytest.mark.parametrize("write", [as_json, as_form])
@pytest.mark.parametrize(
    ("order_id", "token", "mac"),
    [
        (f"{PID}.{MAC}", "forged", "forged"),
        (f"{PID}.{MAC}", "", MAC),
        (f"{PID}.{MAC[:20]}", MAC, MAC),
        (PID, MAC, MAC),
        (PID, "forged", "forged"),
        (f"{PID}.forged", "another", "another"),
        (f"{PID}.forged", "", "forged"),
    ],
)
def test_a_token_goes_before_the_signature_in_the_order_id(write: Any, order_id: str, token: str, mac: str) -> None:
    hint = read_callback(write(order_id=order_id, token=token))

    assert hint is not None
    assert (hint.pid, hint.mac) == (PID, mac)


def less(*names: str) -> list[bytes]:
    left = {key: value for key, value in PAID.items() if key not in names}
    return [json.dumps(left).encode(), urlencode(left).encode()]


def test_without_a_token_the_signature_is_in_the_order_id() -> None:
    assert [read_callback(body) for body in less("token")] == [HINT, HINT]


@pytest.mark.parametrize("name", ["price_amount", "price_currency"])
def test_without_a_price_there_is_nothing_to_compare(name: str) -> None:
    for body in less(name):
        hint = read_callback(body)
        assert hint is not None
        assert (hint.ref, hint.pid, hint.mac, hint.amount) == (HINT.ref, PID, MAC, None)


@pytest.mark.parametrize(
    "write",
    [
        lambda form: form.replace(b"&", b"\n&"),
        lambda form: form.replace(b"&", b"&\r\n  "),
        lambda form: form + b"\n",
        lambda form: form + b"&",
        lambda form: b"&" + form.replace(b"&", b"&&"),
        lambda form: form + b"&is_refundable",
        lambda form: b"payment_address&" + form,
    ],
    ids=["lines", "indented", "newline", "trailing", "doubled", "bare", "bare first"],
)
def test_a_form_is_read_however_it_is_laid_out(write: Any) -> None:
    assert read_callback(write(as_form())) == HINT


def test_a_callback_about_a_refund_does_not_concern_us() -> None:
    refund = {
        "id": 8,
        "order_id": 390104,
        "status": "completed",
        "request_amount": "10.0",
        "refund_amount": "0.0004862",
    }

    assert read_callback(json.dumps(refund).encode()) is None
    assert read_callback(urlencode(refund).encode()) is None


def test_without_an_order_id_it_is_about_no_payment_of_ours() -> None:
    for body in less("order_id"):
        hint = read_callback(body)
        assert hint is not None
        assert (hint.ref, hint.pid) == (HINT.ref, None)


@pytest.mark.parametrize("name", ["id", "status"])
def test_without_what_every_callback_has_it_is_none(name: str) -> None:
    for body in less(name):
        with pytest.raises(Invalid):
            read_callback(body)


@pytest.mark.parametrize(
    "changes",
    [{"id": "x"}, {"id": -1}, {"id": True}, {"status": ""}, {"status": "Paid in full"}, {"status": "x" * 33}],
)
def test_an_id_or_status_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read_callback(as_json(**changes))


@pytest.mark.parametrize("changes", [{"price_amount": "1e3"}, {"price_currency": "USD"}, {"price_amount": None}])
def test_a_price_that_cannot_be_read_is_left_out(changes: dict[str, Any]) -> None:
    hint = read_callback(as_json(**changes))

    assert hint is not None
    assert hint.amount is None


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 65_537,
        b'{"a":' * 12_000,
        b"[" * 60_000,
        b"&" * 1000,
        b"a=1&" * 600 + b"b=2",
        b"\xff\xfe=1",
        b"id=1&id",
        b" ",
        b'{"id": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_coingate_does_not_send_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_callback(body)


@pytest.mark.parametrize("write", [as_json, as_form])
@pytest.mark.parametrize("place", range(0, 700, 3))
def test_a_callback_that_was_cut_never_claims_more(write: Any, place: int) -> None:
    with contextlib.suppress(Invalid):
        hint = read_callback(write()[:place])
        if hint is not None:
            assert hint.ref == HINT.ref
            assert hint.claims in (None, HINT.claims)
            assert hint.amount in (None, HINT.amount)


@given(st.binary(max_size=300))
def test_no_body_surprises(body: bytes) -> None:
    with contextlib.suppress(Invalid):
        read_callback(body)


@given(st.dictionaries(st.sampled_from(sorted(PAID)), st.none() | st.booleans() | st.integers() | st.text()))
def test_no_field_surprises(changes: dict[str, Any]) -> None:
    for write in (as_json, as_form):
        with contextlib.suppress(Invalid, UnicodeEncodeError):
            read_callback(write(**changes))
