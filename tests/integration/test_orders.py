"""Orders: one tap, one order, whatever fingers do."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.consents.models import Consent
from backend.kit import clock
from backend.orders.checkout import start_checkout
from backend.orders.models import Order
from backend.payments.providers import ProviderNotConfigured
from backend.payments.providers.base import PaymentState
from backend.plans.service import PlanNotOnSale
from tests.integration.autopay_fixture import orders_renewed
from tests.shop import Buyer, Shop


async def test_a_second_tap_gives_the_same_order_and_the_same_payment(shop: Shop) -> None:
    buyer = await shop.buyer()

    first = await buyer.orders("monthly", tap="1:1")
    second = await buyer.orders("monthly", tap="1:1")

    assert second == first
    assert len(await shop.all(select(Order))) == 1
    assert len(await buyer.payments()) == 1
    assert len(await shop.yookassa.creates()) == 1


async def test_ten_taps_at_once_give_one_order_one_payment_and_one_call(shop: Shop) -> None:
    buyer = await shop.buyer()

    checkouts = await asyncio.gather(*(buyer.orders("monthly", tap="1:1") for _ in range(10)))

    assert len({(checkout.order_id, checkout.payment_id) for checkout in checkouts}) == 1
    assert len(await buyer.payments()) == 1
    assert len(await shop.yookassa.creates()) == 1
    assert len(await shop.all(select(Consent).where(Consent.document == "offer"))) == 1
    assert len(await buyer.subscriptions()) == 1


async def test_two_messages_are_two_orders_of_one_subscription(shop: Shop) -> None:
    buyer = await shop.buyer()

    first, second = await asyncio.gather(*(buyer.orders("monthly", tap=tap) for tap in ("1:1", "1:2")))

    assert first.order_id != second.order_id
    assert first.order_number != second.order_number
    assert len(await buyer.subscriptions()) == 1


async def test_one_message_of_two_people_is_two_orders(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()

    mine, theirs = await buyer.orders("monthly", tap="1:1"), await other.orders("monthly", tap="1:1")

    assert mine.order_id != theirs.order_id


@pytest.mark.parametrize("renewed", [False, True])
async def test_an_order_keeps_what_was_agreed_to_and_when(shop: Shop, renewed: bool) -> None:
    buyer, plan = await shop.buyer(), await shop.plan("monthly")

    checkout = await (orders_renewed(buyer) if renewed else buyer.orders("monthly"))

    order = await shop.order(checkout)
    consents = {one.id: one for one in await shop.all(select(Consent))}
    assert (order.user_id, order.plan_id, order.period_days) == (buyer.id, plan.id, 30)
    assert (order.amount_minor, order.currency) == (29900, "RUB")
    assert order.plan_snapshot == {
        "names": plan.names,
        "days": 30,
        "device_limit": plan.device_limit,
        "traffic_limit_bytes": plan.traffic_limit_bytes,
    }
    assert order.shown_in == f"telegram:{buyer.id}:1"
    assert shop.now - order.created_at < timedelta(minutes=1)
    assert order.expires_at - order.created_at == timedelta(hours=1)
    agreed = [order.consent_id, order.autopay_consent_id]
    assert [(consents[one].document, consents[one].channel) for one in agreed if one] == [
        ("offer", "bot"),
        *([("autopay", "bot")] if renewed else []),
    ]


async def test_the_names_of_requests_are_taken_literally(shop: Shop) -> None:
    """% and _ would match anything in a pattern."""
    buyer = await shop.buyer()
    first = await buyer.orders("monthly", tap="1:12")

    others = [await buyer.orders("monthly", tap=tap) for tap in ("1:1", "1:1_", "%")]

    assert len({first.order_id, *(other.order_id for other in others)}) == 4


async def test_a_tap_after_the_order_was_paid_is_a_new_order(shop: Shop) -> None:
    buyer = await shop.buyer()
    first = await buyer.orders("monthly", tap="1:1")
    await shop.yookassa.pay(first.payment_id)
    await shop.run_jobs()

    second = await buyer.orders("monthly", tap="1:1")

    assert second.order_id != first.order_id
    assert second.state is PaymentState.PENDING
    assert (await shop.order(first)).kind == "purchase"
    assert (await shop.order(second)).kind == "extend"


async def test_a_tap_after_a_decline_is_a_new_payment_of_the_same_order(shop: Shop) -> None:
    buyer = await shop.buyer()
    first = await buyer.orders("monthly", tap="1:1")
    await shop.yookassa.decline(first.payment_id)
    await shop.run_jobs()

    second = await buyer.orders("monthly", tap="1:1")

    assert second.order_id == first.order_id
    assert second.payment_id != first.payment_id
    assert second.state is PaymentState.PENDING


async def test_a_tap_after_the_price_stopped_holding_is_a_new_order(shop: Shop) -> None:
    buyer = await shop.buyer()
    first = await buyer.orders("monthly", tap="1:1")
    shop.advance(minutes=61)

    second = await buyer.orders("monthly", tap="1:1")

    assert second.order_id != first.order_id


async def test_a_payment_in_review_is_not_paid_a_second_time_by_another_tap(shop: Shop) -> None:
    buyer = await shop.buyer()
    first = await buyer.orders("monthly", tap="1:1")
    ref = await shop.yookassa.pay(first.payment_id, webhooks=1)
    document = shop.town.companies.yookassa._payments.find(ref)
    assert document is not None
    document["object"]["test"] = False
    await shop.run_jobs()

    second = await buyer.orders("monthly", tap="1:1")

    assert (await shop.payment(first)).state == PaymentState.REVIEW
    assert second.order_id != first.order_id


@pytest.mark.parametrize(
    ("provider", "method"), [("yookassa", "cash"), ("yookassa", ""), ("coingate", "doge"), ("stars", "")]
)
async def test_a_method_nobody_offers_is_refused_and_leaves_nothing(shop: Shop, provider: str, method: str) -> None:
    buyer = await shop.buyer()

    with pytest.raises((PlanNotOnSale, ProviderNotConfigured)):
        await _start(shop, buyer, plan_id=(await shop.plan("monthly")).id, provider=provider, method=method)

    assert await shop.all(select(Order)) == []
    assert await buyer.subscriptions() == []


@pytest.mark.parametrize("plan_id", [0, -1, 10**9, 2**63 - 1])
async def test_a_plan_that_never_was_is_refused(shop: Shop, plan_id: int) -> None:
    buyer = await shop.buyer()

    with pytest.raises(PlanNotOnSale):
        await _start(shop, buyer, plan_id=plan_id, provider="yookassa", method="bank_card")

    assert await shop.all(select(Order)) == []


async def _start(shop: Shop, buyer: Buyer, *, plan_id: int, provider: str, method: str) -> None:
    await start_checkout(
        shop.deps,
        clock.now(),
        user_id=buyer.id,
        plan_id=plan_id,
        provider=provider,
        method=method,
        request_id="1:1",
        shown_in=None,
        language="ru",
    )
