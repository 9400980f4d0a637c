"""SECRET_KEY_OLD is dropped one day: what was proven before stays proven."""

import pytest

from backend.payments.providers.base import PaymentState
from tests.integration.refund_cases import ledger, refund_rows, returned_there
from tests.shop import Shop


def forget_old_keys(shop: Shop) -> None:
    """Nothing that was signed so far can be checked any more."""
    shop.deps.providers.keys = {"new": b"n" * 32}
    shop.deps.providers.newest = "new"


@pytest.mark.parametrize("heard", [True, False])
async def test_money_of_an_old_payment_that_goes_back_is_counted_without_its_key(shop: Shop, heard: bool) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.yookassa.act("webhooks/policy")
    forget_old_keys(shop)
    await shop.yookassa.change_shop(webhook_url=f"{shop.town.shop_url}{shop.hook}")

    await returned_there(shop, checkout, "100.00", heard=heard)
    await shop.run_jobs()
    await shop.passes(hours=1.1)

    assert [(row.origin, row.amount_minor) for row in await refund_rows(shop)] == [("external", 10000)]
    assert await ledger(buyer) == [30, -10]
    assert all(event.rejected_reason is None for event in await shop.events())


async def test_what_was_never_counted_needs_its_key_still(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    forget_old_keys(shop)

    await shop.passes(hours=1.1)

    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    assert await ledger(buyer) == []
