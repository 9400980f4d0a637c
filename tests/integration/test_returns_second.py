"""The second payment of a purchase, which goes back at its buyer's tap."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.kit.money import Money
from backend.notifications.kinds import Paid, PaidAgain
from backend.orders import decisions, returns
from backend.orders.returns import OfferEnded
from backend.payments.refunds import NothingToGiveBack
from backend.payments.service import lock_payment
from tests.faults.steps import somebody_waits
from tests.integration.refund_cases import (
    decides,
    give_back,
    ledger,
    made_there,
    offers,
    operators_heard,
    refund_rows,
    returns_second,
    rubles,
    sells,
)
from tests.shop import Buyer, Shop


async def pays_twice(shop: Shop, buyer: Buyer) -> tuple[UUID, UUID]:
    """Two payments of one order, both paid: the first and the second."""
    first = await buyer.orders()
    payment = await shop.payment(first)
    assert payment.request_body is not None
    second = await shop.yookassa.send("another-key", payment.request_body)
    for ref in (payment.provider_payment_id or "", second):
        await shop.yookassa.pay_ref(ref)
        await shop.run_jobs()
    (again,) = [paid.id for paid in await buyer.payments() if paid.provider_payment_id == second]
    return first.payment_id, again


async def test_the_second_payment_of_an_order_goes_back_at_one_tap(shop: Shop) -> None:
    buyer = await shop.buyer()
    first, second = await pays_twice(shop, buyer)
    assert await ledger(buyer) == [30, 30]
    assert [(paid.times, paid.days) for paid in buyer.heard(Paid)] == [(1, 30), (2, 60)]
    (told,) = operators_heard(shop, PaidAgain)
    assert isinstance(told, PaidAgain)
    assert (told.amount, told.provider, told.times) == ("299\u00a0₽", "yookassa", 2)

    outcomes = await asyncio.gather(
        *(returns_second(shop, buyer, payment_id) for payment_id in (second, first, second)), return_exceptions=True
    )
    await shop.run_jobs()

    assert sum(isinstance(outcome, Money) for outcome in outcomes) == 1
    assert await ledger(buyer) == [30, 30, -30]
    assert [made["amount"]["value"] for made in await made_there(shop)] == ["299.00"]
    for payment_id in (first, second):
        with pytest.raises(NothingToGiveBack):
            await returns_second(shop, buyer, payment_id)


@pytest.mark.parametrize(("returned", "heard"), [("299", (1, 30)), ("100", (2, 50))])
async def test_of_what_went_back_before_it_is_not_said_that_it_was_paid_too(
    shop: Shop, returned: str, heard: tuple[int, int]
) -> None:
    buyer = await shop.buyer()
    first = await buyer.orders()
    payment = await shop.payment(first)
    assert payment.request_body is not None
    second = await shop.yookassa.send("another-key", payment.request_body)
    await shop.yookassa.pay_ref(payment.provider_payment_id or "")
    await shop.run_jobs()
    await give_back(shop, first, rubles(returned))
    await shop.run_jobs()

    await shop.yookassa.pay_ref(second)
    await shop.run_jobs()

    said = buyer.heard(Paid)[-1]
    assert (said.times, said.days) == heard
    assert len(operators_heard(shop, PaidAgain)) == heard[0] - 1
    assert sum(await ledger(buyer)) == heard[1]


async def test_a_tap_and_a_lost_dispute_do_not_wait_for_each_other(shop: Shop) -> None:
    """Both hold the payment before anything else; the other way round the database would have to break one off."""
    buyer = await shop.buyer()
    _, second = await pays_twice(shop, buyer)

    async with shop.deps.db.transaction() as session:
        await lock_payment(session, second)
        tap = asyncio.create_task(returns_second(shop, buyer, second))
        await somebody_waits(shop)
        await session.execute(text("set local lock_timeout = '2s'"))
        await decisions.lose_dispute(session, shop.deps.providers, second, shop.now)

    with pytest.raises(NothingToGiveBack):
        await tap
    assert await ledger(buyer) == [30, 30, -30]


async def test_after_14_days_the_second_payment_is_asked_for_like_any_other(shop: Shop) -> None:
    buyer = await shop.buyer()
    _, second = await pays_twice(shop, buyer)
    await shop.passes(days=14, minutes=1)

    with pytest.raises(OfferEnded):
        await returns_second(shop, buyer, second)

    assert second in {offer.payment_id for offer in await offers(shop, buyer)}


async def test_when_the_days_of_the_second_payment_have_begun_they_are_not_free(shop: Shop) -> None:
    await sells(shop, days=7)
    buyer = await shop.buyer()
    _, second = await pays_twice(shop, buyer)
    await shop.passes(days=9, minutes=1)

    with pytest.raises(OfferEnded):
        await returns_second(shop, buyer, second)
    async with shop.deps.db.transaction() as session:
        asked = await returns.ask_refund(session, shop.deps.providers, shop.now, payment_id=second, user_id=buyer.id)

    assert (asked.days, asked.amount) == (4, rubles("170.86"))  # ceil(29900 x 4 / 7)
    (row,) = await refund_rows(shop)
    await decides(shop, row.id)
    await shop.run_jobs()
    assert await ledger(buyer) == [7, 7, -4]


async def test_until_its_days_begin_all_of_the_second_payment_goes_back(shop: Shop) -> None:
    await sells(shop, days=7)
    buyer = await shop.buyer()
    _, second = await pays_twice(shop, buyer)
    await shop.passes(days=6, hours=23)

    assert await returns_second(shop, buyer, second) == rubles("299")
    await shop.run_jobs()

    assert await ledger(buyer) == [7, 7, -7]


async def test_of_a_key_that_never_worked_the_second_payment_goes_back_though_days_have_passed(shop: Shop) -> None:
    await sells(shop, days=7)
    buyer = await shop.buyer()
    shop.panel.goes_down()
    _, second = await pays_twice(shop, buyer)
    await shop.passes(days=9)

    assert await returns_second(shop, buyer, second) == rubles("299")
    shop.mend()
    await shop.passes(minutes=6)

    assert await ledger(buyer) == [7, 7, -7]
