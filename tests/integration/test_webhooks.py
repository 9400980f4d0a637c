"""What arrives at the webhook address: a hint at best, whether it is genuine, late, doubled or forged."""

import asyncio
from typing import Any

from sqlalchemy import text

from backend.payments.providers.base import PaymentState
from backend.payments.rules import GIVE_UP_AFTER
from tests.integration.webhook_cases import assert_nothing_given, assert_still_sold, genuine
from tests.outside import FETCH
from tests.shop import Shop


async def test_a_webhook_delivered_five_times_gives_the_days_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    ref = await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    for _ in range(4):
        await shop.yookassa.repeat_webhook(ref)
        await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]
    deliveries = await shop.yookassa.deliveries()
    assert [d["attempts"][-1]["status"] for d in deliveries] == [200] * 5
    (event,) = await shop.events()
    assert event.handled_at is not None


async def test_a_webhook_delivered_twenty_times_at_once_gives_the_days_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    await shop.yookassa.pay(checkout.payment_id, webhooks=20)
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]
    assert [d["attempts"][-1]["status"] for d in await shop.yookassa.deliveries()] == [200] * 20
    assert len(await shop.events()) == 1


async def test_a_webhook_is_kept_with_its_sender_and_wakes_one_question(
    shop: Shop,
) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    ref = await shop.yookassa.pay(checkout.payment_id, webhooks=2)

    (event,) = await shop.events()
    assert (event.payment_ref, str(event.remote_ip)) == (ref, "185.71.76.1")
    async with shop.deps.db.transaction() as session:
        queued = await session.execute(text("select task_name, lock, queueing_lock from procrastinate_jobs"))
    name = f"yookassa:{ref}"
    assert [tuple(row) for row in queued] == [("RefreshPayment", name, f"RefreshPayment:{name}")]


async def test_twenty_equal_webhooks_cost_two_questions_at_most(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    await shop.yookassa.pay(checkout.payment_id, webhooks=20)
    await shop.run_jobs()

    assert await shop.yookassa.fetches() <= 2


async def test_a_lost_webhook_is_made_up_for_by_asking_in_half_a_minute(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(seconds=20)
    before = await buyer.extensions()
    await shop.passes(seconds=11)

    assert before == []
    assert [line.days for line in await buyer.extensions()] == [30]
    assert await shop.events() == []


async def test_a_payment_is_asked_for_less_often_the_older_it_is(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.orders("monthly")

    asked, before = {}, 0
    for minute in (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 59):
        await shop.passes(minutes=minute - before)
        asked[minute], before = await shop.yookassa.fetches(), minute

    # of the two that were due at half a minute and at one, one is enough
    assert asked == {1: 1, 2: 2, 3: 2, 5: 3, 7: 3, 10: 4, 15: 4, 20: 5, 30: 5, 40: 6, 59: 6}


async def test_a_payment_found_by_the_last_poll_of_the_first_hours_is_counted(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.passes(minutes=50)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(minutes=16)

    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_stale_cancellation_after_the_success_changes_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")

    answer = await shop.webhook(await genuine(shop, checkout, "payment.canceled", status="canceled"))
    await shop.run_jobs()

    assert answer.status_code == 200
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert all(event.handled_at for event in await shop.events())
    assert buyer.told == ["Paid", "KeyReady"]


async def test_an_event_that_comes_again_is_open_again_until_it_was_looked_at(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    ref = await shop.yookassa.ref(checkout.payment_id)
    before = await shop.yookassa.fetches()

    await shop.yookassa.repeat_webhook(ref)
    await shop.drop_jobs()  # its own job is lost, so only the open event can wake another
    (reopened,) = await shop.events()
    await shop.passes(seconds=6)

    assert reopened.handled_at is None
    assert await shop.yookassa.fetches() == before + 1
    (event,) = await shop.events()
    assert event.handled_at is not None
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_webhook_during_an_outage_of_the_provider_waits_for_its_end(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    shop.yookassa.breaks(FETCH, "status", status=500, times=None)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    (event,) = await shop.events()
    assert event.handled_at is None

    shop.mend()
    await shop.passes(seconds=31)

    assert [line.days for line in await buyer.extensions()] == [30]
    (event,) = await shop.events()
    assert event.handled_at is not None


async def test_a_question_that_fails_is_asked_again(shop: Shop) -> None:
    modes = ["lost_before", "lost_after", "garbage", "http_202", "http_429", "reset"]
    buyers = [await shop.buyer() for _ in modes]
    for buyer, mode in zip(buyers, modes, strict=True):
        checkout = await buyer.orders("monthly")
        shop.yookassa.breaks(FETCH, mode)
        await shop.yookassa.pay(checkout.payment_id)

    await shop.run_jobs()
    before = [await buyer.extensions() for buyer in buyers]
    await shop.passes(seconds=31)

    assert before == [[]] * 6
    assert [[line.days for line in await buyer.extensions()] for buyer in buyers] == [[30]] * 6


async def test_a_forged_success_of_a_pending_payment_changes_nothing_and_swallows_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    answer = await shop.webhook(await genuine(shop, checkout, status="succeeded", paid=True))

    assert answer.status_code == 200
    await assert_nothing_given(shop, buyer, checkout)
    (event,) = await shop.events()
    assert event.proven
    assert event.handled_at is None  # it claims more than the provider says: looked at again later
    await assert_still_sold(shop, buyer, checkout)
    (event,) = await shop.events()
    assert event.handled_at is not None


async def test_a_success_that_is_never_confirmed_is_given_up_after_a_day(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.webhook(await genuine(shop, checkout, status="succeeded"))

    for hours in (1, 22, 3):
        await shop.passes(hours=hours)

    forged = next(event for event in await shop.events() if event.claims == "succeeded")
    assert forged.handled_at is not None
    assert forged.handled_at - forged.received_at > GIVE_UP_AFTER
    assert await buyer.extensions() == []


UNPROVEN: list[dict[str, Any]] = [
    {"metadata": {}},
    {"metadata": {"pid": "00000000-0000-0000-0000-000000000000", "mac": "1.x"}},
    {"metadata": {"pid": None, "mac": None}},
    {"metadata": {"pid": ["a"], "mac": {"b": 1}}},
    {"amount": {"value": "1.00", "currency": "RUB"}},
    {"amount": {"value": "299.00", "currency": "USD"}},
    {"amount": None},
]


async def test_a_webhook_that_proves_nothing_is_kept_apart_and_wakes_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    for change in UNPROVEN:
        answer = await shop.webhook(await genuine(shop, checkout, **change, status="succeeded"))
        assert answer.status_code == 200, change

    await assert_nothing_given(shop, buyer, checkout)
    events = await shop.events()
    assert [(event.proven, event.handled_at) for event in events] == [(False, None)] * len(UNPROVEN)
    assert all(event.dedup_key.startswith("unproven:") for event in events)
    assert await shop.yookassa.fetches() == 0
    await assert_still_sold(shop, buyer, checkout)


async def test_a_signature_of_another_payment_proves_nothing(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    checkout, theirs = await buyer.orders("monthly"), await other.orders("monthly")
    (sold,), (foreign,) = (
        await shop.yookassa.objects(checkout.payment_id),
        await shop.yookassa.objects(theirs.payment_id),
    )
    mixed = {"pid": sold["metadata"]["pid"], "mac": foreign["metadata"]["mac"]}

    await shop.webhook(await genuine(shop, checkout, metadata=mixed, status="succeeded"))

    await assert_nothing_given(shop, buyer, checkout)
    (event,) = await shop.events()
    assert not event.proven


async def test_a_genuine_signature_on_another_payments_id_gives_the_other_nothing(shop: Shop) -> None:
    """Somebody pays his own payment and sends its success under the id of a stranger's."""
    payer, victim = await shop.buyer(), await shop.buyer()
    paid, pending = await payer.orders("monthly"), await victim.orders("monthly")
    await shop.yookassa.pay(paid.payment_id, webhooks=0)
    ref = (await shop.payment(pending)).provider_payment_id

    await shop.webhook(await genuine(shop, paid, id=ref))

    await assert_nothing_given(shop, victim, pending)
    assert (await shop.payment(paid)).state == PaymentState.PENDING
    await shop.passes(seconds=31)
    assert [line.days for line in await payer.extensions()] == [30]


async def test_a_success_forged_many_times_while_the_genuine_one_arrives_counts_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    forged = await genuine(shop, checkout, status="succeeded", paid=True)

    await asyncio.gather(
        *(shop.webhook(forged) for _ in range(10)), shop.yookassa.pay(checkout.payment_id), shop.run_jobs()
    )
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_refund_event_about_a_payment_of_ours_is_proven_and_one_about_a_strangers_is_not(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    ref = (await shop.payment(checkout)).provider_payment_id
    refund = {"id": "216749f7-0016-50be-b000-078d43a63ae4", "status": "succeeded", "amount": {"value": "299.00"}}

    for payment_ref in (ref, "2d8f0e8d-000f-5000-8000-18db351245c7"):
        body = {"type": "notification", "event": "refund.succeeded", "object": {**refund, "payment_id": payment_ref}}
        assert (await shop.webhook(body)).status_code == 200
    await shop.run_jobs()

    events = {event.payment_ref: event for event in await shop.events() if event.object_id == refund["id"]}
    assert [event.proven for event in events.values()] == [True, False]
    assert events[ref or ""].handled_at is None  # the provider shows no such refund, yet
    assert [line.days for line in await buyer.extensions()] == [30]
