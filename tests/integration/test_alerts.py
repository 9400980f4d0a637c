"""What the operators hear: once for each thing, with its end, and nothing when nothing is wrong."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend.notifications.kinds import (
    CallbacksRefused,
    ChargeUnanswered,
    KeyUsed,
    NoCallbacks,
    PanelTrouble,
    PanelWorks,
    PaymentFailed,
    PaymentsRefused,
    ProviderTrouble,
    ProviderWorks,
    Sold,
    UnprovenCallbacks,
)
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from tests.outside import CREATE, LIST
from tests.shop import Buyer, K, Shop

pytestmark = pytest.mark.thorough


def told(shop: Shop, kind: type[K]) -> list[K]:
    return [said for said in shop.channel.told if isinstance(said, kind)]


async def minutes(shop: Shop, count: int) -> None:
    for _ in range(count):
        await shop.passes(minutes=1)


async def test_a_provider_that_does_not_answer_for_five_minutes_is_told_once_and_so_is_its_end(shop: Shop) -> None:
    """A small shop: one buyer is not enough to open the circuit, but he waits all the same."""
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "status", status=500, times=None)
    began = shop.now
    checkout = await buyer.orders("monthly")

    await minutes(shop, 4)
    early = told(shop, ProviderTrouble)
    await minutes(shop, 6)
    shop.mend()
    await minutes(shop, 2)

    assert early == []
    (trouble,) = told(shop, ProviderTrouble)
    assert trouble.provider == "yookassa"
    assert abs(trouble.since - began) < timedelta(seconds=10)
    assert "500" in trouble.reason
    (works,) = told(shop, ProviderWorks)
    assert works.since == trouble.since
    assert works.until - works.since > timedelta(minutes=10)
    assert (await shop.payment(checkout)).state == PaymentState.PENDING


async def test_one_payment_that_a_working_provider_cannot_answer_is_no_trouble_of_the_provider(shop: Shop) -> None:
    shop.yookassa.breaks(CREATE, "status", status=500, times=1)
    stuck = await (await shop.buyer()).orders("monthly")
    await (await shop.buyer()).orders("monthly")
    shop.yookassa.breaks(CREATE, "status", status=500, times=None)

    await minutes(shop, 8)

    assert (await shop.payment(stuck)).state == PaymentState.NEW
    assert told(shop, ProviderTrouble) == []


async def test_a_panel_that_is_down_for_five_minutes_is_told_with_the_keys_that_wait(shop: Shop) -> None:
    shop.panel.goes_down()
    buyer = await shop.buyer()
    await buyer.buys("monthly")

    await minutes(shop, 3)
    early = told(shop, PanelTrouble)
    await minutes(shop, 6)
    shop.mend()
    await minutes(shop, 7)

    assert early == []
    (trouble,) = told(shop, PanelTrouble)
    assert (trouble.server, trouble.keys) == ("main", 1)
    assert trouble.reason
    (works,) = told(shop, PanelWorks)
    assert works.since == trouble.since
    assert buyer.told == ["Paid", "KeyReady"]


async def test_a_panel_nobody_buys_on_is_well_again_when_its_traffic_can_be_read(shop: Shop) -> None:
    await (await shop.buyer()).buys("monthly")
    shop.panel.goes_down()
    await minutes(shop, 16)
    during = len(told(shop, PanelTrouble))
    shop.mend()
    await minutes(shop, 7)

    assert (during, len(told(shop, PanelTrouble)), len(told(shop, PanelWorks))) == (1, 1, 1)


async def test_a_key_the_panel_refuses_is_told_though_the_panel_answers(shop: Shop) -> None:
    await (await shop.buyer()).buys("monthly")
    shop.panel.breaks("status", method="POST", path="*/clients/*", status=404, times=None)
    await (await shop.buyer()).buys("monthly")

    await minutes(shop, 20)
    (trouble,) = told(shop, PanelTrouble)
    shop.mend()
    await minutes(shop, 7)

    assert trouble.keys == 1
    assert len(told(shop, PanelWorks)) == 1


async def test_silence_of_webhooks_is_told_after_an_hour_and_once(shop: Shop) -> None:
    first, second = await shop.buyer(), await shop.buyer()
    await first.buys("monthly")
    heard = shop.now
    shop.advance(minutes=30)
    checkout = await second.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    await minutes(shop, 2)
    found_by_asking = [line.days for line in await second.extensions()]

    await shop.passes(minutes=50)
    early = told(shop, NoCallbacks)
    await shop.passes(minutes=15)
    await shop.passes(hours=1)

    assert found_by_asking == [30]
    assert early == []
    (silence,) = told(shop, NoCallbacks)
    assert (silence.provider, silence.payments) == ("yookassa", 1)
    assert silence.last is not None
    assert abs(silence.last - heard) < timedelta(minutes=1)


async def test_a_shop_whose_webhooks_come_hears_nothing_of_them(shop: Shop) -> None:
    await (await shop.buyer()).buys("monthly")

    for _ in range(5):
        await shop.passes(minutes=40)

    assert told(shop, NoCallbacks) == []


async def test_a_webhook_from_a_foreign_address_is_told_at_once_and_once_a_day(shop: Shop) -> None:
    async def comes() -> int:
        return (await shop.webhook({}, address="203.0.113.9")).status_code

    seen = [await comes() for _ in range(3)]
    await shop.run_jobs()
    first = told(shop, CallbacksRefused)
    shop.advance(days=1)
    seen.append(await comes())
    await shop.run_jobs()

    assert seen == [403] * 4
    assert [(refused.provider, refused.address) for refused in first] == [("yookassa", "203.0.113.9")]
    assert len(told(shop, CallbacksRefused)) == 2
    assert await shop.events() == []


async def forge(shop: Shop, buyer: Buyer) -> None:
    checkout = await buyer.orders("monthly")
    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    forged: dict[str, Any] = {**sold, "status": "succeeded", "metadata": {**sold["metadata"], "mac": "0000.AA"}}
    await shop.webhook({"type": "notification", "event": "payment.succeeded", "object": forged})


async def test_webhooks_without_our_signature_are_told_at_most_once_in_an_hour(shop: Shop) -> None:
    buyer = await shop.buyer()
    for _ in range(3):
        await forge(shop, buyer)
    await minutes(shop, 2)
    await forge(shop, buyer)
    await minutes(shop, 30)
    first = [said.count for said in told(shop, UnprovenCallbacks)]
    await shop.passes(minutes=31)

    await shop.passes(hours=5)

    assert first == [3]
    assert [said.count for said in told(shop, UnprovenCallbacks)] == [3, 1]


async def test_every_sale_is_told_once_with_who_bought_what_and_how(shop: Shop) -> None:
    shop.is_run_by(1)
    await (await shop.buyer()).buys("monthly", method="sbp")
    await minutes(shop, 3)

    (sold,) = told(shop, Sold)
    assert (sold.plan["ru"], sold.amount, sold.method, sold.buyer) == ("Месяц", "299\u00a0₽", "sbp", "anya")


async def test_who_wants_no_news_of_sales_gets_none(shop: Shop) -> None:
    shop.is_run_by(1)
    shop.deps.settings = shop.deps.settings.model_copy(update={"operator_sales": False})
    await (await shop.buyer()).buys("monthly")
    await minutes(shop, 3)

    assert told(shop, Sold) == []


async def test_sales_do_not_wait_for_operators_who_are_named_some_day(shop: Shop) -> None:
    await (await shop.buyer()).buys("monthly")
    await shop.passes(days=2)
    shop.is_run_by(1)
    await minutes(shop, 3)

    assert told(shop, Sold) == []


# --- requests that nobody answered


async def test_a_charge_of_ours_without_an_answer_is_left_to_an_operator_after_23_hours(shop: Shop) -> None:
    shop.yookassa.breaks(CREATE, "lost_before", times=None)
    checkout = await (await shop.buyer()).orders("monthly")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).values(initiated_by="shop"))

    await shop.passes(hours=22, minutes=50)
    before = (await shop.payment(checkout)).state
    await shop.passes(minutes=11)
    sent = len(await shop.yookassa.creates())
    shop.mend()
    await shop.passes(hours=3)

    payment = await shop.payment(checkout)
    assert before == PaymentState.NEW
    assert (payment.state, payment.review_reason) == (PaymentState.REVIEW, "never_answered")
    assert len(await shop.yookassa.creates()) == sent
    (charge,) = told(shop, ChargeUnanswered)
    assert (charge.payment_id, charge.amount) == (checkout.payment_id, "299\u00a0₽")


async def test_a_provider_that_refuses_to_open_payments_is_told_once_a_day_for_each_answer(shop: Shop) -> None:
    await shop.yookassa.change_shop(methods=["bank_card"])
    for _ in range(2):
        await (await shop.buyer()).orders("monthly", method="sbp")
    no = {"type": "error", "id": "1", "code": "forbidden", "description": "The shop is blocked"}
    shop.yookassa.breaks(CREATE, "status", status=403, body=no)
    await (await shop.buyer()).orders("monthly")
    shop.yookassa.breaks(CREATE, "status", status=405, body="")
    await (await shop.buyer()).orders("monthly")
    await shop.run_jobs()
    today = [(said.provider, said.code) for said in told(shop, PaymentsRefused)]

    await shop.passes(days=1)
    await (await shop.buyer()).orders("monthly", method="sbp")
    await shop.run_jobs()

    assert sorted(today) == [("yookassa", code) for code in ("forbidden", "http_405", "invalid_request")]
    assert [said.code for said in told(shop, PaymentsRefused)[3:]] == ["invalid_request"]


async def test_a_key_that_was_used_is_looked_for_at_once_and_told(shop: Shop) -> None:
    buyer = await shop.buyer()
    opened = await buyer.opens_payment()
    assert opened.request_body is not None
    other = opened.request_body.replace(b'"description":"30"', b'"description":"31"')
    ref = await shop.yookassa.send(opened.idempotence_key, other)
    shop.yookassa.strays.clear()

    await shop.passes(seconds=11)

    (payment,) = await buyer.payments()
    assert (payment.state, payment.provider_payment_id) == (PaymentState.PENDING, ref)
    assert [(said.payment_id, said.found) for said in told(shop, KeyUsed)] == [(opened.id, True)]
    shop.town.companies.world.log.clear()  # two bodies of one key were the point


async def test_a_key_that_was_used_for_something_else_ends_its_payment(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    opened, foreign = await buyer.opens_payment(), await other.opens_payment()
    assert foreign.request_body is not None
    await shop.yookassa.send(opened.idempotence_key, foreign.request_body)

    await shop.passes(seconds=11)
    await shop.passes(hours=2)

    (payment,) = await buyer.payments()
    assert payment.state == PaymentState.FAILED
    assert len(buyer.heard(PaymentFailed)) == 1
    assert [(said.payment_id, said.found) for said in told(shop, KeyUsed)] == [(opened.id, False)]
    shop.town.companies.world.log.clear()


async def test_a_key_that_was_used_is_told_though_the_list_cannot_be_read_and_looked_for_every_hour(
    shop: Shop,
) -> None:
    buyer = await shop.buyer()
    opened = await buyer.opens_payment()
    assert opened.request_body is not None
    ref = await shop.yookassa.send(opened.idempotence_key, opened.request_body.replace(b'":"30"', b'":"31"'))
    shop.yookassa.strays.clear()
    await shop.yookassa.pay_ref(ref, webhooks=0)
    shop.yookassa.breaks(LIST, "http_429")

    await shop.passes(seconds=11)
    at_once = [(said.payment_id, said.found) for said in told(shop, KeyUsed)]
    await shop.passes(hours=1)

    (payment,) = await buyer.payments()
    assert at_once == [(opened.id, None)]
    assert (payment.state, payment.provider_payment_id) == (PaymentState.SUCCEEDED, ref)
    assert len(told(shop, KeyUsed)) == 1
    shop.town.companies.world.log.clear()  # two bodies of one key were the point


async def test_a_sale_that_is_settled_days_after_it_was_paid_is_told_too(shop: Shop) -> None:
    shop.is_run_by(1)
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(days=3)
    await minutes(shop, 2)

    assert len(told(shop, Sold)) == 1
