"""Payments whose company does not say how they stand: asked about no more often than others, and never forgotten."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from backend.notifications.kinds import ChargeUnanswered, PaymentsUnseen
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.payments.rules import NEVER
from tests.integration.autopay_fixture import HOUR, subscribes
from tests.integration.test_refunds_outside import coingate
from tests.integration.test_settle import change_at_the_provider
from tests.outside import FETCH, LIST
from tests.shop import Shop

pytestmark = pytest.mark.thorough

FIRST_HOUR = 7  # by their age: at 30 s, 1, 2, 5, 10, 20 and 40 minutes


def unseen(shop: Shop) -> Sequence[PaymentsUnseen]:
    return [told for told in shop.channel.told if isinstance(told, PaymentsUnseen)]


async def hours_pass(shop: Shop, hours: int) -> None:
    for _ in range(hours):
        await shop.passes(hours=1)


def counted(event: str) -> float:
    return REGISTRY.get_sample_value("shop_events_total", {"event": event}) or 0


# --- how often


async def asked_in_an_hour(shop: Shop) -> int:
    for _ in range(60):
        await shop.passes(minutes=1)
    return await shop.yookassa.fetches()


@pytest.mark.parametrize("status", [500, 404, 401, 429])
async def test_whatever_is_answered_a_payment_is_asked_about_by_its_age(shop: Shop, status: int) -> None:
    buyer = await shop.buyer()
    await buyer.orders()
    shop.yookassa.breaks(FETCH, "status", status=status, times=None)

    assert 1 <= await asked_in_an_hour(shop) <= FIRST_HOUR


async def test_a_payment_that_carries_a_foreign_signature_is_asked_about_by_its_age(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    await change_at_the_provider(shop, checkout.payment_id, metadata={"pid": str(checkout.payment_id)})

    assert 1 <= await asked_in_an_hour(shop) <= FIRST_HOUR


async def test_who_asks_us_to_wait_is_not_asked_before(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    shop.yookassa.breaks(FETCH, "http_429", retry_after=600)

    await shop.passes(seconds=31)

    assert (await shop.payment(checkout)).next_check_at - shop.now >= timedelta(seconds=599)


# --- how long


async def test_the_questions_end_unanswered_and_the_operators_hear_of_it_once_a_day(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(3)]
    orders = [await buyer.orders() for buyer in buyers]
    shop.yookassa.breaks(FETCH, "status", status=404, times=None)
    shop.yookassa.breaks(LIST, "status", status=500, times=None)
    before = counted("payment.unseen")

    await hours_pass(shop, 28)
    asked = await shop.yookassa.fetches()
    await hours_pass(shop, 3)

    payments: list[Payment] = [await shop.payment(order) for order in orders]
    assert {(payment.state, payment.next_check_at) for payment in payments} == {("pending", NEVER)}
    assert await shop.yookassa.fetches() == asked
    assert counted("payment.unseen") - before == len(orders)
    (told,) = unseen(shop)
    assert told.payment_id in {payment.id for payment in payments}
    assert told.reason == "Rejected not_found"


async def test_what_was_paid_meanwhile_counts_as_soon_as_the_list_can_be_read(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    shop.town.companies.world.faults.arm("yookassa", "status", status=503, method="GET", times=None)
    await shop.passes(minutes=30)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await hours_pass(shop, 60)
    during = (await shop.payment(checkout)).state
    shop.mend()
    await hours_pass(shop, 2)

    assert during == PaymentState.PENDING
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert await buyer.paid_until() > shop.now


async def test_a_charge_of_ours_that_is_never_answered_for_waits_for_a_decision(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.card_answers("pending")
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    shop.town.companies.world.faults.arm("yookassa", "status", status=503, method="GET", times=None)
    (charge,) = await owner.charges()

    await hours_pass(shop, 28)

    assert charge.state == PaymentState.PENDING
    assert await owner.states() == ["review"]
    told = [said for said in shop.channel.told if isinstance(said, ChargeUnanswered)]
    assert [said.payment_id for said in told] == [charge.id]


async def test_of_coins_that_were_seen_and_never_confirmed_the_operators_hear_each_time(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(2)]
    orders = [await buyer.orders(provider="coingate", method="btc") for buyer in buyers]
    refs = [int((await shop.payment(order)).provider_payment_id or 0) for order in orders]
    for ref in refs:
        await coingate(shop, f"orders/{ref}/pay", coin="BTC")
    await shop.passes(minutes=2)
    before = {(await shop.payment(order)).state for order in orders}
    shop.town.companies.world.faults.arm("coingate", "status", status=500, method="GET", times=None)

    await hours_pass(shop, 28)

    assert before == {PaymentState.CONFIRMING}
    assert sorted(told.payment_ref for told in unseen(shop)) == sorted(str(ref) for ref in refs)
    shop.mend()
