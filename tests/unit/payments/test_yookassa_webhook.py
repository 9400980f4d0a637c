"""Webhooks of YooKassa: which payment they are about, and that no body breaks the reader."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.errors import Invalid
from backend.kit.money import Currency, Money
from backend.payments.providers.base import Hint, PaymentState
from backend.payments.providers.yookassa.answers import read_notification

SAMPLES = Path(__file__).parents[2] / "data" / "yookassa"
REF = "2d8f0e8d-000f-5000-8000-18db351245c7"
MINE = {"pid": "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11", "mac": "1.yKKJ7LQP85ewKRxafpgerRfvhBhIlJf7VCimQCAV5go"}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
notifications = st.fixed_dictionaries(
    {"type": st.just("notification"), "event": st.sampled_from(["payment.succeeded", "refund.succeeded"]) | values},
    optional={
        "object": values | st.dictionaries(st.sampled_from(["id", "payment_id", "amount", "metadata"]), values)
    },
)


def sample(event: str) -> bytes:
    return (SAMPLES / f"{event}.json").read_bytes()


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(sample("payment.succeeded")) | fields).encode()


def about(**fields: Any) -> bytes:
    return changed(object=json.loads(sample("payment.succeeded"))["object"] | fields)


def refunded(**fields: Any) -> bytes:
    body = json.loads(sample("refund.succeeded"))
    return json.dumps(body | {"object": body["object"] | fields}).encode()


@pytest.mark.parametrize(
    ("event", "claims"),
    [("payment.succeeded", PaymentState.SUCCEEDED), ("payment.canceled", PaymentState.CANCELED)],
)
def test_a_payment_event_names_payment_attempt_and_claim(event: str, claims: PaymentState) -> None:
    assert read_notification(sample(event)) == Hint(
        event=event, object_id=REF, ref=REF, claims=claims, amount=Money(29900, Currency.RUB), **MINE
    )


def test_held_money_is_claimed_as_confirming_and_may_be_nobodys_we_know() -> None:
    hint = read_notification(sample("payment.waiting_for_capture"))

    assert hint is not None
    assert (hint.claims, hint.pid, hint.mac) == (PaymentState.CONFIRMING, None, None)


def test_a_refund_event_is_about_the_payment_it_names() -> None:
    refund = "216749f7-0016-50be-b000-078d43a63ae4"

    assert read_notification(sample("refund.succeeded")) == Hint(
        event="refund.succeeded",
        object_id=refund,
        ref=REF,
        amount=Money(29900, Currency.RUB),
        refund_ref=refund,
    )


@pytest.mark.parametrize("event", ["payment_method.active", "payout.succeeded", "deal.closed", "payment.novelty"])
def test_events_that_do_not_concern_us_are_ignored(event: str) -> None:
    assert read_notification(changed(event=event, object={})) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"payment.succeeded"',
        b"\0\0\0\0",
        sample("payment.succeeded") + b"\0",
        sample("payment.succeeded")[:100],
        b"\xff\xfe" + sample("payment.succeeded"),
        b"[" * 60_000,
        b'{"type":"notification","event":"payment.succeeded","object":' + b'{"a":' * 10_000,
        about(description="ж" * 20_000),
        b" " * 70_000,
        changed(type="error"),
        changed(type=None),
        changed(event=None),
        changed(event=["payment.succeeded"]),
        changed(event="payment.succeeded\0"),
        changed(event="\ud800"),
        changed(object=None),
        changed(object=[]),
        about(id=None),
        about(id=12345678),
        about(id="x" * 65),
        about(id=f"{REF}\0"),
        about(id=f"{REF}\n"),
        about(id="\ud800" * 36),
        about(id="٣" * 36),
        about(id="../refunds/x"),
        about(id="."),
        about(id=".."),
        about(id=""),
        about(id="a/../b"),
        about(id="a%2Fb"),
        about(id="_a"),
        about(id="a b"),
        changed(event="refund.succeeded"),  # its object is a payment: it names none
    ],
)
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_notification(body)


@pytest.mark.parametrize(
    "ref",
    [REF, "emul_payment_624e5784-f3d6-405d-aa1b-3fc0b889cdf2", "pay_test_000001", "test-1", "a:1.0", "7", "x" * 64],
)
def test_an_id_is_whatever_they_call_it(ref: str) -> None:
    payment, refund = read_notification(about(id=ref)), read_notification(refunded(id=ref, payment_id=ref))

    assert payment is not None
    assert (payment.ref, payment.object_id, payment.claims) == (ref, ref, PaymentState.SUCCEEDED)
    assert refund is not None
    assert (refund.ref, refund.refund_ref) == (ref, ref)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", 7, None, ["x"], {"x": "y"}, "x" * 5000])
def test_a_strange_attempt_id_is_no_attempt_of_ours(value: object) -> None:
    hint = read_notification(about(metadata={"pid": value, "mac": value}))

    assert hint is not None
    assert hint.pid is None
    assert hint.mac == value  # as it came: who checks it takes anything


@pytest.mark.parametrize("value", [None, [], "299.00", {"value": "2,99", "currency": "RUB"}, {"value": "299.00"}])
def test_a_strange_amount_is_not_read(value: object) -> None:
    hint = read_notification(about(amount=value))

    assert hint is not None
    assert hint.amount is None


@given(body=st.binary() | (values | notifications).map(lambda value: json.dumps(value).encode()))
def test_no_body_surprises(body: bytes) -> None:
    with contextlib.suppress(Invalid):
        assert isinstance(read_notification(body), Hint | None)
