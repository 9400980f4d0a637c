"""Buyers who want money back, and what operators say to it."""

import asyncio

import pytest
from sqlalchemy import text, update

from backend.kit.money import Money
from backend.notifications.kinds import Paid, RefundAsked, RefundDecided, Refunded
from backend.orders import returns
from backend.orders.checkout import Checkout
from backend.orders.returns import AlreadyDecided, Refundable
from backend.payments.refunds import NothingToGiveBack, RefundUnderWay, claim_due_refunds
from backend.payments.service import PaymentNotFound
from backend.users.models import User
from tests.integration.refund_cases import (
    decides,
    give_back,
    ledger,
    made_there,
    offers,
    operators_heard,
    refund_rows,
    returned_there,
    returns_second,
    rubles,
    sells,
)
from tests.shop import Buyer, Shop


async def asks(shop: Shop, buyer: Buyer, checkout: Checkout) -> Refundable:
    async with shop.deps.db.transaction() as session:
        return await returns.ask_refund(
            session, shop.deps.providers, shop.now, payment_id=checkout.payment_id, user_id=buyer.id
        )


async def test_a_buyer_asks_an_operator_agrees_and_the_days_ahead_go(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.passes(days=9, hours=5)
    (offer,) = await offers(shop, buyer)
    assert (offer.days, offer.amount) == (20, Money(19934, offer.amount.currency))  # ceil(29900 x 20 / 30)

    await asks(shop, buyer, checkout)
    await shop.run_jobs()

    (asked,) = operators_heard(shop, RefundAsked)
    assert isinstance(asked, RefundAsked)
    assert (asked.amount, asked.why) == ("199,34\u00a0₽", "asked by the buyer")
    assert await ledger(buyer) == [30]
    assert await offers(shop, buyer) == []
    with pytest.raises(RefundUnderWay):
        await asks(shop, buyer, checkout)

    await shop.passes(days=2)  # and the sum is less by then
    decision = await decides(shop, asked.refund_id)
    with pytest.raises(AlreadyDecided):
        await decides(shop, asked.refund_id)
    await shop.run_jobs()

    assert decision.amount == rubles("179.40")
    assert [made["amount"]["value"] for made in await made_there(shop)] == ["179.40"]
    assert await ledger(buyer) == [30, -18]
    assert [told.granted for told in buyer.heard(RefundDecided)] == [True]
    assert len(buyer.heard(Refunded)) == 1
    assert (await shop.panel.client())["enable"] is True  # until the begun day ends


@pytest.mark.parametrize(
    ("used", "offered"),
    [
        (363, None),  # 0.82 roubles for the last day: no company gives so little back
        (0, "299"),  # and none keeps the 0.81 of the first
        (1, "297.37"),
    ],
)
async def test_what_goes_back_is_what_the_company_takes_as_a_part(shop: Shop, used: int, offered: str | None) -> None:
    buyer = await shop.buyer()
    await sells(shop, days=365)
    await buyer.buys()
    await shop.passes(days=used, hours=23)

    offers_now = await offers(shop, buyer)

    assert [offer.amount for offer in offers_now] == ([] if offered is None else [rubles(offered)])


async def test_two_operators_at_once_decide_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await asks(shop, buyer, checkout)
    (row,) = await refund_rows(shop)

    outcomes = await asyncio.gather(
        decides(shop, row.id), decides(shop, row.id, granted=False), decides(shop, row.id), return_exceptions=True
    )

    assert sum(isinstance(outcome, AlreadyDecided) for outcome in outcomes) == 2
    await shop.run_jobs()
    assert len(buyer.heard(RefundDecided)) == 1


async def test_what_is_declined_stays_and_is_not_asked_for_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await asks(shop, buyer, checkout)
    (row,) = await refund_rows(shop)

    await decides(shop, row.id, granted=False)
    await shop.passes(hours=3)

    assert [told.granted for told in buyer.heard(RefundDecided)] == [False]
    assert await made_there(shop) == []
    assert await ledger(buyer) == [30]
    assert await offers(shop, buyer) == []
    with pytest.raises(RefundUnderWay):
        await asks(shop, buyer, checkout)


async def test_all_of_it_goes_back_if_the_key_never_worked(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.panel.goes_down()
    checkout = await buyer.buys()
    await shop.passes(days=3)

    offer = await asks(shop, buyer, checkout)
    assert (offer.amount, offer.days) == (offer.paid, 30)
    (row,) = await refund_rows(shop)
    await decides(shop, row.id)
    shop.mend()
    await shop.passes(minutes=6)

    assert await ledger(buyer) == [30, -30]


async def test_of_two_payments_each_has_its_own_days_ahead(shop: Shop) -> None:
    buyer = await shop.buyer()
    first = await buyer.buys()
    await shop.passes(days=10)
    second = await buyer.buys()

    ahead = {offer.payment_id: offer.days for offer in await offers(shop, buyer)}
    assert ahead == {first.payment_id: 19, second.payment_id: 30}  # one of the first has just begun

    await asks(shop, buyer, second)
    (row,) = await refund_rows(shop)
    await decides(shop, row.id)
    await shop.run_jobs()
    assert {offer.payment_id: offer.days for offer in await offers(shop, buyer)} == {first.payment_id: 19}
    await shop.passes(days=20)
    assert await offers(shop, buyer) == []


async def test_when_the_days_are_over_before_the_answer_there_is_nothing_to_agree_to(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.passes(days=28)
    await asks(shop, buyer, checkout)
    (row,) = await refund_rows(shop)
    await shop.passes(days=3)

    with pytest.raises(NothingToGiveBack):
        await decides(shop, row.id)

    await decides(shop, row.id, granted=False)
    assert await ledger(buyer) == [30]


async def test_nobody_asks_for_the_money_of_others(shop: Shop) -> None:
    buyer, thief = await shop.buyer(), await shop.buyer()
    checkout = await buyer.buys()
    assert await offers(shop, thief) == []
    with pytest.raises(PaymentNotFound):
        await asks(shop, thief, checkout)
    with pytest.raises(PaymentNotFound):
        await returns_second(shop, thief, checkout.payment_id)
    assert await refund_rows(shop) == []


async def test_what_is_asked_for_is_done_when_a_person_does_it_in_the_cabinet(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await asks(shop, buyer, checkout)
    (asked,) = await refund_rows(shop)
    await returned_there(shop, checkout, "289.04")
    await shop.run_jobs()

    (row,) = await refund_rows(shop)
    assert (row.id, row.state, row.amount_minor) == (asked.id, "succeeded", 28904)
    with pytest.raises(AlreadyDecided):
        await decides(shop, row.id)


async def test_a_rouble_from_the_cabinet_leaves_the_rest_of_what_is_asked_for_to_decide_on(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await asks(shop, buyer, checkout)
    (asked,) = await refund_rows(shop)
    await returned_there(shop, checkout, "1.00")
    await shop.run_jobs()

    rows = {row.origin: (row.state, row.amount_minor) for row in await refund_rows(shop)}
    assert rows == {"ours": ("asked", 28804), "external": ("succeeded", 100)}
    decision = await decides(shop, asked.id)
    await shop.run_jobs()

    assert decision.amount == rubles("288.04")  # with the rouble it is what 29 of 30 days cost
    assert await ledger(buyer) == [30, -29]


async def test_parts_from_the_cabinet_that_leave_nothing_of_what_is_asked_for_are_all_of_it(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await asks(shop, buyer, checkout)
    (asked,) = await refund_rows(shop)
    for part in ("100.00", "189.04"):
        await returned_there(shop, checkout, part)
        await shop.run_jobs()

    rows = {row.id: (row.state, row.amount_minor) for row in await refund_rows(shop)}
    assert rows[asked.id] == ("succeeded", 18904)
    assert len(rows) == 2
    assert await ledger(buyer) == [30, -10, -19]


async def test_what_its_days_are_worth_later_is_all_of_what_was_asked_for(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await asks(shop, buyer, checkout)
    (asked,) = await refund_rows(shop)
    await shop.passes(days=10)
    await returned_there(shop, checkout, "189.37")  # for the 19 days that are ahead by now
    await shop.run_jobs()

    assert await ledger(buyer) == [30, -19]
    assert {row.id: row.state for row in await refund_rows(shop)}[asked.id] == "canceled"
    assert buyer.heard(RefundDecided) == []  # nobody has declined it
    with pytest.raises(AlreadyDecided):
        await decides(shop, asked.id)


async def test_a_blocked_buyer_who_pays_has_days_no_key_and_an_operator_who_decides(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    async with shop.deps.db.transaction() as session:
        await session.execute(update(User).where(User.id == buyer.id).values(blocked_at=shop.now))
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert await ledger(buyer) == [30]
    assert [told.closed for told in buyer.heard(Paid)] == [True]
    assert [client["enable"] for client in await shop.panel.clients()] == [False]
    (asked,) = operators_heard(shop, RefundAsked)
    assert isinstance(asked, RefundAsked)
    assert (asked.why, asked.amount) == ("paid while blocked", "299\u00a0₽")
    await shop.passes(days=5)
    decision = await decides(shop, asked.refund_id)
    await shop.run_jobs()
    assert decision.amount == rubles("299")
    assert await ledger(buyer) == [30, -30]
    assert buyer.heard(RefundDecided) == []  # he did not ask


async def test_what_is_due_is_sent_by_one_process_and_what_was_asked_for_by_none(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    mine, his = await buyer.buys(), await other.buys()
    await asks(shop, buyer, mine)
    due = await give_back(shop, his)

    async with shop.deps.db.transaction() as session, shop.deps.db.transaction() as another:
        claimed = await claim_due_refunds(session, due.next_check_at)
        await another.execute(text("set local lock_timeout = '2s'"))
        left = await claim_due_refunds(another, due.next_check_at)

    assert [refund.id for refund in claimed] == [due.id]
    assert left == []
