"""The CoinGate emulator's callbacks: what they say, when they come again or never, how badly they can travel."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.clock import Clock
from tests.contract.coingate_fixture import APP_ID, MAC, Gate, coingate

PATH = "/webhooks/coingate/token-of-the-shop"
MINUTE, HOUR = 60, 3600
WAITS = [MINUTE] * 5 + [5 * MINUTE] * 5 + [10 * MINUTE] * 5 + [20 * MINUTE] * 5 + [30 * MINUTE] * 5
WAITS += [HOUR] * 5 + [5 * HOUR] * 5 + [24 * HOUR] * 5


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Gate]:
    async with coingate() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def gate(running: Gate) -> Gate:
    await running.forget()
    return running


async def test_each_status_but_new_is_told_once(gate: Gate) -> None:
    opened = await gate.open()
    assert await gate.shop.stays_at(0)
    told = []
    for deed in ("choose", "pay", "confirm", "refund"):
        await gate.act(opened, deed)
        told.append((await gate.statuses(len(told) + 1))[-1])

    assert told == ["pending", "confirming", "paid", "refunded"]
    assert await gate.shop.stays_at(4)
    assert {(hook.path, hook.source, hook.content_type) for hook in gate.shop.hooks} == {
        (PATH, "52.28.22.118", "application/json")
    }
    assert {(hook.data["id"], hook.data["token"]) for hook in gate.shop.hooks} == {(opened["id"], MAC)}


async def test_what_ends_badly_is_told_too(gate: Gate) -> None:
    rejected, canceled = await gate.open(), await gate.open()
    await gate.act(rejected, "pay")
    await gate.statuses(2)
    await gate.act(rejected, "reject")
    await gate.statuses(3)
    await gate.act(canceled, "cancel")
    await gate.statuses(4)
    await gate.open()
    started = asyncio.get_running_loop().time()
    await gate.advance(2 * HOUR + 1)
    assert (await gate.statuses(5))[2:] == ["invalid", "canceled", "expired"]
    assert asyncio.get_running_loop().time() - started < 0.5  # by the clock alone
    await gate.act(canceled, "pay", amount="late")
    assert (await gate.statuses(6))[5] == "paid"


async def test_a_callback_looks_like_the_real_one(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "pay")
    await gate.statuses(2)
    paid = await gate.act(opened, "confirm")
    told = (await gate.shop.wait_for(3))[2].data

    assert told == {
        "id": opened["id"],
        "order_id": opened["order_id"],
        "status": "paid",
        "price_amount": "299.0",
        "price_currency": "RUB",
        "pay_amount": paid["pay_amount"],
        "pay_currency": "BTC",
        "payment_address": paid["payment_address"],
        "expire_at": paid["expire_at"],
        "receive_amount": paid["receive_amount"],
        "receive_currency": "BTC",
        "underpaid_amount": paid["pay_amount"],
        "overpaid_amount": "0",
        "is_refundable": False,
        "created_at": paid["created_at"],
        "paid_at": paid["paid_at"],
        "token": MAC,
        "fees": paid["fees"],
    }


async def test_without_a_coin_there_is_nothing_of_it(gate: Gate) -> None:
    await gate.act(await gate.open(), "cancel")
    told = (await gate.shop.wait_for(1))[0].data
    assert told.keys().isdisjoint({"pay_amount", "pay_currency", "payment_address", "expire_at", "paid_at"})


async def test_the_old_format_is_a_form_with_brackets(gate: Gate) -> None:
    await gate.ctl(f"/accounts/{APP_ID}", {"callback_format": "form"})
    paid = await gate.paid()
    hooks = await gate.shop.wait_for(3)
    told = next(hook for hook in hooks if hook.status == "paid")

    assert told.content_type == "application/x-www-form-urlencoded"
    assert told.data["id"] == str(paid["id"])
    assert told.data["created_at"] == paid["created_at"]
    assert (told.data["is_refundable"], told.data["token"]) == ("false", MAC)
    assert told.data["fees[][currency][symbol]"] == "BTC"
    assert b"&fees[][type]=processing_fee&" in told.body


async def test_money_on_its_way_that_changes_no_status_is_not_told(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "pay", amount="under")
    assert await gate.statuses(1) == ["pending"]
    await gate.act(opened, "pay")
    await gate.act(opened, "pay", amount="0.1")
    assert await gate.statuses(2) == ["pending", "confirming"]
    assert await gate.shop.stays_at(2)


async def test_each_partial_refund_is_told(gate: Gate) -> None:
    await gate.ctl("/callbacks/policy", {"drop": 1})
    paid = await gate.paid()
    await gate.ctl("/callbacks/policy", {})
    for count, amount in enumerate(("100", "100", "99"), 1):
        await gate.act(paid, "refund", amount=amount)
        await gate.shop.wait_for(count)
    assert await gate.statuses(3) == ["partially_refunded", "partially_refunded", "refunded"]
    assert {hook.data["paid_at"] for hook in gate.shop.hooks} == {paid["paid_at"]}


async def test_a_refund_tells_an_address_of_its_own_in_its_own_shape(gate: Gate) -> None:
    paid = await gate.paid(callback_url=None)
    body = {
        "amount": 299,
        "address": "tb1qexample",
        "currency_id": 1,
        "platform_id": 6,
        "reason": "Возврат",
        "email": "buyer@example.com",
        "ledger_account_id": "01GJZ",
        "callback_url": gate.hook_url,
    }
    refund = (await gate.post(f"/orders/{paid['id']}/refunds", body)).json()
    await gate.shop.wait_for(1)
    await gate.ctl(f"/refunds/{refund['id']}/settle", {"status": "completed"})
    first, last = (hook.data for hook in await gate.shop.wait_for(2))

    assert (first["status"], last["status"]) == ("pending", "completed")
    assert (last["id"], last["order_id"]) == (refund["id"], paid["id"])  # not the merchant's number
    assert last["request_amount"] == "299.0"
    assert last["request_currency"] == {"id": 20, "symbol": "RUB"}
    assert last["refund_currency"] == {"id": 1, "symbol": "BTC", "platform": {"id": 6, "title": "Bitcoin"}}
    assert (last["address"], last["reason"], last["email"]) == ("tb1qexample", "Возврат", "buyer@example.com")
    assert await gate.shop.stays_at(2)


async def test_the_body_is_frozen_at_the_event_while_get_is_current(gate: Gate) -> None:
    gate.shop.answers += [500]
    opened = await gate.open()
    await gate.act(opened, "choose")
    await gate.shop.wait_for(1)
    await gate.act(opened, "cancel")
    await gate.shop.wait_for(2)
    await gate.advance(MINUTE + 1)
    hooks = await gate.shop.wait_for(3)
    assert hooks[2].body == hooks[0].body
    assert (hooks[2].status, await gate.status(opened)) == ("pending", "canceled")


@pytest.mark.parametrize("accepted", [200, 204])
async def test_200_and_204_end_it(gate: Gate, accepted: int) -> None:
    gate.shop.answers += [503, accepted]
    await gate.act(await gate.open(), "cancel")
    await gate.shop.wait_for(1)
    await gate.advance(MINUTE + 1)
    await gate.shop.wait_for(2)
    await gate.attempts(2)
    await gate.advance(7 * 24 * HOUR)
    assert await gate.shop.stays_at(2)
    assert [d["state"] for d in await gate.look("/deliveries")] == ["delivered"]


@pytest.mark.parametrize("fatal", [301, 302, 401, 403])
async def test_some_answers_stop_it_for_good(gate: Gate, fatal: int) -> None:
    gate.shop.answers += [fatal]
    opened = await gate.open()
    await gate.act(opened, "choose")
    await gate.attempts(1)
    await gate.advance(15 * MINUTE)
    assert await gate.shop.stays_at(1)
    [stopped] = await gate.look("/deliveries")
    assert (stopped["state"], [a["status"] for a in stopped["attempts"]]) == ("stopped", [fatal])

    await gate.act(opened, "pay")  # other events are not touched
    assert (await gate.statuses(2))[1] == "confirming"


async def test_forty_retries_follow_the_table_and_then_it_ends(gate: Gate) -> None:
    gate.shop.answers += [500, 404, 201, 307, 400, 503, 429] + [500] * 100
    await gate.act(await gate.open(), "cancel")
    await gate.attempts(1)
    for count, seconds in enumerate(WAITS, 1):
        await gate.advance(seconds - 2)
        if seconds != WAITS[count - 2]:  # the first of its kind: not a moment too early
            assert await gate.shop.stays_at(count)
        await gate.advance(2.1)
        await gate.attempts(count + 1)
    await gate.advance(48 * HOUR)

    assert await gate.shop.stays_at(41)
    [given_up] = await gate.look("/deliveries")
    assert given_up["state"] == "given_up"
    times = [attempt["at"] for attempt in given_up["attempts"]]
    assert all(one < other for one, other in pairwise(times))
    assert len({hook.body for hook in gate.shop.hooks}) == 1


async def test_a_retry_counts_from_the_attempt_before_it(gate: Gate) -> None:
    gate.shop.answers += [500] * 3
    await gate.act(await gate.open(), "cancel")
    await gate.attempts(1)
    await gate.advance(24 * HOUR)  # however late it is, one retry is one retry
    await gate.attempts(2)
    assert await gate.shop.stays_at(2)
    await gate.advance(MINUTE + 1)
    await gate.attempts(3)


async def test_a_shop_that_is_down_gets_it_a_minute_later(gate: Gate) -> None:
    opened = await gate.open(callback_url="http://127.0.0.1:9/nobody")
    await gate.act(opened, "cancel")
    [failed] = await gate.attempts(1)
    await gate.advance(MINUTE + 1)
    again = await gate.attempts(2)
    assert failed["status"] is None
    assert [attempt["status"] for attempt in again] == [None, None]


async def test_without_an_address_nothing_is_sent(gate: Gate) -> None:
    await gate.paid(callback_url=None)
    assert await gate.look("/deliveries") == []


async def test_private_addresses_are_not_called_unless_allowed() -> None:
    private = ["http://localhost/cb", "http://10.1.2.3/cb", "http://[::1]/cb", "http://shop.onion/cb"]
    async with coingate(allow_private=False) as gate:
        for url in (gate.hook_url, *private):
            await gate.act(await gate.open(callback_url=url), "cancel")
        async with asyncio.timeout(5):
            while {d["state"] for d in await gate.look("/deliveries")} != {"stopped"}:
                await asyncio.sleep(0.02)
        await gate.advance(HOUR)
        assert await gate.shop.stays_at(0)
        assert [d["attempts"] for d in await gate.look("/deliveries")] == [[]] * 5


async def test_dropped_doubled_late_and_reordered_callbacks(gate: Gate) -> None:
    opened = await gate.open()
    await gate.ctl("/callbacks/policy", {"drop": 1})
    await gate.act(opened, "choose")
    await gate.ctl("/callbacks/policy", {"dup": 1, "copies": 3})
    await gate.act(opened, "pay")
    assert await gate.statuses(3) == ["confirming"] * 3
    await gate.ctl("/callbacks/policy", {"delay": [60, 90]})
    await gate.act(opened, "confirm")
    await gate.advance(55)
    assert await gate.shop.stays_at(3)
    await gate.advance(40)
    await gate.shop.wait_for(4)
    await gate.ctl("/callbacks/policy", {"reorder": True})
    await gate.act(opened, "refund", amount="100")
    await gate.act(opened, "refund")
    assert (await gate.statuses(6))[3:] == ["paid", "refunded", "partially_refunded"]


async def test_spoiled_callbacks_until_the_policy_is_cleared(gate: Gate) -> None:
    gate.shop.answers += [404]
    await gate.ctl("/callbacks/policy", {"corrupt": 1, "wrong_ip": 1, "wrong_token": 1})
    opened = await gate.open()
    await gate.act(opened, "choose")
    await gate.attempts(1)
    await gate.ctl("/callbacks/policy", {})
    await gate.advance(MINUTE + 1)
    spoiled, good = await gate.shop.wait_for(2)

    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(spoiled.body)
    assert spoiled.path != PATH
    ips = (await gate.get("/ips-v4", token=None)).text.split("\n")
    assert spoiled.source not in ips
    assert (good.path, good.source in ips, good.status) == (PATH, True, "pending")


async def test_a_stale_callback_tells_the_status_before(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "pay")
    await gate.statuses(2)
    await gate.ctl("/callbacks/policy", {"stale": 1})
    await gate.act(opened, "confirm")
    assert ((await gate.statuses(3))[2], await gate.status(opened)) == ("confirming", "paid")


async def test_an_old_callback_can_be_sent_again(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "choose")
    [first] = await gate.shop.wait_for(1)
    await gate.act(opened, "cancel")
    await gate.shop.wait_for(2)
    [old] = [d for d in await gate.look("/deliveries") if d["event"] == "pending"]
    assert (old["object_id"], old["url"]) == (opened["id"], gate.hook_url)
    await gate.ctl(f"/deliveries/{old['id']}/repeat", {"times": 2})
    hooks = await gate.shop.wait_for(4)
    assert [hook.body for hook in hooks[2:]] == [first.body, first.body]
    assert (await gate.ctl(f"/deliveries/{old['id']}/repeat", {"times": 0})).status_code == 400


async def test_callbacks_are_in_the_shared_log(gate: Gate) -> None:
    await gate.act(await gate.open(), "cancel")
    await gate.attempts(1)
    log = (await gate.http.get(f"{gate.url.removesuffix('/coingate')}/_ctl/log?service=coingate")).json()
    [out] = [entry for entry in log if entry["direction"] == "out"]
    assert (out["status"], out["path"]) == (200, gate.hook_url)


async def test_what_waited_before_a_restart_is_sent_after_it(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    async with coingate(data_dir=tmp_path, clock=clock) as gate:
        url = gate.hook_url
        opened = await gate.open(callback_url="http://127.0.0.1:9/nobody")
        await gate.act(opened, "cancel")
        await gate.attempts(1)

    clock.advance(MINUTE + 1)
    async with coingate(data_dir=tmp_path, clock=clock) as gate:
        assert url != gate.hook_url
        attempts = await gate.attempts(2)
        assert [attempt["url"] for attempt in attempts] == ["http://127.0.0.1:9/nobody"] * 2
