"""The bytes that go to CoinGate: exact, always the same, and readable again."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.money import Currency, Money
from backend.payments.providers.base import PaymentRequest, RefundRequest
from backend.payments.providers.coingate import CoinGate, Config
from backend.payments.providers.coingate.bodies import (
    COINS,
    checkout_body,
    order_body,
    read_order_body,
    refund_body,
)

PID = "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11"
MAC = "1.tDYWghGnpEIxYkjjayt1VI-LVhVNX3tAPAVTT48Gc9I"
BACK = "https://shop.example.net/return/Vq3nC0b8TzKpW5yHdR2mXs"
REQUEST = PaymentRequest(
    payment_id=PID,
    amount=Money(29900, Currency.RUB),
    method="btc",
    description="Подписка, 30 дней, заказ 10482",
    return_url=BACK,
    mac=MAC,
    callback_url="https://shop.example.net/webhooks/coingate/token",
)
CONFIG = Config(_env_file=None, api_key="abc", app_label="app-3")


def sent(request: PaymentRequest, config: Config = CONFIG) -> Any:
    return json.loads(read_order_body(order_body(request, config)).order, parse_float=Decimal)


def test_an_order_says_everything_coingate_needs() -> None:
    assert sent(REQUEST) == {
        "price_amount": Decimal("299.00"),
        "order_id": f"{PID}.{MAC}",
        "price_currency": "RUB",
        "receive_currency": "DO_NOT_CONVERT",
        "title": "Подписка, 30 дней, заказ 10482",
        "description": "Подписка, 30 дней, заказ 10482",
        "success_url": BACK,
        "cancel_url": BACK,
        "token": MAC,
        "callback_url": "https://shop.example.net/webhooks/coingate/token",
    }


def test_a_shop_without_an_address_gets_no_callbacks() -> None:
    assert "callback_url" not in sent(replace(REQUEST, callback_url=""))


@pytest.mark.parametrize(
    ("minor", "number"),
    [(29900, b"299.00"), (1, b"0.01"), (99_999_999_999_999, b"999999999999.99"), (450, b"4.50"), (10, b"0.10")],
)
def test_the_price_is_a_number_written_exactly(minor: int, number: bytes) -> None:
    body = order_body(replace(REQUEST, amount=Money(minor, Currency.EUR)), CONFIG)

    assert b'{"price_amount":' + number + b"," in body
    assert b'"price_currency":"EUR"' in body


def test_the_operator_chooses_what_it_is_settled_in() -> None:
    euros = Config(_env_file=None, api_key="abc", receive_currency="EUR")

    assert sent(REQUEST, euros)["receive_currency"] == "EUR"


def test_long_texts_are_cut_to_what_coingate_takes() -> None:
    body = sent(replace(REQUEST, description="ж" * 600))

    assert (len(body["title"]), len(body["description"])) == (150, 500)


@pytest.mark.parametrize(("method", "symbol"), [("btc", "BTC"), ("eth", "ETH"), ("ltc", "LTC")])
def test_the_coin_of_the_button_is_kept_and_not_sent(method: str, symbol: str) -> None:
    stored = read_order_body(order_body(replace(REQUEST, method=method), CONFIG))

    assert (stored.coin.symbol, stored.payment_id) == (symbol, PID)
    assert symbol.encode() not in stored.order


@given(
    description=st.text(st.characters(exclude_categories=["Cs"]), max_size=700),
    minor=st.integers(1, 10**14 - 1),
    method=st.sampled_from(sorted(COINS)),
)
def test_the_same_request_gives_the_same_bytes_and_they_are_read_again(
    description: str, minor: int, method: str
) -> None:
    request = replace(REQUEST, description=description, amount=Money(minor, Currency.RUB), method=method)
    body = order_body(request, CONFIG)

    assert order_body(replace(request), CONFIG) == body
    stored = read_order_body(body)
    assert (stored.coin, stored.payment_id) == (COINS[method], PID)
    assert json.loads(stored.order)["description"] == description[:500]


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda rest: b"BTC\n" + rest))
def test_other_bytes_are_no_order_of_ours(body: bytes) -> None:
    with pytest.raises(ValueError, match="not an order of ours"):
        read_order_body(body)


@pytest.mark.parametrize(
    "body",
    [
        b"BTC\n{}",
        b'BTC\n{"order_id":""}',
        b'BTC\n{"order_id":5}',
        b'DOGE\n{"order_id":"x"}',
        b'{"order_id":"x"}',
        b"BTC\n[]",
    ],
)
def test_an_order_that_cannot_be_found_again_is_none_of_ours(body: bytes) -> None:
    with pytest.raises(ValueError, match="not an order of ours"):
        read_order_body(body)


def test_the_checkout_names_coin_and_network() -> None:
    assert json.loads(checkout_body(COINS["eth"], 11)) == {"pay_currency": "ETH", "platform_id": 11}


def test_a_refund_says_what_the_operator_is_to_do() -> None:
    request = RefundRequest("r-1", "538", Money(9900, Currency.RUB), "Возврат по заявлению", MAC)

    assert json.loads(refund_body(request)) == {
        "order": "538",
        "amount": "99.00",
        "currency": "RUB",
        "reason": "Возврат по заявлению",
    }


@pytest.mark.parametrize("changes", [{"method": "doge"}, {"amount": Money(75, Currency.XTR)}])
async def test_what_is_not_sold_is_refused_before_anything_is_sent(changes: dict[str, Any]) -> None:
    driver = CoinGate(CONFIG)

    with pytest.raises(ValueError, match="CoinGate sells no"):
        driver.prepare(replace(REQUEST, **changes))
    with pytest.raises(ValueError, match="CoinGate gives back no XTR"):
        driver.prepare_refund(RefundRequest("r-1", "538", Money(75, Currency.XTR), "…", MAC))
    await driver.aclose()
