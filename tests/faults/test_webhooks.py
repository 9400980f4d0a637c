"""Webhooks that come many times, late, never, or while nobody can take them."""

import asyncio
import contextlib

import httpx2

from backend.notifications.kinds import Paid
from backend.payments.providers.base import PaymentState
from tests.faults.processes import (
    answers,
    free_port,
    keeps_working,
    process,
    serves,
    serves_and_dies,
    stop,
    was_killed,
    workers_are_ready,
)
from tests.faults.steps import (
    answers_to,
    assert_bought_once,
    assert_told_nothing,
    tried,
    web_without_database,
)
from tests.integration.webhook_cases import genuine
from tests.outside import until
from tests.shop import YOOKASSA_ADDRESS, Shop


async def test_fault_01_a_webhook_delivered_five_times_counts_once(shop: Shop) -> None:
    """Fault: the same success is delivered five times, one after another.

    Outcome: the days once, one message, and 200 five times.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    for _ in range(4):
        await shop.yookassa.repeat_webhook(ref)
        await shop.run_jobs()

    assert await answers_to(shop, ref) == [200] * 5
    assert all(event.handled_at for event in await shop.events())
    assert len(buyer.heard(Paid)) == 1
    await assert_bought_once(shop, buyer)


async def test_fault_02_twenty_webhooks_at_once_to_three_processes_count_once(shop: Shop) -> None:
    """Fault: the same webhook is delivered twenty times at once, to three web processes over one database.

    Outcome: the days once, one message, and 200 twenty times, though three worker processes look at it meanwhile.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    (lost,) = [d for d in await shop.yookassa.deliveries() if d["object_id"] == ref]
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(3)]

    async with contextlib.AsyncExitStack() as stack:
        for url in urls:
            await stack.enter_async_context(process(shop, serves, httpx2.URL(url).port))
        workers = [await stack.enter_async_context(process(shop, keeps_working)) for _ in range(3)]
        await asyncio.gather(workers_are_ready(shop, 3), *(answers(url) for url in urls))
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))

        async def deliver(number: int) -> int:
            headers = {"Content-Type": "application/json", "X-Forwarded-For": YOOKASSA_ADDRESS}
            url = f"{urls[number % 3]}{shop.hook}"
            return (await http.post(url, content=lost["body"].encode(), headers=headers)).status_code

        async def is_counted() -> bool:
            return all(event.handled_at for event in await shop.events())

        statuses = await asyncio.gather(*map(deliver, range(20)))
        await until(is_counted, seconds=20)
        await asyncio.gather(*map(stop, workers))

    await shop.run_jobs()
    assert statuses == [200] * 20
    (event,) = await shop.events()
    assert event.handled_at is not None
    assert len(buyer.heard(Paid)) == 1
    await assert_bought_once(shop, buyer)


async def test_fault_03_a_payment_whose_webhook_never_comes_is_found_by_asking(shop: Shop) -> None:
    """Fault: the success is never delivered.

    Outcome: found by asking, within half a minute while the buyer waits, and within 65 minutes however late in the
    hour he pays; the days once.
    """
    quick, slow = await shop.buyer(), await shop.buyer()
    at_once, late = await quick.orders("monthly"), await slow.orders("monthly")
    first = await shop.yookassa.pay(at_once.payment_id, webhooks=0)
    await shop.passes(seconds=31)
    await assert_bought_once(shop, quick)

    await shop.passes(minutes=58)
    second = await shop.yookassa.pay(late.payment_id, webhooks=0)
    await shop.passes(minutes=7)

    await assert_told_nothing(shop, [first, second])
    assert await shop.events() == []
    await assert_bought_once(shop, slow)


async def test_fault_04_a_cancellation_that_comes_after_the_success_changes_nothing(shop: Shop) -> None:
    """Fault: a cancellation of a paid payment arrives, older than the success that was counted.

    Outcome: the provider says it is paid; nothing changes, and the event is done with.
    """
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    asked = await shop.yookassa.fetches()

    answer = await shop.webhook(await genuine(shop, checkout, "payment.canceled", status="canceled", paid=False))
    await shop.run_jobs()

    assert answer.status_code == 200
    stale = next(event for event in await shop.events() if event.claims == "canceled")
    assert stale.handled_at is not None
    assert await shop.yookassa.fetches() == asked + 1
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert buyer.told == ["Paid", "KeyReady"]
    await assert_bought_once(shop, buyer)


async def test_fault_16_a_webhook_while_the_database_is_away_comes_again(shop: Shop) -> None:
    """Fault: the database does not answer when the webhook arrives.

    Outcome: it is answered 503, so the provider comes again; then 200, and the days once.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.ref(checkout.payment_id)
    async with web_without_database(shop):
        await shop.yookassa.act(f"payments/{ref}/pay")
        assert await tried(shop, ref, 1) == [503]
    assert await shop.events() == []

    shop.advance(seconds=11)
    assert await tried(shop, ref, 2) == [503, 200]
    await shop.run_jobs()

    assert len(await shop.events()) == 1
    await assert_bought_once(shop, buyer)


async def test_fault_17_a_process_killed_with_its_answer_in_hand_costs_a_second_delivery(shop: Shop) -> None:
    """Fault: the web process is killed after it has stored the event and before it answers 200.

    Outcome: the event is there; the second delivery opens it again; the days once.

    The process is a real one, and SIGKILL ends it where it would begin to answer.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.ref(checkout.payment_id)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    await shop.yookassa.change_shop(webhook_url=f"{url}{shop.hook}")

    async with process(shop, serves_and_dies, port) as web:
        await answers(url)
        await shop.yookassa.act(f"payments/{ref}/pay")
        assert await tried(shop, ref, 1) == [None]
        assert was_killed(web)
    (stored,) = await shop.events()
    assert stored.proven
    await shop.run_jobs()
    await assert_bought_once(shop, buyer)

    async with process(shop, serves, port):
        await answers(url)
        shop.advance(seconds=11)
        assert await tried(shop, ref, 2) == [None, 200]
    (again,) = await shop.events()
    assert (again.id, again.handled_at) == (stored.id, None)
    await shop.run_jobs()

    (done,) = await shop.events()
    assert done.handled_at is not None
    await assert_bought_once(shop, buyer)
