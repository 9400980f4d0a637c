"""A payment becomes days: exactly once, exactly what was ordered, and only if it is exactly what was asked for."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from backend.kit import clock
from backend.notifications.kinds import Paid, PaymentChecked, PaymentSeen
from backend.notifications.models import Notification
from backend.orders.service import settle
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.payments.rules import NEVER
from backend.payments.service import lock_payment
from backend.plans.models import Plan, PlanPrice
from backend.plans.service import PlanNotOnSale, withdraw
from backend.users.models import User
from tests.faults.steps import somebody_waits
from tests.integration.bot_fixtures import BotShop
from tests.integration.stars_fixture import charges, control, payer
from tests.integration.test_concurrency import snapshot_of
from tests.integration.test_refunds_outside import coingate
from tests.shop import Shop

MONTH = timedelta(days=30)


async def change_at_the_provider(shop: Shop, payment_id: Any, **fields: Any) -> None:
    """The provider's object is not what we asked for; no client of it could do that."""
    change_object(shop, await shop.yookassa.ref(payment_id), **fields)


def change_object(shop: Shop, ref: str, **fields: Any) -> None:
    document = shop.town.companies.yookassa._payments.find(ref)
    assert document is not None
    document["object"] |= fields


MISMATCHES: list[tuple[dict[str, Any], str]] = [
    ({"amount": {"value": "298.99", "currency": "RUB"}}, "amount"),
    ({"amount": {"value": "299.01", "currency": "RUB"}}, "amount"),
    ({"amount": {"value": "299.00", "currency": "USD"}}, "amount"),
    ({"amount": {"value": "2.99e2", "currency": "RUB"}}, "amount"),
    ({"recipient": {"account_id": "100501", "gateway_id": "1"}}, "account"),
    ({"recipient": {"account_id": ["100500"]}}, "account"),
    ({"test": False}, "mode"),
]


async def test_money_that_is_not_what_was_asked_for_waits_for_a_person(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in MISMATCHES]
    for buyer, (fields, _) in zip(buyers, MISMATCHES, strict=True):
        checkout = await buyer.orders("monthly")
        await shop.yookassa.pay(checkout.payment_id, webhooks=0)
        await change_at_the_provider(shop, checkout.payment_id, **fields)

    await shop.passes(seconds=31)

    for buyer, (fields, reason) in zip(buyers, MISMATCHES, strict=True):
        (payment,) = await buyer.payments()
        assert payment.state == PaymentState.REVIEW, fields
        assert (payment.review_reason or "").startswith(reason), fields
        assert payment.next_check_at == NEVER
        assert await buyer.extensions() == []
        assert buyer.heard(PaymentChecked) == [PaymentChecked(payment.id, f"telegram:{buyer.id}:1")]
    assert await shop.panel.clients() == []


@pytest.mark.parametrize("silence", [{"recipient": None}, {"test": None}, {"recipient": {}, "test": None}])
async def test_what_an_answer_to_our_own_key_leaves_out_is_no_contradiction(
    shop: Shop, silence: dict[str, Any]
) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    await change_at_the_provider(shop, checkout.payment_id, **silence)

    await shop.passes(seconds=31)

    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_what_came_to_nothing_needs_no_person_whatever_its_sum(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await change_at_the_provider(shop, checkout.payment_id, amount={"value": "1.00", "currency": "RUB"})

    await shop.yookassa.decline(checkout.payment_id)
    await shop.passes(seconds=31)

    (payment,) = await buyer.payments()
    assert (payment.state, payment.review_reason) == (PaymentState.CANCELED, None)


async def test_a_payment_in_review_is_not_asked_for_again_by_its_webhook(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=1)
    await change_at_the_provider(shop, checkout.payment_id, test=False)
    await shop.run_jobs()
    before = await shop.yookassa.fetches()

    await shop.passes(minutes=30)

    (event,) = await shop.events()
    assert event.handled_at is not None  # the provider has confirmed all that it claimed
    assert await shop.yookassa.fetches() == before
    assert (await shop.payment(checkout)).state == PaymentState.REVIEW
    assert await buyer.extensions() == []


async def test_an_answer_without_our_signature_is_of_no_payment_of_ours(shop: Shop) -> None:
    unsigned: list[dict[str, Any]] = [{"pid": "x"}, {"pid": None}, {"mac": None}, {"mac": "1.x"}, {"mac": ["1.x"]}]
    buyers = [await shop.buyer() for _ in unsigned]
    for buyer, changes in zip(buyers, unsigned, strict=True):
        checkout = await buyer.orders("monthly")
        await shop.yookassa.pay(checkout.payment_id, webhooks=1)
        (sold,) = await shop.yookassa.objects(checkout.payment_id)
        await change_at_the_provider(shop, checkout.payment_id, metadata={**sold["metadata"], **changes})

    await shop.run_jobs()

    for buyer in buyers:
        (payment,) = await buyer.payments()
        assert payment.state == PaymentState.PENDING
        assert await buyer.extensions() == []
    assert [event.rejected_reason for event in await shop.events()] == ["unproven"] * len(unsigned)


async def test_more_payments_of_one_attempt_are_adopted_and_all_give_days(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    payment = await shop.payment(checkout)
    assert payment.request_body is not None
    refs = [payment.provider_payment_id or ""]
    refs += [await shop.yookassa.send(f"key-{number}-of-somebody-else", payment.request_body) for number in (2, 3)]

    for ref in refs:
        await shop.yookassa.pay_ref(ref)
        await shop.run_jobs()

    payments = await buyer.payments()
    assert {p.provider_payment_id for p in payments} == set(refs)
    assert {p.order_id for p in payments} == {checkout.order_id}
    assert [line.days for line in await buyer.extensions()] == [30, 30, 30]
    assert [paid.key_ready for paid in buyer.heard(Paid)] == [False, True, True]


async def test_a_second_payment_of_one_attempt_is_found_by_the_sweep_when_its_webhook_is_lost(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    payment = await shop.payment(checkout)
    assert payment.request_body is not None
    second = await shop.yookassa.send("a-key-of-somebody-else", payment.request_body)
    for ref in (payment.provider_payment_id or "", second):
        await shop.yookassa.pay_ref(ref, webhooks=0)

    await shop.passes(minutes=61)
    await shop.passes(minutes=61)

    assert [line.days for line in await buyer.extensions()] == [30, 30]
    assert len(await buyer.payments()) == 2


async def test_two_attempts_of_one_order_that_are_both_paid_give_two_periods(shop: Shop) -> None:
    """The second attempt was opened after the first was declined; then the first turns out paid as well."""
    buyer = await shop.buyer()
    first = await buyer.orders("monthly", tap="1:1")
    await shop.yookassa.decline(first.payment_id, webhooks=1)
    await shop.run_jobs()
    second = await buyer.orders("monthly", tap="1:1")
    assert second.order_id == first.order_id
    assert second.payment_id != first.payment_id

    payment = await shop.payment(first)
    assert payment.request_body is not None
    late = await shop.yookassa.send("a-new-key", payment.request_body)
    await shop.yookassa.pay_ref(late)
    await shop.yookassa.pay(second.payment_id)
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30, 30]
    assert await buyer.paid_until() - shop.now > 2 * MONTH - timedelta(minutes=1)


async def test_a_canceled_payment_that_is_paid_after_all_counts_and_says_that_it_was_late(shop: Shop) -> None:
    """No payment of YooKassa does that, those of other companies do: the order by rank allows it."""
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.decline(checkout.payment_id)
    await shop.run_jobs()
    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    document = shop.town.companies.yookassa._payments.find(sold["id"])
    assert document is not None
    document["object"] |= {"status": "succeeded", "paid": True}
    snapshot = await snapshot_of(shop, sold["id"])

    async with shop.deps.db.transaction() as session:
        await settle(session, shop.deps.providers, "yookassa", snapshot, clock.now())
    await shop.run_jobs()

    (paid,) = buyer.heard(Paid)
    assert paid.late
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_crash_in_the_middle_of_settling_undoes_all_of_it(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    ref = await shop.yookassa.pay(checkout.payment_id, webhooks=1)
    await shop.drop_jobs()
    snapshot = await snapshot_of(shop, ref)

    async def dies() -> None:
        async with shop.deps.db.transaction() as session:
            await settle(session, shop.deps.providers, "yookassa", snapshot, clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await dies()

    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    assert await buyer.extensions() == []
    assert await shop.all(select(Notification)) == []
    await shop.passes(seconds=6)
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_payment_of_a_blocked_person_books_the_days_and_opens_no_key(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(User).where(User.id == buyer.id).values(blocked_at=shop.now))

    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]
    assert (await shop.panel.client())["enable"] is False
    assert buyer.told == ["Paid"]


async def test_of_what_we_charge_by_ourselves_nobody_is_told_that_it_failed(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).values(initiated_by="shop"))

    await shop.yookassa.decline(checkout.payment_id)
    await shop.run_jobs()

    assert (await shop.payment(checkout)).state == PaymentState.CANCELED
    assert buyer.told == []  # autopay says what comes next


async def test_coins_that_a_network_has_yet_to_confirm_are_told_of_once_and_in_place(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders(provider="coingate", method="btc")
    ref = (await shop.payment(checkout)).provider_payment_id

    await coingate(shop, f"orders/{ref}/pay", coin="BTC")
    await shop.passes(minutes=2)
    await shop.passes(minutes=2)

    assert (await shop.payment(checkout)).state == PaymentState.CONFIRMING
    assert buyer.heard(PaymentSeen) == [PaymentSeen(checkout.payment_id, f"telegram:{buyer.id}:1")]


# --- what was ordered is what is given ---


async def test_a_price_that_changes_while_somebody_pays_is_honoured_as_it_was(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly", tap="1:1")
    async with shop.deps.db.transaction() as session:
        plan = (await session.scalars(select(Plan).where(Plan.code == "monthly"))).one()
        plan.days = 28
        await session.execute(update(PlanPrice).where(PlanPrice.plan_id == plan.id).values(amount_minor=39900))

    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]
    (paid,) = buyer.heard(Paid)
    assert paid.amount == "299\u00a0₽"


async def test_a_changed_price_makes_a_new_order(shop: Shop) -> None:
    buyer = await shop.buyer()
    before = await buyer.orders("monthly", tap="1:1")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(PlanPrice).values(amount_minor=39900))

    after = await buyer.orders("monthly", tap="1:1")

    assert (before.order_id, before.payment_id) != (after.order_id, after.payment_id)
    assert after.amount.minor == 39900
    (sold,) = await shop.yookassa.objects(after.payment_id)
    assert sold["amount"]["value"] == "399.00"


async def test_a_withdrawn_plan_is_not_sold_but_honoured_for_who_is_paying(shop: Shop) -> None:
    buyer, late = await shop.buyer(), await shop.buyer()
    checkout = await buyer.orders("monthly")
    plan = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        await withdraw(session, plan.id, shop.now)

    with pytest.raises(PlanNotOnSale):
        await late.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert await late.payments() == []
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_the_trial_cannot_be_bought(shop: Shop) -> None:
    buyer = await shop.buyer()

    with pytest.raises(PlanNotOnSale):
        await buyer.orders("trial")

    assert await buyer.payments() == []


async def test_an_order_may_be_paid_after_its_price_stopped_holding(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    shop.advance(minutes=59)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(minutes=10)

    assert (await shop.order(checkout)).expires_at < shop.now
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_what_is_stored_of_a_request_is_what_was_sent(shop: Shop) -> None:
    buyer = await shop.buyer(language="en")

    checkout = await buyer.orders("quarterly", method="sbp")

    (request,), payment = await shop.yookassa.creates(), await shop.payment(checkout)
    assert payment.request_body == request["body"].encode()
    sent = json.loads(request["body"])
    assert sent["capture"] is True
    assert sent["payment_method_data"] == {"type": "sbp"}
    assert sent["confirmation"]["locale"] == "en_US"
    assert sent["metadata"]["pid"] == str(payment.id)
    assert sent["description"].startswith("Subscription, 90 days")


async def test_what_the_bot_heard_is_not_asked_for_again(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    asked = bot_shop.shop.town.companies.world.faults.arm(
        "telegram", "latency", path="*/getStarTransactions", times=None
    )

    await buyer.pays(link)

    assert await buyer.days() == [("payment", 30)]
    assert asked.hits == 0


async def test_a_refund_the_bot_hears_of_while_the_payment_settles_is_kept_for_later(bot_shop: BotShop) -> None:
    """Also when the job that was queued with it is lost."""
    shop, buyer = bot_shop.shop, await payer(bot_shop)
    paid = await buyer.ended(await buyer.presses_pay(await buyer.checks_out()))
    await bot_shop.idle()
    (charge,) = await charges(bot_shop)

    async with shop.deps.db.transaction() as session:
        await lock_payment(session, charge.id)
        working = asyncio.create_task(shop.run_jobs())
        await somebody_waits(shop)
        await control(bot_shop, f"charges/{paid['charge_id']}/refund")
        await bot_shop.idle()
        await session.execute(text("delete from procrastinate_jobs where status = 'todo'"))
    await working
    assert await buyer.days() == [("payment", 30)]
    await shop.passes(seconds=10)

    assert await buyer.days() == [("payment", 30), ("refund", -30)]
