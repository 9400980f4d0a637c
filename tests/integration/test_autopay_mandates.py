"""What was kept for renewals becomes a mandate, whatever else was kept."""

from dataclasses import replace

from sqlalchemy import update

from backend.orders.looking import refresh
from backend.orders.models import Order
from backend.orders.service import settle
from backend.payments import saved
from backend.payments.models import Payment
from backend.payments.providers.base import Known, SavedInstrument
from tests.integration.autopay_fixture import DAY, HOUR, Subscriber, costs, orders_renewed, subscribes
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


async def pays_with_what_was_kept(owner: Subscriber) -> None:
    """Tick the renewal again; the company finds the same card, by the same id."""
    shop, kept = owner.shop, await owner.method()
    assert kept.ref is not None
    checkout = await orders_renewed(owner.buyer)
    ref = await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    answer = await shop.deps.providers.get("yookassa").fetch(ref)
    assert isinstance(answer, Known)
    told = replace(answer.snapshot, saved=SavedInstrument(kept.ref, kept.method, kept.title, kept.expires_on))
    async with shop.deps.db.transaction() as session:
        await settle(session, shop.deps.providers, "yookassa", told, shop.now)
    await shop.run_jobs()


async def test_a_later_consent_with_the_same_card_takes_up_what_was_paused(shop: Shop) -> None:
    owner = await subscribes(shop)
    await costs(shop, 349)
    await owner.reaches(3 * DAY)
    paused = await owner.stands()

    await pays_with_what_was_kept(owner)

    before, mandate = await owner.mandates()
    kept = await owner.method()
    assert paused == ("suspended", "price")
    assert (before.state, before.reason) == ("ended", "replaced")
    assert (mandate.state, mandate.max_amount_minor, mandate.saved_method_id) == ("active", 34900, kept.id)
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    assert await owner.states() == ["succeeded"]


async def test_the_same_card_of_somebody_else_stays_his(shop: Shop) -> None:
    owner, other = await subscribes(shop), await subscribes(shop)
    kept = await owner.method()
    checkout = await orders_renewed(other.buyer)
    async with shop.deps.db.transaction() as session:
        again = SavedInstrument(kept.ref or "", kept.method, kept.title)
        await saved.keep(session, await session.get_one(Payment, checkout.payment_id), again, shop.now)
    await shop.run_jobs()

    assert await owner.stands() == ("active", None)
    assert (await owner.method()).ref == kept.ref
    assert len(await other.mandates()) == 1
