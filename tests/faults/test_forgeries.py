"""Webhooks that are not the provider's, and payments that are not what was asked for."""

from typing import Any

from prometheus_client import REGISTRY

from backend.notifications.kinds import CallbacksRefused, Paid, PaymentInReview
from backend.orders.checkout import Checkout
from backend.payments.providers.base import PaymentState
from tests.faults.processes import answers, free_port, process, serves
from tests.faults.steps import answers_to, assert_bought_once, days, told_operators, tried
from tests.integration.webhook_cases import genuine
from tests.shop import Shop

NEW_ADDRESS = "198.51.100.7"
FOREIGN = {"event": "webhook.foreign_address"}
ELSEWHERE = {"route": "/webhooks/{provider}/{token}", "status": "404"}


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_fault_33_a_forged_success_of_a_pending_payment_swallows_nothing(shop: Shop) -> None:
    """Fault: somebody who knows the address sends, from an allowed one, a success of a payment that is pending.

    Outcome: the provider says pending, so nothing happens and the event stays open; the genuine one works later.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    answer = await shop.webhook(await genuine(shop, checkout, status="succeeded", paid=True))
    await shop.run_jobs()

    assert answer.status_code == 200
    (forged,) = await shop.events()
    assert (forged.proven, forged.handled_at, forged.attempts) == (True, None, 1)
    assert await shop.yookassa.fetches() == 1
    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    assert await days(buyer) == []

    ref = await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    assert await answers_to(shop, ref) == [200]
    (event,) = await shop.events()
    assert (event.id, event.handled_at is not None) == (forged.id, True)
    await assert_bought_once(shop, buyer)


async def test_fault_34_a_webhook_from_elsewhere_or_to_another_path_is_refused(shop: Shop) -> None:
    """Fault: a success comes from an address that is not the provider's, or to a path with another secret in it.

    Outcome: 403 and 404, counted in the metrics, and no row; the genuine one works later.
    """
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.ref(checkout.payment_id)
    foreign, elsewhere = counted("shop_events_total", **FOREIGN), counted("shop_http_seconds_count", **ELSEWHERE)

    await shop.yookassa.act("webhooks/policy", wrong_ip=1)
    await shop.yookassa.act(f"payments/{ref}/pay")
    await tried(shop, ref, 1)
    await shop.yookassa.act("webhooks/policy", wrong_token=1)
    shop.advance(seconds=11)
    assert await tried(shop, ref, 2) == [403, 404]
    assert counted("shop_events_total", **FOREIGN) == foreign + 1
    assert counted("shop_http_seconds_count", **ELSEWHERE) == elsewhere + 1
    assert await shop.events() == []
    await shop.run_jobs()
    assert await shop.yookassa.fetches() == 0

    await shop.yookassa.act("webhooks/policy")
    shop.advance(seconds=61)
    assert await tried(shop, ref, 3) == [403, 404, 200]
    await shop.run_jobs()
    await assert_bought_once(shop, buyer)


async def test_fault_35_an_old_webhook_sent_again_after_a_refund_gives_nothing_back(shop: Shop) -> None:
    """Fault: the genuine success is delivered once more after the money was returned.

    Outcome: the provider says how it stands now; no day is given a second time.
    """
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    ref = await shop.yookassa.ref(checkout.payment_id)
    (success,) = [d for d in await shop.yookassa.deliveries() if d["object_id"] == ref]
    await shop.yookassa.act("refunds/external", payment_id=ref)
    await shop.yookassa.delivered(ref)
    await shop.passes(hours=1, minutes=1)
    before, asked = await days(buyer), await shop.yookassa.fetches()

    await shop.yookassa.act(f"deliveries/{success['id']}/repeat")
    await shop.yookassa.delivered(ref)
    await shop.run_jobs()

    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    assert sold["refunded_amount"]["value"] == "299.00"
    assert await shop.yookassa.fetches() == asked + 1
    assert await days(buyer) == before
    assert before.count(30) == 1
    assert len(buyer.heard(Paid)) == 1
    assert all(event.handled_at for event in await shop.events())


async def test_fault_36_a_payment_of_another_amount_or_currency_waits_for_a_person(shop: Shop) -> None:
    """Fault: the provider says that a payment is paid, with another amount or in another currency than ours.

    Outcome: it goes to review, and the operators hear of it; no days, no message, no key.
    """
    amounts = [{"value": "1.00", "currency": "RUB"}, {"value": "299.00", "currency": "USD"}]
    buyers = [await shop.buyer() for _ in amounts]
    for buyer, amount in zip(buyers, amounts, strict=True):
        checkout = await buyer.orders("monthly")
        await shop.yookassa.pay(checkout.payment_id)
        await change_at_provider(shop, checkout, amount=amount)

    await shop.run_jobs()

    for buyer in buyers:
        (payment,) = await buyer.payments()
        assert (payment.state, (payment.review_reason or "")[:7]) == (PaymentState.REVIEW, "amount:")
        assert await days(buyer) == []
        assert buyer.heard(Paid) == []
    assert await shop.panel.clients() == []
    reviews = {told.payment_id for told in told_operators(shop, PaymentInReview)}
    assert reviews == {payment.id for buyer in buyers for payment in await buyer.payments()}


async def test_fault_37_play_money_buys_nothing_in_a_live_shop(shop: Shop) -> None:
    """Fault: a payment of the provider's test shop, with our signature on it, is told to a live shop as paid.

    Outcome: it goes to review, and the operators hear of it; no days, no key.
    """
    provider: Any = shop.deps.providers.get("yookassa")
    provider.test = False  # the shop is live; the emulator's is a test shop
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    assert (sold["status"], sold["test"]) == ("succeeded", True)
    payment = await shop.payment(checkout)
    assert (payment.state, (payment.review_reason or "")[:5]) == (PaymentState.REVIEW, "mode:")
    assert [told.payment_id for told in told_operators(shop, PaymentInReview)] == [payment.id]
    assert all(event.handled_at for event in await shop.events())
    assert await days(buyer) == []
    assert await shop.panel.clients() == []


async def test_fault_47_a_provider_that_moved_is_asked_until_its_new_addresses_are_known(shop: Shop) -> None:
    """Fault: the provider sends webhooks from addresses that are not on our list.

    Outcome: every one is answered 403 and counted in the metrics, and the operators hear from where it came; payments
    are found by asking; with the new list in the settings, and the web process started again, the next is taken.
    """
    buyer, next_buyer = await shop.buyer(), await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.ref(checkout.payment_id)
    await shop.yookassa.act("webhooks/policy", source_ip=NEW_ADDRESS)
    foreign = counted("shop_events_total", **FOREIGN)
    await shop.yookassa.act(f"payments/{ref}/pay")
    assert await tried(shop, ref, 1) == [403]
    assert counted("shop_events_total", **FOREIGN) == foreign + 1
    await shop.passes(seconds=31)
    assert await shop.events() == []
    assert told_operators(shop, CallbacksRefused) == [CallbacksRefused("yookassa", NEW_ADDRESS)]
    await assert_bought_once(shop, buyer)

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    await shop.yookassa.change_shop(webhook_url=f"{url}{shop.hook}")
    later = await shop.yookassa.ref((await next_buyer.orders("monthly")).payment_id)
    async with process(shop, serves, port, YOOKASSA_WEBHOOK_NETS=NEW_ADDRESS):
        await answers(url)
        await shop.yookassa.act(f"payments/{later}/pay")
        assert await tried(shop, later, 1) == [200]
    await shop.run_jobs()
    await assert_bought_once(shop, next_buyer)


async def change_at_provider(shop: Shop, checkout: Checkout, **fields: Any) -> None:
    """The payment there is not what we asked for; no client of the provider could do that."""
    document = shop.town.companies.yookassa._payments.find(await shop.yookassa.ref(checkout.payment_id))
    assert document is not None
    document["object"] |= fields
