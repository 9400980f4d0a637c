"""Everything at once: no deadlock, and nothing happens twice."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from backend.audit.jobs import TidyBooks, tidy
from backend.kit import clock
from backend.kit.jobs import tick
from backend.notifications.kinds import Ended, KeyReady
from backend.notifications.models import Notification
from backend.notifications.service import notify
from backend.orders.checkout import check_now
from backend.orders.looking import refresh
from backend.orders.models import Order
from backend.orders.service import lock_order, settle
from backend.orders.sweeping import sweep
from backend.payments.inbox import close_events
from backend.payments.models import Payment
from backend.payments.providers.base import Known, PaymentState, Snapshot
from backend.payments.recording import find_bound
from backend.payments.rules import NEVER
from backend.payments.service import lock_payment
from backend.subscriptions.service import lock_subscription, open_subscription, wake_sync
from backend.users.service import lock_user
from backend.vpn.models import VpnKey
from bot.payments import keep
from tests.outside import FETCH, until
from tests.shop import Shop

pytestmark = pytest.mark.thorough

LOCK_WAITS = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")


async def waits_or_ends(shop: Shop, task: asyncio.Task[None]) -> None:
    """Return when the task is done, or stands before somebody else's lock."""

    async def holds() -> bool:
        async with shop.deps.db.transaction() as session:
            return task.done() or bool(await session.scalar(LOCK_WAITS))

    await until(holds)


async def ignoring_result(work: Awaitable[object]) -> None:
    await work


async def snapshot_of(shop: Shop, ref: str) -> Snapshot:
    result = await shop.deps.providers.get("yookassa").fetch(ref)
    assert isinstance(result, Known)
    return result.snapshot


async def test_a_tap_on_pay_and_a_settlement_of_one_person_do_not_stop_each_other(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    subscription = await buyer.subscription()

    async with shop.deps.db.transaction() as settling:
        await lock_subscription(settling, subscription.id)
        tap = asyncio.create_task(
            ignoring_result(buyer.orders("monthly"))
        )  # holds the person, names the subscription
        await waits_or_ends(shop, tap)
        await notify(settling, buyer.id, KeyReady(subscription.id), once="ready", now=shop.now)  # names the person
    await tap

    assert len(await buyer.payments()) == 1


async def test_a_tick_and_a_settlement_queue_their_jobs_without_stopping_each_other(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    subscription = await buyer.subscription()
    async with shop.deps.db.transaction() as session:  # something to say and something to sync are due
        await notify(session, buyer.id, KeyReady(subscription.id), once="ready", now=shop.now)
    await shop.drop_jobs()
    (key,) = await shop.all(select(VpnKey))

    async with shop.deps.db.transaction() as settling:
        await wake_sync(settling, key.server_id)
        ticking = asyncio.create_task(tick(shop.deps.db))
        await waits_or_ends(shop, ticking)
        await notify(settling, buyer.id, Ended(subscription.id, shop.now), once="ended", now=shop.now)
    await ticking
    await shop.run_jobs()

    assert sorted(buyer.told) == ["Ended", "KeyReady", "KeyReady"]


async def test_two_subscriptions_of_one_person_are_paid_at_the_same_time(shop: Shop) -> None:
    buyer = await shop.buyer()
    first = await buyer.orders("monthly")
    async with shop.deps.db.transaction() as session:
        await open_subscription(session, buyer.id, shop.now + timedelta(seconds=1))
    second = await buyer.orders("quarterly")

    await asyncio.gather(*(shop.yookassa.pay(checkout.payment_id, webhooks=0) for checkout in (first, second)))
    refs = [(await shop.payment(checkout)).provider_payment_id or "" for checkout in (first, second)]
    snapshots = [await snapshot_of(shop, ref) for ref in refs]

    async def settles(snapshot: Snapshot) -> None:
        async with shop.deps.db.transaction() as session:
            await settle(session, shop.deps.providers, "yookassa", snapshot, clock.now())

    await asyncio.gather(*(settles(snapshot) for snapshot in snapshots * 5), *(tick(shop.deps.db) for _ in range(4)))
    await shop.run_jobs()

    assert sorted(line.days for line in await buyer.extensions()) == [30, 90]
    assert None not in [subscription.paid_until for subscription in await buyer.subscriptions()]
    assert len(await shop.panel.clients()) == 2


async def test_everybody_who_can_settle_a_payment_does_it_at_once_and_it_counts_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    snapshot = await snapshot_of(shop, ref)

    async def settles() -> None:
        async with shop.deps.db.transaction() as session:
            await settle(session, shop.deps.providers, "yookassa", snapshot, clock.now())

    async def asks() -> None:
        await check_now(shop.deps, clock.now(), payment_id=checkout.payment_id, user_id=buyer.id)

    await asyncio.gather(
        *(settles() for _ in range(8)), *(asks() for _ in range(4)), *(tick(shop.deps.db) for _ in range(4))
    )
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]


async def test_adopted_and_known_payments_of_one_attempt_settle_at_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    payment = await shop.payment(checkout)
    assert payment.request_body is not None
    second = await shop.yookassa.send("another-key", payment.request_body)
    for ref in (payment.provider_payment_id or "", second):
        await shop.yookassa.pay_ref(ref, webhooks=0)
    snapshots = [await snapshot_of(shop, ref) for ref in (payment.provider_payment_id or "", second)]

    async def settles(snapshot: Snapshot) -> None:
        async with shop.deps.db.transaction() as session:
            await settle(session, shop.deps.providers, "yookassa", snapshot, clock.now())

    await asyncio.gather(*(settles(snapshot) for snapshot in snapshots * 6))
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30, 30]


async def test_two_workers_tick_over_the_same_rows_without_stopping_each_other(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(4)]
    checkouts = await asyncio.gather(*(buyer.orders("monthly") for buyer in buyers))
    await asyncio.gather(*(shop.yookassa.pay(checkout.payment_id, webhooks=1) for checkout in checkouts))
    await shop.drop_jobs()
    shop.advance(minutes=1)

    await asyncio.gather(*(tick(shop.deps.db) for _ in range(12)))
    await shop.run_jobs()

    assert [buyer.told for buyer in buyers] == [["Paid", "KeyReady"]] * 4
    assert await shop.all(select(Notification).where(Notification.done_at.is_(None))) == []


async def test_what_the_bot_heard_and_what_the_list_shows_do_not_stop_each_other(shop: Shop) -> None:
    """One settles by the stored event, the other by the company's list and then closes that event."""
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly", provider="stars", method="stars")
    payment = await shop.payment(checkout)
    charged = json.dumps(charge(payment)).encode()
    assert await keep(shop.deps, charged)
    await shop.drop_jobs()

    async with shop.deps.db.transaction() as listing:
        await lock_payment(listing, payment.id)
        told = asyncio.create_task(refresh(shop.deps, "stars", "charge-1", shop.now))
        await waits_or_ends(shop, told)
        await close_events(listing, "stars", "charge-1", PaymentState.PENDING, shop.now)
    await told
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]


async def test_an_unanswered_look_and_a_settlement_do_not_stop_each_other(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id)
    await shop.drop_jobs()  # the webhook is stored and nobody has looked yet
    ref = (await shop.payment(checkout)).provider_payment_id or ""
    paid = await snapshot_of(shop, ref)
    shop.yookassa.breaks(FETCH, "status", status=500, times=1)

    async with shop.deps.db.transaction() as settling:
        await find_bound(settling, "yookassa", ref)
        look = asyncio.create_task(refresh(shop.deps, "yookassa", ref, shop.now))
        await waits_or_ends(shop, look)
        await settle(settling, shop.deps.providers, "yookassa", paid, shop.now)
    await look
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]


async def test_an_order_is_locked_with_those_of_its_purchase_and_its_subscription_and_no_other(shop: Shop) -> None:
    anna, bob = await shop.buyer(), await shop.buyer()
    names = ["itself", "same purchase", "same subscription", "another"]
    orders = dict(zip(names, [(await anna.orders("monthly")).order_id for _ in names], strict=True))
    orders["somebody else's"] = (await bob.orders("monthly")).order_id
    elsewhere = (await bob.subscription()).id
    requests = {"itself": "1:2#a", "same purchase": "1:2#b", "somebody else's": "1:2#c"}
    async with shop.deps.db.transaction() as session:
        for name, order_id in orders.items():
            values: dict[str, object] = {"client_request_id": requests.get(name, f"{name}#d")}
            if name not in ("itself", "same subscription"):
                values["subscription_id"] = elsewhere
            await session.execute(update(Order).where(Order.id == order_id).values(values))

    async with shop.deps.db.transaction() as locking, shop.deps.db.transaction() as looking:
        await lock_order(locking, orders["itself"])
        left = select(Order.id).with_for_update(skip_locked=True, key_share=True)
        free = set((await looking.scalars(left)).all())

    assert {name for name, order_id in orders.items() if order_id in free} == {"another", "somebody else's"}


async def test_a_payment_of_an_order_may_be_written_while_that_is_locked(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    order_id = (await shop.payment(checkout)).order_id

    async with shop.deps.db.transaction() as locking, shop.deps.db.transaction() as naming:
        await lock_order(locking, order_id)
        named = select(Order.id).where(Order.id == order_id)
        free = await naming.scalar(named.with_for_update(skip_locked=True, read=True, key_share=True))

    assert free == order_id


async def test_an_old_order_that_is_paid_while_it_is_tidied_away_stays(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).values(state="canceled", next_check_at=NEVER))
        await session.execute(update(Order).values(created_at=shop.now - timedelta(days=31)))
    await sweep(shop.deps, shop.deps.providers.get("yookassa"), shop.now, far=False)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    paid = await snapshot_of(shop, (await shop.payment(checkout)).provider_payment_id or "")

    async with shop.deps.db.transaction() as settling:
        await settle(settling, shop.deps.providers, "yookassa", paid, shop.now)
        tidying = asyncio.create_task(tidy(TidyBooks(), shop.deps))
        await waits_or_ends(shop, tidying)
    await tidying

    assert [line.days for line in await buyer.extensions()] == [30]
    assert (await shop.payment(checkout)).state == "succeeded"


async def test_a_deadlock_is_an_outage_and_not_a_bug(shop: Shop) -> None:
    people, first = [await shop.buyer() for _ in range(2)], asyncio.Barrier(2)

    async def locks(*ids: int) -> None:
        async with shop.deps.db.transaction() as session:
            await lock_user(session, ids[0])
            await first.wait()
            await lock_user(session, ids[1])

    one, other = (person.id for person in people)
    ends = await asyncio.gather(locks(one, other), locks(other, one), return_exceptions=True)

    assert sorted(type(end).__name__ for end in ends) == ["DatabaseUnavailable", "NoneType"]


def charge(payment: Payment) -> dict[str, Any]:
    """The update that tells of a payment in Stars."""
    assert payment.request_body is not None
    paid = {
        "currency": "XTR",
        "total_amount": payment.amount_minor,
        "invoice_payload": json.loads(payment.request_body)["payload"],
        "telegram_payment_charge_id": "charge-1",
        "provider_payment_charge_id": "1",
    }
    person = {"id": int(payment.payer_ref or 0)}
    message = {"successful_payment": paid, "date": 1_790_000_000, "chat": person, "from": person}
    return {"update_id": 1, "message": message}
