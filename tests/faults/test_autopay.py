"""Renewals that are charged twice, late, or when they should not be."""

import asyncio
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from backend.autopay.charging import open_charge
from backend.autopay.jobs import Renew, renew
from backend.autopay.service import SwitchedOff, lock_mandate, switch_off
from backend.kit.money import Currency, Money
from backend.notifications.kinds import ChargeUnanswered, Paid
from backend.orders.returns import refundable
from backend.payments.models import Payment, Refund
from backend.payments.providers.base import PaymentState
from backend.users.models import User
from tests.faults.processes import go_on, process, renews, stand_still
from tests.faults.steps import CREATE, assert_key_agrees, controls, days, fault, told_operators
from tests.integration.autopay_fixture import DAY, HOUR, Subscriber, orders_renewed, subscribes
from tests.integration.bot_fixtures import open_bot
from tests.integration.stars_fixture import control, ledger_of, payer, settled
from tests.outside import until
from tests.shop import Buyer, Shop

PRICE = Money(29900, Currency.RUB)


async def charges_sent(shop: Shop) -> int:
    """How many requests to charge a saved method arrived."""
    return sum('"payment_method_id"' in request["body"] for request in await shop.yookassa.creates())


async def comes_due(owner: Subscriber) -> None:
    """Both notices are given, and the time to charge has come; the worker sleeps."""
    await owner.is_warned()
    left = await owner.buyer.paid_until() - 12 * HOUR - owner.shop.now
    owner.shop.advance(seconds=left.total_seconds() + 1)


async def test_fault_15_a_charge_nobody_answers_for_a_day_waits_for_a_person(shop: Shop) -> None:
    """Fault: a renewal is charged, and for 23 hours nobody says what came of it.

    Outcome: the payment goes to review and the operators hear of it; it is not sent again, and nothing else is
    charged instead.
    """
    owner = await subscribes(shop)
    await comes_due(owner)
    async with fault(shop, "yookassa", "lost_before", times=None, **CREATE):
        await shop.passes(minutes=11)
        await shop.passes(hours=22)
        assert await owner.states() == [PaymentState.NEW]
        await shop.passes(hours=2)
    sent = len(await shop.yookassa.creates())

    for hours in (1, 24):
        await shop.passes(hours=hours)

    (charge,) = await owner.charges()
    assert (charge.state, charge.review_reason) == (PaymentState.REVIEW, "never_answered")
    assert len(await shop.yookassa.creates()) == sent
    assert [told.payment_id for told in told_operators(shop, ChargeUnanswered)] == [charge.id]
    assert await days(owner.buyer) == [30]
    assert len(await shop.yookassa.objects()) == 1


async def test_fault_43_stars_that_renew_somebody_who_was_banned_count_and_open_nothing(shop: Shop) -> None:
    """Fault: Telegram renews a subscription in Stars right after its owner was banned.

    Outcome: the days are booked, the key stays off, Telegram is told not to renew again, and a refund waits for the
    operators.
    """
    async with open_bot(shop) as opened:
        person = await payer(opened)
        user = await opened.user(person.phone)
        buyer = Buyer(shop, user.id, "ru")
        checkout = await orders_renewed(buyer, provider="stars", method="stars")
        assert checkout.url is not None
        first = await person.pays(checkout.url)
        assert await days(buyer) == [30]

        shop.advance(days=30)
        async with shop.deps.db.transaction() as session:
            await session.execute(update(User).where(User.id == user.id).values(blocked_at=shop.now))
        await control(opened, f"users/{person.phone.id}/subscriptions/{first['charge_id']}/renew")
        await settled(opened)
        await shop.passes(minutes=11)
        await settled(opened)

        lines = await ledger_of(opened, user.id)
        assert [(line.source, line.days) for line in lines] == [("payment", 30), ("payment", 30)]
        (client,) = await shop.panel.clients()
        assert client["enable"] is False
        (subscription,) = (await opened.http.get(f"users/{person.phone.id}/stars")).json()["subscriptions"]
        assert subscription["canceled"] is True
        renewal = (await shop.all(select(Payment).where(Payment.initiated_by == "shop")))[0]
        (asked,) = await shop.all(select(Refund))
        assert (asked.state, asked.payment_id) == ("asked", renewal.id)
        assert await calls(shop, "editUserStarSubscription") == 2  # once for each charge: either may have begun it


async def calls(shop: Shop, method: str) -> int:
    async with controls(shop, "") as http:
        log = (await http.get("log", params={"service": "telegram"})).json()
    return sum(entry["path"].endswith(f"/{method}") for entry in log)


async def test_fault_44_a_renewal_that_is_charged_by_many_at_once_is_charged_once(shop: Shop) -> None:
    """Fault: the job that charges a renewal runs eight times at once, past the queue, and again after the clock has
    jumped.

    Outcome: one order of that renewal, one request to the provider, one charge; the days once.
    """
    owner = await subscribes(shop)
    await comes_due(owner)
    mandate = await owner.mandate()

    await asyncio.gather(*(renew(Renew(mandate.id), shop.deps) for _ in range(8)), shop.run_jobs(), shop.run_jobs())
    shop.advance(hours=1)
    await asyncio.gather(*(renew(Renew(mandate.id), shop.deps) for _ in range(4)))
    await shop.passes(minutes=11)

    (order,) = await owner.renewals()
    (charge,) = await owner.charges()
    assert (charge.order_id, charge.state) == (order.id, PaymentState.SUCCEEDED)
    assert await charges_sent(shop) == 1
    assert await days(owner.buyer) == [30, 30]
    await assert_key_agrees(shop, owner.buyer)


async def test_fault_45_a_charge_that_succeeds_after_the_end_counts_from_then(shop: Shop) -> None:
    """Fault: the charge of a renewal is pending until after the period has ended, and succeeds then.

    Outcome: the days begin when it succeeds, and the owner is told; nothing else is charged meanwhile.
    """
    owner = await subscribes(shop)
    await comes_due(owner)
    await owner.card_answers("pending")
    await shop.passes(minutes=11)
    (charge,) = await owner.charges()
    assert charge.state == PaymentState.PENDING
    end = await owner.buyer.paid_until()
    for hours in (12, 3, 3):
        await shop.passes(hours=hours)
    assert shop.now > end
    assert await charges_sent(shop) == 1

    await shop.yookassa.pay(charge.id)
    await shop.run_jobs()

    assert await owner.states() == [PaymentState.SUCCEEDED]
    assert await days(owner.buyer) == [30, 30]
    assert abs(await owner.buyer.paid_until() - shop.now - 30 * DAY) < timedelta(minutes=1)
    assert len(owner.buyer.heard(Paid)) == 2
    await shop.passes(hours=1)
    assert await charges_sent(shop) == 1
    await assert_key_agrees(shop, owner.buyer)


async def test_fault_46_switching_renewals_off_stops_what_was_not_sent_and_nothing_else(shop: Shop) -> None:
    """Fault: people switch renewals off while a charge is open: one was not sent yet, the other is on its way.

    Outcome: what was not sent is never sent. What was sent stands and counts, and its owner, who is told so as he
    switches off, may have the money back.

    The first charge is left by a process that died before it called; the second by a real one that stands still
    (SIGSTOP) while the provider answers.
    """
    early, late = await subscribes(shop), await subscribes(shop)
    await comes_due(late)
    unsent = await left_unsent(early)
    assert (await switches_off(early)).stands is None
    mandate = await late.mandate()
    async with fault(shop, "yookassa", "slow_body", ms=1000, **CREATE), process(shop, renews, mandate.id) as worker:
        await until(lambda: charged(shop), seconds=20)
        stand_still(worker)
        off = await switches_off(late)
        await go_on(worker)
    for _ in range(2):
        await shop.passes(minutes=11)

    (not_sent,), (stands,) = await early.charges(), await late.charges()
    assert (not_sent.id, not_sent.state, not_sent.failure) == (unsent, PaymentState.FAILED, "autopay_off")
    assert (off.ended, off.stands and off.stands.id) == (True, stands.id)
    assert (stands.state, await charges_sent(shop)) == (PaymentState.SUCCEEDED, 1)
    assert [await days(owner.buyer) for owner in (early, late)] == [[30], [30, 30]]
    async with shop.deps.db.transaction() as session:
        offers = await refundable(session, shop.deps.providers, late.buyer.id, shop.now)
    assert stands.id in {offer.payment_id for offer in offers}
    await shop.passes(days=31)
    assert await charges_sent(shop) == 1


async def left_unsent(owner: Subscriber) -> UUID:
    """Its charge is opened, and whoever did it is gone."""
    end, mandate = await owner.buyer.paid_until(), await owner.mandate()
    async with owner.shop.deps.db.transaction() as session:
        mandate = await lock_mandate(session, mandate.id)
        opened = await open_charge(session, owner.shop.deps, mandate, owner.shop.now, until=end, amount=PRICE)
    assert opened is not None
    return opened


async def switches_off(owner: Subscriber) -> SwitchedOff:
    async with owner.shop.deps.db.transaction() as session:
        return await switch_off(session, owner.buyer.id, owner.shop.now, channel="bot")


async def charged(shop: Shop) -> bool:
    """Whether the provider has made a charge of something saved."""
    return len(await shop.yookassa.objects()) > 2
