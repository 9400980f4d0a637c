"""Opening a payment when the provider's answer is lost, late, or a no."""

from typing import Any

import pytest

from backend.notifications.kinds import (
    CheckoutReady,
    KeyUsed,
    PaymentFailed,
    ProviderMisconfigured,
    ProviderTrouble,
    ProviderWorks,
)
from backend.orders.checkout import Checkout, MethodUnavailable
from backend.payments.providers.base import PaymentState
from sandbox.companies import SHOP_KEY
from tests.faults.processes import go_on, kill, process, sends, stand_still, was_killed
from tests.faults.steps import (
    CREATE,
    Coins,
    answers_to,
    assert_bought_once,
    days,
    fault,
    offered,
    renewing,
    told_operators,
)
from tests.integration.autopay_fixture import orders_renewed
from tests.outside import until
from tests.shop import Buyer, Shop


async def sent_for(shop: Shop, checkout: Checkout) -> list[dict[str, Any]]:
    """The requests to create this payment that arrived, oldest first."""
    key = (await shop.payment(checkout)).idempotence_key
    return [request for request in await shop.yookassa.creates() if request["idempotence_key"] == key]


async def assert_same_bytes(shop: Shop, checkout: Checkout, *, times: int) -> None:
    """It was sent so many times, with one key and the bytes that were stored before the first."""
    sent = await sent_for(shop, checkout)
    assert len(sent) == times
    assert {r["body"].encode() for r in sent if r["body"]} == {(await shop.payment(checkout)).request_body}


async def assert_pays_as_usual(shop: Shop, buyer: Buyer, checkout: Checkout) -> None:
    """There is one payment at the provider, the page for it is shown, and paying it gives the days."""
    payment = await shop.payment(checkout)
    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    assert (payment.state, payment.provider_payment_id) == (PaymentState.PENDING, sold["id"])
    assert payment.confirmation_url == sold["confirmation"]["confirmation_url"]
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    await assert_bought_once(shop, buyer)


async def test_fault_05_a_webhook_before_the_answer_to_the_create_binds_the_payment(shop: Shop) -> None:
    """Fault: the buyer pays, and the webhook comes, while the answer to our create is still on its way.

    Outcome: the payment is found by the id it carries, bound and counted; the answer then changes nothing.

    The process that waits for the answer is a real one; it stands still (SIGSTOP) while all that happens.
    """
    buyer = await shop.buyer()
    opened = await buyer.opens_payment()
    async with fault(shop, "yookassa", "slow_body", ms=1000, **CREATE), process(shop, sends, opened.id) as sender:
        await until(shop.yookassa.objects, seconds=20)
        stand_still(sender)
        ref = await shop.yookassa.pay(opened.id)
        await shop.run_jobs()
        assert (await days(buyer), sender.is_alive()) == ([30], True)
        await go_on(sender)

    assert await answers_to(shop, ref) == [200]
    (payment,) = await buyer.payments()
    assert (payment.state, payment.provider_payment_id) == (PaymentState.SUCCEEDED, ref)
    await shop.passes(minutes=2)
    assert len(await shop.yookassa.creates()) == 1
    await assert_bought_once(shop, buyer)


async def test_fault_06_a_create_that_never_arrived_is_sent_again(shop: Shop) -> None:
    """Fault: the create gets no answer, and the provider made nothing of it.

    Outcome: the same key and bytes are sent again, one payment comes of it; the buyer waits and sees no error.
    """
    buyer = await shop.buyer()
    async with fault(shop, "yookassa", "lost_before", **CREATE):
        checkout = await buyer.orders("monthly")
    assert (checkout.state, checkout.url) == (PaymentState.NEW, None)
    assert await shop.yookassa.objects() == []

    await shop.passes(seconds=11)

    assert buyer.told == ["CheckoutReady"]
    await assert_same_bytes(shop, checkout, times=2)
    await assert_pays_as_usual(shop, buyer, checkout)


async def test_fault_07_a_create_whose_answer_is_lost_gives_the_same_payment_when_repeated(shop: Shop) -> None:
    """Fault: the create gets no answer, though the provider did open a payment.

    Outcome: the same key and bytes bring back the same payment; there is one.
    """
    buyer = await shop.buyer()
    async with fault(shop, "yookassa", "lost_after", **CREATE):
        checkout = await buyer.orders("monthly")
    made = await shop.yookassa.ref(checkout.payment_id)
    assert (await shop.payment(checkout)).provider_payment_id is None

    await shop.passes(seconds=11)

    assert (await shop.payment(checkout)).provider_payment_id == made
    assert buyer.told == ["CheckoutReady"]
    await assert_same_bytes(shop, checkout, times=2)
    await assert_pays_as_usual(shop, buyer, checkout)


async def test_fault_08_half_an_hour_of_server_errors_is_sat_out(shop: Shop, coins: Coins) -> None:
    """Fault: every create is answered 500 for half an hour.

    Outcome: the attempts stay and are sent again every minute with their keys; the provider's buttons are gone
    meanwhile and the operators know, but the buyer can pay another way; when the provider is back, there is one
    payment for each attempt and the buttons are there again.
    """
    buyers, other = [await shop.buyer() for _ in range(3)], await shop.buyer()
    async with fault(shop, "yookassa", "status", status=500, times=None, **CREATE):
        checkouts = [await buyer.orders("monthly") for buyer in buyers]
        await shop.passes(seconds=11)
        assert await offered(shop) == {"coingate", "stars"}
        with pytest.raises(MethodUnavailable):
            await other.orders("monthly")
        instead = await other.orders("monthly", provider="coingate", method="btc")
        await shop.passes(minutes=1)
        before = len(await shop.yookassa.creates())
        for _ in range(2):
            await shop.passes(minutes=1)
        assert len(await shop.yookassa.creates()) == before + 2 * len(buyers)
        await shop.passes(minutes=27)
        assert {(await shop.payment(checkout)).state for checkout in checkouts} == {PaymentState.NEW}
    failed = len(await shop.yookassa.creates())
    await coins.act(await coins.order(instead), "pay", confirm=True)
    await shop.passes(seconds=61)

    assert await days(other) == [30]
    assert await offered(shop) == {"yookassa", "coingate", "stars"}
    assert len(await shop.yookassa.creates()) == failed + len(buyers)
    for buyer, checkout in zip(buyers, checkouts, strict=True):
        assert buyer.told == ["CheckoutReady"]
        await assert_same_bytes(shop, checkout, times=len(await sent_for(shop, checkout)))
        await assert_pays_as_usual(shop, buyer, checkout)
    await shop.passes(seconds=61)
    (trouble,), (works,) = told_operators(shop, ProviderTrouble), told_operators(shop, ProviderWorks)
    assert (trouble.provider, works.provider) == ("yookassa", "yookassa")


async def test_fault_09_a_process_killed_before_the_answer_is_kept_costs_a_repeat(shop: Shop) -> None:
    """Fault: the process that sent the create is killed before it can write down the answer.

    Outcome: another process sends the same key and bytes and binds the payment that is there already.

    The process is a real one, ended by SIGKILL while the first half of the answer has arrived.
    """
    buyer = await shop.buyer()
    opened = await buyer.opens_payment()
    async with fault(shop, "yookassa", "slow_body", ms=1500, **CREATE), process(shop, sends, opened.id) as sender:
        await until(shop.yookassa.objects, seconds=20)
        kill(sender)
        assert was_killed(sender)
    (made,) = await shop.yookassa.objects(opened.id)
    (payment,) = await buyer.payments()
    assert (payment.state, payment.provider_payment_id) == (PaymentState.NEW, None)

    await shop.passes(seconds=11)

    (payment,) = await buyer.payments()
    assert (payment.state, payment.provider_payment_id) == (PaymentState.PENDING, made["id"])
    sent = await shop.yookassa.creates()
    assert {(r["idempotence_key"], r["body"].encode()) for r in sent} == {(str(opened.id), opened.request_body)}
    assert len(sent) == 2
    await shop.yookassa.pay(opened.id)
    await shop.run_jobs()
    await assert_bought_once(shop, buyer)


async def test_fault_10_a_key_that_was_used_with_other_bytes_is_looked_for_and_not_sent_again(shop: Shop) -> None:
    """Fault: the provider answers the create with "Idempotence key duplicated".

    Outcome: nothing is sent again and no new key is made up; the provider's list is read, and the attempt is bound to
    the payment of that key or, where there is none of ours, has failed and is told; the operators hear which.
    """
    buyer, unlucky = await shop.buyer(), await shop.buyer()
    found, lost = await buyer.opens_payment(), await unlucky.opens_payment()
    used = [await use_key_with_other_bytes(shop, p.idempotence_key, p.request_body) for p in (found, lost)]
    await shop.yookassa.pay_ref(used[0], webhooks=0)
    change_owner(shop, used[1])

    await shop.passes(seconds=11)
    refused = [r["answer"] for r in await shop.yookassa.creates() if "Idempotence key duplicated" in r["answer"]]
    for hours in (1, 25):
        await shop.passes(hours=hours)

    assert len(refused) == 2
    assert len(await shop.yookassa.creates()) == 4
    assert {told.payment_id: told.found for told in told_operators(shop, KeyUsed)} == {found.id: True, lost.id: False}
    (payment,) = await unlucky.payments()
    assert payment.state == PaymentState.FAILED
    assert await days(unlucky) == []
    assert len(unlucky.heard(PaymentFailed)) == 1
    assert len(await buyer.payments()) == 1
    await assert_bought_once(shop, buyer)
    shop.town.companies.world.log.clear()  # two bodies of one key were the fault


async def use_key_with_other_bytes(shop: Shop, key: str, body: bytes | None) -> str:
    assert body is not None
    ref = await shop.yookassa.send(key, body.replace(b'"description":"30"', b'"description":"31"'))
    shop.yookassa.strays.clear()  # it is the one payment there is of this attempt
    return ref


def change_owner(shop: Shop, ref: str) -> None:
    """The payment carries nothing of ours; no client of the provider could do that."""
    document = shop.town.companies.yookassa._payments.find(ref)
    assert document is not None
    document["object"]["metadata"] = {}


async def test_fault_11_a_shop_that_may_not_save_cards_sells_without(shop: Shop) -> None:
    """Fault: the buyer agrees to renewals, and the provider answers 403: this shop may not save methods.

    Outcome: the same order is paid by an attempt that does not ask for it, at the same tap; nobody is offered
    renewals there meanwhile.
    """
    buyer, next_buyer = await shop.buyer(), await shop.buyer()
    await shop.yookassa.change_shop(recurring=False)
    assert "yookassa" in await renewing(shop)

    checkout = await orders_renewed(buyer)

    refused, sold = await shop.yookassa.creates()
    assert (refused["status"], '"save_payment_method":true' in refused["body"]) == (403, True)
    assert (sold["status"], '"save_payment_method":true' in sold["body"]) == (200, False)
    assert refused["idempotence_key"] != sold["idempotence_key"]
    assert {p.state for p in await buyer.payments()} == {PaymentState.FAILED, PaymentState.PENDING}
    assert {p.order_id for p in await buyer.payments()} == {checkout.order_id}
    assert "yookassa" not in await renewing(shop)
    await assert_pays_as_usual(shop, buyer, checkout)
    later = await orders_renewed(next_buyer)
    assert len(await shop.yookassa.creates()) == 3
    await assert_pays_as_usual(shop, next_buyer, later)


async def test_fault_12_wrong_credentials_keep_every_attempt_until_they_are_right(shop: Shop) -> None:
    """Fault: the shop's secret was changed in the cabinet, and every create is answered 401.

    Outcome: nothing more is sold by this provider and the operators hear of it at once; nothing is given up: once
    the secret is right again, the same attempts go on with their keys.
    """
    buyers = [await shop.buyer() for _ in range(2)]
    opened = await buyers[1].opens_payment()
    await shop.yookassa.change_shop(secret_key="test_rotated")
    checkout = await buyers[0].orders("monthly")
    await shop.run_jobs()
    (told,) = told_operators(shop, ProviderMisconfigured)
    assert told.provider == "yookassa"
    assert await offered(shop) == {"coingate", "stars"}
    await shop.passes(minutes=10)
    refused = [request["status"] for request in await shop.yookassa.creates()]
    states = [p.state for buyer in buyers for p in await buyer.payments()]

    await shop.yookassa.change_shop(secret_key=SHOP_KEY)
    await shop.passes(minutes=2)

    assert set(refused) == {401}
    assert states == [PaymentState.NEW] * 2
    assert await offered(shop) == {"yookassa", "coingate", "stars"}
    assert len(told_operators(shop, ProviderMisconfigured)) == 1
    keys = {r["idempotence_key"] for r in await shop.yookassa.creates()}
    assert keys == {(await shop.payment(checkout)).idempotence_key, opened.idempotence_key}
    await assert_pays_as_usual(shop, buyers[0], checkout)
    await shop.yookassa.pay(opened.id)
    await shop.run_jobs()
    await assert_bought_once(shop, buyers[1])


async def test_fault_13_a_burst_of_429_is_answered_by_waiting(shop: Shop) -> None:
    """Fault: the provider answers a burst of creates with 429.

    Outcome: each is sent again later, with its own key and bytes; every attempt is one payment.
    """
    buyers = [await shop.buyer() for _ in range(3)]
    async with fault(shop, "yookassa", "http_429", retry_after=1, times=6, **CREATE):
        checkouts = [await buyer.orders("monthly") for buyer in buyers]
        await shop.passes(seconds=11)
    waiting = {(await shop.payment(checkout)).state for checkout in checkouts}
    for _ in range(3):
        await shop.run_jobs()  # too early: nothing is sent
    assert len(await shop.yookassa.creates()) == 6

    await shop.passes(seconds=16)

    assert waiting == {PaymentState.NEW}
    for buyer, checkout in zip(buyers, checkouts, strict=True):
        await assert_same_bytes(shop, checkout, times=3)
        await assert_pays_as_usual(shop, buyer, checkout)


async def test_fault_14_an_attempt_without_an_answer_for_a_day_is_given_up_and_told(shop: Shop) -> None:
    """Fault: a create the buyer asked for has had no answer for 23 hours, when its key is about to die.

    Outcome: it is not sent again; the provider's list does not show it, so it has failed, and the buyer is told once
    to start again.
    """
    buyer = await shop.buyer()
    async with fault(shop, "yookassa", "lost_before", times=None, **CREATE):
        checkout = await buyer.orders("monthly")
        await shop.passes(hours=23, minutes=30)
    sent = len(await sent_for(shop, checkout))
    assert (await shop.payment(checkout)).state == PaymentState.NEW

    await shop.passes(hours=2)

    assert (await shop.payment(checkout)).state == PaymentState.FAILED
    assert len(await sent_for(shop, checkout)) == sent
    assert await shop.yookassa.objects() == []
    (failed,) = buyer.heard(PaymentFailed)
    assert failed.payment_id == checkout.payment_id
    assert buyer.heard(CheckoutReady) == []
    again = await buyer.orders("monthly")
    await assert_pays_as_usual(shop, buyer, again)
