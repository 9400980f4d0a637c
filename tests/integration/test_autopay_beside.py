"""A charge comes due while its owner pays himself: he pays once, or may have the second payment back."""

from datetime import timedelta

import pytest

from backend.autopay import jobs as autopay_jobs
from backend.autopay.jobs import Renew
from backend.notifications.kinds import Paid, ProviderTrouble
from backend.orders.checkout import Checkout
from backend.orders.returns import return_second
from backend.payments.strays import keep_stray
from sandbox.companies import SHOP_KEY
from tests.integration.autopay_fixture import DAY, HOUR, Subscriber, subscribes
from tests.integration.refund_cases import ledger
from tests.integration.test_circuits import offered
from tests.integration.test_refunds_outside import coingate
from tests.integration.test_stars_renewals_heard import Telegram
from tests.outside import CREATE
from tests.shop import Shop

pytestmark = pytest.mark.thorough

MINUTE = timedelta(minutes=1)


async def warned(shop: Shop) -> Subscriber:
    owner = await subscribes(shop)
    await owner.is_warned()
    return owner


async def sends_coins(owner: Subscriber) -> tuple[Checkout, int]:
    """The network has seen them, and has not confirmed them yet."""
    shop = owner.shop
    checkout = await owner.buyer.orders(provider="coingate", method="btc")
    ref = int((await shop.payment(checkout)).provider_payment_id or 0)
    await coingate(shop, f"orders/{ref}/pay", coin="BTC")
    await shop.passes(minutes=2)
    return checkout, ref


async def sleeps_until(owner: Subscriber, before_end: timedelta) -> None:
    """Time goes by, and nobody works."""
    left = await owner.buyer.paid_until() - before_end - owner.shop.now
    owner.shop.advance(seconds=left.total_seconds() + 1)


async def test_coins_on_their_way_are_waited_for_and_nothing_is_charged_once_they_count(shop: Shop) -> None:
    owner = await warned(shop)
    end = await owner.buyer.paid_until()
    await owner.reaches(14 * HOUR)
    checkout, ref = await sends_coins(owner)

    await owner.reaches(12 * HOUR)
    await owner.reaches(HOUR)
    await coingate(shop, f"orders/{ref}/confirm")
    await shop.passes(minutes=11)

    assert (await shop.payment(checkout)).state == "succeeded"
    assert await owner.charges() == []
    assert await owner.buyer.paid_until() == end + 30 * DAY
    assert await owner.stands() == ("active", None)


async def test_coins_that_come_to_nothing_are_charged_for_after_all(shop: Shop) -> None:
    owner = await warned(shop)
    await owner.reaches(14 * HOUR)
    _, ref = await sends_coins(owner)
    await owner.reaches(11 * HOUR)
    waited = await owner.charges()

    await coingate(shop, f"orders/{ref}/reject")
    await shop.passes(minutes=2)
    await shop.passes(minutes=11)

    assert waited == []
    assert await owner.states() == ["succeeded"]


async def test_who_pays_minutes_before_is_not_charged_though_nobody_was_told(shop: Shop) -> None:
    owner = await warned(shop)
    end = await owner.buyer.paid_until()
    await owner.reaches(12 * HOUR + 3 * MINUTE)
    checkout = await owner.buyer.orders(method="sbp")
    await shop.passes(seconds=125)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await owner.reaches(12 * HOUR)
    await shop.passes(minutes=12)
    await shop.passes(hours=2)

    assert await owner.charges() == []
    assert await owner.buyer.paid_until() == end + 30 * DAY


async def test_a_link_is_asked_about_right_before_the_charge(shop: Shop) -> None:
    paid, forgot = await subscribes(shop), await subscribes(shop)
    await forgot.is_warned()
    ends = [await owner.buyer.paid_until() for owner in (paid, forgot)]
    await paid.reaches(13 * HOUR + 30 * MINUTE)
    checkouts = [await owner.buyer.orders(method="sbp") for owner in (paid, forgot)]
    await shop.yookassa.pay(checkouts[0].payment_id, webhooks=0)
    await sleeps_until(forgot, 12 * HOUR)

    for owner in (paid, forgot):
        await autopay_jobs.renew(Renew((await owner.mandate()).id), shop.deps)
    await shop.run_jobs()

    assert [(await shop.payment(checkout)).state for checkout in checkouts] == ["succeeded", "canceled"]
    assert await paid.charges() == []
    assert await forgot.states() == ["succeeded"]
    renewed = [await owner.buyer.paid_until() for owner in (paid, forgot)]
    assert renewed == [end + 30 * DAY for end in ends]


async def test_a_link_that_its_company_says_nothing_of_is_waited_for_two_days_and_not_for_ever(shop: Shop) -> None:
    owner = await warned(shop)
    await owner.reaches(14 * HOUR)
    await owner.buyer.orders(provider="coingate", method="btc")
    faults = shop.town.companies.world.faults
    faults.arm("coingate", "status", status=500, method="GET", path="/v2/*", times=None)
    faults.arm("coingate", "status", status=500, method="GET", path="/api/v2/*", times=None)

    await owner.reaches(12 * HOUR)
    await owner.reaches(-33 * HOUR)
    waited = await owner.charges()
    await owner.reaches(-35 * HOUR)

    assert waited == []
    assert await owner.states() == ["succeeded"]


async def test_somebody_elses_stars_for_his_order_hold_no_charge_up(shop: Shop) -> None:
    owner = await warned(shop)
    await owner.reaches(14 * HOUR)
    checkout = await owner.buyer.orders(provider="stars", method="stars")
    stranger = Telegram(shop, owner.buyer, await shop.payment(checkout), payer=1).snapshot("c9")
    async with shop.deps.db.transaction() as session:
        stars = shop.deps.providers.get("stars")
        await keep_stray(session, stars, stranger, "payer", order_id=checkout.order_id, now=shop.now)

    await owner.reaches(12 * HOUR)

    assert await owner.states() == ["succeeded"]


async def test_a_stored_charge_is_not_sent_while_coins_are_on_their_way(shop: Shop) -> None:
    owner = await warned(shop)
    await sleeps_until(owner, 12 * HOUR)
    async with shop.deps.db.transaction() as session:  # the process dies when the charge is stored
        assert await autopay_jobs.take_step(session, shop.deps, (await owner.mandate()).id, shop.now)
    _, ref = await sends_coins(owner)
    called_off = await owner.states()

    await coingate(shop, f"orders/{ref}/reject")
    await shop.passes(minutes=2)
    await shop.passes(minutes=11)

    assert called_off == ["failed"]
    assert await owner.states() == ["failed", "succeeded"]


async def test_a_charge_whose_answer_was_lost_waits_for_coins_and_is_sent_again_when_they_fail(shop: Shop) -> None:
    owner = await warned(shop)
    shop.yookassa.breaks(CREATE, "status", status=500)
    await owner.reaches(12 * HOUR)
    _, ref = await sends_coins(owner)
    waiting = await owner.states()

    await coingate(shop, f"orders/{ref}/reject")
    await shop.passes(minutes=2)
    await shop.passes(minutes=2)

    assert waiting == ["new"]
    assert await owner.states() == ["succeeded"]


async def test_a_charge_that_waits_for_coins_keeps_nobody_else_from_paying(shop: Shop) -> None:
    owner = await warned(shop)
    await shop.yookassa.change_shop(secret_key="test_rotated")
    await owner.reaches(12 * HOUR)
    hidden = await offered(shop)
    _, ref = await sends_coins(owner)
    await shop.passes(minutes=2)

    await shop.yookassa.change_shop(secret_key=SHOP_KEY)
    await shop.passes(minutes=6)

    assert "yookassa" not in hidden
    assert "yookassa" in await offered(shop)
    assert await owner.states() == ["new"]
    await coingate(shop, f"orders/{ref}/reject")
    await shop.passes(minutes=2)
    await shop.passes(minutes=2)
    assert await owner.states() == ["succeeded"]


async def test_a_charge_that_waits_for_coins_is_no_trouble_of_the_provider(shop: Shop) -> None:
    owner = await warned(shop)
    shop.yookassa.breaks(CREATE, "status", status=500)
    await owner.reaches(12 * HOUR)
    await sends_coins(owner)

    for _ in range(10):
        await shop.passes(minutes=1)

    assert await owner.states() == ["new"]
    assert [said for said in shop.channel.told if isinstance(said, ProviderTrouble)] == []


async def test_where_both_came_the_second_goes_back_at_a_tap_and_renewals_go_on(shop: Shop) -> None:
    owner = await warned(shop)
    end = await owner.buyer.paid_until()
    await owner.card_answers("pending")
    await owner.reaches(12 * HOUR)
    await owner.buyer.buys(method="sbp")
    (charge,) = await owner.charges()
    await shop.yookassa.pay(charge.id)
    await shop.run_jobs()
    twice = owner.buyer.heard(Paid)[-1]

    async with shop.deps.db.transaction() as session:
        await return_second(session, shop.deps.providers, shop.now, payment_id=charge.id, user_id=owner.buyer.id)
    await shop.passes(minutes=2)
    await shop.passes(minutes=11)

    assert (twice.payment_id, twice.times, twice.days) == (charge.id, 2, 60)
    assert await ledger(owner.buyer) == [30, 30, 30, -30]
    assert await owner.buyer.paid_until() == end + 30 * DAY
    assert await owner.stands() == ("active", None)


async def test_who_buys_more_after_the_charge_has_not_paid_twice(shop: Shop) -> None:
    owner = await warned(shop)
    await owner.reaches(12 * HOUR)
    await shop.passes(minutes=1)

    await owner.buyer.buys("quarterly")

    assert [paid.times for paid in owner.buyer.heard(Paid)] == [1, 1, 1]
