"""Money that is only held is taken, and taken once."""

import pytest

from backend.notifications.kinds import ProviderMisconfigured
from backend.orders.checkout import Checkout
from backend.payments.providers.base import PaymentState
from tests.integration.refund_cases import ledger
from tests.shop import Buyer, Shop

CAPTURE = ("POST", "/v3/payments/*/capture")


async def pays_held(shop: Shop, buyer: Buyer) -> tuple[Checkout, str]:
    """Somebody pays a second payment of an attempt, which YooKassa was asked to hold; its id."""
    checkout = await buyer.orders()
    body = (await shop.payment(checkout)).request_body
    assert body is not None
    ref = await shop.yookassa.send("held", body.replace(b'"capture":true', b'"capture":false'))
    await shop.yookassa.pay_ref(ref)
    return checkout, ref


async def captures(shop: Shop) -> list[str]:
    requests = (await shop.yookassa.http.get("_ctl/requests")).json()
    return [r["idempotence_key"] for r in requests if r["path"].endswith("/capture")]


async def test_what_is_held_is_taken_and_counted(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout, ref = await pays_held(shop, buyer)

    await shop.run_jobs()

    (paid,) = [payment for payment in await buyer.payments() if payment.provider_payment_id == ref]
    assert (paid.state, paid.order_id) == (PaymentState.SUCCEEDED, checkout.order_id)
    assert await captures(shop) == [f"cap-{paid.id}"]
    assert await ledger(buyer) == [30]


@pytest.mark.parametrize("mode", ["lost_after", "lost_before", "garbage"])
async def test_without_an_answer_it_is_taken_by_the_same_key(shop: Shop, mode: str) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CAPTURE, mode)
    _, ref = await pays_held(shop, buyer)

    await shop.run_jobs()
    await shop.passes(minutes=2)

    (paid,) = [payment for payment in await buyer.payments() if payment.provider_payment_id == ref]
    assert paid.state == PaymentState.SUCCEEDED
    assert set(await captures(shop)) == {f"cap-{paid.id}"}
    assert await ledger(buyer) == [30]


async def test_credentials_that_are_refused_are_told_to_the_operators(shop: Shop) -> None:
    buyer = await shop.buyer()
    refused = {"type": "error", "code": "invalid_credentials", "description": "no"}
    shop.yookassa.breaks(CAPTURE, "status", status=401, body=refused)
    await pays_held(shop, buyer)

    await shop.run_jobs()

    (wrong,) = [kind for kind in shop.channel.told if isinstance(kind, ProviderMisconfigured)]
    assert wrong.provider == "yookassa"
    await shop.passes(minutes=2)
    assert await ledger(buyer) == [30]


async def test_held_money_that_is_not_what_was_asked_for_is_not_taken(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    body = (await shop.payment(checkout)).request_body
    assert body is not None
    held = body.replace(b'"capture":true', b'"capture":false').replace(b'"299.00"', b'"1.00"')
    ref = await shop.yookassa.send("held", held)
    await shop.yookassa.pay_ref(ref, webhooks=0)

    await shop.passes(hours=1)

    assert await captures(shop) == []
    assert await ledger(buyer) == []
