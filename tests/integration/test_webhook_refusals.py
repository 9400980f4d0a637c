"""What is no webhook: answered, never a reason to fail."""

import asyncio
import json
import socket
from typing import Any

import httpx2
import pytest
from prometheus_client import REGISTRY

from backend.app import create_app
from backend.kit.db import Database
from tests.integration.webhook_cases import genuine
from tests.outside import until
from tests.serving import listener, serving, url_of
from tests.shop import YOOKASSA_ADDRESS, Shop

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
    before = logged("webhook.ignored")
    for event in ("payout.succeeded", "deal.closed", "payment_method.active", "something.new"):
        answer = await shop.webhook({"type": "notification", "event": event, "object": {"id": "po-285e5ee7"}})
        assert answer.status_code == 200

    assert await shop.events() == []
    assert logged("webhook.ignored") - before == 4


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


async def test_what_is_refused_is_counted_and_strangers_make_no_labels(shop: Shop) -> None:
    before, lines = {outcome: counted(*outcome) for outcome in OUTCOMES}, logged("webhook.wrong_address")
    for body in (b"hello", b"x" * (64 * 1024 + 1)):
        assert (await shop.webhook(body)).status_code == 400
    for path in (f"{shop.hook}x", "/webhooks/yookassa/abc", "/webhooks/no-such-company/abc"):
        assert (await shop.webhook({}, path=path)).status_code == 404

    assert [counted(*outcome) - before[outcome] for outcome in OUTCOMES] == [2, 2, 1]
    assert logged("webhook.wrong_address") - lines == 3
    assert "no-such-company" not in (await shop.http.get("/metrics")).text


OUTCOMES = [("yookassa", "malformed"), ("yookassa", "wrong_address"), ("unknown", "wrong_address")]


def logged(event: str) -> float:
    return REGISTRY.get_sample_value("shop_events_total", {"event": event}) or 0


def counted(provider: str, outcome: str) -> float:
    labels = {"provider": provider, "outcome": outcome}
    return REGISTRY.get_sample_value("shop_webhooks_total", labels) or 0


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
