"""From a tap on a method to days and a key."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend.consents.models import Consent
from backend.kit.money import Currency, Money
from backend.notifications.kinds import KeyReady, Paid, PaymentFailed
from backend.orders.checkout import methods_for
from backend.orders.queries import history
from backend.payments.providers.base import PaymentState
from backend.plans.models import Plan
from tests.shop import Shop

MONTH = timedelta(days=30)


@pytest.mark.parametrize("method", ["bank_card", "sbp", "yoo_money"])
async def test_a_purchase_gives_the_days_one_key_and_two_messages(shop: Shop, method: str) -> None:
    buyer = await shop.buyer()
    before = shop.now
    checkout = await buyer.orders("monthly", method=method)

    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    subscription, client = await buyer.subscription(), await shop.panel.client()
    until = await buyer.paid_until()
    assert before + MONTH <= until <= shop.now + MONTH
    assert (client["uuid"], client["subId"]) == (str(subscription.client_uuid), subscription.sub_id)
    assert client["expiryTime"] == round(until.timestamp() * 1000)
    assert client["enable"] is True
    assert buyer.told == ["Paid", "KeyReady"]
    (paid,), (ready,) = buyer.heard(Paid), buyer.heard(KeyReady)
    assert (paid.days, paid.until, paid.amount, paid.key_ready) == (30, until, "299\u00a0₽", False)
    assert (paid.payment_id, paid.shown_in) == (checkout.payment_id, f"telegram:{buyer.id}:1")
    assert not paid.late
    assert ready.subscription_id == subscription.id


@pytest.mark.parametrize(
    ("code", "days", "kopecks"), [("monthly", 30, 29900), ("quarterly", 90, 79900), ("yearly", 365, 299900)]
)
async def test_every_plan_gives_what_it_says_for_what_it_costs(
    shop: Shop, code: str, days: int, kopecks: int
) -> None:
    buyer = await shop.buyer()

    checkout = await buyer.buys(code)

    (line,) = await buyer.extensions()
    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    assert (line.source, line.source_id, line.days) == ("payment", str(checkout.payment_id), days)
    assert checkout.amount == Money(kopecks, Currency.RUB)
    assert sold["amount"] == {"value": f"{kopecks // 100}.00", "currency": "RUB"}
    assert sold["description"].startswith(f"Подписка, {days} д")
    assert str(checkout.order_number) in sold["description"]


async def test_a_purchase_gives_the_limits_of_its_plan(shop: Shop) -> None:
    buyer, plan = await shop.buyer(), await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        await session.execute(
            update(Plan).where(Plan.id == plan.id).values(device_limit=3, traffic_limit_bytes=50_000_000_000)
        )

    await buyer.buys("monthly")

    subscription = await buyer.subscription()
    limits = (subscription.plan_id, subscription.device_limit, subscription.traffic_limit_bytes)
    assert limits == (plan.id, 3, 50_000_000_000)


async def test_a_checkout_leads_to_the_page_where_it_is_paid(shop: Shop) -> None:
    buyer = await shop.buyer()

    checkout = await buyer.orders("monthly")

    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    payment = await shop.payment(checkout)
    assert checkout.url == sold["confirmation"]["confirmation_url"]
    assert checkout.state is PaymentState.PENDING
    assert sold["confirmation"]["return_url"] == f"{shop.deps.public_url}/return/{payment.return_token}"
    assert (payment.provider_payment_id, payment.provider_status) == (sold["id"], "pending")
    assert (payment.account, payment.test, payment.method) == ("100500", True, "bank_card")
    assert (await buyer.subscription()).paid_until is None


async def test_the_tap_on_a_method_stores_the_consent_with_its_version(shop: Shop) -> None:
    buyer = await shop.buyer()

    checkout = await buyer.orders("monthly")

    consents = await shop.all(select(Consent).order_by(Consent.id))
    order = await shop.order(checkout)
    versions = {document.name: document.version for document in shop.deps.texts}
    assert [(consent.user_id, consent.document, consent.version, consent.channel) for consent in consents] == [
        (buyer.id, "offer", versions["offer"], "bot"),
        (buyer.id, "privacy", versions["privacy"], "bot"),
    ]
    assert order.consent_id == consents[0].id


async def test_a_plan_is_offered_by_every_method_of_a_configured_provider_that_has_a_price(shop: Shop) -> None:
    plan = await shop.plan("monthly")

    async with shop.deps.db.transaction() as session:
        offers = await methods_for(session, shop.deps.providers, plan.id)

    assert [(offer.provider, offer.method) for offer in offers] == [
        ("yookassa", "bank_card"),
        ("yookassa", "sbp"),
        ("yookassa", "yoo_money"),
        ("coingate", "btc"),
        ("coingate", "eth"),
        ("coingate", "ltc"),
        ("stars", "stars"),
    ]
    assert [offer.price for offer in offers] == [Money(29900, Currency.RUB)] * 6 + [Money(200, Currency.XTR)]


async def test_a_declined_payment_is_told_and_gives_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    await shop.yookassa.decline(checkout.payment_id, "insufficient_funds")
    await shop.run_jobs()

    (failed,) = buyer.heard(PaymentFailed)
    assert (failed.reason, failed.payment_id) == ("insufficient_funds", checkout.payment_id)
    assert failed.plan_id == (await shop.plan("monthly")).id
    assert (await shop.payment(checkout)).state == PaymentState.CANCELED
    assert await buyer.extensions() == []
    assert await shop.panel.clients() == []


async def test_a_payment_nobody_made_ends_within_its_hour_and_is_told_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    await shop.passes(minutes=61)
    await shop.yookassa.delivered(await shop.yookassa.ref(checkout.payment_id))
    await shop.passes(minutes=10)

    (failed,) = buyer.heard(PaymentFailed)
    assert failed.reason == "expired_on_confirmation"
    assert (await shop.payment(checkout)).state == PaymentState.CANCELED


async def test_the_history_shows_what_moved_money_newest_first(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    first = await buyer.buys("monthly", method="sbp")
    shop.advance(days=1)
    second = await buyer.buys("yearly")
    await buyer.orders("monthly")
    await other.buys("monthly")

    async with shop.deps.db.transaction() as session:
        lines = await history(session, buyer.id)

    assert [line.order_number for line in lines] == [second.order_number, first.order_number]
    assert [(line.days, line.method, str(line.amount)) for line in lines] == [
        (365, "bank_card", "2\u00a0999\u00a0₽"),
        (30, "sbp", "299\u00a0₽"),
    ]
    assert lines[0].at > lines[1].at
    assert lines[1].plan_names["ru"] == "Месяц"


async def test_many_people_buy_at_the_same_time(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(6)]
    checkouts = await asyncio.gather(*(buyer.orders("monthly") for buyer in buyers))

    await asyncio.gather(*(shop.yookassa.pay(checkout.payment_id) for checkout in checkouts))
    await shop.run_jobs()

    wanted = [str((await buyer.subscription()).client_uuid) for buyer in buyers]
    assert sorted(client["uuid"] for client in await shop.panel.clients()) == sorted(wanted)
    assert [buyer.told for buyer in buyers] == [["Paid", "KeyReady"]] * 6
