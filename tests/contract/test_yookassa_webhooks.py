"""The YooKassa emulator's webhooks: what they say, when they come again, and how badly they can travel."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.clock import Clock
from tests.contract.yookassa_fixture import SHOP_ID, Yoo, payment, rub, yookassa

PATH = "/webhooks/yookassa/token-of-the-shop"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Yoo]:
    async with yookassa() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def yoo(running: Yoo) -> Yoo:
    await running.forget()
    return running


async def test_each_event_is_told_once_from_an_address_of_yookassa(yoo: Yoo) -> None:
    done = await yoo.paid()
    await yoo.shop.wait_for(1)
    refund = (await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("299.00")})).json()
    await yoo.shop.wait_for(2)
    held = await yoo.paid(capture=False)
    await yoo.shop.wait_for(3)
    await yoo.post(f"/payments/{held['id']}/cancel")
    hooks = await yoo.shop.wait_for(4)

    assert [(hook.event, hook.object["id"]) for hook in hooks] == [
        ("payment.succeeded", done["id"]),
        ("refund.succeeded", refund["id"]),
        ("payment.waiting_for_capture", held["id"]),
        ("payment.canceled", held["id"]),
    ]
    assert hooks[1].object["payment_id"] == done["id"]
    assert {(hook.path, hook.source) for hook in hooks} == {(PATH, "185.71.76.1")}
    assert json.loads(hooks[0].body)["type"] == "notification"
    assert await yoo.shop.stays_at(4)


async def test_the_body_is_frozen_at_the_event_while_get_is_current(yoo: Yoo) -> None:
    yoo.shop.answers += [500]
    done = await yoo.paid()
    await yoo.shop.wait_for(1)
    await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("100.00")})
    await yoo.shop.wait_for(2)
    await yoo.advance(10)
    hooks = await yoo.shop.wait_for(3)

    assert hooks[2].body == hooks[0].body
    assert hooks[2].object["refunded_amount"] == rub("0.00")
    assert (await yoo.get(f"/payments/{done['id']}")).json()["refunded_amount"] == rub("100.00")


async def test_an_expired_payment_is_told_by_the_clock_alone(yoo: Yoo) -> None:
    opened = await yoo.open()
    started = asyncio.get_running_loop().time()
    await yoo.advance(3601)
    hooks = await yoo.shop.wait_for(1)

    assert asyncio.get_running_loop().time() - started < 0.5
    assert (hooks[0].event, hooks[0].object["id"]) == ("payment.canceled", opened["id"])
    assert hooks[0].object["cancellation_details"]["reason"] == "expired_on_confirmation"


async def test_anything_but_200_is_tried_again_for_a_day(yoo: Yoo) -> None:
    yoo.shop.answers += [500, 204, 301, 404, 401, 503] + [500] * 100
    await yoo.paid()
    await yoo.shop.wait_for(1)
    for place, seconds in enumerate((10, 50, 240, 600, 2700)):  # 10 s, 1, 5, 15 min and 1 h after the event
        await yoo.advance(seconds - 5)
        assert await yoo.shop.stays_at(place + 1)
        await yoo.advance(5.5)
        await yoo.shop.wait_for(place + 2)
    for hour in range(2, 25):
        await yoo.advance(3600)
        await yoo.shop.wait_for(6 + hour - 1)
    await yoo.advance(3600)

    assert await yoo.shop.stays_at(29)
    statuses = [attempt["status"] for attempt in await yoo.attempts(29)]
    assert statuses[:6] == [500, 204, 301, 404, 401, 503]
    assert [d["state"] for d in await yoo.look("/deliveries")] == ["given_up"]
    assert len({hook.body for hook in yoo.shop.hooks}) == 1


async def test_200_ends_the_delivery(yoo: Yoo) -> None:
    yoo.shop.answers += [503]
    await yoo.paid()
    await yoo.shop.wait_for(1)
    await yoo.advance(11)
    await yoo.shop.wait_for(2)
    await yoo.advance(86400)

    assert await yoo.shop.stays_at(2)
    assert [d["state"] for d in await yoo.look("/deliveries")] == ["delivered"]


async def test_a_shop_that_is_down_gets_it_when_it_is_back(yoo: Yoo) -> None:
    url = (await yoo.look("/shops"))[SHOP_ID]["webhook_url"]
    await yoo.ctl(f"/shops/{SHOP_ID}", {"webhook_url": "http://127.0.0.1:9/nobody"})
    done = await yoo.paid()
    [failed] = await yoo.attempts(1)
    await yoo.ctl(f"/shops/{SHOP_ID}", {"webhook_url": url})
    await yoo.advance(30)

    hooks = await yoo.shop.wait_for(1)
    assert hooks[0].object["id"] == done["id"]
    assert failed["status"] is None


async def test_only_events_the_shop_ticked_are_sent_and_none_without_an_address(yoo: Yoo) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"events": ["payment.canceled"]})
    await yoo.paid()
    await yoo.ctl(f"/shops/{SHOP_ID}", {"events": ["payment.succeeded"], "webhook_url": None})
    await yoo.paid()

    assert await yoo.shop.stays_at(0)
    assert await yoo.look("/deliveries") == []


async def test_dropped_events_never_come(yoo: Yoo) -> None:
    await yoo.ctl("/webhooks/policy", {"drop": 1})
    await yoo.paid()
    await yoo.ctl("/webhooks/policy", {})
    await yoo.advance(86400)

    assert await yoo.shop.stays_at(0)
    assert [d["state"] for d in await yoo.look("/deliveries")] == ["dropped"]


async def test_doubled_events_come_as_often_as_asked(yoo: Yoo) -> None:
    await yoo.ctl("/webhooks/policy", {"dup": 1, "copies": 5})
    await yoo.paid()
    hooks = await yoo.shop.wait_for(5)

    assert await yoo.shop.stays_at(5)
    assert len({hook.body for hook in hooks}) == 1


async def test_late_events_come_late_on_the_moved_clock(yoo: Yoo) -> None:
    await yoo.ctl("/webhooks/policy", {"delay": [60, 90]})
    await yoo.paid()
    await yoo.advance(55)
    assert await yoo.shop.stays_at(0)

    await yoo.advance(40)
    await yoo.shop.wait_for(1)


async def test_reordered_events_come_newest_first(yoo: Yoo) -> None:
    await yoo.ctl("/webhooks/policy", {"reorder": True})
    done = await yoo.paid()
    await yoo.ctl("/refunds/external", {"payment_id": done["id"], "amount": "100.00"})
    await yoo.ctl("/refunds/external", {"payment_id": done["id"]})
    hooks = await yoo.shop.wait_for(3)

    told = [(hook.event, hook.object["amount"]["value"]) for hook in hooks]
    assert told == [
        ("refund.succeeded", "199.00"),
        ("refund.succeeded", "100.00"),
        ("payment.succeeded", "299.00"),
    ]


async def test_flaws_spoil_attempts_until_the_policy_is_cleared(yoo: Yoo) -> None:
    yoo.shop.answers += [400]
    await yoo.ctl("/webhooks/policy", {"corrupt": 1, "wrong_ip": 1, "wrong_token": 1})
    await yoo.paid()
    spoiled = (await yoo.shop.wait_for(1))[0]
    await yoo.ctl("/webhooks/policy", {})
    await yoo.advance(10)
    good = (await yoo.shop.wait_for(2))[1]

    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(spoiled.body)
    assert not spoiled.source.startswith("185.71.")
    assert spoiled.path != PATH
    assert spoiled.path.startswith("/webhooks/yookassa/")
    assert (good.path, good.source, good.event) == (PATH, "185.71.76.1", "payment.succeeded")
    assert [attempt["flaws"] for attempt in await yoo.attempts(2)] == [["corrupt", "wrong_ip", "wrong_token"], []]


async def test_a_stale_event_shows_the_object_as_it_was_before(yoo: Yoo) -> None:
    await yoo.ctl("/webhooks/policy", {"stale": 1})
    done = await yoo.paid()
    hook = (await yoo.shop.wait_for(1))[0]
    assert (hook.event, hook.object["status"]) == ("payment.succeeded", "pending")
    assert await yoo.status(done["id"]) == "succeeded"


async def test_an_old_body_can_be_sent_again(yoo: Yoo) -> None:
    done = await yoo.paid()
    first = (await yoo.shop.wait_for(1))[0]
    await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("299.00")})
    await yoo.shop.wait_for(2)
    [old] = [d for d in await yoo.look("/deliveries") if d["event"] == "payment.succeeded"]
    await yoo.ctl(f"/deliveries/{old['id']}/repeat", {"times": 2})

    hooks = await yoo.shop.wait_for(4)
    assert [hook.body for hook in hooks[2:]] == [first.body, first.body]


async def test_a_slow_shop_does_not_hold_up_other_events(yoo: Yoo) -> None:
    yoo.shop.delays += [1.5]
    first = await yoo.paid()
    await yoo.shop.wait_for(1)
    second = await yoo.paid()
    [attempt] = await yoo.attempts(1)

    assert [hook.object["id"] for hook in yoo.shop.hooks] == [first["id"], second["id"]]
    assert attempt["ms"] < 1000
    assert [d["state"] for d in await yoo.look("/deliveries")] == ["delivered", "waiting"]


async def test_deliveries_are_in_the_shared_log(yoo: Yoo) -> None:
    await yoo.paid()
    await yoo.shop.wait_for(1)
    await yoo.attempts(1)
    log = (await yoo.http.get(f"{yoo.url.removesuffix('/yookassa')}/_ctl/log?service=yookassa")).json()
    [out] = [entry for entry in log if entry["direction"] == "out"]
    assert (out["status"], out["path"].endswith(PATH)) == (200, True)


async def test_an_autopayment_is_told_too(yoo: Yoo) -> None:
    first = await yoo.paid(save_payment_method=True)
    wanted: dict[str, Any] = {"payment_method_data": None, "confirmation": None}
    body = payment(payment_method_id=first["payment_method"]["id"], metadata={"pid": "p-2"}, **wanted)
    await yoo.post("/payments", body)
    hooks = await yoo.shop.wait_for(2)
    assert {hook.object["metadata"]["pid"] for hook in hooks} == {"p-1", "p-2"}


async def test_what_waited_before_a_restart_is_delivered_after_it(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    async with yookassa(data_dir=tmp_path, clock=clock) as yoo:
        await yoo.ctl("/webhooks/policy", {"delay": [600, 600]})
        done = await yoo.paid()
        assert await yoo.shop.stays_at(0)

    clock.advance(700)
    async with yookassa(data_dir=tmp_path, clock=clock) as yoo:
        hooks = await yoo.shop.wait_for(1)
        assert hooks[0].object["id"] == done["id"]
