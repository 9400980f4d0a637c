"""The CoinGate emulator's API behaves as the real one is known to."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.contract.coingate_fixture import (
    APP_ID,
    MAC,
    OTHER_TOKEN,
    TOKEN,
    Gate,
    assert_error,
    authorization,
    coingate,
)

FORM = "application/x-www-form-urlencoded"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Gate]:
    async with coingate() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def gate(running: Gate) -> Gate:
    await running.forget()
    return running


async def test_a_good_token_is_ok_and_any_other_401(gate: Gate) -> None:
    assert (await gate.get("/auth/test")).status_code == 200
    assert_error(await gate.get("/auth/test", token=None), 401, "BadCredentials")
    assert_error(await gate.get("/auth/test", token="wrong"), 401, "BadAuthToken")
    for kind, status in (("Bearer", 200), ("bearer", 200), ("Token", 200), ("Basic", 401)):
        answer = await gate.http.get(f"{gate.url}/v2/auth/test", headers={"Authorization": f"{kind} {TOKEN}"})
        assert answer.status_code == status, kind
    for path in ("/orders", "/orders/1", "/orders/1/refunds", "/refunds"):
        assert_error(await gate.get(path, token="wrong"), 401, "BadAuthToken")
    for path in ("/orders", "/orders/1/checkout", "/orders/1/refunds"):
        assert_error(await gate.post(path, token="wrong"), 401, "BadAuthToken")


async def test_a_new_order_looks_like_the_real_one(gate: Gate) -> None:
    opened = await gate.open()

    assert opened == {
        "id": opened["id"],
        "status": "new",
        "title": "Подписка, 30 дней",
        "do_not_convert": True,
        "orderable_type": "ApiApp",
        "orderable_id": APP_ID,
        "price_currency": "RUB",
        "price_amount": "299.0",
        "lightning_network": False,
        "receive_currency": "",
        "receive_amount": "0",
        "created_at": opened["created_at"],
        "order_id": "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
        "payment_url": opened["payment_url"],
        "underpaid_amount": "0",
        "overpaid_amount": "0",
        "is_refundable": False,
        "refunds": [],
        "voids": [],
        "fees": [],
        "blockchain_transactions": [],
        "token": MAC,
    }
    assert isinstance(opened["id"], int)
    assert opened["payment_url"].startswith(f"{gate.url}/invoice/")
    assert len(opened["created_at"]) == len("2026-10-01T14:02:41+00:00")
    assert opened["created_at"].endswith("+00:00")


async def test_only_the_answer_to_creating_it_has_the_token(gate: Gate) -> None:
    opened = await gate.open()
    [listed] = (await gate.get("/orders")).json()["orders"]
    for shown in (await gate.now(opened), listed):
        assert "token" not in shown
        assert {name: shown[name] for name in opened if name != "token"} == {
            name: value for name, value in opened.items() if name != "token"
        }


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (299, "299.0"),
        (299.99, "299.99"),
        (0.1, "0.1"),
        ("299.00", "299.0"),
        ("299.50", "299.5"),
        (100, "100.0"),
        (1234567.89, "1234567.89"),
        (1e-05, "0.00001"),
    ],
)
async def test_amounts_come_back_with_decimals_of_their_own(gate: Gate, sent: Any, shown: str) -> None:
    assert (await gate.open(price_amount=sent))["price_amount"] == shown


async def test_a_form_is_as_good_as_json(gate: Gate) -> None:
    body = {**gate.order(price_amount="299.00"), "shopper[email]": "buyer@example.com"}
    answer = await gate.http.post(f"{gate.url}/v2/orders", data=body, headers=authorization(TOKEN))
    assert (answer.status_code, answer.json()["price_amount"]) == (200, "299.0")
    assert answer.json()["title"] == "Подписка, 30 дней"


async def test_the_same_order_id_makes_another_order(gate: Gate) -> None:
    first, second = await gate.open(), await gate.open()
    assert first["order_id"] == second["order_id"]
    assert first["id"] < second["id"]
    assert first["payment_url"] != second["payment_url"]
    assert (await gate.get("/orders")).json()["total_orders"] == 2


async def test_what_is_left_out_is_filled_in(gate: Gate) -> None:
    opened = await gate.open(order_id=None, token=None, receive_currency=None, callback_url=None)
    assert opened["order_id"] == ""
    assert len(opened["token"]) == 30
    assert (opened["receive_currency"], opened["do_not_convert"]) == ("EUR", False)
    assert opened["token"] != (await gate.open(token=None))["token"]


BAD = [
    ({"price_amount": None}, ["Price can't be blank", "Price is not a number"]),
    ({"price_amount": "much"}, ["Price is not a number"]),
    ({"price_amount": "1,5"}, ["Price is not a number"]),
    ({"price_amount": True}, ["Price is not a number"]),
    ({"price_amount": [1]}, ["Price is not a number"]),
    ({"price_amount": 0}, ["Price must be greater than 0"]),
    ({"price_amount": -1}, ["Price must be greater than 0"]),
    ({"price_amount": 1e15}, ["Price must be less than or equal to 1000000000"]),
    ({"price_amount": 1e300}, ["Price is not a number"]),
    ({"price_currency": None}, ["Price currency can't be blank"]),
    ({"price_currency": "XTR"}, ["Price currency is invalid"]),
    ({"price_currency": "BTC"}, ["Price currency is invalid"]),
    ({"price_currency": ["RUB"]}, ["Price currency is invalid"]),
    ({"receive_currency": "RUB"}, ["Receive currency is invalid"]),
    ({"title": None}, ["Title can't be blank", "Title is too short (minimum is 3 characters)"]),
    ({"title": "ab"}, ["Title is too short (minimum is 3 characters)"]),
    ({"title": "x" * 151}, ["Title is too long (maximum is 150 characters)"]),
    ({"title": 12345}, ["Title is too short (minimum is 3 characters)"]),
    ({"description": None}, ["Description can't be blank", "Description is too short (minimum is 3 characters)"]),
    ({"description": "x" * 501}, ["Description is too long (maximum is 500 characters)"]),
    ({"callback_url": "shop.example.net"}, ["Callback url is invalid"]),
    ({"callback_url": "http://[bad"}, ["Callback url is invalid"]),
    ({"success_url": "javascript:alert(1)"}, ["Success url is invalid"]),
    ({"cancel_url": 5}, ["Cancel url is invalid"]),
    ({"token": {"a": 1}}, ["Token is invalid"]),
    ({"order_id": [1]}, ["Order id is invalid"]),
    (
        {"price_amount": 0, "title": "ab"},
        ["Price must be greater than 0", "Title is too short (minimum is 3 characters)"],
    ),
]


@pytest.mark.parametrize(("changes", "errors"), BAD, ids=[f"{i}" for i in range(len(BAD))])
async def test_every_broken_rule_is_told_at_once(gate: Gate, changes: dict[str, Any], errors: list[str]) -> None:
    assert_error(await gate.post("/orders", gate.order(**changes)), 422, "OrderIsNotValid", *errors)
    assert (await gate.get("/orders")).json()["orders"] == []


async def test_the_limits_themselves_are_allowed(gate: Gate) -> None:
    await gate.open(title="я" * 150, description="я" * 500)
    await gate.open(title="abc", description="abc", price_amount=1_000_000_000)


@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"title": "\\u0000"}'])
async def test_what_is_no_object_is_400(gate: Gate, body: bytes) -> None:
    headers = {"Content-Type": "application/json", **authorization(TOKEN)}
    assert_error(await gate.http.post(f"{gate.url}/v2/orders", content=body, headers=headers), 400, "BadRequest")


async def test_other_bodies_have_no_parameters_and_long_ones_are_refused(gate: Gate) -> None:
    async def send(content: bytes, kind: str) -> httpx2.Response:
        headers = {"Content-Type": kind, **authorization(TOKEN)}
        return await gate.http.post(f"{gate.url}/v2/orders", content=content, headers=headers)

    plain = await send(json.dumps(gate.order()).encode(), "text/plain")
    assert (plain.status_code, plain.json()["reason"]) == (422, "OrderIsNotValid")
    assert (await send(b"x" * 2_000_000, "application/json")).status_code == 413
    assert (await send(b"&".join([b"a=1"] * 500), FORM)).status_code == 400


async def test_unknown_pages_orders_and_methods_are_404(gate: Gate) -> None:
    other_method = await gate.http.delete(f"{gate.url}/v2/orders", headers=authorization(TOKEN))
    for answer in (other_method, await gate.get("/nothing"), await gate.post("/orders/1")):
        assert_error(answer, 404, "PageNotFound")
    for path in ("/orders/1", "/orders/%00", "/orders/1/refunds", "/orders/1/refunds/1"):
        assert_error(await gate.get(path), 404, "OrderNotFound")
    opened = await gate.open()
    assert_error(await gate.get(f"/orders/{opened['id']}/refunds/1"), 404, "RefundNotFound")


async def test_another_account_does_not_see_it(gate: Gate) -> None:
    opened = await gate.open()
    assert_error(await gate.get(f"/orders/{opened['id']}", token=OTHER_TOKEN), 404, "OrderNotFound")
    assert (await gate.get("/orders", token=OTHER_TOKEN)).json()["orders"] == []


async def test_both_addresses_of_the_api_are_one(gate: Gate) -> None:
    opened = await gate.open()
    url = f"{gate.url}/api/v2/orders/{opened['id']}"
    assert (await gate.http.get(url, headers=authorization(TOKEN))).json() == await gate.now(opened)


async def test_times_come_from_the_moved_clock(gate: Gate) -> None:
    await gate.advance(timedelta(days=30).total_seconds())
    opened = await gate.open()
    assert opened["created_at"][:10] == gate.clock.now().date().isoformat()
    assert (await gate.get("/ping", token=None)).json()["time"][:10] == opened["created_at"][:10]


async def test_lists_are_newest_first_in_pages_of_at_most_100(gate: Gate) -> None:
    ids = [(await gate.open(order_id=f"{number}"))["id"] for number in range(5)]
    first = (await gate.get("/orders", per_page="2", page="1")).json()
    last = (await gate.get("/orders", per_page="2", page="3")).json()
    beyond = (await gate.get("/orders", per_page="2", page="9")).json()
    turned = (await gate.get("/orders", sort="created_at_asc")).json()
    greedy = (await gate.get("/orders", per_page="5000")).json()

    around = {"current_page": 1, "per_page": 2, "total_orders": 5, "total_pages": 3}
    assert {name: first[name] for name in around} == around
    assert [order["id"] for order in first["orders"]] == ids[::-1][:2]
    assert [order["id"] for order in last["orders"]] == ids[:1]
    assert (beyond["orders"], beyond["current_page"]) == ([], 9)
    assert [order["id"] for order in turned["orders"]] == ids
    assert (turned["per_page"], greedy["per_page"]) == (100, 100)


async def test_lists_are_narrowed_by_status_and_times(gate: Gate) -> None:
    paid = await gate.paid()
    old_day = gate.clock.now().date().isoformat()
    await gate.advance(2 * 86400)
    opened = await gate.open()
    day, moment = gate.clock.now().date().isoformat(), datetime.fromisoformat(opened["created_at"])

    async def ids(**query: str) -> list[int]:
        renamed = {name.replace("_from", "[from]").replace("_to", "[to]"): value for name, value in query.items()}
        return [order["id"] for order in (await gate.get("/orders", **renamed)).json()["orders"]]

    assert await ids(status="paid") == [paid["id"]]
    assert await ids(status="new") == [opened["id"]]
    assert await ids(created_at_from=day) == [opened["id"]]
    assert await ids(created_at_from=old_day) == [opened["id"], paid["id"]]
    assert await ids(created_at_to=day) == [paid["id"]]  # a date is its midnight
    assert await ids(created_at_from=(moment - timedelta(seconds=60)).isoformat()) == [opened["id"]]
    assert await ids(paid_at_from=old_day) == [paid["id"]]
    assert await ids(paid_at_to=old_day) == []


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "per_page=0", "per_page=²", "sort=id", "created_at[from]=soon", "paid_at[to]=%00"]
)
async def test_a_list_that_is_not_understood_is_400(gate: Gate, query: str) -> None:
    assert_error(await gate.get(f"/orders?{query}"), 400, "BadRequest")


async def test_checkout_is_422_until_it_is_switched_on(gate: Gate) -> None:
    opened = await gate.open()
    choice = {"pay_currency": "BTC", "platform_id": 6}
    assert_error(await gate.post("/orders/1/checkout", choice), 404, "OrderNotFound")
    before = await gate.post(f"/orders/{opened['id']}/checkout", choice)
    assert (before.status_code, await gate.status(opened)) == (422, "new")

    await gate.ctl(f"/accounts/{APP_ID}", {"checkout": True})
    after = (await gate.post(f"/orders/{opened['id']}/checkout", choice)).json()
    shown = await gate.now(opened)

    assert after["status"] == "pending"
    assert after["platform"] == {"id": 6, "title": "Bitcoin", "id_name": "bitcoin"}
    assert (after["pay_currency"], after["receive_currency"]) == ("BTC", "BTC")
    assert after["underpaid_amount"] == after["pay_amount"] != "0"
    assert after["payment_request_uri"] == f"bitcoin:{after['payment_address']}?amount={after['pay_amount']}"
    assert after["payment_url"] == opened["payment_url"]
    left = datetime.fromisoformat(after["expire_at"]) - gate.clock.now()
    assert timedelta(minutes=19) < left < timedelta(minutes=21)
    assert float(after["conversion_rate"]) * float(after["pay_amount"]) == pytest.approx(299, rel=0.001)
    for name in ("pay_amount", "payment_address", "expire_at", "conversion_rate", "payment_request_uri"):
        assert shown[name] == after[name]
    assert_error(await gate.post("/orders/1/checkout", choice), 404, "OrderNotFound")


async def test_a_checkout_needs_a_coin_on_its_own_network(gate: Gate) -> None:
    await gate.ctl(f"/accounts/{APP_ID}", {"checkout": True, "coins": ["BTC", "ETH"]})
    opened = await gate.open()

    async def choose(**body: Any) -> httpx2.Response:
        return await gate.post(f"/orders/{opened['id']}/checkout", body)

    blank = ("Pay currency can't be blank", "Platform id can't be blank")
    assert_error(await choose(), 422, "OrderIsNotValid", *blank)
    assert_error(await choose(pay_currency="DOGE", platform_id=6), 422, "OrderIsNotValid", "Pay currency is invalid")
    assert_error(await choose(pay_currency="LTC", platform_id=9), 422, "OrderIsNotValid", "Pay currency is invalid")
    assert_error(await choose(pay_currency="ETH", platform_id=6), 422, "OrderIsNotValid", "Platform is invalid")
    networks = {n["id_name"]: n["id"] for n in (await gate.get("/platforms", token=None)).json()}
    for name in ("ethereum", "arbitrum"):  # until something came, the choice may change
        assert (await choose(pay_currency="ETH", platform_id=networks[name])).status_code == 200
    await gate.act(opened, "expire")
    late = await choose(pay_currency="BTC", platform_id=networks["bitcoin"])
    assert_error(late, 422, "OrderIsNotValid", "Order is expired")
