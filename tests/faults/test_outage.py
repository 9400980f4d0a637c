"""A day without us."""

from backend.orders.checkout import Checkout
from backend.payments.providers.base import PaymentState
from tests.faults.steps import CREATE, Answers, Coins, assert_told_nothing, days, door_of, fault
from tests.faults.test_stars import taken_and_lost
from tests.integration.bot_fixtures import Phone, open_bot
from tests.integration.stars_fixture import Payer, payer, settled, slip_through
from tests.shop import Shop


async def test_fault_48_a_day_without_us_loses_no_payment(shop: Shop, coins: Coins) -> None:
    """Fault: web, bot and workers are down for 24 hours while people pay with everything we offer; all that is told
    meanwhile is lost, and so are our queued jobs.

    Outcome: creates that were never answered, pending payments, coins and Stars are all found in the providers'
    books, each counted once; what nobody paid is over.
    """
    lost, pending, idle, coined = [await shop.buyer() for _ in range(4)]
    async with fault(shop, "yookassa", "lost_after", **CREATE):
        unanswered = await lost.orders("monthly")
    waiting, left = await pending.orders("monthly"), await idle.orders("monthly")
    in_coins = await coined.orders("monthly", provider="coingate", method="btc")
    async with open_bot(shop) as opened:
        starred = await payer(opened)
        link = await starred.checks_out()

    async with door_of(shop, Answers(502)):
        refs = [await shop.yookassa.pay(one.payment_id, webhooks=0) for one in (unanswered, waiting)]
        await coins.http.post("callbacks/policy", json={"drop": 1})
        order = await coins.act(await coins.order(in_coins), "pay", confirm=True)
        await slip_through(shop, starred.phone, link)
        await taken_and_lost(shop, "successful_payment")
        await shop.drop_jobs()
        shop.advance(hours=24)
    await assert_told_nothing(shop, refs)
    assert {d["state"] for d in await coins.deliveries(order)} == {"dropped"}
    assert await shop.events() == []

    async with open_bot(shop) as opened:
        await settled(opened)
        await shop.passes(minutes=61)
        await settled(opened)
        assert await Payer(opened, Phone(opened.http, starred.phone.id)).days() == [("payment", 30)]
    assert [await days(one) for one in (lost, pending, coined, idle)] == [[30], [30], [30], []]
    assert await states(shop, unanswered, waiting, in_coins) == {PaymentState.SUCCEEDED}
    assert await states(shop, left) == {PaymentState.CANCELED}
    assert len(await shop.panel.clients()) == 4


async def states(shop: Shop, *checkouts: Checkout) -> set[str]:
    return {(await shop.payment(checkout)).state for checkout in checkouts}
