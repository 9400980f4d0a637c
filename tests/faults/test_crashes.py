"""A worker that dies in the middle of its work, and a whole shop that is down for a day."""

from sqlalchemy import select

from backend.payments.providers.base import PaymentState
from backend.vpn.models import VpnKey
from tests.faults.processes import kill, process, refreshes, was_killed, works
from tests.faults.steps import assert_bought_once, days, locked, somebody_waits
from tests.shop import Shop


async def test_fault_18_a_worker_killed_while_it_counts_a_payment_leaves_nothing_half_done(shop: Shop) -> None:
    """Fault: the worker is killed after it has marked the payment paid and before the days are written.

    Outcome: all of it is undone, the event stays open, and another worker counts it once.

    The process is a real one; it stands before the subscription's row, which is held, when SIGKILL ends it.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.pay(checkout.payment_id)
    await shop.drop_jobs()

    async with locked(shop, "subscriptions for update"), process(shop, refreshes, "yookassa", ref) as worker:
        await somebody_waits(shop)
        assert await shop.yookassa.fetches() == 1  # it knows that it is paid
        kill(worker)
        assert was_killed(worker)
    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    assert await days(buyer) == []
    (event,) = await shop.events()
    assert event.handled_at is None

    await shop.passes(seconds=6)

    (event,) = await shop.events()
    assert event.handled_at is not None
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    await assert_bought_once(shop, buyer)


async def test_fault_19_a_worker_killed_before_it_calls_the_panel_leaves_the_key_to_another(shop: Shop) -> None:
    """Fault: the worker is killed after the days are booked and before it calls the panel.

    Outcome: another worker makes the key; the panel has exactly one client.

    The process is a real one; it stands before the server's row, which is held, when SIGKILL ends it. Its queued
    jobs are lost with it.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id)

    async with locked(shop, "servers for no key update"), process(shop, works) as worker:
        await somebody_waits(shop)
        kill(worker)
        assert was_killed(worker)
    assert await days(buyer) == [30]
    assert (shop.panel.writes(), await shop.panel.clients()) == (0, [])
    await shop.drop_jobs()

    await shop.passes(minutes=1)

    assert shop.panel.additions() == 1
    (key,) = await shop.all(select(VpnKey))
    assert key.applied_version == (await buyer.subscription()).desired_version
    await assert_bought_once(shop, buyer)
