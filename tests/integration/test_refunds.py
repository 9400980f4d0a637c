"""Money that we give back: sent once, counted once, and the days with it."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.notifications.kinds import ProviderMisconfigured, Refunded, RefundFailed
from backend.orders.refunds import look_again, send_refund
from backend.payments import circuits
from backend.payments.models import Refund
from backend.payments.refunds import NothingToGiveBack, RefundTooLarge, RefundUnderWay, enter_refund
from backend.payments.rules import NEVER
from backend.payments.service import lock_payment
from tests.integration.refund_cases import (
    deaf,
    give_back,
    ledger,
    made_there,
    refund_rows,
    returned_there,
    rubles,
    sent,
)
from tests.shop import Shop

REFUND = ("POST", "/v3/refunds")
REFUND_STATUS = ("GET", "/v3/refunds/*")
REFUND_LIST = ("GET", "/v3/refunds")


async def test_all_of_a_payment_goes_back_and_the_key_is_switched_off(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()

    await give_back(shop, checkout)
    await shop.run_jobs()

    (refund,) = await refund_rows(shop)
    assert (refund.state, refund.origin, refund.amount_minor) == ("succeeded", "ours", 29900)
    assert refund.next_check_at == NEVER
    assert (await shop.payment(checkout)).refunded_minor == 29900
    assert await ledger(buyer) == [30, -30]
    (told,) = buyer.heard(Refunded)
    (subscription,) = await buyer.subscriptions()
    assert told == Refunded("299\u00a0₽", counted=True, until=subscription.paid_until)
    assert subscription.paid_until is not None
    assert (await shop.panel.client())["enable"] is False
    for amount in (None, rubles("10"), rubles("0")):
        with pytest.raises(NothingToGiveBack):
            await give_back(shop, checkout, amount)


async def test_no_more_is_entered_than_what_is_left(shop: Shop) -> None:
    checkout = await (await shop.buyer()).buys()

    async with shop.deps.db.transaction() as session:
        payment = await lock_payment(session, checkout.payment_id)
        entered = [
            await enter_refund(session, payment, ref, 20000, shop.now, origin="external")
            for ref in ("r1", "r2", "r3")
        ]
        returned = payment.refunded_minor
        await session.rollback()

    assert [one and one.amount_minor for one in entered] == [20000, 9900, None]
    assert returned == 29900


async def test_nothing_at_all_does_not_go_back(shop: Shop) -> None:
    checkout = await (await shop.buyer()).buys()

    with pytest.raises(NothingToGiveBack):
        await give_back(shop, checkout, rubles("0"))

    assert await refund_rows(shop) == []


async def test_what_is_sent_names_the_refund_and_says_what_it_is_for(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()

    refund = await give_back(shop, checkout)

    assert refund.request_body is not None
    body = json.loads(refund.request_body)
    assert body["metadata"]["rid"] == str(refund.id)
    assert body["description"] == f"Возврат по заказу {checkout.order_number}"


async def test_parts_take_as_many_days_as_the_sum_of_them(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    until = await buyer.paid_until()

    for part, taken in ((rubles("10"), 1), (rubles("9.99"), 1), (rubles("100"), 10)):
        await give_back(shop, checkout, part)
        await shop.run_jobs()
        assert sum(await ledger(buyer)) == 30 - (await shop.payment(checkout)).refunded_minor * 30 // 29900
        assert taken >= 0

    assert (await shop.payment(checkout)).refunded_minor == 11999
    assert await buyer.paid_until() == until - timedelta(days=12)
    client = await shop.panel.client()
    assert client["enable"] is True
    assert client["expiryTime"] == int((await buyer.paid_until()).timestamp() * 1000)
    with pytest.raises(RefundTooLarge):
        await give_back(shop, checkout, rubles("179.02"))
    await give_back(shop, checkout)
    await shop.run_jobs()
    assert sum(await ledger(buyer)) == 0
    assert len(buyer.heard(Refunded)) == 4


async def test_one_refund_of_a_payment_at_a_time(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await give_back(shop, checkout, rubles("10"))

    with pytest.raises(RefundUnderWay):
        await give_back(shop, checkout, rubles("10"))

    outcomes = await asyncio.gather(
        *(send_refund(shop.deps.db, shop.deps.providers, row.id, shop.now) for row in await refund_rows(shop) * 3)
    )
    assert outcomes == [None, None, None]
    assert len(await made_there(shop)) == 1
    assert (await shop.payment(checkout)).refunded_minor == 1000


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("lost_after", {}),
        ("lost_before", {}),
        ("status", {"status": 500}),
        ("http_429", {"retry_after": 1}),
        ("http_202", {}),
        ("garbage", {}),
    ],
)
async def test_without_an_answer_the_same_key_and_bytes_are_sent_again(
    shop: Shop, mode: str, options: dict[str, int]
) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await deaf(shop)
    refund = await give_back(shop, checkout, rubles("100"))
    shop.yookassa.breaks(REFUND, mode, times=2, **options)

    await shop.run_jobs()
    assert await ledger(buyer) == [30]
    await shop.passes(minutes=2)
    await shop.passes(minutes=3)

    assert refund.request_body is not None
    assert {key for key, _ in await sent(shop)} == {f"rf-{refund.id}"}
    assert {body for _, body in await sent(shop) if body} == {refund.request_body.decode()}
    assert len(await sent(shop)) == 3
    assert [made["amount"]["value"] for made in await made_there(shop)] == ["100.00"]
    assert (await shop.payment(checkout)).refunded_minor == 10000
    assert await ledger(buyer) == [30, -10]
    assert len(buyer.heard(Refunded)) == 1


async def test_a_crash_between_the_answer_and_our_books_gives_nothing_back_twice(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await deaf(shop)
    refund = await give_back(shop, checkout)
    driver = shop.deps.providers.get("yookassa")
    assert refund.request_body is not None
    await driver.refund(refund.request_body, refund.idempotence_key)  # and the process dies

    await shop.drop_jobs()
    await shop.run_jobs()

    assert len(await made_there(shop)) == 1
    assert await ledger(buyer) == [30, -30]
    assert (await shop.payment(checkout)).refunded_minor == 29900


async def test_the_webhook_of_our_own_refund_may_come_before_its_answer_is_known(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    refund = await give_back(shop, checkout, rubles("100"))
    shop.yookassa.breaks(REFUND, "lost_after")
    await send_refund(shop.deps.db, shop.deps.providers, refund.id, shop.now)
    (made,) = await made_there(shop)
    await shop.yookassa.delivered(made["id"])

    await shop.run_jobs()
    await shop.passes(hours=2)

    (row,) = await refund_rows(shop)
    assert (row.id, row.state, row.origin, row.provider_refund_id) == (refund.id, "succeeded", "ours", made["id"])
    assert len(await sent(shop)) == 1  # there was nothing left to ask
    assert await ledger(buyer) == [30, -10]


async def test_a_refund_that_takes_its_time_is_asked_about_and_not_sent_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.yookassa.act("refunds/policy", result="pending")
    await deaf(shop)
    await give_back(shop, checkout)
    await shop.run_jobs()
    (made,) = await made_there(shop)
    assert [row.state for row in await refund_rows(shop)] == ["pending"]
    await shop.passes(hours=30)

    await shop.yookassa.act(f"refunds/{made['id']}/settle", result="succeeded")
    await shop.passes(hours=1, minutes=1)

    assert [row.state for row in await refund_rows(shop)] == ["succeeded"]
    assert len(await sent(shop)) == 1
    assert await ledger(buyer) == [30, -30]


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_refund_the_company_cancels_is_the_operators_to_know(shop: Shop, at_once: bool) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    refusal = "canceled:insufficient_funds"
    await shop.yookassa.act("refunds/policy", result=refusal if at_once else "pending")
    await give_back(shop, checkout)
    await shop.run_jobs()
    if not at_once:
        (made,) = await made_there(shop)
        await shop.yookassa.act(f"refunds/{made['id']}/settle", result=refusal)
        await shop.passes(minutes=2)

    (told,) = [kind for kind in shop.channel.told if isinstance(kind, RefundFailed)]
    assert (told.reason, told.amount, told.payment_id) == ("insufficient_funds", "299\u00a0₽", checkout.payment_id)
    assert [row.state for row in await refund_rows(shop)] == ["canceled"]
    assert await ledger(buyer) == [30]
    await shop.yookassa.act("refunds/policy", result="succeeded")
    await give_back(shop, checkout)  # with a new key: the answer was definite
    await shop.run_jobs()
    assert len({key for key, _ in await sent(shop)}) == 2
    assert await ledger(buyer) == [30, -30]


async def test_a_request_that_is_refused_is_the_operators_to_know(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    refund = await give_back(shop, checkout)
    await deaf(shop)
    await returned_there(shop, checkout, "1.00", heard=False)  # so that all of it is too much

    await shop.run_jobs()

    (told,) = [kind for kind in shop.channel.told if isinstance(kind, RefundFailed)]
    assert told.reason == "invalid_request"
    assert {row.state for row in await refund_rows(shop) if row.id == refund.id} == {"canceled"}


async def test_a_wrong_secret_key_only_delays_and_the_operators_hear_of_it(shop: Shop) -> None:
    """Nobody buys meanwhile: the refund alone finds it out."""
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await shop.yookassa.change_shop(secret_key="test_rotated")
    await give_back(shop, checkout)
    await shop.passes(minutes=1)
    await shop.passes(hours=2)
    assert [row.state for row in await refund_rows(shop)] == ["new"]
    (wrong,) = [kind for kind in shop.channel.told if isinstance(kind, ProviderMisconfigured)]
    assert "YOOKASSA_SECRET_KEY" in wrong.reason

    await shop.yookassa.change_shop(secret_key="test_sandbox-yookassa-key")
    await shop.passes(hours=2)

    assert await ledger(buyer) == [30, -30]


async def test_refunds_that_nobody_answers_hide_the_provider_and_an_answer_brings_it_back(shop: Shop) -> None:
    checkouts = [await (await shop.buyer()).buys() for _ in range(5)]
    shop.yookassa.breaks(REFUND, "status", status=500, times=None)
    for checkout in checkouts:
        await give_back(shop, checkout)
    await shop.run_jobs()
    hidden = await not_offered(shop)

    shop.mend()
    await shop.passes(minutes=2)

    assert (hidden, await not_offered(shop)) == ({"yookassa"}, frozenset())
    assert {row.state for row in await refund_rows(shop)} == {"succeeded"}


async def not_offered(shop: Shop) -> frozenset[str]:
    async with shop.deps.db.transaction() as session:
        return await circuits.not_offered(session)


async def test_after_23_hours_without_an_answer_nothing_is_sent_again_and_a_person_must_look(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await deaf(shop)
    await give_back(shop, checkout)
    shop.yookassa.breaks(REFUND, "lost_before", times=None)
    for _ in range(24):
        await shop.passes(hours=1)
    shop.mend()
    before = len(await sent(shop))

    await shop.passes(hours=2)
    await shop.passes(hours=48)

    assert [row.state for row in await refund_rows(shop)] == ["review"]
    assert len(await sent(shop)) == before
    (told,) = [kind for kind in shop.channel.told if isinstance(kind, RefundFailed)]
    assert told.reason is None
    with pytest.raises(RefundUnderWay):
        await give_back(shop, checkout)
    await look_again(shop.deps.db, shop.deps.providers, checkout.payment_id, shop.now)  # it is not there
    await give_back(shop, checkout)
    await shop.run_jobs()
    assert len(await made_there(shop)) == 1
    assert await ledger(buyer) == [30, -30]


async def test_a_refund_with_a_dead_key_that_did_happen_is_found(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await deaf(shop)
    await give_back(shop, checkout)
    shop.yookassa.breaks(REFUND, "lost_after", times=None)
    shop.yookassa.breaks(("GET", "/v3/payments"), "status", status=500, times=None)  # the sweep sees nothing
    await shop.run_jobs()
    (row,) = await refund_rows(shop)
    async with shop.deps.db.transaction() as session:  # the worker was down meanwhile
        (waiting,) = (await session.scalars(select(Refund))).all()
        waiting.next_check_at = shop.now + timedelta(hours=24)
    before = len(await sent(shop))

    await shop.passes(hours=24, minutes=1)

    assert len(await sent(shop)) == before
    (row,) = await refund_rows(shop)
    assert (row.state, row.origin) == ("succeeded", "ours")
    assert await ledger(buyer) == [30, -30]
    assert not [kind for kind in shop.channel.told if isinstance(kind, RefundFailed)]


async def test_nothing_goes_back_of_what_never_came(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    with pytest.raises(NothingToGiveBack):
        await give_back(shop, checkout)
    await shop.yookassa.decline(checkout.payment_id)
    await shop.run_jobs()
    with pytest.raises(NothingToGiveBack):
        await give_back(shop, checkout)
    assert await refund_rows(shop) == []
