"""The free days: once per person, whatever they do."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from backend.auth.service import PersonBlocked
from backend.consents.models import Consent
from backend.kit.errors import Conflict
from backend.orders.models import Order
from backend.orders.service import settle
from backend.plans.models import Plan
from backend.subscriptions.models import Subscription
from backend.subscriptions.service import NoTrial, TrialUsed
from backend.users.models import User
from tests.integration.test_concurrency import ignoring_result, snapshot_of, waits_or_ends
from tests.shop import Shop

WEEK = timedelta(days=7)


async def test_a_trial_gives_seven_days_and_a_key_that_ends_to_the_millisecond(shop: Shop) -> None:
    buyer = await shop.buyer()
    before = shop.now

    granted = await buyer.takes_trial()
    await shop.run_jobs()

    subscription, client = await buyer.subscription(), await shop.panel.client()
    assert before + WEEK <= granted.until <= shop.now + WEEK
    assert subscription.paid_until == granted.until
    assert (client["uuid"], client["subId"]) == (str(subscription.client_uuid), subscription.sub_id)
    assert client["expiryTime"] == round(granted.until.timestamp() * 1000)
    assert client["enable"] is True
    assert client["inboundIds"]
    assert buyer.told == ["KeyReady"]


async def test_twenty_taps_at_once_give_one_trial(shop: Shop) -> None:
    buyer = await shop.buyer()

    results = await asyncio.gather(*(buyer.takes_trial() for _ in range(20)), return_exceptions=True)
    await shop.run_jobs()

    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in refused] == [TrialUsed] * 19
    assert [line.days for line in await buyer.extensions()] == [7]
    assert len(await shop.panel.clients()) == 1
    assert buyer.told == ["KeyReady"]


async def test_a_trial_that_meets_a_payment_leaves_the_plan_that_was_bought(shop: Shop) -> None:
    bought = (await shop.plan("monthly")).id
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Plan).where(Plan.id == bought).values(device_limit=5))
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    paid = await snapshot_of(shop, (await shop.payment(checkout)).provider_payment_id or "")

    async with shop.deps.db.transaction() as session:
        await settle(session, shop.deps.providers, "yookassa", paid, shop.now)
        tap = asyncio.create_task(ignoring_result(buyer.takes_trial()))
        await waits_or_ends(shop, tap)
    await tap

    subscription = await buyer.subscription()
    assert (subscription.plan_id, subscription.device_limit) == (bought, 5)


async def test_a_trial_stays_used_after_it_ended(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.passes(days=400)

    with pytest.raises(TrialUsed):
        await buyer.takes_trial()

    assert len(await buyer.extensions()) == 1


async def test_two_people_each_have_a_trial_and_a_key_of_their_own(shop: Shop) -> None:
    first, second = await shop.buyer(), await shop.buyer()

    await asyncio.gather(first.takes_trial(), second.takes_trial())
    await shop.run_jobs()

    wanted = {str((await buyer.subscription()).client_uuid) for buyer in (first, second)}
    assert {client["uuid"] for client in await shop.panel.clients()} == wanted
    assert len(wanted) == 2
    assert (first.told, second.told) == (["KeyReady"], ["KeyReady"])


async def test_a_shop_without_a_trial_says_so_and_opens_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Plan).where(Plan.trial).values(withdrawn_at=shop.now))

    with pytest.raises(NoTrial) as refusal:
        await buyer.takes_trial()

    assert isinstance(refusal.value, Conflict)
    assert await shop.all(select(func.count()).select_from(Subscription)) == [0]


async def test_buying_during_the_trial_keeps_key_and_link_and_loses_no_day(shop: Shop) -> None:
    buyer = await shop.buyer()
    trial = await buyer.takes_trial()
    await shop.run_jobs()
    before, client = await buyer.subscription(), await shop.panel.client()
    shop.advance(days=2)

    await buyer.buys("monthly")

    after = await buyer.subscription()
    assert after.paid_until == trial.until + timedelta(days=30)
    assert (after.token, after.sub_id, after.client_uuid) == (before.token, before.sub_id, before.client_uuid)
    assert (await shop.panel.client())["uuid"] == client["uuid"]
    assert buyer.told == ["KeyReady", "Paid"]


async def test_a_trial_taken_late_adds_days_to_what_was_bought_and_takes_nothing_of_it(shop: Shop) -> None:
    monthly = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        sold = {"device_limit": 5, "traffic_limit_bytes": 7 * 10**12}
        await session.execute(update(Plan).where(Plan.id == monthly.id).values(sold))
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    bought_until = await buyer.paid_until()

    granted = await buyer.takes_trial()
    await shop.run_jobs()

    assert granted.until == bought_until + WEEK
    assert (granted.running, granted.key_ready) == (True, True)
    after, client = await buyer.subscription(), await shop.panel.client()
    assert (after.plan_id, after.device_limit, after.traffic_limit_bytes) == (monthly.id, 5, 7 * 10**12)
    assert (client["limitIp"], client["totalGB"]) == (5, 7 * 10**12)


async def test_a_trial_after_what_was_bought_has_ended_is_a_trial(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    await shop.passes(days=31)

    granted = await buyer.takes_trial()

    trial = await shop.plan("trial")
    after = await buyer.subscription()
    assert (granted.running, granted.key_ready) == (False, False)
    assert (after.plan_id, after.device_limit, after.traffic_limit_bytes) == (
        trial.id,
        trial.device_limit,
        trial.traffic_limit_bytes,
    )


async def test_a_trial_accepts_the_offer_and_a_refused_one_does_not(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    with pytest.raises(TrialUsed):
        await buyer.takes_trial()

    consents = await shop.all(select(Consent).where(Consent.user_id == buyer.id).order_by(Consent.id))
    assert [(one.document, one.channel) for one in consents] == [("offer", "bot"), ("privacy", "bot")]


async def test_somebody_blocked_gets_no_trial_and_sells_himself_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    async with shop.deps.db.transaction() as session:
        await session.execute(update(User).where(User.id == buyer.id).values(blocked_at=shop.now))

    with pytest.raises(PersonBlocked):
        await buyer.takes_trial()
    with pytest.raises(PersonBlocked):
        await buyer.orders("monthly")

    assert await shop.all(select(func.count()).select_from(Order)) == [0]
    assert await shop.all(select(func.count()).select_from(Subscription)) == [0]
