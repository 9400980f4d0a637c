"""A subscription renews itself: told in time, charged once, tried again, and stopped where it must."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.autopay.jobs import Renew, renew
from backend.consents.models import Consent
from backend.notifications.kinds import AutopayFailed, AutopayNotice, AutopayOn, AutopayStopped, Paid, PaymentFailed
from backend.payments.models import SavedMethod
from tests.integration.autopay_fixture import (
    DAY,
    HOUR,
    Subscriber,
    orders_renewed,
    subscribes,
)
from tests.outside import CREATE, LIST, until
from tests.shop import Shop

pytestmark = pytest.mark.thorough

BLOCKED = {"type": "error", "id": "1", "code": "forbidden", "description": "The shop is blocked"}


async def test_a_tick_is_a_consent_of_its_own_and_opens_a_mandate_once_it_is_paid(shop: Shop) -> None:
    owner = await subscribes(shop)

    mandate, method = await owner.mandate(), await owner.method()
    (consent,) = await shop.all(select(Consent).where(Consent.document == "autopay"))
    assert (mandate.state, mandate.charged_by, mandate.max_amount_minor, mandate.period_days) == (
        "active",
        "shop",
        29900,
        30,
    )
    assert (mandate.consent_id, mandate.saved_method_id) == (consent.id, method.id)
    assert (method.title, method.expires_on, method.method) == ("*4477", "2030-12", "bank_card")
    assert len(owner.buyer.heard(AutopayOn)) == 1


async def test_without_the_tick_nothing_is_saved_and_nothing_renews(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys()
    await Subscriber(shop, buyer).reaches(HOUR)

    (create,) = await shop.yookassa.creates()
    assert json.loads(create["body"])["save_payment_method"] is False
    assert await shop.all(select(SavedMethod)) == []
    assert not [told for told in buyer.told if told.startswith("Autopay")]


async def test_a_way_that_cannot_be_charged_again_is_paid_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await orders_renewed(buyer, method="sbp")
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert (checkout.agreed_to_renew, checkout.renews) == (True, False)
    assert await shop.all(select(SavedMethod)) == []
    assert await Subscriber(shop, buyer).mandates() == []


async def test_what_was_not_kept_after_all_opens_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await orders_renewed(buyer)
    await shop.yookassa.change_shop(recurring=False)  # between the page and the payment
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert await Subscriber(shop, buyer).mandates() == []
    assert len(buyer.heard(Paid)) == 1


@pytest.mark.parametrize("method", ["bank_card", "yoo_money"])
async def test_a_month_passes_and_the_subscription_is_renewed_without_its_owner(shop: Shop, method: str) -> None:
    owner = await subscribes(shop, method=method)
    end = await owner.buyer.paid_until()

    await owner.reaches(3 * DAY)
    early = owner.buyer.heard(AutopayNotice)
    await owner.reaches(DAY)
    told = owner.buyer.heard(AutopayNotice)
    await owner.reaches(13 * HOUR)
    before = await owner.charges()
    await owner.reaches(12 * HOUR)

    assert (len(early), len(told), before) == (1, 2, [])
    assert told[1].amount_minor == 29900
    assert told[1].charge_at == end - 12 * HOUR
    (charge,) = await owner.charges()
    (order,) = await owner.renewals()
    assert (charge.state, charge.amount_minor, charge.order_id) == ("succeeded", 29900, order.id)
    assert order.cycle_key == f"{order.subscription_id}:{end.date().isoformat()}"
    assert await owner.buyer.paid_until() == end + 30 * DAY
    sent = json.loads((await shop.yookassa.creates())[-1]["body"])
    assert sent["payment_method_id"] == (await owner.method()).ref
    assert "confirmation" not in sent
    assert "payment_method_data" not in sent
    assert len(owner.buyer.heard(Paid)) == 2
    assert len(owner.buyer.heard(AutopayNotice)) == 2


async def test_a_second_charge_that_the_company_has_for_one_of_ours_is_ours_too(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    (charge,) = await owner.charges()
    assert charge.request_body is not None

    await owner.card_answers("canceled:insufficient_funds")
    await shop.yookassa.send("a-key-of-somebody-else", charge.request_body)
    await shop.passes(minutes=61)

    charges = await owner.charges()
    assert {(one.state, one.initiated_by) for one in charges} == {("succeeded", "shop"), ("canceled", "shop")}
    assert [line.days for line in await owner.buyer.extensions()] == [30, 30]
    assert owner.buyer.heard(PaymentFailed) == []


@pytest.mark.parametrize("readable", [True, False], ids=["list", "no list"])
async def test_a_no_to_a_charge_that_was_sent_before_says_nothing_of_the_first_time(
    shop: Shop, readable: bool
) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    await shop.yookassa.act("webhooks/policy", drop=1)
    shop.yookassa.breaks(CREATE, "lost_after")
    await owner.reaches(12 * HOUR)
    shop.yookassa.breaks(CREATE, "status", status=403, body=BLOCKED, times=None)
    if not readable:
        shop.yookassa.breaks(LIST, "http_429", times=1)

    await shop.passes(seconds=6)
    at_once = await owner.states()
    await shop.passes(minutes=1)

    assert at_once == ["succeeded" if readable else "new"]
    assert await owner.states() == ["succeeded"]
    assert await owner.stands() == ("active", None)
    assert owner.buyer.heard(AutopayStopped) == []


async def test_a_charge_that_was_never_taken_and_is_refused_has_failed_once_it_would_be_listed(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    shop.yookassa.breaks(CREATE, "lost_before")
    await owner.reaches(12 * HOUR)
    shop.yookassa.breaks(CREATE, "status", status=403, body=BLOCKED, times=None)

    await shop.passes(minutes=14)
    early = await owner.states()
    await shop.passes(minutes=2)

    assert early == ["new"]
    assert (await owner.states())[0] == "failed"


async def test_it_goes_on_month_after_month_with_one_order_for_each(shop: Shop) -> None:
    owner = await subscribes(shop)
    start = await owner.buyer.paid_until()

    for _ in range(3):
        await owner.is_warned()
        await owner.reaches(12 * HOUR)

    assert await owner.buyer.paid_until() == start + 90 * DAY
    assert len({order.cycle_key for order in await owner.renewals()}) == 3
    assert await owner.states() == ["succeeded"] * 3


async def test_a_refusal_that_may_pass_is_tried_again_four_times_in_all(shop: Shop) -> None:
    reason = "insufficient_funds"
    owner = await subscribes(shop)
    end = await owner.buyer.paid_until()
    await owner.card_answers(f"canceled:{reason}")
    await owner.is_warned()

    for before_end in (12 * HOUR, HOUR, -24 * HOUR, -72 * HOUR):
        await owner.reaches(before_end + HOUR / 2)
        tried = len(await owner.charges())
        await owner.reaches(before_end)
        assert len(await owner.charges()) == tried + 1

    charges = await owner.charges()
    assert [(charge.state, charge.failure) for charge in charges] == [("canceled", reason)] * 4
    assert len({charge.order_id for charge in charges}) == 1
    assert len({charge.idempotence_key for charge in charges}) == 4
    refused = owner.buyer.heard(AutopayFailed)
    assert [told.again_at - end for told in refused] == [-HOUR, 24 * HOUR, 72 * HOUR]
    assert await owner.stands() == ("suspended", "exhausted")
    assert [told.reason for told in owner.buyer.heard(AutopayStopped)] == ["exhausted"]
    assert owner.buyer.heard(PaymentFailed) == []
    await shop.passes(days=10)
    assert len(await owner.charges()) == 4


async def test_the_second_try_may_work(shop: Shop) -> None:
    owner = await subscribes(shop)
    end = await owner.buyer.paid_until()
    await owner.card_answers("canceled:insufficient_funds")
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    await owner.card_answers("succeeded")

    await owner.reaches(HOUR)
    await shop.passes(days=4)

    assert await owner.states() == ["canceled", "succeeded"]
    assert await owner.buyer.paid_until() == end + 30 * DAY
    assert await owner.stands() == ("active", None)


@pytest.mark.parametrize("reason", ["permission_revoked", "card_expired", "moonshine"])
async def test_a_refusal_that_is_final_asks_for_a_new_payment(shop: Shop, reason: str) -> None:
    owner = await subscribes(shop)
    await owner.card_answers(f"canceled:{reason}")
    await owner.is_warned()

    await owner.reaches(12 * HOUR)
    await shop.passes(days=5)

    assert await owner.states() == ["canceled"]
    assert await owner.stands() == ("suspended", reason)
    assert [told.reason for told in owner.buyer.heard(AutopayStopped)] == [reason]


async def test_a_method_that_is_gone_at_the_bank_stops_it(shop: Shop) -> None:
    owner = await subscribes(shop)
    await shop.yookassa.act(f"methods/{(await owner.method()).ref}", revoked=True)
    await owner.is_warned()

    await owner.reaches(12 * HOUR)

    assert await owner.states() == ["failed"]
    assert (await owner.stands())[0] == "suspended"
    assert len(owner.buyer.heard(AutopayStopped)) == 1


async def test_a_charge_under_way_is_waited_for_and_the_key_lives_on(shop: Shop) -> None:
    owner = await subscribes(shop)
    end = await owner.buyer.paid_until()
    await owner.card_answers("pending")
    await owner.is_warned()

    await owner.reaches(12 * HOUR)
    graced = await owner.buyer.subscription()
    await owner.reaches(-2 * HOUR)
    client = await shop.panel.client()
    waiting = await owner.states()
    (charge,) = await owner.charges()
    paid_at = shop.now
    await shop.yookassa.pay(charge.id)
    await shop.run_jobs()
    await shop.passes(minutes=11)

    assert graced.grace_until == end + DAY
    assert (client["enable"], client["expiryTime"]) == (True, round((end + DAY).timestamp() * 1000))
    assert waiting == ["pending"]
    assert await owner.states() == ["succeeded"]
    until = await owner.buyer.paid_until()
    assert paid_at + 30 * DAY <= until <= shop.now + 30 * DAY
    assert (await owner.buyer.subscription()).grace_until is None
    assert (await shop.panel.client())["expiryTime"] == round(until.timestamp() * 1000)
    assert len(owner.buyer.heard(Paid)) == 2


async def test_a_charge_that_fails_in_the_end_takes_the_grace_back(shop: Shop) -> None:
    owner = await subscribes(shop)
    end = await owner.buyer.paid_until()
    await owner.card_answers("pending")
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    (charge,) = await owner.charges()

    await shop.yookassa.decline(charge.id, "insufficient_funds")
    await shop.run_jobs()
    await shop.passes(minutes=11)

    assert (await owner.buyer.subscription()).grace_until is None
    assert (await shop.panel.client())["expiryTime"] == round(end.timestamp() * 1000)
    assert [told.again_at for told in owner.buyer.heard(AutopayFailed)] == [end - HOUR]


async def test_an_unknown_outcome_is_asked_for_with_the_same_key_and_nothing_else_is_charged(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    shop.yookassa.breaks(CREATE, "lost_before", times=None)

    await owner.reaches(12 * HOUR)
    await owner.reaches(HOUR)
    unknown = await owner.states()
    shop.mend()
    await shop.passes(minutes=2)

    assert unknown == ["new"]
    assert await owner.states() == ["succeeded"]
    (charge,) = await owner.charges()
    assert len(await shop.yookassa.objects(charge.id)) == 1


async def test_a_charge_that_is_on_its_way_is_not_sent_by_a_job_too(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.is_warned()
    left = await owner.buyer.paid_until() - 12 * HOUR - shop.now
    shop.advance(seconds=left.total_seconds() + 1)
    shop.yookassa.breaks(CREATE, "latency", ms=4000)

    charging = asyncio.create_task(renew(Renew((await owner.mandate()).id), shop.deps))
    await until(lambda: opened(owner))
    await shop.passes(seconds=31)
    during = await owner.states()
    await charging

    (charge,) = await owner.charges()
    sent = [create for create in await shop.yookassa.creates() if create["idempotence_key"] == str(charge.id)]
    assert (during, charge.state, len(sent)) == (["new"], "succeeded", 1)


async def opened(owner: Subscriber) -> bool:
    return bool(await owner.charges())


async def test_told_late_it_is_charged_late(shop: Shop) -> None:
    owner = await subscribes(shop)
    end = await owner.buyer.paid_until()
    await owner.reaches(13 * HOUR)  # nobody was there to tell

    (told,) = owner.buyer.heard(AutopayNotice)
    await owner.reaches(2 * HOUR + HOUR / 2)
    early = await owner.charges()
    await owner.reaches(HOUR * 3 / 2)

    assert HOUR < end - told.charge_at < 2 * HOUR
    assert early == []
    assert await owner.states() == ["succeeded"]


async def test_after_days_without_a_worker_nothing_is_charged_behind_anybodys_back(shop: Shop) -> None:
    owner = await subscribes(shop)

    await owner.reaches(timedelta(days=-5))

    assert await owner.charges() == []
    assert await owner.stands() == ("suspended", "lapsed")
    assert [told.reason for told in owner.buyer.heard(AutopayStopped)] == ["lapsed"]


async def test_losing_every_job_changes_nothing(shop: Shop) -> None:
    owner = await subscribes(shop)
    end = await owner.buyer.paid_until()

    for before_end in (3 * DAY, DAY, 12 * HOUR):
        await owner.reaches(before_end)
        await shop.drop_jobs()

    assert await owner.buyer.paid_until() == end + 30 * DAY
