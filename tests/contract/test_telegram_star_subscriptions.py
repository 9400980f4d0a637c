"""Subscriptions in Stars of the Telegram emulator: the first payment, the next ones, and who ends them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotSubscriptionUpdated

from tests.contract.stars import PERIOD, Seller
from tests.contract.telegram_world import TelegramWorld, telegram_world


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


@pytest.fixture
def seller(telegram: TelegramWorld) -> Seller:
    return Seller(telegram)


async def subscribed(telegram: TelegramWorld, seller: Seller) -> tuple[int, str]:
    """Somebody who pays every month, and the first charge."""
    user = await telegram.person()
    return user, await seller.sell(user, link=await seller.link(monthly=True))


async def subscription(telegram: TelegramWorld, user: int) -> dict[str, Any]:
    [found] = (await telegram.ask(f"/users/{user}/stars"))["subscriptions"]
    return dict(found)


async def changed(seller: Seller) -> BotSubscriptionUpdated:
    """The one change of a subscription that waits for the bot."""
    [update] = await seller.updates()
    assert update.subscription is not None
    return update.subscription


async def refused(telegram: TelegramWorld, user: int, charge: str, change: str) -> str:
    answer = await telegram.http.post(f"/_ctl/users/{user}/subscriptions/{charge}/{change}", json={})
    assert answer.status_code == 409, answer.text
    return str(answer.json()["error"])


async def test_the_first_payment_begins_a_subscription(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    payment = await telegram.do(f"/users/{user}/pay", link=await seller.link(monthly=True))
    query = await seller.asked()
    await telegram.bot.answer_pre_checkout_query(query.id, ok=True)

    paid = (await seller.told()).successful_payment

    assert paid is not None
    assert (query.total_amount, paid.is_recurring, paid.is_first_recurring) == (200, True, True)
    assert paid.subscription_expiration_date is not None
    assert abs(paid.subscription_expiration_date - PERIOD - payment["at"]) < 3
    [row] = (await telegram.call("getStarTransactions")).json()["result"]["transactions"]
    assert row["source"]["subscription_period"] == PERIOD


async def test_a_renewal_is_a_new_charge_with_the_first_payload_and_without_a_question(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user, first = await subscribed(telegram, seller)
    before = await subscription(telegram, user)
    telegram.world.clock.advance(PERIOD)

    await telegram.do(f"/users/{user}/subscriptions/{first}/renew")
    paid = (await seller.told()).successful_payment

    assert paid is not None
    assert paid.telegram_payment_charge_id != first
    assert (paid.invoice_payload, paid.is_recurring, paid.is_first_recurring) == ("s1.order", True, None)
    assert paid.subscription_expiration_date == before["until"] + PERIOD
    assert await seller.balance(user) == 600


async def test_a_renewal_without_enough_stars_fails_and_the_bot_learns_it(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user, charge = await subscribed(telegram, seller)
    await telegram.do(f"/users/{user}/stars", balance=199)

    await telegram.do(f"/users/{user}/subscriptions/{charge}/renew")
    update = await changed(seller)

    assert (update.user.id, update.invoice_payload, update.state) == (user, "s1.order", "failed")
    assert await seller.balance(user) == 199


async def test_a_renewal_fails_on_demand_and_is_paid_later_from_that_day_on(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user, charge = await subscribed(telegram, seller)
    telegram.world.clock.advance(PERIOD + 5 * 86400)
    await telegram.do(f"/users/{user}/subscriptions/{charge}/fail")
    failed = (await changed(seller)).state

    renewed = await telegram.do(f"/users/{user}/subscriptions/{charge}/renew")

    assert failed == "failed"
    assert abs(renewed["until"] - PERIOD - telegram.world.clock.timestamp()) < 3
    assert (await seller.told()).successful_payment is not None


async def test_a_person_ends_a_subscription_and_wants_it_again(telegram: TelegramWorld, seller: Seller) -> None:
    user, charge = await subscribed(telegram, seller)

    await telegram.do(f"/users/{user}/subscriptions/{charge}/cancel")
    canceled = await changed(seller)
    reason = await refused(telegram, user, charge, "renew")
    await telegram.do(f"/users/{user}/subscriptions/{charge}/resume")
    resumed = await changed(seller)
    await telegram.do(f"/users/{user}/subscriptions/{charge}/renew")

    assert (canceled.state, resumed.state) == ("canceled", "active")
    assert reason == "the subscription is canceled"
    assert await seller.balance(user) == 600


async def test_a_subscription_that_is_over_is_not_taken_up_again(telegram: TelegramWorld, seller: Seller) -> None:
    user, charge = await subscribed(telegram, seller)
    await telegram.do(f"/users/{user}/subscriptions/{charge}/cancel")
    telegram.world.clock.advance(PERIOD + 1)

    assert await refused(telegram, user, charge, "resume") == "the subscription is over: pay its invoice again"


async def test_the_bot_ends_a_subscription_for_good_until_it_allows_it_again(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user, charge = await subscribed(telegram, seller)

    assert await telegram.bot.edit_user_star_subscription(user, charge, is_canceled=True) is True
    ended = await subscription(telegram, user)
    renewal = await refused(telegram, user, charge, "renew")
    forbidden = await refused(telegram, user, charge, "resume")
    await telegram.bot.edit_user_star_subscription(user, charge, is_canceled=False)
    allowed = await subscription(telegram, user)
    await telegram.do(f"/users/{user}/subscriptions/{charge}/resume")

    assert (ended["canceled"], ended["bot_canceled"]) == (True, True)
    assert (renewal, forbidden) == ("the subscription is canceled", "the bot canceled the subscription")
    assert (allowed["canceled"], allowed["bot_canceled"]) == (True, False)
    assert [update.subscription.state for update in await seller.updates() if update.subscription] == ["active"]


async def test_a_subscription_is_known_by_its_payer_and_its_first_charge(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user, first = await subscribed(telegram, seller)
    other = await telegram.person("Boris")
    single = await seller.sell(other, link=await seller.link())
    await telegram.do(f"/users/{user}/subscriptions/{first}/renew")
    renewal = (await telegram.bot.get_star_transactions()).transactions[-1].id

    for who, charge in ((other, first), (other, single), (user, renewal), (user, "stxNothing")):
        with pytest.raises(TelegramBadRequest, match="CHARGE_ID_INVALID"):
            await telegram.bot.edit_user_star_subscription(who, charge, is_canceled=True)
    with pytest.raises(TelegramBadRequest, match="USER_ID_INVALID"):
        await telegram.bot.edit_user_star_subscription(1, first, is_canceled=True)
    nobody = await telegram.http.post(f"/_ctl/users/{other}/subscriptions/{first}/renew", json={})
    assert nobody.status_code == 404


async def test_a_refund_does_not_end_a_subscription(telegram: TelegramWorld, seller: Seller) -> None:
    user, charge = await subscribed(telegram, seller)

    await telegram.bot.refund_star_payment(user, charge)
    await telegram.do(f"/users/{user}/subscriptions/{charge}/renew")

    assert await seller.balance(user) == 800
