"""Orders at CoinGate, which has no idempotence keys: opened once all the same, read exactly, listed whole."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from backend.kit.errors import Refused, Unavailable
from backend.kit.money import Currency, Money
from backend.payments.providers.base import (
    Known,
    Misconfigured,
    NotProcessed,
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
    request_for,
)
from tests.contract.provider_harness import Call, CoinGateHarness

# --- without idempotence keys


async def test_an_order_costs_one_look_and_one_request(gate: CoinGateHarness, app: CoinGate) -> None:
    await created(app)

    asked = [one for one in await gate.asked() if "/countries/" not in one]  # one that hung may end this late
    assert asked == ["GET /v2/orders", "POST /v2/orders"]


async def test_an_order_whose_answer_was_lost_is_found_also_after_a_restart(gate: CoinGateHarness) -> None:
    before, after = gate.driver(), gate.driver()
    request = request_for(before)
    body = before.prepare(request)
    await gate.spoil(Call.CREATE, "lost_after")

    assert isinstance(await before.create(body, request.payment_id), Unknown)
    ref = known(await after.create(body, request.payment_id)).ref

    assert await gate.payments_of(request.payment_id) == [ref]
    await before.aclose()
    await after.aclose()


async def test_an_order_that_is_not_listed_yet_is_not_sent_again_at_once(
    gate: CoinGateHarness, app: CoinGate
) -> None:
    request = request_for(app)
    body = app.prepare(request)
    await gate.spoil(Call.CREATE, "lost_before")

    assert isinstance(await app.create(body, request.payment_id), Unknown)
    early = await app.create(body, request.payment_id)

    assert isinstance(early, Unknown)
    assert early.retry_after == timedelta(seconds=30)
    assert await gate.payments_of(request.payment_id) == []


async def test_an_answer_nobody_waited_for_counts_as_lost(gate: CoinGateHarness, app: CoinGate) -> None:
    request = request_for(app)
    body = app.prepare(request)
    await gate.spoil(Call.CREATE, "latency", ms=1500)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await app.create(body, request.payment_id)

    again = await app.create(body, request.payment_id)

    assert isinstance(again, Unknown)
    assert again.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(("mode", "options"), [("http_429", {"retry_after": 7}), ("status", {"status": 404})])
async def test_after_a_certain_answer_it_may_be_sent_at_once(
    gate: CoinGateHarness, app: CoinGate, mode: str, options: dict[str, Any]
) -> None:
    request = request_for(app)
    body = app.prepare(request)
    await gate.spoil(Call.CREATE, mode, **options)

    assert isinstance(await app.create(body, request.payment_id), NotProcessed | Misconfigured)

    assert isinstance(await app.create(body, request.payment_id), Known)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "BadEnvironment"), (400, "AuthTokenMissing"), (404, "PageNotFound"), (401, "AccountBlocked")],
)
async def test_what_the_operator_has_to_mend_fails_no_payment(
    gate: CoinGateHarness, app: CoinGate, status: int, reason: str
) -> None:
    request = request_for(app)
    body = app.prepare(request)
    refusal = {"message": "Ask support.", "reason": reason}
    await gate.spoil(Call.CREATE, "status", status=status, body=refusal)
    await gate.spoil(Call.PROBE, "status", status=status, body=refusal)

    refused = await app.create(body, request.payment_id)
    with pytest.raises(Refused, match=f"COINGATE_API_.*{reason}, Ask support"):
        await app.probe()

    assert isinstance(refused, Misconfigured)
    assert refused.reason.endswith(f"It says: {reason}, Ask support.")
    assert isinstance(await app.create(body, request.payment_id), Known)


@pytest.mark.parametrize(("mode", "options"), BROKEN)
async def test_without_a_look_nothing_is_sent(gate: CoinGateHarness, mode: str, options: dict[str, Any]) -> None:
    impatient = gate.driver(read_seconds=0.5)
    request = request_for(impatient)
    await gate.spoil(Call.LIST, mode, **options)

    assert isinstance(await impatient.create(impatient.prepare(request), request.payment_id), Unknown)

    assert await gate.payments_of(request.payment_id) == []
    await impatient.aclose()


@pytest.mark.parametrize(
    ("mode", "options", "result"),
    [
        ("http_429", {"retry_after": 7}, NotProcessed),
        ("status", {"status": 401}, Misconfigured),
        ("status", {"status": 404}, Misconfigured),
        ("status", {"status": 404, "body": {"message": "Nothing", "reason": "RecordNotFound"}}, Unknown),
        ("status", {"status": 422}, Unknown),
    ],
)
async def test_a_no_to_the_look_is_no_no_to_the_order(
    gate: CoinGateHarness, app: CoinGate, mode: str, options: dict[str, Any], result: type
) -> None:
    request = request_for(app)
    await gate.spoil(Call.LIST, mode, **options)

    assert isinstance(await app.create(app.prepare(request), request.payment_id), result)

    assert await gate.payments_of(request.payment_id) == []
    assert isinstance(await app.create(app.prepare(request), request.payment_id), Known)


async def test_two_orders_of_one_payment_are_both_listed_as_ours(gate: CoinGateHarness, app: CoinGate) -> None:
    first = await created(app)
    body = json.loads(app.prepare(request_for(app)).partition(b"\n")[2])
    second = await gate.send(**body | {"order_id": f"{first.pid}.{MAC}", "token": MAC})

    found = [snapshot async for snapshot in app.list_since(gate.world.clock.now() - timedelta(minutes=1))]

    assert [(snapshot.ref, snapshot.pid, snapshot.mac) for snapshot in found] == [
        (str(second["id"]), first.pid, MAC),
        (first.ref, first.pid, MAC),
    ]


async def test_our_signature_comes_back_where_coingate_tells_no_token(gate: CoinGateHarness, app: CoinGate) -> None:
    ref = (await created(app)).ref
    answer = await gate.http.get(f"coingate/v2/orders/{ref}", headers={"Authorization": f"Token {gate.key}"})

    assert "token" not in answer.json()
    assert known(await app.fetch(ref)).mac == MAC


# --- what an order is


@pytest.mark.parametrize("currency", [Currency.RUB, Currency.EUR])
@pytest.mark.parametrize("minor", [29900, 450, 1, 99_999_99])
async def test_prices_are_paid_exactly_in_either_currency(
    gate: CoinGateHarness, app: CoinGate, currency: Currency, minor: int
) -> None:
    waiting = await created(app, amount=Money(minor, currency))
    await gate.pay(waiting.ref)

    snapshot = known(await app.fetch(waiting.ref))

    assert (snapshot.state, snapshot.amount) == (PaymentState.SUCCEEDED, Money(minor, currency))


async def test_what_coingate_does_not_take_is_refused_with_its_reasons(app: CoinGate) -> None:
    request = request_for(app, description="да")

    refused = await app.create(app.prepare(request), request.payment_id)

    assert isinstance(refused, Rejected)
    assert refused.code == "OrderIsNotValid"
    assert "Title is too short" in refused.description


async def test_the_longest_texts_we_send_are_taken(app: CoinGate) -> None:
    assert (await created(app, description="ж" * 700)).state is PaymentState.PENDING


async def test_settlement_is_as_the_operator_says(gate: CoinGateHarness, app: CoinGate) -> None:
    euros = gate.driver(receive_currency="EUR")

    kept, changed = await created(app), await created(euros)

    assert (await gate.order(kept.ref))["do_not_convert"] is True
    assert (await gate.order(changed.ref))["receive_currency"] == "EUR"
    await euros.aclose()


async def test_an_answer_full_of_novelties_is_read(gate: CoinGateHarness, app: CoinGate) -> None:
    ref = (await created(app)).ref
    novel = await gate.order(ref) | {
        "status": "on_the_moon",
        "price_amount": 299.000,
        "price_currency": "RUB",
        "underpaid_amount": {"novel": True},
        "refunds": "carved in stone",
        "fees": None,
        "novelty": [{"deep": {"er": None}}],
    }
    await gate.spoil(Call.FETCH, "status", status=200, body=novel)

    snapshot = known(await app.fetch(ref))

    assert (snapshot.state, snapshot.provider_status) == (PaymentState.PENDING, "on_the_moon")
    assert snapshot.amount == Money(29900, Currency.RUB)


async def test_an_answer_nested_beyond_reason_is_unknown(gate: CoinGateHarness, app: CoinGate) -> None:
    await gate.spoil(Call.FETCH, "status", status=200, body="[" * 200_000)

    assert isinstance(await app.fetch("538"), Unknown)


# --- long lists


async def test_a_sweep_reads_every_page_newest_first(gate: CoinGateHarness, app: CoinGate) -> None:
    await gate.act("market", requests_per_minute=None)
    since = gate.world.clock.now() - timedelta(seconds=5)
    refs = [str((await gate.send(order_id=f"key-{n}"))["id"]) for n in range(205)]

    found = [snapshot.ref async for snapshot in app.list_since(since)]

    assert found == refs[::-1]


async def test_a_page_that_cannot_be_read_ends_the_sweep_and_what_came_before_it_stands(
    gate: CoinGateHarness, app: CoinGate
) -> None:
    refs = [str((await gate.send(order_id=f"key-{n}"))["id"]) for n in range(105)]
    sweep = aiter(app.list_since(gate.world.clock.now() - timedelta(seconds=50)))

    found = [(await anext(sweep)).ref]
    await gate.spoil(Call.LIST, "garbage")
    found += [(await anext(sweep)).ref for _ in range(99)]

    assert found == refs[:4:-1]
    with pytest.raises(Unavailable):
        await anext(sweep)


@pytest.mark.parametrize("pages", [1000, None, "many"])
async def test_a_list_that_turns_in_circles_ends(gate: CoinGateHarness, app: CoinGate, pages: object) -> None:
    real = await gate.send(order_id="key-1")
    page = {"total_pages": pages, "orders": [real]}
    await gate.spoil(Call.LIST, "status", status=200, body=page, times=None)

    with pytest.raises(Unavailable):
        [found async for found in app.list_since(gate.world.clock.now() - timedelta(days=1))]


async def test_what_stands_in_a_list_and_is_no_order_is_passed_over(gate: CoinGateHarness, app: CoinGate) -> None:
    real = await gate.send(order_id="key-1")
    entries = [None, [], {"id": "x"}, {"novelty": True}, {**real, "status": "in_limbo", "created_at": "yesterday"}]
    await gate.spoil(Call.LIST, "status", status=200, body={"total_pages": 1, "orders": entries})

    [snapshot] = [found async for found in app.list_since(gate.world.clock.now() - timedelta(days=1))]

    assert (snapshot.ref, snapshot.state, snapshot.pid) == (str(real["id"]), PaymentState.PENDING, "key-1")
