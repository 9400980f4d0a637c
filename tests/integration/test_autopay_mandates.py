"""What was kept for renewals becomes a mandate, whatever else was kept."""

from sqlalchemy import update

from backend.orders.looking import refresh
from backend.orders.models import Order
from backend.payments import saved
from backend.payments.models import Payment
from backend.payments.providers.base import SavedInstrument
from tests.integration.autopay_fixture import Subscriber, orders_renewed
from tests.integration.test_credentials_gone import take_out
from tests.shop import Shop


async def test_what_a_provider_without_credentials_keeps_holds_nobody_up_and_opens_when_they_are_back(
    shop: Shop,
) -> None:
    stars, cards = await shop.buyer(), await shop.buyer()
    begun = await orders_renewed(stars, provider="stars", method="stars")
    first = await shop.payment(begun)
    async with shop.deps.db.transaction() as session:
        kept = SavedInstrument("c1", "stars", "Telegram Stars")
        await saved.keep(session, await session.get_one(Payment, first.id), kept, shop.now)

    former = take_out(shop, "stars")
    checkout = await orders_renewed(cards)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    alone = [await Subscriber(shop, one).mandates() for one in (stars, cards)]
    await shop.passes(minutes=11)
    shop.deps.providers = former
    await shop.passes(minutes=11)

    assert [len(opened) for opened in alone] == [0, 1]
    assert [one.charged_by for one in await Subscriber(shop, stars).mandates()] == ["provider"]


async def test_what_cannot_be_opened_stops_no_other(shop: Shop) -> None:
    shop.clumsy = True
    stars, cards = await shop.buyer(), await shop.buyer()
    begun = await orders_renewed(stars, provider="stars", method="stars")
    async with shop.deps.db.transaction() as session:  # somebody changed rows: a price that nobody may be charged
        await session.execute(update(Order).where(Order.id == begun.order_id).values(amount_minor=0))
        kept = SavedInstrument("c1", "stars", "Telegram Stars")
        await saved.keep(session, await session.get_one(Payment, begun.payment_id), kept, shop.now)

    checkout = await orders_renewed(cards)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert await Subscriber(shop, stars).mandates() == []
    assert len(await Subscriber(shop, cards).mandates()) == 1


async def test_what_was_agreed_to_later_is_not_replaced_by_what_was_opened_late(shop: Shop) -> None:
    buyer = await shop.buyer()
    month = await orders_renewed(buyer, "monthly")
    await shop.yookassa.pay(month.payment_id, webhooks=0)
    await refresh(shop.deps, "yookassa", (await shop.payment(month)).provider_payment_id or "", shop.now)
    await shop.drop_jobs()  # with the worker that was to open the mandate

    year = await orders_renewed(buyer, "yearly")
    await shop.yookassa.pay(year.payment_id)
    await shop.run_jobs()
    await shop.passes(minutes=11)

    (mandate,) = await Subscriber(shop, buyer).mandates()
    assert (mandate.plan_id, mandate.state) == ((await shop.plan("yearly")).id, "active")
