"""The sweep: nothing it lists holds anything up, and nothing is missed however long nobody swept."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from backend.notifications.kinds import SweepsFail
from backend.payments.providers.base import Known, PaymentState
from backend.payments.recording import lags_behind
from tests.integration.autopay_fixture import HOUR, Subscriber, subscribes
from tests.integration.bot_fixtures import BotShop
from tests.integration.refund_cases import ledger, refund_rows, returned_there
from tests.integration.stars_fixture import control
from tests.integration.test_refunds_outside import coingate, pays_coins
from tests.integration.test_settle import change_object
from tests.integration.test_stars_renewals import subscribed
from tests.outside import CREATE, LIST
from tests.shop import Shop

pytestmark = pytest.mark.thorough


def failing(shop: Shop) -> list[SweepsFail]:
    return [told for told in shop.channel.told if isinstance(told, SweepsFail)]


@contextlib.asynccontextmanager
async def refuses(shop: Shop, ref: str) -> AsyncIterator[None]:
    """The database takes nothing of one payment of a company."""
    async with shop.deps.db.transaction() as session:
        await session.execute(
            text(f"alter table payments add constraint poison check (provider_payment_id is distinct from '{ref}')")
        )
    try:
        yield
    finally:
        async with shop.deps.db.transaction() as session:
            await session.execute(text("alter table payments drop constraint poison"))


async def test_what_a_list_says_again_is_not_settled_again(shop: Shop) -> None:
    checkout = await (await shop.buyer()).buys()
    known = await shop.deps.providers.get("yookassa").fetch(await shop.yookassa.ref(checkout.payment_id))
    assert isinstance(known, Known)
    returned = replace(known.snapshot, refunded_minor=1)

    async with shop.deps.db.transaction() as session:
        lags = [
            await lags_behind(session, "yookassa", one)
            for one in (known.snapshot, replace(known.snapshot, refunded_minor=None), returned)
        ]

    assert lags == [False, False, True]


# --- one object that cannot be settled


async def test_one_object_that_cannot_be_settled_holds_nothing_up_and_is_told_after_three_hours(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(3)]
    shop.yookassa.breaks(CREATE, "lost_after", times=None)
    lost = [await buyer.orders() for buyer in buyers]
    for checkout in lost:
        await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    async with refuses(shop, await shop.yookassa.ref(lost[1].payment_id)):
        for _ in range(3):
            await shop.passes(hours=1.01)
        early = failing(shop)
        found = [(await shop.payment(checkout)).state for checkout in lost]
        for _ in range(3):
            await shop.passes(hours=1.01)
        told = failing(shop)
    await shop.passes(hours=1.01)

    assert found == ["succeeded", "new", "succeeded"]
    assert early == []
    assert [one.provider for one in told] == ["yookassa"]
    assert (await shop.payment(lost[1])).state == PaymentState.SUCCEEDED
    await shop.passes(hours=5)
    assert failing(shop) == told


async def test_a_list_of_one_company_that_cannot_be_read_is_told_and_the_others_are_swept(shop: Shop) -> None:
    shop.yookassa.breaks(LIST, "garbage", times=None)
    buyer = await shop.buyer()
    await pays_coins(shop, buyer)

    for _ in range(5):
        await shop.passes(hours=1.01)
    ages = (await shop.http.get("/metrics")).text

    assert [one.provider for one in failing(shop)] == ["yookassa"]
    assert 'shop_sweep_age_seconds{provider="coingate"}' in ages
    assert 'shop_sweep_age_seconds{provider="yookassa"}' not in ages


async def test_a_worker_that_rested_for_days_is_no_failure(shop: Shop) -> None:
    await shop.passes(hours=1.01)

    await shop.passes(days=3)
    for _ in range(4):
        await shop.passes(hours=1.01)

    assert failing(shop) == []


# --- after a long rest


async def test_stars_that_renewed_weeks_ago_are_found_after_a_long_rest(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)
    await bot_shop.shop.passes(hours=1.01)
    bot_shop.shop.advance(days=30)
    await control(bot_shop, "updates/lose", what="successful_payment", times=1)
    await control(bot_shop, f"users/{buyer.phone.id}/subscriptions/{charge}/renew")
    await bot_shop.idle()

    await bot_shop.shop.passes(days=20)

    assert await buyer.days() == [("payment", 30)] * 2


async def test_a_refund_made_weeks_ago_is_found_after_a_long_rest(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.passes(hours=1.01)
    await returned_there(shop, checkout, heard=False)

    await shop.passes(days=20)

    assert [row.origin for row in await refund_rows(shop)] == ["external"]
    assert sum(await ledger(buyer)) == 0


@pytest.mark.parametrize("amount", [None, "100.00"])
async def test_coins_given_back_months_later_are_found_within_a_day(shop: Shop, amount: str | None) -> None:
    buyer = await shop.buyer()
    checkout, ref = await pays_coins(shop, buyer)
    await shop.passes(days=80)
    await coingate(shop, "callbacks/policy", drop=1)
    await coingate(shop, f"orders/{ref}/refund", **({"amount": amount} if amount else {}))

    await shop.passes(hours=24.5)

    minor = 29900 if amount is None else 10000
    assert [(row.origin, row.amount_minor) for row in await refund_rows(shop)] == [("external", minor)]
    assert (await shop.payment(checkout)).refunded_minor == minor


# --- two objects of one charge of ours


async def charged_twice(shop: Shop) -> tuple[Subscriber, str, str]:
    """Whose card it is, the charge that is under way, and a second one that YooKassa has for it."""
    owner = await subscribes(shop)
    await owner.card_answers("pending")
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    (charge,) = await owner.charges()
    assert charge.request_body is not None
    second = await shop.yookassa.send("a-key-of-somebody-else", charge.request_body)
    return owner, charge.provider_payment_id or "", second


async def test_a_second_charge_of_one_attempt_waits_until_the_first_has_an_end(shop: Shop) -> None:
    """Whatever is open of somebody else."""
    another = await subscribes(shop)
    await another.card_answers("pending")
    owner, first, second = await charged_twice(shop)

    await shop.passes(hours=1.01)
    beside = await owner.states()
    await shop.yookassa.act(f"payments/{first}/decline", reason="insufficient_funds")
    await shop.passes(minutes=2)
    await shop.passes(hours=1.01)
    alone = await owner.states()
    await shop.yookassa.pay_ref(second)
    await shop.run_jobs()

    assert beside == ["pending", "failed"]
    assert alone[:2] == ["canceled", "pending"]
    assert await another.states() == ["pending"]
    assert (await owner.charges())[1].provider_payment_id == second
    assert (await owner.states())[:2] == ["canceled", "succeeded"]
    assert await ledger(owner.buyer) == [30, 30]


async def test_a_second_charge_that_is_paid_counts_beside_an_open_one(shop: Shop) -> None:
    owner, _, second = await charged_twice(shop)
    await shop.yookassa.pay_ref(second, webhooks=0)

    await shop.passes(hours=1.01)

    assert await owner.states() == ["pending", "succeeded"]
    assert await ledger(owner.buyer) == [30, 30]


async def test_a_second_charge_that_is_paid_otherwise_waits_until_the_first_has_an_end(shop: Shop) -> None:
    """It is to be looked at by a person, and then it is as open as the first one."""
    owner, first, second = await charged_twice(shop)
    change_object(shop, second, amount={"value": "1.00", "currency": "RUB"})
    await shop.yookassa.pay_ref(second, webhooks=0)

    await shop.passes(hours=1.01)
    beside = await owner.states()
    await shop.yookassa.act(f"payments/{first}/decline", reason="insufficient_funds")
    await shop.passes(minutes=2)
    await shop.passes(hours=1.01)

    assert beside == ["pending", "failed"]
    assert (await owner.states())[:2] == ["canceled", "review"]
    assert await ledger(owner.buyer) == [30]
