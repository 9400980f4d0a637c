"""Money that goes back, by us or without us."""

from typing import Any

from sqlalchemy import select

from backend.notifications.kinds import Refunded
from backend.orders.checkout import Checkout
from backend.orders.refunds import refund
from backend.payments.models import Refund
from tests.faults.steps import assert_told_nothing, days, fault
from tests.shop import Buyer, Shop


async def test_fault_38_a_refund_made_in_the_cabinet_is_found_in_the_list(shop: Shop) -> None:
    """Fault: a person gives the money back in the provider's cabinet, and the event of it is lost.

    Outcome: the hourly look into the provider's list finds it; the days go back once, and the key ends.
    """
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    ref = await shop.yookassa.ref(checkout.payment_id)
    await shop.yookassa.act("webhooks/policy", drop=1)
    made = await shop.yookassa.act("refunds/external", payment_id=ref)
    await assert_told_nothing(shop, [made["id"]])
    await shop.run_jobs()
    assert await days(buyer) == [30]

    await shop.passes(minutes=61)
    await assert_gave_back_once(shop, buyer, checkout)
    for _ in range(2):
        await shop.passes(minutes=61)

    (found,) = await shop.all(select(Refund))
    assert (found.origin, found.state, found.provider_refund_id) == ("external", "succeeded", made["id"])
    await assert_gave_back_once(shop, buyer, checkout)


async def test_fault_39_a_refund_whose_answer_is_lost_is_made_once(shop: Shop) -> None:
    """Fault: the provider gives the money back, its answer is lost, and so is the event.

    Outcome: the same key and bytes bring back the same refund; the days go back once.
    """
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    await shop.yookassa.act("webhooks/policy", drop=1)
    async with shop.deps.db.transaction() as session:
        await refund(session, shop.deps.providers, checkout.payment_id, shop.now)
    async with fault(shop, "yookassa", "lost_after", method="POST", path="/v3/refunds"):
        await shop.run_jobs()
    (ours,) = await shop.all(select(Refund))
    assert (ours.state, (await shop.payment(checkout)).refunded_minor) == ("new", 0)
    (made,) = (await shop.yookassa.http.get("_ctl/refunds")).json()

    await shop.passes(seconds=61)

    (ours,) = await shop.all(select(Refund))
    assert (ours.state, ours.provider_refund_id) == ("succeeded", made["id"])
    asked = await refunds_asked(shop)
    assert len(asked) == 2
    assert {(r["idempotence_key"], r["body"].encode()) for r in asked} == {(ours.idempotence_key, ours.request_body)}
    assert len((await shop.yookassa.http.get("_ctl/refunds")).json()) == 1
    await shop.passes(hours=2)
    await assert_gave_back_once(shop, buyer, checkout)


async def refunds_asked(shop: Shop) -> list[dict[str, Any]]:
    """Every request for a refund that arrived, oldest first."""
    requests = (await shop.yookassa.http.get("_ctl/requests")).json()
    return [r for r in requests if (r["method"], r["path"]) == ("POST", "/v3/refunds")]


async def assert_gave_back_once(shop: Shop, buyer: Buyer, checkout: Checkout) -> None:
    """All the money and all the days, told once, and the key is off."""
    payment = await shop.payment(checkout)
    assert payment.refunded_minor == payment.amount_minor
    assert await days(buyer) == [30, -30]
    assert len(buyer.heard(Refunded)) == 1
    client = await shop.panel.client()
    assert client["enable"] is False
