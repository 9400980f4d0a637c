"""Payment and refund objects: the documented ones are read whole, odd ones never raise."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.money import Currency, Money
from backend.payments.providers.base import PaymentState, RefundSnapshot, SavedInstrument, Snapshot
from backend.payments.providers.yookassa.objects import amount, parse, payment, refund

SAMPLES = Path(__file__).parents[2] / "data" / "yookassa"
MAC = "1.yKKJ7LQP85ewKRxafpgerRfvhBhIlJf7VCimQCAV5go"
REF = "2d8f0e8d-000f-5000-8000-18db351245c7"

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
FIELDS = ["id", "status", "amount", "recipient", "metadata", "confirmation", "created_at", "captured_at", "test"]
INNER = ["value", "currency", "account_id", "pid", "mac", "confirmation_url", "reason"]
objects = st.dictionaries(
    st.sampled_from([*FIELDS, "payment_id", "refunded_amount", "cancellation_details", "novelty"]),
    values | st.dictionaries(st.sampled_from(INNER), values),
)


def sample(name: str) -> dict[str, Any]:
    return parse((SAMPLES / f"{name}.json").read_bytes())


def pending(**changes: Any) -> dict[str, Any]:
    return sample("payment") | changes


def read(**changes: Any) -> Snapshot:
    snapshot = payment(pending(**changes))
    assert snapshot is not None
    return snapshot


def test_a_payment_just_created_is_read_whole() -> None:
    assert payment(sample("payment")) == Snapshot(
        ref=REF,
        state=PaymentState.PENDING,
        provider_status="pending",
        amount=Money(29900, Currency.RUB),
        account="100500",
        test=False,
        pid="018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
        mac=MAC,
        url=f"https://yoomoney.ru/checkout/payments/v2/contract?orderId={REF}",
        refunded_minor=None,
        created_at=datetime(2026, 10, 1, 10, 51, 18, 139000, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("payment.succeeded", PaymentState.SUCCEEDED, None),
        ("payment.canceled", PaymentState.CANCELED, "expired_on_confirmation"),
        ("payment.waiting_for_capture", PaymentState.CONFIRMING, None),
    ],
)
def test_every_documented_status_has_its_state(name: str, state: PaymentState, reason: str | None) -> None:
    snapshot = payment(sample(name)["object"])

    assert snapshot is not None
    assert (snapshot.state, snapshot.reason) == (state, reason)


def test_a_paid_payment_says_when() -> None:
    snapshot = payment(sample("payment.succeeded")["object"])

    assert snapshot is not None
    assert snapshot.paid_at == datetime(2026, 10, 1, 10, 53, 29, 72000, tzinfo=UTC)


def test_a_status_nobody_heard_of_waits_and_is_kept_as_it_came() -> None:
    snapshot = read(status="in_limbo", payment_method={"type": "telepathy"}, cancellation_details={"reason": "moon"})

    assert (snapshot.state, snapshot.provider_status, snapshot.reason) == (PaymentState.PENDING, "in_limbo", "moon")


@pytest.mark.parametrize("flag", [True, False, "true", "false", 1, 0, []])
def test_only_a_plain_false_is_real_money(flag: object) -> None:
    assert read(test=flag).test is (flag is not False)


@pytest.mark.parametrize("told", [{}, {"test": None, "recipient": None}, {"recipient": {"gateway_id": "1"}}])
def test_what_is_not_told_of_account_and_mode_is_none(told: dict[str, Any]) -> None:
    bare = {name: value for name, value in sample("payment").items() if name not in ("test", "recipient")}

    snapshot = payment(bare | told)

    assert snapshot is not None
    assert (snapshot.account, snapshot.test) == (None, None)


@pytest.mark.parametrize("account", [[], ["100500"], True, "", "100500\0", 1.5])
def test_an_account_that_cannot_be_read_is_not_one_that_was_not_told(account: object) -> None:
    assert read(recipient={"account_id": account}).account == "?"
    assert read(recipient=[account]).account == "?"


def test_a_kept_card_is_read_from_a_paid_payment() -> None:
    snapshot = payment(sample("payment.succeeded")["object"])

    assert snapshot is not None
    assert snapshot.saved == SavedInstrument(REF, "bank_card", "*4477", "2030-12")


@pytest.mark.parametrize(
    ("changes", "saved"),
    [
        (
            {"payment_method": {"type": "yoo_money", "id": "m1", "saved": True, "account_number": "4100118311"}},
            "*8311",
        ),
        ({"payment_method": {"type": "sbp", "id": "m1", "saved": True, "title": "SBP"}}, None),
        ({"payment_method": {"type": "digital_ruble", "id": "m1", "saved": True, "title": "Wallet"}}, None),
        ({"payment_method": {"type": "bank_card", "id": "m1", "saved": True}}, "bank_card"),
        ({"payment_method": {"type": "bank_card", "id": "m1", "saved": False}}, None),
        ({"payment_method": {"type": "bank_card", "id": "m1", "saved": "true"}}, None),
        ({"payment_method": {"type": "bank_card", "saved": True}}, None),
        ({"payment_method": ["saved"]}, None),
        ({"status": "canceled"}, None),
        ({"status": "waiting_for_capture"}, None),
    ],
)
def test_only_what_is_paid_and_certainly_kept_may_be_charged_again(changes: Any, saved: str | None) -> None:
    snapshot = payment(sample("payment.succeeded")["object"] | changes)

    assert snapshot is not None
    assert (snapshot.saved and snapshot.saved.title) == saved


def test_the_fiscal_receipt_is_read_as_it_stands() -> None:
    assert read(receipt_registration="canceled").receipt == "canceled"
    assert read().receipt is None


def test_money_given_back_is_counted() -> None:
    assert read(refunded_amount={"value": "99.50", "currency": "RUB"}).refunded_minor == 9950
    assert read(refunded_amount={"value": "0.00", "currency": "RUB"}).refunded_minor == 0
    assert read(refunded_amount=None).refunded_minor is None


@pytest.mark.parametrize(
    ("raw", "minor"),
    [
        ('"299.00"', 29900),
        ('"299"', 29900),
        ("299.00", 29900),
        ("299", 29900),
        ("0.1", 10),
        ('"299.000"', None),
        ('"2,99"', None),
        ('"-1.00"', None),
        ('"1e3"', None),
        ("1e3", None),
        ("-1", None),
        ("true", None),
        ("null", None),
        ('"٢٩٩"', None),
        ('" 299.00"', None),
        ('{"value": "299.00"}', None),
        ("9" * 4000, None),
    ],
)
def test_an_amount_is_exact_or_not_read(raw: str, minor: int | None) -> None:
    body = parse(f'{{"value": {raw}, "currency": "RUB"}}'.encode())

    assert amount(body) == (None if minor is None else Money(minor, Currency.RUB))


@pytest.mark.parametrize("currency", ["USD", "XTR", "rub", "", None, 643, ["RUB"]])
def test_an_amount_in_another_currency_is_not_read(currency: object) -> None:
    assert amount({"value": "299.00", "currency": currency}) is None


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "", "x" * 5000, 7, None, ["x"]])
def test_text_a_database_could_not_keep_is_not_read(value: object) -> None:
    snapshot = read(metadata={"pid": value, "mac": value}, cancellation_details={"reason": value})

    assert (snapshot.pid, snapshot.reason) == (None, None)
    assert payment(pending(id=value)) is None
    assert payment(pending(status=value)) is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "tg://resolve", "", 5, None])
def test_a_page_that_is_none_is_not_shown(url: object) -> None:
    assert read(confirmation={"confirmation_url": url}).url is None


@pytest.mark.parametrize("time", ["yesterday", "2026-10-01T10:51:18", "0001-01-01T00:00:00+14:00", 1, None])
def test_a_time_that_is_none_is_not_read(time: object) -> None:
    assert read(created_at=time).created_at is None


@pytest.mark.parametrize("account", ["100500", 100500])
def test_an_account_number_is_text(account: object) -> None:
    assert read(recipient={"account_id": account}).account == "100500"


def test_a_refund_is_read_whole() -> None:
    assert refund(sample("refund.succeeded")["object"]) == RefundSnapshot(
        ref="216749f7-0016-50be-b000-078d43a63ae4",
        payment_ref=REF,
        state="succeeded",
        amount=Money(29900, Currency.RUB),
        receipt="pending",
        created_at=datetime(2026, 10, 3, 19, 27, 51, 407000, tzinfo=UTC),
    )


def test_a_refund_status_nobody_heard_of_waits() -> None:
    read = refund(sample("refund.succeeded")["object"] | {"status": "in_limbo"})

    assert read is not None
    assert read.state == "pending"


def test_a_refund_is_no_payment_and_a_list_is_neither() -> None:
    assert refund(sample("payment")) is None
    assert payment({"type": "list", "items": []}) is None
    assert refund({"type": "list", "items": []}) is None


@given(body=objects)
def test_no_object_surprises(body: dict[str, Any]) -> None:
    assert isinstance(payment(body), Snapshot | None)
    assert isinstance(refund(body), RefundSnapshot | None)


@given(changes=objects.map(lambda body: body | {"id": REF, "status": "succeeded"}))
def test_what_is_read_can_be_written_down(changes: dict[str, Any]) -> None:
    snapshot = payment(sample("payment") | changes)

    assert snapshot is not None
    for value in (snapshot.pid, snapshot.reason, snapshot.url, snapshot.account, snapshot.provider_status):
        assert value is None or ("\0" not in value and value.encode())


@given(body=st.binary() | values.map(lambda value: json.dumps(value, default=str).encode()))
def test_reading_bytes_gives_an_object_or_a_value_error(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse(body), dict)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": 1e99999999999999999999}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"1" * 5000 + b"}",
        '{"a": "б"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"{}\0",
    ],
)
def test_bytes_meant_to_break_readers_are_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(body)
