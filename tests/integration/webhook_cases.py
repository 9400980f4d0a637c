"""What the tests of webhooks share: genuine notifications, and what they must not give."""

from typing import Any

from backend.orders.checkout import Checkout
from backend.payments.providers.base import PaymentState
from tests.shop import Buyer, Shop


async def genuine(shop: Shop, checkout: Checkout, event: str = "payment.succeeded", **changes: Any) -> dict[str, Any]:
    """A notification about the payment of this checkout as it is now, with some fields changed."""
    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    return {"type": "notification", "event": event, "object": {**sold, **changes}}


async def assert_nothing_given(shop: Shop, buyer: Buyer, checkout: Checkout) -> None:
    await shop.run_jobs()
    assert await buyer.extensions() == []
    assert (await shop.payment(checkout)).state == PaymentState.PENDING


async def assert_still_sold(shop: Shop, buyer: Buyer, checkout: Checkout) -> None:
    """A genuine payment that follows is counted, by its webhook alone."""
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]
