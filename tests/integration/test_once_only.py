"""What is paid is given once: old news change nothing, and two at one moment wait for each other."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from backend.kit import clock
from backend.orders.service import settle
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState, Snapshot
from tests.integration.autopay_fixture import changes
from tests.integration.test_concurrency import snapshot_of, waits_or_ends
from tests.shop import Shop


async def settles(shop: Shop, snapshot: Snapshot) -> None:
    async with shop.deps.db.transaction() as session:
        await settle(session, shop.deps.providers, "yookassa", snapshot, clock.now())


async def test_old_news_after_the_success_neither_move_it_nor_give_days_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    paid = await snapshot_of(shop, await shop.yookassa.ref(checkout.payment_id))

    for state in (PaymentState.PENDING, PaymentState.SUCCEEDED, PaymentState.CANCELED, PaymentState.SUCCEEDED):
        await settles(shop, replace(paid, state=state))
        assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED

    assert [line.days for line in await buyer.extensions()] == [30]


async def test_two_payments_of_one_subscription_at_one_moment_give_both_their_days(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkouts = [await buyer.orders("monthly"), await buyer.orders("monthly")]
    refs = [await shop.yookassa.pay(checkout.payment_id, webhooks=0) for checkout in checkouts]
    first, second = [await snapshot_of(shop, ref) for ref in refs]
    begun = shop.now

    async with shop.deps.db.transaction() as session:
        await settle(session, shop.deps.providers, "yookassa", first, clock.now())
        other = asyncio.create_task(settles(shop, second))
        await waits_or_ends(shop, other)
    await other

    assert [line.days for line in await buyer.extensions()] == [30, 30]
    assert await buyer.paid_until() - begun >= timedelta(days=60)
    assert (await buyer.subscription()).desired_version == 2


async def test_two_companies_may_call_a_payment_the_same(shop: Shop) -> None:
    buyer = await shop.buyer()
    card, coins = await buyer.orders(), await buyer.orders(provider="coingate", method="btc")
    ref = await shop.yookassa.ref(card.payment_id)
    await changes(shop, Payment, Payment.id == coins.payment_id, provider_payment_id=ref)

    await shop.yookassa.pay(card.payment_id)
    await shop.run_jobs()

    assert (await shop.payment(card)).state == PaymentState.SUCCEEDED
    assert (await shop.payment(coins)).state == PaymentState.PENDING


async def test_no_company_says_anything_of_the_payments_of_another(shop: Shop) -> None:
    """Not even with our signature of that payment."""
    checkout = await (await shop.buyer()).orders()
    paid = await snapshot_of(shop, await shop.yookassa.pay(checkout.payment_id, webhooks=0))

    async with shop.deps.db.transaction() as session:
        told = await settle(session, shop.deps.providers, "coingate", replace(paid, ref="1"), clock.now())

    assert told is None
    assert (await shop.payment(checkout)).state == PaymentState.PENDING
