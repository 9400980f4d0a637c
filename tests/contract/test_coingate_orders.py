"""The life of an order at the CoinGate emulator: terms, too little, too much, too late, refunds, controls."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.clock import Clock
from tests.contract.coingate_fixture import APP_ID, OTHER_APP_ID, OTHER_TOKEN, Gate, assert_error, coingate

HOUR = 3600
REFUND = {
    "amount": 100,
    "address": "tb1qexample",
    "currency_id": 1,
    "platform_id": 6,
    "reason": "Возврат",
    "email": "buyer@example.com",
    "ledger_account_id": "01GJZBH2JZF3E369HT9GVM71CE",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Gate]:
    async with coingate() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def gate(running: Gate) -> Gate:
    await running.forget()
    return running


async def test_an_order_without_a_coin_expires_after_two_hours(gate: Gate) -> None:
    opened = await gate.open()
    await gate.advance(2 * HOUR - 30)
    assert await gate.status(opened) == "new"
    await gate.advance(60)
    assert await gate.status(opened) == "expired"


async def test_a_chosen_coin_has_to_come_in_twenty_minutes(gate: Gate) -> None:
    opened = await gate.open()
    await gate.advance(2 * HOUR - 60)
    await gate.act(opened, "choose", coin="LTC")
    await gate.advance(19 * 60)
    assert await gate.status(opened) == "pending"
    await gate.advance(2 * 60)
    gone = await gate.now(opened)
    assert (gone["status"], gone["is_refundable"], "paid_at" in gone) == ("expired", False, False)


async def test_money_that_was_seen_does_not_expire(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "pay")
    await gate.advance(24 * HOUR)
    assert await gate.status(opened) == "confirming"


async def test_an_exact_payment_is_confirming_then_paid(gate: Gate) -> None:
    opened = await gate.open()
    seen = await gate.act(opened, "pay", coin="ETH")
    paid = await gate.act(opened, "confirm")

    assert (seen["status"], seen["receive_amount"], seen["fees"], "paid_at" in seen) == ("confirming", "0", [], False)
    assert seen["blockchain_transactions"][0]["status"] == "confirming"
    assert paid["status"] == "paid"
    assert (paid["pay_currency"], paid["receive_currency"]) == ("ETH", "ETH")
    assert paid["paid_at"] >= paid["created_at"]
    [fee] = paid["fees"]
    assert Decimal(paid["receive_amount"]) + Decimal(fee["amount"]) == Decimal(paid["pay_amount"])
    [transaction] = paid["blockchain_transactions"]
    assert (transaction["amount"], transaction["status"]) == (paid["pay_amount"], "confirmed")


async def test_a_settlement_in_euros_is_converted(gate: Gate) -> None:
    paid = await gate.paid(receive_currency="EUR", price_amount="10", price_currency="EUR")
    assert (paid["receive_currency"], paid["do_not_convert"]) == ("EUR", False)
    assert Decimal("9.8") < Decimal(paid["receive_amount"]) < 10
    assert paid["fees"][0]["currency"]["symbol"] == "EUR"


async def test_a_paid_order_says_that_all_of_it_is_underpaid_as_the_real_ones_do(gate: Gate) -> None:
    paid = await gate.paid()
    assert (paid["underpaid_amount"], paid["overpaid_amount"]) == (paid["pay_amount"], "0")
    await gate.ctl(f"/accounts/{APP_ID}", {"underpaid_quirk": False})
    assert (await gate.now(paid))["underpaid_amount"] == "0"


async def test_too_little_stays_pending_until_the_rest_comes(gate: Gate) -> None:
    opened = await gate.open()
    part = await gate.act(opened, "pay", amount="under")
    assert part["status"] == "pending"
    assert 0 < Decimal(part["underpaid_amount"]) < Decimal(part["pay_amount"])

    rest = await gate.act(opened, "pay", amount="exact", confirm=True)
    assert (rest["status"], rest["overpaid_amount"]) == ("paid", "0")
    sent = [Decimal(t["amount"]) for t in rest["blockchain_transactions"]]
    assert (len(sent), sum(sent)) == (2, Decimal(rest["pay_amount"]))


async def test_too_little_can_be_returned_after_the_term_and_still_be_accepted(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "pay", amount="under")
    await gate.advance(21 * 60)
    gone = await gate.now(opened)
    assert (gone["status"], gone["is_refundable"]) == ("expired", True)
    assert Decimal(gone["underpaid_amount"]) > 0

    assert (await gate.act(opened, "accept"))["status"] == "paid"


async def test_too_much_is_paid_and_the_excess_is_told(gate: Gate) -> None:
    paid = await gate.act(await gate.open(), "pay", amount="over", confirm=True)
    sent = Decimal(paid["blockchain_transactions"][0]["amount"])
    assert (paid["status"], paid["is_refundable"]) == ("paid", True)
    assert Decimal(paid["overpaid_amount"]) == sent - Decimal(paid["pay_amount"]) > 0


async def test_any_number_of_coins_may_come(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "choose", coin="BTC")
    await gate.act(opened, "pay", amount="0.00000001")
    seen = await gate.act(opened, "pay", amount="0.5")
    assert (seen["status"], len(seen["blockchain_transactions"])) == ("confirming", 2)
    again = await gate.act(opened, "pay", amount="0.1")  # the shopper pays twice
    assert Decimal(again["overpaid_amount"]) > Decimal(seen["overpaid_amount"])


@pytest.mark.parametrize("end", ["expire", "cancel"])
async def test_what_is_over_may_become_paid_within_a_day_of_its_creation(gate: Gate, end: str) -> None:
    opened, untouched = await gate.open(), await gate.open()
    await gate.act(opened, "choose", coin="LTC")
    for order in (opened, untouched):
        await gate.act(order, end)
    await gate.advance(23 * HOUR)
    paid = await gate.act(opened, "pay", amount="late")
    assert (paid["status"], paid["pay_currency"]) == ("paid", "LTC")
    assert paid["blockchain_transactions"][0]["amount"] == paid["pay_amount"]

    await gate.advance(2 * HOUR)
    late = await gate.ctl(f"/orders/{untouched['id']}/pay", {"amount": "late"})
    assert (late.status_code, await gate.status(untouched)) == (409, f"{end}d" if end == "expire" else "canceled")


async def test_how_late_is_a_setting_of_the_merchant(gate: Gate) -> None:
    await gate.ctl(f"/accounts/{APP_ID}", {"late_hours": 99})
    opened = await gate.open()
    await gate.advance(98 * HOUR)
    assert (await gate.act(opened, "pay", amount="late"))["status"] == "paid"

    await gate.ctl(f"/accounts/{APP_ID}", {"late_hours": 0})
    never = await gate.open()
    await gate.act(never, "cancel")
    assert (await gate.ctl(f"/orders/{never['id']}/pay", {"amount": "late"})).status_code == 409
    assert (await gate.ctl(f"/orders/{never['id']}/accept")).status_code == 409


async def test_a_rejected_payment_is_invalid_for_good(gate: Gate) -> None:
    opened = await gate.open()
    await gate.act(opened, "pay")
    rejected = await gate.act(opened, "reject")
    assert (rejected["status"], rejected["is_refundable"], rejected["receive_amount"]) == ("invalid", True, "0")
    for deed, body in (("pay", {}), ("pay", {"amount": "late"}), ("confirm", {}), ("accept", {}), ("refund", {})):
        assert (await gate.ctl(f"/orders/{opened['id']}/{deed}", body)).status_code == 409


async def test_each_deed_has_its_time(gate: Gate) -> None:
    opened, paid = await gate.open(), await gate.paid()
    wrong = {"confirm": opened, "reject": opened, "accept": opened, "refund": opened}
    wrong_later = {"choose": paid, "pay": paid, "expire": paid, "cancel": paid, "confirm": paid, "reject": paid}
    for deeds in (wrong, wrong_later):
        for deed, order in deeds.items():
            assert (await gate.ctl(f"/orders/{order['id']}/{deed}")).status_code == 409, deed
    await gate.act(opened, "pay", amount="under")
    assert (await gate.ctl(f"/orders/{opened['id']}/choose", {"coin": "ETH"})).status_code == 409
    assert (await gate.status(opened), await gate.status(paid)) == ("pending", "paid")


async def test_refunds_in_the_cabinet_add_up_to_the_price(gate: Gate) -> None:
    paid = await gate.paid()
    part = await gate.act(paid, "refund", amount="100.50")
    too_much = await gate.ctl(f"/orders/{paid['id']}/refund", {"amount": "198.51"})
    rest = await gate.act(paid, "refund")

    assert part["status"] == "partially_refunded"
    assert too_much.status_code == 409
    assert rest["status"] == "refunded"
    assert [r["request_amount"] for r in rest["refunds"]] == ["100.5", "198.5"]
    assert {r["status"] for r in rest["refunds"]} == {"completed"}
    assert rest["paid_at"] == paid["paid_at"]
    assert (await gate.ctl(f"/orders/{paid['id']}/refund")).status_code == 409


async def test_a_refund_through_the_api_waits_for_people(gate: Gate) -> None:
    paid = await gate.paid()
    made = await gate.post(f"/orders/{paid['id']}/refunds", {**REFUND, "amount": "299"})
    refund = made.json()
    assert (made.status_code, refund["status"], refund["request_amount"]) == (200, "pending", "299.0")
    assert (refund["order"], refund["address"]) == ({"id": paid["id"]}, "tb1qexample")
    assert refund["refund_currency"]["symbol"] == "BTC"
    assert await gate.status(paid) == "paid"

    for status in ("processing", "completed"):
        await gate.ctl(f"/refunds/{refund['id']}/settle", {"status": status})
        assert (await gate.get(f"/orders/{paid['id']}/refunds/{refund['id']}")).json()["status"] == status
    assert await gate.status(paid) == "refunded"
    again = await gate.ctl(f"/refunds/{refund['id']}/settle", {"status": "rejected"})
    assert again.status_code == 409
    assert (await gate.get("/refunds")).json()["total_refunds"] == 1
    assert (await gate.get(f"/orders/{paid['id']}/refunds")).json()["refunds"] == [{**refund, "status": "completed"}]
    assert (await gate.get("/refunds", token=OTHER_TOKEN)).json()["refunds"] == []


async def test_a_rejected_refund_can_be_asked_for_again(gate: Gate) -> None:
    paid = await gate.paid()
    path = f"/orders/{paid['id']}/refunds"
    refund = (await gate.post(path, {**REFUND, "amount": 299})).json()
    exceeds = "Amount exceeds what can be refunded"
    assert_error(await gate.post(path, REFUND), 422, "RefundIsNotValid", exceeds)
    await gate.ctl(f"/refunds/{refund['id']}/settle", {"status": "rejected"})
    assert (await gate.post(path, REFUND)).status_code == 200
    assert await gate.status(paid) == "paid"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"amount": None}, ["Amount can't be blank", "Amount is not a number"]),
        ({"amount": 0}, ["Amount must be greater than 0"]),
        ({"amount": 299.01}, ["Amount exceeds what can be refunded"]),
        ({"email": ""}, ["Email can't be blank"]),
        ({"address": None, "reason": None}, ["Address can't be blank", "Reason can't be blank"]),
        ({"currency_id": 999}, ["Currency is invalid"]),
        ({"platform_id": 9}, ["Platform is invalid"]),
        ({"callback_url": "nowhere"}, ["Callback url is invalid"]),
    ],
)
async def test_a_refund_has_rules(gate: Gate, changes: dict[str, Any], errors: list[str]) -> None:
    paid = await gate.paid()
    answer = await gate.post(f"/orders/{paid['id']}/refunds", {**REFUND, **changes})
    assert_error(answer, 422, "RefundIsNotValid", *errors)


async def test_an_unpaid_order_has_nothing_to_refund(gate: Gate) -> None:
    opened = await gate.open()
    answer = await gate.post(f"/orders/{opened['id']}/refunds", REFUND)
    assert_error(answer, 422, "RefundIsNotValid", "Order is not paid")


async def test_controls_find_orders_by_the_merchants_number_and_show_tokens(gate: Gate) -> None:
    await gate.open(order_id="a", token="token-a")
    await gate.open(order_id="b")
    [found] = await gate.look("/orders?order_id=a")
    assert (found["order_id"], found["token"]) == ("a", "token-a")
    assert [order["order_id"] for order in await gate.look("/orders")] == ["b", "a"]
    assert (await gate.look(f"/orders/{found['id']}"))["id"] == found["id"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/accounts/3", {"checkout": 1}),
        ("/accounts/3", {"callback_format": "xml"}),
        ("/accounts/3", {"late_hours": 100}),
        ("/accounts/3", {"late_hours": -1}),
        ("/accounts/3", {"app_id": 4}),
        ("/accounts/3", {"nothing": 1}),
        ("/market", {"merchants": ["XX"]}),
        ("/market", {"ips": "192.0.2.1"}),
        ("/market", {"requests_per_minute": "many"}),
        ("/callbacks/policy", {"drop": 2}),
        ("/callbacks/policy", {"nothing": 1}),
        ("/orders/{id}/pay", {"amount": "lots"}),
        ("/orders/{id}/pay", {"amount": "0"}),
        ("/orders/{id}/pay", {"coin": "DOGE"}),
        ("/orders/{id}/choose", {"coin": "BTC", "platform": "ethereum"}),
    ],
)
async def test_controls_refuse_what_they_do_not_understand(gate: Gate, path: str, body: dict[str, Any]) -> None:
    opened = await gate.open()
    before = [await gate.look(name) for name in ("/accounts", "/market", "/callbacks/policy")]
    answer = await gate.ctl(path.format(id=opened["id"]), body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert [await gate.look(name) for name in ("/accounts", "/market", "/callbacks/policy")] == before
    assert Decimal((await gate.now(opened))["receive_amount"]) == 0


async def test_controls_do_not_know_what_is_not_there(gate: Gate) -> None:
    for path in ("/orders/1/pay", "/accounts/77", "/refunds/1/settle", "/deliveries/1/repeat"):
        assert (await gate.ctl(path)).status_code == 404
    assert (await gate.http.get(f"{gate.url}/_ctl/orders/1")).status_code == 404


async def test_requests_are_told_as_they_came_and_without_the_token(gate: Gate) -> None:
    opened = await gate.open()
    await gate.now(opened)
    await gate.http.get(opened["payment_url"])
    requests = await gate.look("/requests")
    assert [(r["method"], r["path"], r["status"]) for r in requests] == [
        ("POST", "/v2/orders", 200),
        ("GET", f"/v2/orders/{opened['id']}", 200),
    ]
    assert '"price_amount":299.0' in requests[0]["body"].replace(" ", "")
    assert "sandbox-token" not in str(requests)


async def test_reset_forgets_orders_and_settings(gate: Gate) -> None:
    await gate.ctl(f"/accounts/{OTHER_APP_ID}", {"checkout": True})
    first = await gate.open()
    await gate.ctl("/reset")
    assert await gate.look("/orders") == []
    assert (await gate.look("/accounts"))[str(OTHER_APP_ID)]["checkout"] is False
    assert (await gate.http.get(first["payment_url"])).status_code == 404


async def test_yesterdays_world_is_found_again(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    async with coingate(data_dir=tmp_path, clock=clock) as gate:
        paid = await gate.paid()
        pending = await gate.open()
        await gate.act(pending, "pay", amount="under")
        await gate.ctl(f"/accounts/{APP_ID}", {"checkout": True, "coins": ["BTC"]})

    clock.advance(HOUR)
    async with coingate(data_dir=tmp_path, clock=clock) as gate:
        assert await gate.status(paid) == "paid"
        assert await gate.status(pending) == "expired"
        account = (await gate.look("/accounts"))[str(APP_ID)]
        assert (account["checkout"], account["coins"]) == (True, ["BTC"])
        assert (await gate.act(pending, "pay", amount="late"))["overpaid_amount"] == "0"
        assert (await gate.open())["id"] > pending["id"]
