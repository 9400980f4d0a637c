"""What keeps a renewal from being charged: a payment, the price, the plan, a block, a dispute, an owner's tap."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from backend.autopay import jobs as autopay_jobs
from backend.autopay.jobs import Renew
from backend.autopay.service import agree_to_price, switch_off
from backend.kit.money import Currency, Money
from backend.notifications.kinds import AutopayFailed, AutopayNotice, AutopayOn, AutopayStopped
from backend.orders.checkout import check_now
from backend.payments.models import Payment, SavedMethod
from backend.payments.saved import MethodKept
from backend.plans.service import withdraw
from backend.subscriptions.models import Subscription
from backend.switches.models import Switch
from backend.users.models import User
from tests.integration.autopay_fixture import (
    DAY,
    HOUR,
    Subscriber,
    changes,
    costs,
    orders_renewed,
    subscribes,
)
from tests.outside import CREATE
from tests.shop import Shop

pytestmark = pytest.mark.thorough


async def test_somebody_who_pays_himself_is_not_charged_for_that_time(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()

    await owner.buyer.buys("monthly")
    end = await owner.buyer.paid_until()
    await shop.passes(days=2)

    assert await owner.charges() == []
    assert await owner.stands() == ("active", None)
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    assert await owner.buyer.paid_until() == end + 30 * DAY


async def comes_due(owner: Subscriber) -> None:
    """The time to charge has come; nobody works yet."""
    await owner.is_warned()
    left = await owner.buyer.paid_until() - 12 * HOUR - owner.shop.now
    owner.shop.advance(seconds=left.total_seconds() + 1)


async def test_somebody_who_pays_before_a_stored_charge_is_sent_is_not_charged_too(shop: Shop) -> None:
    owner = await subscribes(shop)
    await comes_due(owner)
    async with shop.deps.db.transaction() as session:  # the process dies when the charge is stored
        assert await autopay_jobs.take_step(session, shop.deps, (await owner.mandate()).id, shop.now)

    await owner.buyer.buys("monthly", method="sbp")
    end = await owner.buyer.paid_until()
    await shop.passes(minutes=3)
    await shop.passes(hours=30)
    called_off = [(charge.state, charge.failure) for charge in await owner.charges()]
    stands = await owner.stands()

    assert called_off == [("failed", "renewed")]
    assert charged(await shop.yookassa.creates()) == set()
    assert stands == ("active", None)
    await owner.is_warned()
    await owner.reaches(11 * HOUR)
    assert await owner.states() == ["failed", "succeeded"]
    assert await owner.buyer.paid_until() == end + 30 * DAY
    assert owner.buyer.heard(AutopayStopped) == []


@pytest.mark.parametrize("arrived", [False, True])
async def test_a_charge_without_an_answer_is_not_sent_again_once_its_owner_has_paid(
    shop: Shop, arrived: bool
) -> None:
    owner = await subscribes(shop)
    await comes_due(owner)
    await shop.yookassa.act("webhooks/policy", drop=1)
    shop.yookassa.breaks(CREATE, "lost_after" if arrived else "lost_before")
    await autopay_jobs.renew(Renew((await owner.mandate()).id), shop.deps)
    end = await owner.buyer.paid_until()
    await owner.buyer.buys("monthly", method="sbp")

    await shop.passes(minutes=10)
    await shop.passes(hours=2)
    await shop.passes(hours=23)

    (charge,) = await owner.charges()
    sent = [create for create in await shop.yookassa.creates() if create["idempotence_key"] == str(charge.id)]
    assert len(sent) == 1
    assert charge.state == ("succeeded" if arrived else "review")  # the company's list decides
    assert await owner.buyer.paid_until() == end + 30 * DAY * (1 + arrived)


async def test_what_was_called_off_is_charged_after_all_when_the_payment_goes_back(shop: Shop) -> None:
    """What called it off is gone: the end is again the one that was to be renewed, and it was never tried."""
    owner = await subscribes(shop)
    await comes_due(owner)
    async with shop.deps.db.transaction() as session:
        assert await autopay_jobs.take_step(session, shop.deps, (await owner.mandate()).id, shop.now)
    paid = await owner.buyer.buys("monthly", method="sbp")
    await shop.passes(minutes=3)

    await shop.yookassa.act("refunds/external", payment_id=await shop.yookassa.ref(paid.payment_id))
    await shop.passes(minutes=70)
    await shop.passes(minutes=11)

    assert await owner.states() == ["failed", "succeeded"]
    assert owner.buyer.heard(AutopayFailed) == []


async def test_a_lower_price_is_charged_without_a_word(shop: Shop) -> None:
    owner = await subscribes(shop)
    await costs(shop, 199)
    await owner.is_warned()

    await owner.reaches(12 * HOUR)

    assert [charge.amount_minor for charge in await owner.charges()] == [19900]
    assert {notice.amount_minor for notice in owner.buyer.heard(AutopayNotice)} == {19900}


async def test_a_higher_price_is_charged_after_a_new_consent_alone(shop: Shop) -> None:
    owner = await subscribes(shop)
    first = await owner.mandate()
    await costs(shop, 349)
    await owner.reaches(3 * DAY)
    paused = await owner.stands()
    (told,) = owner.buyer.heard(AutopayStopped)
    assert told.amount_minor is not None

    async with shop.deps.db.transaction() as session:
        wrong = Money(told.amount_minor - 1, Currency.RUB)
        refused = await agree_to_price(session, owner.buyer.id, first.id, wrong, shop.now, channel="bot")
        stranger = (await shop.buyer()).id
        price = Money(told.amount_minor, Currency.RUB)
        foreign = await agree_to_price(session, stranger, first.id, price, shop.now, channel="bot")
        agreed = await agree_to_price(session, owner.buyer.id, first.id, price, shop.now, channel="bot")
        again = await agree_to_price(session, owner.buyer.id, first.id, price, shop.now, channel="bot")
    await owner.reaches(2 * DAY)
    await owner.reaches(DAY)
    await owner.reaches(12 * HOUR)

    assert paused == ("suspended", "price")
    assert (refused, foreign, again) == (None, None, None)
    assert agreed is not None
    second = await owner.mandate()
    assert (second.id, second.max_amount_minor, second.state) == (agreed.id, 34900, "active")
    assert second.consent_id > first.consent_id
    assert [(charge.state, charge.amount_minor) for charge in await owner.charges()] == [("succeeded", 34900)]


async def test_without_a_consent_a_higher_price_is_never_charged(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    await costs(shop, 299 + 1)  # after the last notice

    await owner.reaches(12 * HOUR)
    await shop.passes(days=5)

    assert await owner.charges() == []
    assert await owner.stands() == ("suspended", "price")


async def test_a_plan_that_was_withdrawn_is_not_renewed(shop: Shop) -> None:
    owner = await subscribes(shop)
    plan = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        await withdraw(session, plan.id, shop.now)

    await owner.reaches(3 * DAY)
    await owner.reaches(-2 * HOUR)

    assert await owner.charges() == []
    assert await owner.stands() == ("suspended", "plan_gone")


@pytest.mark.parametrize("trouble", ["blocked", "flagged", "no subscription", "disputed", "refunded"])
async def test_trouble_ends_it_and_forgets_the_card(shop: Shop, trouble: str) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    buyer, paid = owner.buyer.id, (await owner.method()).payment_id
    match trouble:
        case "blocked":
            await changes(shop, User, User.id == buyer, blocked_at=shop.now)
        case "flagged":
            await changes(shop, User, User.id == buyer, flagged_at=shop.now)
        case "no subscription":
            await changes(shop, Subscription, Subscription.user_id == buyer, blocked=True)
        case "disputed":
            await changes(shop, Payment, Payment.id == paid, disputed_at=shop.now)
        case "refunded":
            await shop.yookassa.act("refunds/external", payment_id=await shop.yookassa.ref(paid))
            await shop.passes(minutes=70)

    await shop.passes(hours=13)

    reason = {"flagged": "blocked", "no subscription": "blocked"}.get(trouble, trouble)
    assert await owner.stands() == ("ended", reason)
    assert await owner.charges() == []
    method = await owner.method()
    assert method.ref is None
    assert method.deleted_at is not None


async def test_two_workers_at_once_charge_once(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    left = await owner.buyer.paid_until() - 12 * HOUR - shop.now
    shop.advance(seconds=left.total_seconds() + 1)
    renew = Renew((await owner.mandate()).id)

    await asyncio.gather(*(autopay_jobs.renew(renew, shop.deps) for _ in range(6)))
    await shop.run_jobs()

    assert await owner.states() == ["succeeded"]
    assert len(await owner.renewals()) == 1
    assert sum("payment_method_id" in create["body"] for create in await shop.yookassa.creates()) == 1


async def test_a_card_that_many_workers_find_opens_one_mandate(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await orders_renewed(buyer)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    await check_now(shop.deps, shop.now, payment_id=checkout.payment_id, user_id=buyer.id)

    (kept,) = await shop.all(select(SavedMethod.id))

    await asyncio.gather(*(autopay_jobs.open_mandate(MethodKept(kept), shop.deps) for _ in range(5)))
    await shop.run_jobs()

    assert len(await Subscriber(shop, buyer).mandates()) == 1
    assert len(buyer.heard(AutopayOn)) == 1


async def test_while_the_provider_is_off_it_waits_and_charges_after(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    async with shop.deps.db.transaction() as session:
        session.add(Switch(name="provider:yookassa", reason="test", by="operator", since=shop.now))
    await owner.reaches(11 * HOUR)
    waited = await owner.charges()
    async with shop.deps.db.transaction() as session:
        await session.delete(await session.get_one(Switch, "provider:yookassa"))

    await shop.passes(minutes=11)

    assert waited == []
    assert await owner.states() == ["succeeded"]


async def off(shop: Shop, owner: Subscriber) -> None:
    async with shop.deps.db.transaction() as session:
        await switch_off(session, owner.buyer.id, shop.now, channel="bot")


async def test_off_forgets_the_card_at_once_and_nothing_is_charged(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()

    await off(shop, owner)
    method = await owner.method()
    await shop.passes(days=5)

    assert (method.ref, method.deleted_at is None) == (None, False)
    assert await owner.stands() == ("ended", "off")
    assert await owner.charges() == []


async def test_off_before_a_stored_charge_was_sent_keeps_it_from_being_sent(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    left = await owner.buyer.paid_until() - 12 * HOUR - shop.now
    shop.advance(seconds=left.total_seconds() + 1)
    async with shop.deps.db.transaction() as session:  # the process dies when the charge is stored
        assert await autopay_jobs.take_step(session, shop.deps, (await owner.mandate()).id, shop.now)

    await off(shop, owner)
    await shop.passes(minutes=3)
    await shop.passes(hours=30)

    assert [(charge.state, charge.failure) for charge in await owner.charges()] == [("failed", "autopay_off")]
    assert not [create for create in await shop.yookassa.creates() if "payment_method_id" in create["body"]]


async def test_off_after_a_charge_was_sent_lets_it_stand_and_sends_nothing_again(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    await shop.yookassa.act("webhooks/policy", drop=1)
    shop.yookassa.breaks(CREATE, "lost_after")
    left = await owner.buyer.paid_until() - 12 * HOUR - shop.now
    shop.advance(seconds=left.total_seconds() + 1)
    await autopay_jobs.renew(Renew((await owner.mandate()).id), shop.deps)
    sent = len(await shop.yookassa.creates())

    async with shop.deps.db.transaction() as session:
        done = await switch_off(session, owner.buyer.id, shop.now, channel="bot")
    await shop.passes(minutes=3)
    repeated = len(await shop.yookassa.creates()) - sent
    await shop.passes(hours=2)  # the hourly look at the list finds it

    assert done.stands is not None
    assert repeated == 0
    assert await owner.states() == ["succeeded"]
    assert await owner.stands() == ("ended", "off")


async def test_off_and_a_charge_at_the_same_moment_never_charge_after_the_off(shop: Shop) -> None:
    """Whichever comes first: only a charge whose sending was committed before the off reaches the provider."""
    owners = [await subscribes(shop) for _ in range(5)]
    await owners[-1].is_warned()
    left = await owners[-1].buyer.paid_until() - 12 * HOUR - shop.now
    shop.advance(seconds=left.total_seconds() + 1)

    for number, owner in enumerate(owners):
        renew = Renew((await owner.mandate()).id)
        charging = asyncio.gather(*(autopay_jobs.renew(renew, shop.deps) for _ in range(2)))
        await asyncio.sleep(0.01 * number)
        await off(shop, owner)
        claimed = {charge.idempotence_key for charge in await owner.charges() if charge.checked_at is not None}
        await charging
        mine = {charge.idempotence_key for charge in await owner.charges()}
        assert len(mine) <= 1
        assert charged(await shop.yookassa.creates()) & mine <= claimed
        assert await owner.stands() == ("ended", "off")
    before = charged(await shop.yookassa.creates())
    await shop.passes(hours=40)
    assert charged(await shop.yookassa.creates()) == before


def charged(creates: Sequence[dict[str, Any]]) -> set[str]:
    """The keys of the charges that reached the provider."""
    return {create["idempotence_key"] for create in creates if "payment_method_id" in create["body"]}


async def test_a_consent_that_was_taken_back_opens_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await orders_renewed(buyer)
    owner = Subscriber(shop, buyer)
    await off(shop, owner)

    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert await owner.mandates() == []
    assert (await owner.method()).ref is None


async def test_a_new_agreement_takes_the_place_of_the_old_one(shop: Shop) -> None:
    owner = await subscribes(shop)
    old = await owner.method()
    checkout = await orders_renewed(owner.buyer, "quarterly", method="yoo_money")
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    states = [(mandate.state, mandate.reason) for mandate in await owner.mandates()]
    assert states == [("ended", "replaced"), ("active", None)]
    refs = await shop.all(select(SavedMethod.ref).where(SavedMethod.id == old.id))
    assert refs == [None]
    assert (await owner.method()).title == "*1136"


async def test_where_the_provider_keeps_no_cards_the_purchase_goes_on_and_nobody_is_asked_for_a_day(
    shop: Shop,
) -> None:
    await shop.yookassa.change_shop(recurring=False)
    buyer = await shop.buyer()

    checkout = await orders_renewed(buyer)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    next_one = await orders_renewed(await shop.buyer())
    asked = [create["body"] for create in await shop.yookassa.creates()]
    await shop.yookassa.change_shop(recurring=True)
    await shop.passes(hours=25)
    later = await orders_renewed(await shop.buyer())

    assert (checkout.agreed_to_renew, checkout.renews) == (True, False)
    assert checkout.url is not None
    assert [payment.state for payment in await buyer.payments()] == ["failed", "succeeded"]
    assert len({payment.idempotence_key for payment in await buyer.payments()}) == 2
    assert (await buyer.subscription()).paid_until is not None
    assert [told for told in buyer.told if "Fail" in told] == []
    assert (next_one.agreed_to_renew, next_one.renews) == (True, False)
    assert sum('"save_payment_method":true' in body for body in asked) == 1
    assert later.renews
