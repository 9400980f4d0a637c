"""What arrives at the webhook address: a hint at best, and never a reason to fail."""

import asyncio
import json
import socket
from typing import Any

import httpx2
import pytest

from backend.app import create_app
from backend.kit.db import Database
from backend.orders.checkout import Checkout
from backend.payments.providers.base import PaymentState
from backend.payments.rules import GIVE_UP_AFTER
from tests.outside import FETCH, until
from tests.shop import YOOKASSA_ADDRESS, Buyer, Shop, listener, serving, url_of


async def genuine(shop: Shop, checkout: Checkout, event: str = "payment.succeeded", **changes: Any) -> dict[str, Any]:
    """A notification about the payment of this checkout as it is now, with some fields changed."""
    (sold,) = await shop.yookassa.objects(checkout.payment_id)
    return {"type": "notification", "event": event, "object": {**sold, **changes}}


async def assert_nothing_given(shop: Shop, buyer: Buyer, checkout: Checkout) -> None:
    await shop.run_jobs()
    assert await buyer.extensions() == []
    assert (await shop.payment(checkout)).state == PaymentState.PENDING


async def assert_still_sold(shop: Shop, buyer: Buyer, checkout: Checkout) -> None:
    """A genuine payment that follows is counted, by its webhook alone."""
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]


# --- deliveries ---


async def test_a_webhook_delivered_five_times_gives_the_days_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    ref = await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    for _ in range(4):
        await shop.yookassa.repeat_webhook(ref)
        await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]
    deliveries = await shop.yookassa.deliveries()
    assert [d["attempts"][-1]["status"] for d in deliveries] == [200] * 5
    (event,) = await shop.events()
    assert event.handled_at is not None


async def test_a_webhook_delivered_twenty_times_at_once_gives_the_days_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    await shop.yookassa.pay(checkout.payment_id, webhooks=20)
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]
    assert [d["attempts"][-1]["status"] for d in await shop.yookassa.deliveries()] == [200] * 20
    assert len(await shop.events()) == 1


async def test_twenty_equal_webhooks_cost_two_questions_at_most(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    await shop.yookassa.pay(checkout.payment_id, webhooks=20)
    await shop.run_jobs()

    assert await shop.yookassa.fetches() <= 2


async def test_a_lost_webhook_is_made_up_for_by_asking_in_half_a_minute(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(seconds=20)
    before = await buyer.extensions()
    await shop.passes(seconds=11)

    assert before == []
    assert [line.days for line in await buyer.extensions()] == [30]
    assert await shop.events() == []


async def test_a_payment_is_asked_for_less_often_the_older_it_is(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.orders("monthly")

    asked, before = {}, 0
    for minute in (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 59):
        await shop.passes(minutes=minute - before)
        asked[minute], before = await shop.yookassa.fetches(), minute

    # of the two that were due at half a minute and at one, one is enough
    assert asked == {1: 1, 2: 2, 3: 2, 5: 3, 7: 3, 10: 4, 15: 4, 20: 5, 30: 5, 40: 6, 59: 6}


async def test_a_payment_found_by_the_last_poll_of_the_first_hours_is_counted(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.passes(minutes=50)
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)

    await shop.passes(minutes=16)

    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_stale_cancellation_after_the_success_changes_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")

    answer = await shop.webhook(await genuine(shop, checkout, "payment.canceled", status="canceled"))
    await shop.run_jobs()

    assert answer.status_code == 200
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert all(event.handled_at for event in await shop.events())
    assert buyer.told == ["Paid", "KeyReady"]


async def test_a_webhook_during_an_outage_of_the_provider_waits_for_its_end(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    shop.yookassa.breaks(FETCH, "status", status=500, times=None)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    (event,) = await shop.events()
    assert event.handled_at is None

    shop.mend()
    await shop.passes(seconds=31)

    assert [line.days for line in await buyer.extensions()] == [30]
    (event,) = await shop.events()
    assert event.handled_at is not None


@pytest.mark.parametrize("mode", ["lost_before", "lost_after", "garbage", "http_202", "http_429", "reset"])
async def test_a_question_that_fails_is_asked_again(shop: Shop, mode: str) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    shop.yookassa.breaks(FETCH, mode)

    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    before = await buyer.extensions()
    await shop.passes(seconds=31)

    assert before == []
    assert [line.days for line in await buyer.extensions()] == [30]


# --- forgeries: the right path and address ---


async def test_a_forged_success_of_a_pending_payment_changes_nothing_and_swallows_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    answer = await shop.webhook(await genuine(shop, checkout, status="succeeded", paid=True))

    assert answer.status_code == 200
    await assert_nothing_given(shop, buyer, checkout)
    (event,) = await shop.events()
    assert event.proven
    assert event.handled_at is None  # it claims more than the provider says: looked at again later
    await assert_still_sold(shop, buyer, checkout)
    (event,) = await shop.events()
    assert event.handled_at is not None


async def test_a_success_that_is_never_confirmed_is_given_up_after_a_day(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.webhook(await genuine(shop, checkout, status="succeeded"))

    for hours in (1, 22, 3):
        await shop.passes(hours=hours)

    forged = next(event for event in await shop.events() if event.claims == "succeeded")
    assert forged.handled_at is not None
    assert forged.handled_at - forged.received_at > GIVE_UP_AFTER
    assert await buyer.extensions() == []


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {}},
        {"metadata": {"pid": "00000000-0000-0000-0000-000000000000", "mac": "1.x"}},
        {"metadata": {"pid": None, "mac": None}},
        {"metadata": {"pid": ["a"], "mac": {"b": 1}}},
        {"amount": {"value": "1.00", "currency": "RUB"}},
        {"amount": {"value": "299.00", "currency": "USD"}},
        {"amount": None},
    ],
    ids=str,
)
async def test_a_webhook_that_proves_nothing_is_kept_apart_and_wakes_nothing(
    shop: Shop, change: dict[str, Any]
) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    answer = await shop.webhook(await genuine(shop, checkout, **change, status="succeeded"))

    assert answer.status_code == 200
    await assert_nothing_given(shop, buyer, checkout)
    (event,) = await shop.events()
    assert (event.proven, event.handled_at) == (False, None)
    assert event.dedup_key.startswith("unproven:")
    assert await shop.yookassa.fetches() == 0
    await assert_still_sold(shop, buyer, checkout)


async def test_a_signature_of_another_payment_proves_nothing(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    checkout, theirs = await buyer.orders("monthly"), await other.orders("monthly")
    (sold,), (foreign,) = (
        await shop.yookassa.objects(checkout.payment_id),
        await shop.yookassa.objects(theirs.payment_id),
    )
    mixed = {"pid": sold["metadata"]["pid"], "mac": foreign["metadata"]["mac"]}

    await shop.webhook(await genuine(shop, checkout, metadata=mixed, status="succeeded"))

    await assert_nothing_given(shop, buyer, checkout)
    (event,) = await shop.events()
    assert not event.proven


async def test_a_genuine_signature_on_another_payments_id_gives_the_other_nothing(shop: Shop) -> None:
    """Somebody pays his own payment and sends its success under the id of a stranger's."""
    payer, victim = await shop.buyer(), await shop.buyer()
    paid, pending = await payer.orders("monthly"), await victim.orders("monthly")
    await shop.yookassa.pay(paid.payment_id, webhooks=0)
    ref = (await shop.payment(pending)).provider_payment_id

    await shop.webhook(await genuine(shop, paid, id=ref))

    await assert_nothing_given(shop, victim, pending)
    assert (await shop.payment(paid)).state == PaymentState.PENDING
    await shop.passes(seconds=31)
    assert [line.days for line in await payer.extensions()] == [30]


async def test_a_success_forged_many_times_while_the_genuine_one_arrives_counts_once(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    forged = await genuine(shop, checkout, status="succeeded", paid=True)

    await asyncio.gather(
        *(shop.webhook(forged) for _ in range(10)), shop.yookassa.pay(checkout.payment_id), shop.run_jobs()
    )
    await shop.run_jobs()

    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_refund_event_about_a_payment_of_ours_is_proven_and_one_about_a_strangers_is_not(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys("monthly")
    ref = (await shop.payment(checkout)).provider_payment_id
    refund = {"id": "216749f7-0016-50be-b000-078d43a63ae4", "status": "succeeded", "amount": {"value": "299.00"}}

    for payment_ref in (ref, "2d8f0e8d-000f-5000-8000-18db351245c7"):
        body = {"type": "notification", "event": "refund.succeeded", "object": {**refund, "payment_id": payment_ref}}
        assert (await shop.webhook(body)).status_code == 200
    await shop.run_jobs()

    events = {event.payment_ref: event for event in await shop.events() if event.object_id == refund["id"]}
    assert [event.proven for event in events.values()] == [True, False]
    assert events[ref or ""].handled_at is not None
    assert [line.days for line in await buyer.extensions()] == [30]


# --- what is no webhook ---

TOO_DEEP = b'{"type":"notification","event":"payment.succeeded","object":' + b"[" * 30_000
HOSTILE = {
    "nothing": b"",
    "not json": b"hello",
    "half": b'{"type": "notification", "event": "payment.succ',
    "not an object": b"[]",
    "a number": b"7",
    "not utf-8": b"\xff\xfe{}",
    "not a number": b'{"type":"notification","event":NaN}',
    "deep": TOO_DEEP,
    "deep and whole": b"[" * 30_000 + b"]" * 30_000,
    "no type": b'{"event": "payment.succeeded", "object": {"id": "2d8f0e8d-000f-5000-8000-18db351245c7"}}',
    "another type": b'{"type": "greeting", "event": "payment.succeeded", "object": {}}',
    "no object": b'{"type": "notification", "event": "payment.succeeded"}',
    "object is text": b'{"type": "notification", "event": "payment.succeeded", "object": "x"}',
    "no id": b'{"type": "notification", "event": "payment.succeeded", "object": {}}',
    "id with a path": b'{"type":"notification","event":"payment.succeeded","object":{"id":"../../v3/me/aaaaaaaa"}}',
    "id too long": json.dumps(
        {"type": "notification", "event": "payment.succeeded", "object": {"id": "a" * 65}}
    ).encode(),
    "NUL in the id": b'{"type":"notification","event":"payment.succeeded","object":{"id":"2d8f0e8d\\u0000aaaaaaa"}}',
    "event is a list": b'{"type": "notification", "event": ["payment.succeeded"], "object": {}}',
    "a refund of nothing": b'{"type":"notification","event":"refund.succeeded","object":{"id":"216749f7-0016"}}',
    "65 KB": b'{"type": "notification", "event": "payment.succeeded", "x": "' + b"a" * 65_536 + b'"}',
}


async def test_a_malformed_webhook_is_answered_400(shop: Shop) -> None:
    answers = {name: await shop.webhook(body) for name, body in HOSTILE.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(HOSTILE, 400)
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/problem+json"}
    assert await shop.events() == []


async def test_ten_megabytes_are_refused_without_being_read_to_the_end(shop: Shop) -> None:
    """The answer comes at once, though the sender still has most of it to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx2.URL(shop.town.shop_url).port)
    head = f"POST {shop.hook} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {YOOKASSA_ADDRESS}\r\n"
    writer.write(f"{head}Content-Length: {10 * 1024 * 1024}\r\n\r\n".encode() + b"a" * 200_000)

    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert status.split()[1] == b"400"
    assert await shop.events() == []


async def test_somebody_who_hangs_up_in_the_middle_is_no_mishap(shop: Shop) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", httpx2.URL(shop.town.shop_url).port)
    head = f"POST {shop.hook} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {YOOKASSA_ADDRESS}\r\n"
    writer.write(f"{head}Content-Length: 1000\r\n\r\n".encode() + b'{"type":')
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.1)

    assert (await shop.http.get("/healthz")).status_code == 200
    assert await shop.events() == []


async def test_odd_text_inside_a_genuine_notification_does_no_harm(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    odd = {"description": "\0 \ud800 'quoted\"; drop table orders; --", "income_amount": 10**400, "extra": [[[]]]}
    body = json.dumps(await genuine(shop, checkout, **odd)).encode()

    answer = await shop.webhook(body)
    await shop.run_jobs()

    assert answer.status_code == 200
    (event,) = await shop.events()
    assert (event.body, event.proven) == (body, True)
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_an_event_that_does_not_concern_us_is_answered_200_and_forgotten(shop: Shop) -> None:
    for event in ("payout.succeeded", "deal.closed", "payment_method.active", "something.new"):
        answer = await shop.webhook({"type": "notification", "event": event, "object": {"id": "po-285e5ee7"}})
        assert answer.status_code == 200

    assert await shop.events() == []


async def test_a_wrong_address_is_nowhere(shop: Shop) -> None:
    wrong = [
        "/webhooks/yookassa/0123456789abcdef0123456789abcdef0123456789a",
        f"{shop.hook}x",
        shop.hook[:-1],
        "/webhooks/yookassa/%00",
        "/webhooks/yookassa/%D1%82%D0%BE%D0%BA%D0%B5%D0%BD",
        "/webhooks/coingate/0123456789abcdef",
        "/webhooks/%00/x",
        "/webhooks/yookassa/",
        "/webhooks/yookassa",
    ]
    body = {"type": "notification", "event": "payment.succeeded", "object": {}}

    statuses = {path: (await shop.webhook(body, path=path)).status_code for path in wrong}

    assert statuses == dict.fromkeys(wrong, 404)
    assert await shop.events() == []


async def test_a_webhook_from_a_foreign_address_is_refused(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    body = await genuine(shop, checkout)
    foreign = [
        "203.0.113.66",
        "185.71.76.32",
        "127.0.0.1",
        "10.0.0.1",
        "2a02:5181::1",
        "junk",
        "",
        f"{YOOKASSA_ADDRESS}, 203.0.113.66",  # only the last hop is known to our proxy
    ]

    statuses = {address: (await shop.webhook(body, address=address)).status_code for address in foreign}

    assert statuses == dict.fromkeys(foreign, 403)
    assert await shop.events() == []


async def test_yookassa_is_let_in_by_every_network_it_names(shop: Shop) -> None:
    unknown = {"type": "notification", "event": "something.new", "object": {}}

    for address in ("185.71.76.31", "185.71.77.0", "77.75.153.127", "77.75.156.11", "77.75.154.128", "2a02:5180::1"):
        assert (await shop.webhook(unknown, address=address)).status_code == 200


@pytest.mark.parametrize("knob", ["wrong_ip", "wrong_token", "corrupt"])
async def test_a_webhook_that_was_refused_is_delivered_again_and_counted(shop: Shop, knob: str) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.act("webhooks/policy", **{knob: 1})
    ref = await shop.yookassa.ref(checkout.payment_id)
    await shop.yookassa.act(f"payments/{ref}/pay")

    async def was_refused() -> bool:
        return any(d["attempts"] for d in await shop.yookassa.deliveries())

    await until(was_refused)
    await shop.yookassa.act("webhooks/policy")
    shop.advance(seconds=10)
    await shop.yookassa.delivered(ref)
    await shop.run_jobs()

    (delivery,) = await shop.yookassa.deliveries()
    refused = {"wrong_ip": 403, "wrong_token": 404, "corrupt": 400}[knob]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [refused, 200]
    assert [line.days for line in await buyer.extensions()] == [30]


async def test_a_webhook_that_meets_no_database_is_answered_503_and_counted_when_it_comes_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)
    body = await genuine(shop, checkout)
    with socket.socket() as closed, listener() as held:
        closed.bind(("127.0.0.1", 0))
        gone = Database(f"postgresql://shop:x@127.0.0.1:{closed.getsockname()[1]}/shop")
        there, shop.deps.db = shop.deps.db, gone
        try:
            async with serving(create_app(shop.deps, title="Shop"), held):
                answer = await _post(f"{url_of(held)}{shop.hook}", body)
        finally:
            shop.deps.db = there
            await gone.aclose()

    assert answer.status_code == 503
    assert (await shop.webhook(body)).status_code == 200
    await shop.run_jobs()
    assert [line.days for line in await buyer.extensions()] == [30]


async def _post(url: str, body: dict[str, Any]) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=20) as http:
        return await http.post(url, json=body, headers={"X-Forwarded-For": YOOKASSA_ADDRESS})
