"""Coins chosen early or late, and money that comes short, too late, or goes back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from backend.kit.money import Currency, Money
from backend.payments.providers.base import (
    PaymentState,
    Rejected,
    Unknown,
)
from backend.payments.providers.coingate import CoinGate
from tests.contract.provider_cases import (
    BROKEN,
    MAC,
    created,
    known,
    known_refund,
    listened,
    paid,
    refund_for,
    request_for,
)
from tests.contract.provider_harness import Call, CoinGateHarness

CHECKOUT = ("POST", "/v2/orders/*/checkout")


# --- the coin


async def test_by_default_the_page_asks_for_the_coin(gate: CoinGateHarness, app: CoinGate) -> None:
    await gate.set_account(checkout=True)

    waiting = await created(app, method="eth")

    assert (waiting.provider_status, "pay_currency" in await gate.order(waiting.ref)) == ("new", False)


@pytest.mark.parametrize(("method", "symbol", "network"), [("btc", "BTC", 6), ("eth", "ETH", 11), ("ltc", "LTC", 9)])
async def test_the_button_chooses_coin_and_network(
    gate: CoinGateHarness, chooser: CoinGate, method: str, symbol: str, network: int
) -> None:
    waiting = await created(chooser, method=method)

    assert (waiting.state, waiting.provider_status, waiting.mac) == (PaymentState.PENDING, "pending", MAC)
    assert waiting.url == (await gate.order(waiting.ref))["payment_url"]
    assert (await gate.order(waiting.ref))["pay_currency"] == symbol
    requests = (await gate.http.get("coingate/_ctl/requests")).json()
    assert json.loads(requests[-1]["body"]) == {"pay_currency": symbol, "platform_id": network}


async def test_networks_are_asked_for_once(gate: CoinGateHarness, chooser: CoinGate) -> None:
    for method in chooser.methods:
        await created(chooser, method=method)

    assert (await gate.asked()).count("GET /v2/platforms") == 1


async def test_an_order_that_was_found_again_gets_its_coin(gate: CoinGateHarness, chooser: CoinGate) -> None:
    request = request_for(chooser, method="ltc")
    body = chooser.prepare(request)
    await gate.spoil(Call.CREATE, "lost_after")
    assert isinstance(await chooser.create(body, request.payment_id), Unknown)

    waiting = known(await chooser.create(body, request.payment_id))

    assert waiting.provider_status == "pending"
    await gate.act(f"orders/{waiting.ref}/choose", coin="BTC")
    again = known(await chooser.create(body, request.payment_id))
    assert (again.ref, (await gate.order(again.ref))["pay_currency"]) == (waiting.ref, "BTC")


@pytest.mark.parametrize("mode", ["auto", "checkout"])
async def test_a_shop_that_may_not_choose_sells_all_the_same_and_asks_no_more(
    gate: CoinGateHarness, mode: str
) -> None:
    driver = gate.driver(mode=mode)

    waiting = [await created(driver) for _ in range(3)]

    assert [order.provider_status for order in waiting] == ["new"] * 3
    assert all(order.url for order in waiting)
    assert sum(request.endswith("/checkout") for request in await gate.asked()) == 1
    await driver.aclose()


@pytest.mark.parametrize(("mode", "noted"), [("auto", False), ("checkout", True), ("hosted", False)])
async def test_a_probe_tells_that_choosing_is_off_and_lets_it_be_tried_again(
    gate: CoinGateHarness, mode: str, noted: bool
) -> None:
    driver = gate.driver(mode=mode)
    await created(driver)

    assert ("checkout-off" in (await driver.probe()).notes) == noted
    await gate.set_account(checkout=True)
    assert ((await created(driver)).provider_status == "pending") == (mode != "hosted")
    assert "checkout-off" not in (await driver.probe()).notes
    await driver.aclose()


@pytest.mark.parametrize(("mode", "options"), BROKEN)
@pytest.mark.parametrize("path", [CHECKOUT, ("GET", "/v2/platforms")], ids=["checkout", "platforms"])
async def test_a_coin_that_cannot_be_chosen_spoils_no_sale(
    gate: CoinGateHarness, chooser: CoinGate, path: tuple[str, str], mode: str, options: dict[str, Any]
) -> None:
    await gate.spoil_path(*path, mode, **options)

    waiting = await created(chooser)

    assert waiting.url
    assert (await created(chooser)).provider_status == "pending"


@pytest.mark.parametrize("status", [401, 404, 429])
async def test_another_no_to_the_coin_is_not_forever(gate: CoinGateHarness, chooser: CoinGate, status: int) -> None:
    await gate.spoil_path(*CHECKOUT, "status", status=status)

    assert (await created(chooser)).provider_status == "new"
    assert (await created(chooser)).provider_status == "pending"


# --- money


async def test_money_that_was_seen_is_confirming_until_the_network_says_so(
    gate: CoinGateHarness, app: CoinGate
) -> None:
    ref = (await created(app)).ref
    await gate.act(f"orders/{ref}/pay", coin="LTC")

    seen = known(await app.fetch(ref))
    assert (seen.state, seen.paid_at) == (PaymentState.CONFIRMING, None)
    assert known(await app.capture(ref, "cap-1")).state is PaymentState.CONFIRMING

    await gate.act(f"orders/{ref}/confirm")
    assert known(await app.capture(ref, "cap-1")).state is PaymentState.SUCCEEDED


async def test_too_little_waits_for_the_rest(gate: CoinGateHarness, app: CoinGate) -> None:
    ref = (await created(app)).ref
    await gate.act(f"orders/{ref}/pay", coin="BTC", amount="under")

    short = known(await app.fetch(ref))
    assert (short.state, bool(short.url)) == (PaymentState.PENDING, True)

    await gate.act(f"orders/{ref}/pay", amount="exact", confirm=True)
    assert known(await app.fetch(ref)).state is PaymentState.SUCCEEDED


async def test_too_much_is_paid_once_for_its_price(gate: CoinGateHarness, app: CoinGate) -> None:
    ref = (await created(app)).ref
    await gate.act(f"orders/{ref}/pay", coin="BTC", amount="over", confirm=True)

    snapshot = known(await app.fetch(ref))

    assert (snapshot.state, snapshot.amount) == (PaymentState.SUCCEEDED, Money(29900, Currency.EUR))
    assert (await gate.order(ref))["overpaid_amount"] != "0"


@pytest.mark.parametrize("quirk", [True, False])
async def test_a_paid_order_is_paid_whatever_it_says_is_missing(
    gate: CoinGateHarness, app: CoinGate, quirk: bool
) -> None:
    await gate.set_account(underpaid_quirk=quirk)
    ref = (await created(app)).ref
    await gate.pay(ref)

    assert ((await gate.order(ref))["underpaid_amount"] != "0") == quirk
    assert known(await app.fetch(ref)).state is PaymentState.SUCCEEDED


@pytest.mark.parametrize("ending", ["expire", "cancel"])
async def test_an_order_that_was_over_may_be_paid_late(gate: CoinGateHarness, app: CoinGate, ending: str) -> None:
    ref = (await listened(gate, app)).ref
    await gate.act(f"orders/{ref}/{ending}")
    over = known(await app.fetch(ref))
    assert (over.state, over.reason) == (PaymentState.CANCELED, "expired" if ending == "expire" else "canceled")

    gate.world.clock.advance(timedelta(hours=20).total_seconds())
    await gate.act(f"orders/{ref}/pay", amount="late")

    assert known(await app.fetch(ref)).state is PaymentState.SUCCEEDED
    assert app.late_for >= timedelta(hours=99)


# --- money that goes back


async def test_a_refund_is_left_to_a_person(gate: CoinGateHarness, app: CoinGate) -> None:
    payment = await paid(gate, app)
    request = refund_for(payment, 100)

    refused = await app.refund(app.prepare_refund(request), request.refund_id)

    assert isinstance(refused, Rejected)
    assert refused.code == "by_operator"
    assert known(await app.fetch(payment.ref)).refunded_minor == 0


async def test_refunds_of_a_person_are_seen_as_their_sum_and_read_again(gate: CoinGateHarness, app: CoinGate) -> None:
    payment = await paid(gate, app)
    await gate.refund_in_cabinet(payment.ref, "100.5")
    part = known(await app.fetch(payment.ref))
    refunds = [refund async for refund in app.refunds_of(payment.ref)]
    await gate.act(f"orders/{payment.ref}/refund")
    whole = known(await app.fetch(payment.ref))
    refunds += [refund async for refund in app.refunds_of(payment.ref)]

    assert [(part.provider_status, part.refunded_minor), (whole.provider_status, whole.refunded_minor)] == [
        ("partially_refunded", 10050),
        ("refunded", 29900),
    ]
    assert {part.state, whole.state} == {PaymentState.SUCCEEDED}
    assert [refund.ref for refund in refunds] == [f"cg-{payment.ref}-10050", f"cg-{payment.ref}-29900"]
    assert all(refund.in_all for refund in refunds)
    assert known_refund(await app.fetch_refund(refunds[-1].ref)) == refunds[-1]
    assert await app.fetch_refund(f"cg-{payment.ref}-5") == Rejected("not_found")


async def test_a_refund_that_waits_gave_nothing_back_yet(gate: CoinGateHarness, app: CoinGate) -> None:
    payment = await paid(gate, app)
    await gate.spoil(
        Call.FETCH,
        "status",
        status=200,
        body=await gate.order(payment.ref)
        | {"status": "paid", "refunds": [{"id": 8, "request_amount": "10.0", "status": "pending"}]},
    )

    assert known(await app.fetch(payment.ref)).refunded_minor == 0


@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_a_refund_that_cannot_be_read_is_unknown(
    gate: CoinGateHarness, mode: str, options: dict[str, Any]
) -> None:
    impatient = gate.driver(read_seconds=0.5)
    payment = await paid(gate, impatient)
    await gate.refund_in_cabinet(payment.ref, "100")
    await gate.spoil(Call.FETCH_REFUND, mode, **options)

    assert isinstance(await impatient.fetch_refund(f"cg-{payment.ref}-10000"), Unknown)
    assert known_refund(await impatient.fetch_refund(f"cg-{payment.ref}-10000")).amount == Money(10000, Currency.EUR)
    await impatient.aclose()
