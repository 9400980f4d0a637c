"""More than one payment, more than one tap, and a price that changes in between."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import update

from backend.notifications.kinds import Paid, PaidAgain
from backend.orders.returns import return_second
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.plans.models import Plan, PlanPrice
from backend.subscriptions.service import open_subscription
from tests.faults.steps import answers_to, assert_bought_once, days, told_operators
from tests.shop import Shop


async def test_fault_23_two_payments_of_one_order_give_two_periods(shop: Shop) -> None:
    """Fault: two payments of one order succeed: the first was thought dead when the second, by another method, was
    opened.

    Outcome: each gives its days; the buyer may have the second back at one tap, which takes its days and nothing
    else; the operators hear that an order was paid twice.
    """
    buyer = await shop.buyer()
    first = await buyer.orders("monthly", tap="1:1")
    await shop.yookassa.decline(first.payment_id)
    await shop.run_jobs()
    second = await buyer.orders("monthly", method="sbp", tap="1:1")
    assert (second.order_id, second.payment_id != first.payment_id) == (first.order_id, True)

    body = (await shop.payment(first)).request_body
    assert body is not None
    ghost = await shop.yookassa.send("another-key", body)
    await shop.yookassa.pay_ref(ghost)
    ref = await shop.yookassa.pay(second.payment_id)
    await shop.run_jobs()

    assert [await answers_to(shop, one) for one in (ghost, ref)] == [[200], [200]]
    succeeded = succeeded_of(await buyer.payments())
    assert {p.provider_payment_id for p in succeeded} == {ghost, ref}
    assert {p.order_id for p in succeeded} == {first.order_id}
    assert await days(buyer) == [30, 30]
    assert [paid.times for paid in buyer.heard(Paid)] == [1, 2]
    (again,) = told_operators(shop, PaidAgain)
    assert again.times == 2
    assert await buyer.paid_until() - shop.now > timedelta(days=60) - timedelta(minutes=1)

    async with shop.deps.db.transaction() as session:
        offer = buyer.heard(Paid)[1].payment_id
        await return_second(session, shop.deps.providers, shop.now, payment_id=offer, user_id=buyer.id)
    await shop.run_jobs()
    assert await days(buyer) == [30, 30, -30]
    assert sorted(p.refunded_minor for p in succeeded_of(await buyer.payments())) == [0, 29900]


def succeeded_of(payments: Sequence[Payment]) -> list[Payment]:
    return [payment for payment in payments if payment.state == PaymentState.SUCCEEDED]


async def test_fault_24_two_subscriptions_of_one_person_are_paid_at_once(shop: Shop) -> None:
    """Fault: one person pays for two subscriptions at the same moment, each webhook comes several times, and three
    workers settle them.

    Outcome: each subscription gets its own days; nobody waits for anybody for ever.
    """
    buyer = await shop.buyer()
    first = await buyer.orders("monthly")
    async with shop.deps.db.transaction() as session:
        await open_subscription(session, buyer.id, shop.now + timedelta(seconds=1))
    second = await buyer.orders("quarterly")
    refs = [await shop.yookassa.ref(checkout.payment_id) for checkout in (first, second)]
    await shop.yookassa.act("webhooks/policy", dup=1, copies=5)

    async with asyncio.timeout(20):
        workers = [asyncio.create_task(shop.run_jobs()) for _ in range(3)]
        await asyncio.gather(*(shop.yookassa.act(f"payments/{ref}/pay") for ref in refs))
        await asyncio.gather(*(shop.yookassa.delivered(ref) for ref in refs))
        await asyncio.gather(*workers, *(shop.run_jobs() for _ in range(3)))

    assert [await answers_to(shop, ref) for ref in refs] == [[200] * 5] * 2
    owners = {line.days: line.subscription_id for line in await buyer.extensions()}
    assert owners.keys() == {30, 90}
    assert owners == {30: (await shop.order(first)).subscription_id, 90: (await shop.order(second)).subscription_id}
    assert len(set(owners.values())) == 2
    assert len(await buyer.extensions()) == 2
    assert len(await shop.panel.clients()) == 2


async def test_fault_25_two_taps_on_pay_are_one_order_and_one_payment(shop: Shop) -> None:
    """Fault: the buyer taps twice on the same method, at once and again a little later.

    Outcome: one order and one attempt, the same page for each tap, and one request to the provider.
    """
    buyer = await shop.buyer()
    at_once = await asyncio.gather(*(buyer.orders("monthly", tap="1:1") for _ in range(2)))
    await shop.passes(minutes=10)
    later = await buyer.orders("monthly", tap="1:1")

    assert {c.order_id for c in at_once} == {later.order_id}
    assert {c.payment_id for c in at_once} == {later.payment_id}
    assert {c.url for c in at_once if c.url} == {later.url}
    assert (
        len(await buyer.payments()) == len(await shop.yookassa.creates()) == len(await shop.yookassa.objects()) == 1
    )
    await shop.yookassa.pay(later.payment_id)
    await shop.run_jobs()
    await assert_bought_once(shop, buyer)


async def test_fault_26_a_price_that_changed_after_the_tap_does_not_touch_the_order(shop: Shop) -> None:
    """Fault: price and period of the plan change after the order; the buyer pays 59 minutes later.

    Outcome: the old price is honoured, with the days that were promised for it; the next order costs the new one.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    plan = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(PlanPrice).where(PlanPrice.plan_id == plan.id).values(amount_minor=49900))
        await session.execute(update(Plan).where(Plan.id == plan.id).values(days=14))

    await shop.passes(minutes=59)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    payment = await shop.payment(checkout)
    assert (payment.state, payment.amount_minor) == (PaymentState.SUCCEEDED, 29900)
    await assert_bought_once(shop, buyer)
    renewal = await buyer.orders("monthly")
    assert (renewal.amount.minor, renewal.days) == (49900, 14)
