"""What a person reads through the API: all of his own, and nothing of anybody else's."""

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import update

from backend.auth.tokens import RING, sign_access
from backend.kit.money import Currency
from backend.payments.models import Payment
from backend.subscriptions.models import Subscription
from backend.vpn.models import VpnKey
from tests.integration.api_client import Client, assert_as_described, assert_problem, client_of
from tests.shop import Buyer, Shop

READS = {
    "read_me": "me",
    "list_plans": "plans",
    "list_subscriptions": "subscriptions",
    "list_payments": "payments",
    "list_keys": "keys",
}
LISTS = ("subscriptions", "payments", "keys")
RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def everything_in(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """All values of an answer with their names."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in everything_in(inner, key)]
    if isinstance(value, list):
        return [pair for inner in value for pair in everything_in(inner, name)]
    return [(name, value)]


async def pages(client: Client, limit: int) -> Sequence[list[dict[str, Any]]]:
    found, cursor = [], {}
    while True:
        page = await client.read("payments", limit=limit, **cursor)
        found.append(page["items"])
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def orders_times(buyer: Buyer, count: int) -> list[str]:
    """Ids of this many payments that were begun, the newest first."""
    methods = ["bank_card", "sbp", "yoo_money"]
    started = []
    for number in range(count):
        started.append(await buyer.orders("monthly", method=methods[number % 3]))
        buyer.shop.advance(seconds=10)
    return [str(checkout.payment_id) for checkout in reversed(started)]


# --- plans


async def test_plans_are_those_of_the_bot_with_exact_prices_in_the_persons_language(shop: Shop) -> None:
    client = await client_of(await shop.buyer(language="en"))

    plans = (await client.read("plans"))["items"]

    assert [plan["code"] for plan in plans] == ["monthly", "quarterly", "yearly"]
    assert [plan["name"] for plan in plans] == ["Month", "3 months", "Year"]
    assert [plan["days"] for plan in plans] == [30, 90, 365]
    in_rubles = [price for plan in plans for price in plan["prices"] if price["price"]["currency"] == "RUB"]
    assert [price["price"] for price in in_rubles] == [
        {"amount": "299.00", "minor": 29900, "currency": "RUB"},
        {"amount": "799.00", "minor": 79900, "currency": "RUB"},
        {"amount": "2999.00", "minor": 299900, "currency": "RUB"},
    ]
    assert [price["saving_percent"] for price in in_rubles] == [0, 10, 16]


async def test_prices_are_shown_in_the_currencies_that_somebody_takes(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    payable = {currency.value for currency in Currency if shop.deps.providers.offers(currency)}

    plans = (await client.read("plans"))["items"]

    shown = {price["price"]["currency"] for plan in plans for price in plan["prices"]}
    assert "RUB" in shown <= payable


# --- subscriptions and keys


async def test_somebody_new_has_nothing(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    assert [await client.read(path) for path in LISTS] == [
        {"items": []},
        {"items": [], "next_cursor": None},
        {"items": []},
    ]


async def test_an_order_that_is_not_paid_is_a_payment_and_no_subscription(shop: Shop) -> None:
    buyer = await shop.buyer()
    client = await client_of(buyer)
    await buyer.orders("monthly")
    (unpaid,) = await buyer.subscriptions()

    (payment,) = (await client.read("payments"))["items"]

    assert (payment["status"], payment["paid_at"]) == ("pending", None)
    assert (await client.read("subscriptions"))["items"] == []
    assert (await client.read("keys"))["items"] == []
    assert_problem(await client.get(f"subscriptions/{unpaid.id}"), 404, "error-subscription-not-found")


async def test_after_a_purchase_everything_about_it_is_there(shop: Shop) -> None:
    buyer = await shop.buyer(language="en")
    client = await client_of(buyer)
    checkout = await buyer.buys("monthly")
    row = await buyer.subscription()

    (subscription,) = (await client.read("subscriptions"))["items"]
    (payment,) = (await client.read("payments"))["items"]

    assert subscription["id"] == str(row.id)
    assert (subscription["status"], subscription["plan"]["name"]) == ("active", "Month")
    assert datetime.fromisoformat(subscription["paid_until"]) == row.paid_until
    assert (subscription["device_limit"], subscription["traffic"]["limit_bytes"]) == (None, None)
    assert await client.read(f"subscriptions/{row.id}") == subscription
    assert (payment["id"], payment["subscription_id"]) == (str(checkout.payment_id), str(row.id))
    assert payment["order"] == {"id": str(checkout.order_id), "number": checkout.order_number}
    assert (payment["status"], payment["plan_name"], payment["days"]) == ("succeeded", "Month", 30)
    assert payment["amount"] == {"amount": "299.00", "minor": 29900, "currency": "RUB"}
    assert payment["refunded"] == {"amount": "0.00", "minor": 0, "currency": "RUB"}


async def test_keys_are_those_that_apps_get_at_the_link(shop: Shop) -> None:
    buyer = await shop.buyer(language="en")
    client = await client_of(buyer)
    await buyer.buys("monthly")

    (key,) = (await client.read("keys"))["items"]
    document = await shop.http.get(key["link"], headers={"User-Agent": "Happ/3.0"})

    assert key["status"] == "active"
    listed = base64.b64decode(document.text).decode().split("\n")
    assert [server["vless_link"] for server in key["servers"]] == listed
    (server,) = key["servers"]
    assert server["vless_link"].startswith("vless://")
    assert f"@{server['host']}:{server['port']}?" in server["vless_link"]


async def test_a_key_that_no_server_knows_yet_says_so_and_lists_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    client = await client_of(buyer)
    await buyer.takes_trial()

    (key,) = (await client.read("keys"))["items"]
    (subscription,) = (await client.read("subscriptions"))["items"]
    await shop.run_jobs()
    (later,) = (await client.read("keys"))["items"]

    assert (key["status"], key["servers"]) == ("none", [])
    assert subscription["status"] == "active"
    assert (later["status"], len(later["servers"])) == ("active", 1)


async def test_a_subscription_says_why_it_does_not_work(shop: Shop) -> None:
    buyer = await shop.buyer()
    client = await client_of(buyer)
    await buyer.buys("monthly")

    async def status_after(*changes: Any) -> tuple[str, str, int]:
        async with shop.deps.db.transaction() as session:
            for change in changes:
                await session.execute(change)
        (shown,) = (await client.read("subscriptions"))["items"]
        (key,) = (await client.read("keys"))["items"]
        return shown["status"], key["status"], len(key["servers"])

    assert await status_after() == ("active", "active", 1)
    limited = await status_after(
        update(Subscription).values(traffic_limit_bytes=1000),
        update(VpnKey).values(download_bytes=900, upload_bytes=100),
    )
    assert limited == ("limited", "limited", 0)
    (shown,) = (await client.read("subscriptions"))["items"]
    assert shown["traffic"] == {"upload_bytes": 100, "download_bytes": 900, "limit_bytes": 1000}
    assert await status_after(update(Subscription).values(blocked=True)) == ("disabled", "disabled", 0)
    await status_after(update(Subscription).values(blocked=False, traffic_limit_bytes=0))
    await shop.passes(days=31)
    await client.log_in()
    assert await status_after() == ("expired", "expired", 0)


# --- payments, by pages


async def test_pages_show_every_payment_once_the_newest_first(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    client = await client_of(buyer)
    expected = await orders_times(buyer, 5)
    await orders_times(other, 2)

    for limit in (1, 2, 3, 5, 6, 100):
        found = await pages(client, limit)
        assert [payment["id"] for page in found for payment in page] == expected
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
        assert found[-1]


async def test_payments_of_one_instant_are_not_lost_between_pages(shop: Shop) -> None:
    buyer = await shop.buyer()
    client = await client_of(buyer)
    expected = await orders_times(buyer, 5)
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).values(created_at=shop.now))

    found = await pages(client, 2)

    assert sorted(payment["id"] for page in found for payment in page) == sorted(expected)


async def test_a_payment_begun_meanwhile_moves_no_page(shop: Shop) -> None:
    buyer = await shop.buyer()
    client = await client_of(buyer)
    expected = await orders_times(buyer, 4)

    first = await client.read("payments", limit=2)
    await orders_times(buyer, 2)
    second = await client.read("payments", limit=2, cursor=first["next_cursor"])

    assert [payment["id"] for payment in first["items"] + second["items"]] == expected


async def test_a_cursor_that_is_not_ours_is_refused(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    times = ("2026-11-02", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+14:00", "2026-11-02T09:30:00", "", "x")
    made_up = [f"{time} {uuid4()}".encode() for time in times] + [b"2026-11-02T09:30:00Z 1", b"\xff\xfe\0", b" "]

    for cursor in ["", "x", "....", "é", "\0", "a" * 200, *(base64.b64encode(raw).decode() for raw in made_up)]:
        answer = await client.get("payments", cursor=cursor)
        assert_problem(answer, 400, "error-cursor-refused")
        await assert_as_described(shop, "list_payments", answer)


async def test_a_cursor_of_somebody_else_shows_nothing_of_his(shop: Shop) -> None:
    one, other = await shop.buyer(), await shop.buyer()
    await orders_times(other, 3)
    cursor = (await (await client_of(other)).read("payments", limit=1))["next_cursor"]

    found = await (await client_of(one)).read("payments", cursor=cursor)

    assert found == {"items": [], "next_cursor": None}


async def test_a_page_has_one_to_a_hundred(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    for limit in ("0", "101", "-1", "1.5", "many", "", "9" * 5000, "\0", "1e2"):
        answer = await client.get("payments", limit=limit)
        assert_problem(answer, 422, "error-invalid-fields")
        assert [problem["field"] for problem in answer.json()["errors"]] == ["query.limit"]
        await assert_as_described(shop, "list_payments", answer)


# --- whose, and in which form


async def test_nobody_sees_what_is_somebody_elses(shop: Shop) -> None:
    owner, other = await shop.buyer(), await shop.buyer()
    await owner.buys("monthly")
    client = await client_of(other)
    subscription = await owner.subscription()

    for missing in (subscription.id, uuid4()):
        answer = await client.get(f"subscriptions/{missing}")
        assert_problem(answer, 404, "error-subscription-not-found")
        await assert_as_described(shop, "read_subscription", answer)
    assert [(await client.read(path))["items"] for path in LISTS] == [[], [], []]


async def test_who_has_not_logged_in_reads_nothing(shop: Shop) -> None:
    stranger = Client(shop, 0)

    for path in (*READS.values(), f"subscriptions/{uuid4()}"):
        answer = await stranger.send("GET", path)
        basic = await stranger.send("GET", path, headers={"Authorization": "Basic YTpi"})
        assert_problem(answer, 401, "error-access-refused")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert_problem(basic, 401, "error-access-refused")


async def test_every_answer_has_the_form_that_was_promised(shop: Shop) -> None:
    buyer = await shop.buyer()
    client = await client_of(buyer)
    await buyer.buys("monthly")
    paths = READS | {"read_subscription": f"subscriptions/{(await buyer.subscription()).id}"}

    for operation, path in paths.items():
        answer = await client.get(path)
        await assert_as_described(shop, operation, answer)
        assert answer.headers["cache-control"] == "no-store"
        for name, value in everything_in(answer.json()):
            assert not isinstance(value, float), name
            if name == "id" or name.endswith("_id"):
                assert isinstance(value, str), name
            if name.endswith(("_at", "_until")) and value is not None:
                assert RFC_3339_UTC.fullmatch(value), (name, value)
                assert datetime.fromisoformat(value).tzinfo == UTC


async def test_a_token_for_something_else_reads_nothing(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    user_id = int((await client.read("me"))["id"])
    ring = shop.deps.secrets.ring(RING)

    client.access_token = sign_access(ring, user_id, shop.now, scope="partner")
    narrow = await client.get("me")
    client.access_token = sign_access(ring, user_id + 1000, shop.now)
    nobody = await client.get("me")

    assert_problem(narrow, 403, "error-out-of-scope")
    assert_problem(nobody, 401, "error-access-refused")


async def test_metrics_tell_the_operations_apart_and_no_ids(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    missing = uuid4()
    await client.get(f"subscriptions/{missing}")

    metrics = (await shop.http.get("/metrics")).text

    assert 'route="/api/v1/auth/telegram",status="200"' in metrics
    assert 'route="/api/v1/subscriptions/{subscription_id}",status="404"' in metrics
    assert str(missing) not in metrics
