"""Orders of CoinGate become snapshots, whatever is in them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.money import Currency, Money
from backend.payments.providers.base import PaymentState, RefundSnapshot, Snapshot
from backend.payments.providers.coingate.objects import STATES, amount, order, order_ref, refund

PID = "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11"
MAC = "1.tDYWghGnpEIxYkjjayt1VI-LVhVNX3tAPAVTT48Gc9I"
PAGE = "https://pay.coingate.com/invoice/a275c4a1-fc54-45b1-a98a-66652e338fb2"
ODD: list[object] = [None, True, 5, -1, 1.5, "", "text", "\0", "\ud800", [], {}, [[]], "x" * 5000, 10**400]


def body(**changes: Any) -> dict[str, Any]:
    return {
        "id": 538,
        "status": "new",
        "title": "Subscription 30 days",
        "orderable_type": "ApiApp",
        "orderable_id": 3,
        "price_currency": "RUB",
        "price_amount": "299.0",
        "receive_currency": "",
        "created_at": "2026-10-01T14:02:41+00:00",
        "order_id": f"{PID}.{MAC}",
        "payment_url": PAGE,
        "underpaid_amount": "0",
        "overpaid_amount": "0",
        "refunds": [],
        **changes,
    }


def read(**changes: Any) -> Snapshot:
    snapshot = order(body(**changes), account="app-3", test=True)
    assert snapshot is not None
    return snapshot


def test_a_new_order_waits_and_says_where_it_is_paid() -> None:
    assert read() == Snapshot(
        ref="538",
        state=PaymentState.PENDING,
        provider_status="new",
        amount=Money(29900, Currency.RUB),
        account="app-3",
        test=True,
        pid=PID,
        mac=MAC,
        url=PAGE,
        created_at=datetime(2026, 10, 1, 14, 2, 41, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("new", PaymentState.PENDING),
        ("pending", PaymentState.PENDING),
        ("confirming", PaymentState.CONFIRMING),
        ("paid", PaymentState.SUCCEEDED),
        ("refunded", PaymentState.SUCCEEDED),
        ("partially_refunded", PaymentState.SUCCEEDED),
        ("invalid", PaymentState.CANCELED),
        ("expired", PaymentState.CANCELED),
        ("canceled", PaymentState.CANCELED),
        ("on_the_moon", PaymentState.PENDING),
        ("PAID", PaymentState.PENDING),
    ],
)
def test_a_status_is_a_state_and_only_paid_is_paid(status: str, state: PaymentState) -> None:
    snapshot = read(status=status, paid_at="2026-10-01T14:04:32+00:00")

    assert (snapshot.state, snapshot.provider_status) == (state, status)
    assert (snapshot.paid_at is not None) == (state is PaymentState.SUCCEEDED)
    assert snapshot.reason == (status if state is PaymentState.CANCELED else None)
    assert snapshot.url == (PAGE if state in (PaymentState.PENDING, PaymentState.CONFIRMING) else None)


@pytest.mark.parametrize("under", ["0", "0.00016069", "5", None, "strange"])
@pytest.mark.parametrize("over", ["0", "0.1", None, []])
def test_what_was_sent_too_little_or_too_much_changes_nothing(under: object, over: object) -> None:
    told = {"underpaid_amount": under, "overpaid_amount": over}

    assert read(status="paid", **told) == read(status="paid")
    assert read(status="pending", **told) == read(status="pending")


def test_the_token_is_our_signature_where_it_is_told() -> None:
    assert read(token=MAC).mac == MAC
    assert read(token="another").mac == MAC
    assert read(order_id=PID, token="another").mac == "another"
    assert read(order_id=PID, token=MAC).mac == MAC
    assert (read(order_id=PID).pid, read(order_id=PID).mac) == (PID, None)


@pytest.mark.parametrize("order_id", [None, "", 5, [], "\0", "x" * 5000])
def test_an_order_of_somebody_else_is_nobodys(order_id: object) -> None:
    snapshot = read(order_id=order_id)

    assert (snapshot.pid, snapshot.mac) == (None, None)


@pytest.mark.parametrize(
    ("value", "minor"),
    [
        ("299.0", 29900),
        ("299.00", 29900),
        ("299.000000", 29900),
        ("299", 29900),
        ("10.0", 1000),
        ("0.01", 1),
        ("0.010", 1),
        ("0", 0),
        ("1000", 100000),
        (299, 29900),
        (Decimal("299.5"), 29950),
        (Decimal("4.50"), 450),
    ],
)
def test_amounts_are_read_exactly_however_many_zeros_they_end_with(value: object, minor: int) -> None:
    assert amount(value, Currency.EUR) == Money(minor, Currency.EUR)


@pytest.mark.parametrize(
    "value",
    [*ODD[:2], *ODD[3:], "1.005", "1,00", "1e3", "-1.00", " 299", "299.0\n", ".5", "0" * 60_000, "NaN", "٣", "0299"],
)
def test_an_amount_that_is_not_exact_is_none(value: object) -> None:
    assert amount(value, Currency.RUB) is None


@given(st.integers(0, 10**14 - 1), st.integers(0, 6))
def test_every_amount_survives_the_way(minor: int, zeros: int) -> None:
    money = Money(minor, Currency.RUB)

    assert amount(money.decimal() + "0" * zeros, Currency.RUB) == money
    assert amount(str(Decimal(money.decimal()).normalize().__format__("f")), Currency.RUB) == money


@pytest.mark.parametrize("currency", ["USD", "XTR", "rub", "", None, 5, []])
def test_a_price_in_another_currency_is_unreadable(currency: object) -> None:
    assert read(price_currency=currency).amount is None


@pytest.mark.parametrize("value", ["0", 0, -1, True, 1.5, "007", "5a", "", "9" * 19, "²", None, [], "2d8f0e8d"])
def test_what_is_no_id_is_none(value: object) -> None:
    assert order_ref(value) is None
    assert order(body(id=value), account="app-3", test=True) is None


def given_back(entry: int, sum_: str, status: str = "completed", at: str = "2026-10-02") -> dict[str, Any]:
    return {
        "id": entry,
        "request_amount": sum_,
        "refund_amount": "0.0004862",
        "status": status,
        "created_at": f"{at}T11:01:50+00:00",
        "order": {"id": 538},
    }


def refunded(minor: int) -> RefundSnapshot:
    return RefundSnapshot(f"cg-538-{minor}", "538", "succeeded", Money(minor, Currency.RUB), in_all=True)


@pytest.mark.parametrize("first", [8, 9, 10])
def test_a_refund_is_all_that_went_back_and_named_after_its_sum(first: int) -> None:
    parts = [given_back(9, "50.5", at="2026-10-03"), given_back(8, "100.0"), given_back(10, "1.0", "rejected")]
    entries = sorted(parts, key=lambda entry: (entry["id"] != first, entry["id"]))

    assert refund(body(status="partially_refunded", refunds=entries)) == refunded(15050)
    assert read(status="partially_refunded", refunds=entries).refunded_minor == 15050


def test_a_refunded_order_gave_back_everything_whatever_its_entries_say() -> None:
    entries = [given_back(8, "100.0"), given_back(9, "strange")]

    assert refund(body(status="refunded", refunds=entries)) == refunded(29900)
    assert read(status="refunded", refunds=entries).refunded_minor == 29900
    assert read(status="refunded", refunds=None).refunded_minor == 29900


def test_never_more_is_given_back_than_was_paid() -> None:
    entries = [given_back(8, "200.0"), given_back(9, "200.0")]

    assert read(status="partially_refunded", refunds=entries).refunded_minor == 29900


@pytest.mark.parametrize("status", ["paid", "canceled", "pending", "new"])
def test_entries_count_only_when_the_status_says_so(status: str) -> None:
    assert read(status=status, refunds=[given_back(8, "100.0")]).refunded_minor == 0


@pytest.mark.parametrize("status", ["pending", "processing", "rejected", "novel", None])
def test_a_refund_that_is_not_completed_gave_nothing_back(status: Any) -> None:
    assert refund(body(status="partially_refunded", refunds=[given_back(8, "100.0", status)])) is None


@pytest.mark.parametrize(
    "entries",
    [
        *([], None, [given_back(8, "strange")], [{"status": "completed"}]),
        *[[given_back(8, "10.0"), given_back(9, unread)] for unread in ("3.333", "strange", "")],
    ],
)
def test_a_part_of_which_nothing_tells_how_much_is_known_to_be_unknown(entries: Any) -> None:
    partly = {"status": "partially_refunded", "refunds": entries}

    assert refund(body(**partly)) == RefundSnapshot("cg-538-unknown", "538", "succeeded", None)
    assert read(**partly).refunded_minor is None


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
@pytest.mark.parametrize("name", sorted(body()))
def test_no_field_surprises(name: str, odd: object) -> None:
    for status in STATES:
        order({**body(status=status), name: odd}, account="app-3", test=True)
    order(body(status="refunded", refunds=[{**given_back(8, "100.0"), name: odd}, odd]), account="app-3", test=True)


@given(st.dictionaries(st.sampled_from(sorted(body())), st.sampled_from(ODD) | st.text() | st.integers()))
def test_no_order_surprises(changes: dict[str, Any]) -> None:
    snapshot = order(body(**changes), account="app-3", test=False)

    assert (
        snapshot is None
        or snapshot.refunded_minor is None
        or 0 <= snapshot.refunded_minor <= (snapshot.amount.minor if snapshot.amount else 0)
    )
