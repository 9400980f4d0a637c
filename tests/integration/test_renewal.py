"""Time: nothing paid for is lost, nothing is given twice, and the end is an end."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from backend.kit import clock
from backend.notifications.kinds import KeyReady, Paid
from backend.subscriptions.service import SubscriptionNotFound, get_subscription, grant_days, take_days
from tests.shop import Buyer, Shop

DAY = timedelta(days=1)


async def gives(shop: Shop, buyer: Buyer, days: int, source_id: str = "1") -> None:
    subscription = await buyer.subscription()
    async with shop.deps.db.transaction() as session:
        await grant_days(session, subscription.id, days, clock.now(), source="operator", source_id=source_id)


async def takes(shop: Shop, buyer: Buyer, days: int, source_id: str = "1") -> None:
    subscription = await buyer.subscription()
    async with shop.deps.db.transaction() as session:
        await take_days(session, subscription.id, days, clock.now(), source="operator", source_id=source_id)


async def test_paid_early_the_days_are_added_to_the_end(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    end, client = await buyer.paid_until(), await shop.panel.client()
    shop.advance(days=20)

    await buyer.buys("monthly")

    assert await buyer.paid_until() == end + 30 * DAY
    renewed = await shop.panel.client()
    assert renewed["expiryTime"] == client["expiryTime"] + 30 * 86_400_000
    assert (renewed["uuid"], renewed["subId"], renewed["email"]) == (client["uuid"], client["subId"], client["email"])


async def test_a_renewal_in_time_says_paid_with_the_key_and_announces_no_new_one(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    shop.advance(days=20)

    await buyer.buys("monthly")

    assert buyer.told == ["Paid", "KeyReady", "Paid"]
    assert [paid.key_ready for paid in buyer.heard(Paid)] == [False, True]


async def test_lapsed_the_days_start_now_and_the_key_is_announced_anew(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    before = await buyer.subscription()
    shop.advance(days=45)

    started = shop.now
    await buyer.buys("monthly")

    until, after = await buyer.paid_until(), await buyer.subscription()
    assert started + 30 * DAY <= until <= shop.now + 30 * DAY
    assert (after.token, after.client_uuid) == (before.token, before.client_uuid)
    client = await shop.panel.client()
    assert (client["enable"], client["expiryTime"]) == (True, round(until.timestamp() * 1000))
    assert [told for told in buyer.told if told in ("Paid", "KeyReady")] == ["Paid", "KeyReady"] * 2
    assert [paid.key_ready for paid in buyer.heard(Paid)] == [False, False]


async def test_a_key_ends_by_itself_at_the_panel(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    writes = shop.panel.writes()

    shop.advance(days=7, seconds=1)
    await shop.panel.act("tick")

    assert (await shop.panel.client())["enable"] is False
    assert shop.panel.writes() == writes


async def test_time_is_bought_in_any_order_and_adds_up(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    start = await buyer.paid_until() - 7 * DAY

    for code in ("yearly", "monthly", "quarterly"):
        await buyer.buys(code)

    assert await buyer.paid_until() == start + (7 + 365 + 30 + 90) * DAY
    assert [line.days for line in await buyer.extensions()] == [7, 365, 30, 90]


async def test_the_same_source_never_gives_twice(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await gives(shop, buyer, 10)
    end = await buyer.paid_until()

    with pytest.raises(IntegrityError):
        await gives(shop, buyer, 10)

    assert await buyer.paid_until() == end
    assert [line.days for line in await buyer.extensions()] == [7, 10]


async def test_days_taken_back_shorten_the_key(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    end = await buyer.paid_until()

    await takes(shop, buyer, 10)
    await shop.run_jobs()

    assert await buyer.paid_until() == end - 10 * DAY
    client = await shop.panel.client()
    assert (client["enable"], client["expiryTime"]) == (True, round((end - 10 * DAY).timestamp() * 1000))


async def test_all_days_taken_back_switch_the_key_off_and_keep_it_for_the_next_purchase(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    uuid = (await shop.panel.client())["uuid"]

    await takes(shop, buyer, 30)
    await shop.run_jobs()
    off = await shop.panel.client()
    shop.advance(seconds=5)
    await buyer.buys("monthly")
    on = await shop.panel.client()

    assert (off["enable"], off["uuid"]) == (False, uuid)
    assert (on["enable"], on["uuid"]) == (True, uuid)
    assert len(buyer.heard(KeyReady)) == 2


async def test_nobody_opens_the_subscription_of_somebody_else(shop: Shop) -> None:
    buyer, stranger = await shop.buyer(), await shop.buyer()
    await buyer.takes_trial()
    subscription = await buyer.subscription()

    async with shop.deps.db.transaction() as session:
        with pytest.raises(SubscriptionNotFound):
            await get_subscription(session, subscription.id, user_id=stranger.id)
        assert (await get_subscription(session, subscription.id, user_id=buyer.id)).id == subscription.id
