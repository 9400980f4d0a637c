"""Opening a payment at the provider: whatever becomes of the call, one attempt is one payment there."""

import asyncio
from typing import Any

import pytest

from backend.kit import clock
from backend.notifications.kinds import CheckoutReady, PaymentFailed
from backend.orders import checkout as checkouts
from backend.orders.checkout import Checkout, check_now
from backend.payments.providers.base import PaymentState
from tests.outside import CREATE, LIST
from tests.shop import Shop

LOST = ["lost_before", "lost_after", "garbage", "http_202", "http_429", "reset", "status"]


async def sent_for(shop: Shop, checkout: Checkout) -> list[dict[str, Any]]:
    """The requests to create this payment that arrived at the provider."""
    key = (await shop.payment(checkout)).idempotence_key
    return [request for request in await shop.yookassa.creates() if request["idempotence_key"] == key]


async def assert_one_payment_came_of_it(shop: Shop, checkout: Checkout) -> None:
    """It can be paid, and the provider never saw other bytes."""
    requests, payment = await sent_for(shop, checkout), await shop.payment(checkout)
    assert {request["body"].encode() for request in requests if request["body"]} == {payment.request_body}
    assert payment.state == PaymentState.PENDING
    await shop.yookassa.pay(checkout.payment_id)  # the only one there is


async def test_a_call_whose_answer_is_lost_is_sent_again_with_the_same_key_and_bytes(shop: Shop) -> None:
    buyers, bystander = [await shop.buyer() for _ in LOST], await shop.buyer()
    checkouts_of = []
    for buyer, mode in zip(buyers, LOST, strict=True):
        await bystander.orders("monthly")  # is answered, so the provider is not in trouble
        shop.yookassa.breaks(CREATE, mode)
        checkouts_of.append(await buyer.orders("monthly"))

    await shop.passes(seconds=11)

    assert {(checkout.state, checkout.url) for checkout in checkouts_of} == {(PaymentState.NEW, None)}
    for buyer, checkout in zip(buyers, checkouts_of, strict=True):
        assert len(await sent_for(shop, checkout)) == 2
        (ready,) = buyer.heard(CheckoutReady)  # nobody waits for the page any more, so its owner is told
        assert ready.payment_id == checkout.payment_id
        await assert_one_payment_came_of_it(shop, checkout)
    await shop.run_jobs()
    assert [[line.days for line in await buyer.extensions()] for buyer in buyers] == [[30]] * len(LOST)


async def test_half_an_hour_without_an_answer_is_sat_out(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "status", status=500, times=None)
    checkout = await buyer.orders("monthly")

    for seconds in (6, 16, 61, 61, 1700):
        await shop.passes(seconds=seconds)
    failures = len(await shop.yookassa.creates())
    shop.mend()
    await shop.passes(seconds=61)

    assert failures == 6
    assert buyer.told == ["CheckoutReady"]
    await assert_one_payment_came_of_it(shop, checkout)
    await shop.run_jobs()
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_process_that_dies_before_the_call_loses_nothing(shop: Shop) -> None:
    """Only the first transaction ran: order and attempt are there, nothing was sent."""
    buyer = await shop.buyer()
    opened = await buyer.opens_payment()

    await shop.passes(seconds=11)

    (sold,) = await shop.yookassa.objects(opened.id)
    (payment,) = await buyer.payments()
    assert (payment.state, payment.provider_payment_id) == (PaymentState.PENDING, sold["id"])
    assert payment.confirmation_url == sold["confirmation"]["confirmation_url"]


async def test_a_process_that_dies_between_the_call_and_its_answer_loses_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    opened = await buyer.opens_payment()
    assert opened.request_body is not None
    driver = shop.deps.providers.get("yookassa")
    await driver.create(opened.request_body, opened.idempotence_key)  # sent, and the process is gone

    await shop.passes(seconds=11)

    (sold,) = await shop.yookassa.objects(opened.id)
    (payment,) = await buyer.payments()
    assert (payment.state, payment.provider_payment_id) == (PaymentState.PENDING, sold["id"])


async def test_a_payment_that_is_paid_before_its_creation_was_answered_is_bound_by_its_webhook(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "lost_after")
    checkout = await buyer.orders("monthly")

    ref = await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    payment = await shop.payment(checkout)
    assert (payment.state, payment.provider_payment_id) == (PaymentState.SUCCEEDED, ref)
    assert [line.days for line in await buyer.extensions()] == [30]
    await shop.passes(minutes=5)
    assert len(await shop.yookassa.creates()) == 1
    assert buyer.told == ["Paid", "KeyReady"]


async def test_the_answer_may_come_after_the_webhook_and_changes_nothing_then(shop: Shop) -> None:
    """The provider is slow to answer, the buyer is fast to pay."""
    buyer = await shop.buyer()
    driver = shop.deps.providers.get("yookassa")
    opened = await buyer.opens_payment()
    assert opened.request_body is not None
    await driver.create(opened.request_body, opened.idempotence_key)
    await shop.yookassa.pay(opened.id)
    await shop.run_jobs()

    await checkouts.create(shop.deps, opened.id, clock.now())

    (payment,) = await buyer.payments()
    assert payment.state == PaymentState.SUCCEEDED
    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]


async def test_a_definite_no_is_told_at_once_and_never_repeated(shop: Shop) -> None:
    buyer = await shop.buyer()
    await shop.yookassa.change_shop(methods=["bank_card"])

    checkout = await buyer.orders("monthly", method="sbp")
    await shop.passes(hours=1)

    assert (checkout.state, checkout.url) == (PaymentState.FAILED, None)
    (failed,) = buyer.heard(PaymentFailed)
    assert (failed.payment_id, failed.shown_in) == (checkout.payment_id, f"telegram:{buyer.id}:1")
    assert len(await shop.yookassa.creates()) == 1
    assert (await shop.payment(checkout)).state == PaymentState.FAILED


async def test_a_key_that_was_used_with_other_bytes_is_never_sent_again_and_looked_for(shop: Shop) -> None:
    buyer = await shop.buyer()
    opened = await buyer.opens_payment()
    assert opened.request_body is not None
    other = opened.request_body.replace(b'"description":"30"', b'"description":"31"')
    ref = await shop.yookassa.send(opened.idempotence_key, other)
    shop.yookassa.strays.clear()  # it is the one payment there is of this attempt
    await shop.yookassa.pay_ref(ref, webhooks=0)

    await shop.passes(minutes=30)
    sent = [request["body"].encode() for request in await shop.yookassa.creates()]
    await shop.passes(minutes=31)

    assert sent == [other, opened.request_body]
    assert [line.days for line in await buyer.extensions()] == [30]
    shop.town.companies.world.log.clear()  # two bodies of one key were the point


async def test_wrong_credentials_keep_the_attempt_until_they_are_right(shop: Shop) -> None:
    buyer = await shop.buyer()
    await shop.yookassa.change_shop(secret_key="test_rotated")
    checkout = await buyer.orders("monthly")
    await shop.passes(minutes=10)
    during = (await shop.payment(checkout)).state

    await shop.yookassa.change_shop(secret_key="test_sandbox-yookassa-key")
    await shop.passes(minutes=2)

    assert (checkout.state, during) == (PaymentState.NEW, PaymentState.NEW)
    await assert_one_payment_came_of_it(shop, checkout)
    await shop.run_jobs()
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_provider_that_does_not_answer_in_time_lets_the_buyer_go_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkouts, "WAIT_SECONDS", 0.3)
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "latency", ms=2000)

    began = asyncio.get_running_loop().time()
    checkout = await buyer.orders("monthly")
    took = asyncio.get_running_loop().time() - began

    assert (checkout.state, checkout.url) == (PaymentState.NEW, None)
    assert took < 1.5
    shop.mend()
    await shop.passes(seconds=11)
    await assert_one_payment_came_of_it(shop, checkout)
    await shop.run_jobs()
    assert [line.days for line in await buyer.extensions()] == [30]


@pytest.mark.parametrize("answer", ["latency", "lost_after"])
async def test_where_keys_mean_nothing_another_process_waits_for_the_list(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Whoever opened it may be sending still, and what was sent may not be listed yet."""
    monkeypatch.setattr(checkouts, "WAIT_SECONDS", 0.5)
    faults, path = shop.town.companies.world.faults, "/v2/orders"
    faults.arm("coingate", answer, method="POST", path=path, **({"ms": 1000} if answer == "latency" else {}))
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly", provider="coingate", method="btc")
    listing = faults.arm("coingate", "status", status=500, method="GET", path=f"{path}*", times=None)

    await shop.passes(seconds=45)
    asked = listing.hits
    shop.mend()
    shop.deps.providers.get("coingate")._unanswered.clear()  # type: ignore[attr-defined]  # what this process knows
    await shop.passes(seconds=16)

    assert (checkout.state, asked) == (PaymentState.NEW, 0)
    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    orders = shop.town.companies.coingate._orders.newest_first()
    assert sum(order["order_id"].startswith(str(checkout.payment_id)) for order in orders) == 1


async def test_i_have_paid_asks_at_once_and_counts(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    shop.advance(seconds=6)

    seen = await check_now(shop.deps, clock.now(), payment_id=checkout.payment_id, user_id=buyer.id)

    assert seen.state is PaymentState.SUCCEEDED
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_ten_impatient_taps_ask_the_provider_once_in_five_seconds(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    shop.advance(seconds=6)

    async def asks() -> None:
        await check_now(shop.deps, clock.now(), payment_id=checkout.payment_id, user_id=buyer.id)

    await asyncio.gather(*(asks() for _ in range(10)))
    once = await shop.yookassa.fetches()
    shop.advance(seconds=6)
    await asks()

    assert (once, await shop.yookassa.fetches()) == (1, 2)


async def test_a_tap_asks_as_soon_as_the_page_is_there_but_not_right_after_a_poll(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    async def asked() -> int:
        await check_now(shop.deps, clock.now(), payment_id=checkout.payment_id, user_id=buyer.id)
        return await shop.yookassa.fetches()

    assert await asked() == 1
    await shop.passes(seconds=31)
    polled = await shop.yookassa.fetches()
    assert (polled, await asked()) == (2, 2)


async def test_impatience_during_an_outage_does_not_hammer_the_provider(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    shop.yookassa.breaks(("GET", "/v3/payments/*"), "status", status=500, times=None)
    shop.advance(seconds=6)

    for _ in range(5):
        await check_now(shop.deps, clock.now(), payment_id=checkout.payment_id, user_id=buyer.id)

    assert await shop.yookassa.fetches() == 1


async def test_nobody_sees_or_checks_the_payment_of_somebody_else(shop: Shop) -> None:
    buyer, stranger = await shop.buyer(), await shop.buyer()
    checkout = await buyer.orders("monthly")

    with pytest.raises(checkouts.PaymentNotFound):
        await check_now(shop.deps, clock.now(), payment_id=checkout.payment_id, user_id=stranger.id)
    with pytest.raises(checkouts.PaymentNotFound):
        await checkouts.current_checkout(shop.deps, payment_id=checkout.payment_id, user_id=stranger.id)


# --- the sweep ---


async def test_the_sweep_binds_a_payment_whose_creation_was_never_answered(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "lost_after", times=None)
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(minutes=61)

    payment = await shop.payment(checkout)
    assert payment.state == PaymentState.SUCCEEDED
    assert payment.provider_payment_id == await shop.yookassa.ref(checkout.payment_id)
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_payment_that_never_came_to_be_is_given_up_after_a_day_and_told(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "lost_before", times=None)
    checkout = await buyer.orders("monthly")

    await shop.passes(hours=23, minutes=30)
    sent = len(await shop.yookassa.creates())
    before = (await shop.payment(checkout)).state
    shop.mend()  # too late: the key is dead, a new request could open a second payment
    await shop.passes(hours=2)

    assert before == PaymentState.NEW
    assert (await shop.payment(checkout)).state == PaymentState.FAILED
    assert len(await shop.yookassa.creates()) == sent
    (failed,) = buyer.heard(PaymentFailed)
    assert failed.payment_id == checkout.payment_id


async def test_nothing_is_given_up_while_the_list_cannot_be_read_to_its_end(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "lost_after", times=None)
    shop.yookassa.breaks(LIST, "garbage", times=None)
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(hours=26)
    during = (await shop.payment(checkout)).state
    shop.mend()
    await shop.passes(hours=2)

    assert during == PaymentState.NEW
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_shop_that_slept_for_three_days_still_finds_what_was_paid(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "lost_after")
    lost = await buyer.orders("monthly")
    known = await buyer.orders("quarterly")
    for checkout in (lost, known):
        await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(days=3)

    assert sorted(line.days for line in await buyer.extensions()) == [30, 90]


async def test_an_attempt_that_was_given_up_and_turns_out_paid_is_honoured(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "lost_before", times=None)
    checkout = await buyer.orders("monthly")
    await shop.passes(hours=25)
    assert (await shop.payment(checkout)).state == PaymentState.FAILED
    payment = await shop.payment(checkout)
    shop.mend()

    assert payment.request_body is not None
    ref = await shop.yookassa.send(payment.idempotence_key, payment.request_body)
    await shop.yookassa.pay_ref(ref, webhooks=0)
    await shop.passes(hours=1)

    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert [line.days for line in await buyer.extensions()] == [30]
