"""Coins that come late, too few, or not at all, and a provider that knows no idempotence."""

import httpx2

from backend.notifications.kinds import NoCallbacks, Paid, PaymentFailed, PaymentSeen
from backend.orders.checkout import Checkout
from backend.payments.providers.base import PaymentState
from backend.payments.providers.coingate.bodies import read_order_body
from sandbox.companies import COINGATE_KEY
from tests.faults.steps import (
    Answers,
    Coins,
    Json,
    assert_bought_once,
    controls,
    days,
    door_of,
    fault,
    told_operators,
)
from tests.outside import until
from tests.shop import Buyer, Shop

CREATE: Json = {"method": "POST", "path": "/v2/orders"}


async def orders(buyer: Buyer) -> Checkout:
    return await buyer.orders("monthly", provider="coingate", method="btc")


async def test_fault_27_coins_that_come_for_an_expired_order_still_count(shop: Shop, coins: Coins) -> None:
    """Fault: an order expires, and its coins arrive twenty hours later.

    Outcome: the payment is canceled, then paid; the days once, with the word that it came late.
    """
    buyer = await shop.buyer()
    checkout = await orders(buyer)
    order = await coins.order(checkout)
    await coins.act(order, "choose")
    await shop.passes(hours=3)
    assert (await coins.order(checkout))["status"] == "expired"
    assert (await shop.payment(checkout)).state == PaymentState.CANCELED
    (failed,) = buyer.heard(PaymentFailed)
    assert failed.payment_id == checkout.payment_id

    await shop.passes(hours=17)
    await coins.act(order, "pay", amount="late")
    await shop.run_jobs()

    assert [d["event"] for d in await coins.deliveries(order)] == ["pending", "expired", "paid"]
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    (paid,) = buyer.heard(Paid)
    assert paid.late
    await assert_bought_once(shop, buyer)


async def test_fault_28_coins_that_the_network_rejects_after_hours_give_nothing(shop: Shop, coins: Coins) -> None:
    """Fault: a transaction is being confirmed for three hours and is then rejected.

    Outcome: the buyer is told that it was seen, then that it failed; no days, no key.
    """
    buyer = await shop.buyer()
    checkout = await orders(buyer)
    order = await coins.order(checkout)
    await coins.act(order, "pay")
    for _ in range(3):
        await shop.passes(hours=1)
    payment = await shop.payment(checkout)
    assert payment.state == PaymentState.CONFIRMING
    state = (await shop.http.get(f"/return/{payment.return_token}/state")).json()
    assert state == {"state": "confirming"}
    assert len(buyer.heard(PaymentSeen)) == 1
    assert await days(buyer) == []

    await coins.act(order, "reject")
    await shop.run_jobs()

    assert (await coins.order(checkout))["status"] == "invalid"
    assert (await shop.payment(checkout)).state == PaymentState.CANCELED
    assert len(buyer.heard(PaymentFailed)) == 1
    await shop.passes(hours=101)
    assert (await days(buyer), buyer.heard(Paid), await shop.panel.clients()) == ([], [], [])


async def test_fault_29_an_order_topped_up_before_its_end_is_paid_once(shop: Shop, coins: Coins) -> None:
    """Fault: too few coins are sent, and the rest before the order expires.

    Outcome: one "paid", the days once.
    """
    buyer = await shop.buyer()
    checkout = await orders(buyer)
    order = await coins.order(checkout)
    short = await coins.act(order, "pay", amount="under")
    await shop.passes(minutes=5)
    assert short["status"] == "pending"
    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    assert await days(buyer) == []

    await coins.act(order, "pay")
    await coins.act(order, "confirm")
    await shop.run_jobs()

    assert [d["event"] for d in await coins.deliveries(order)] == ["pending", "confirming", "paid"]
    await assert_bought_once(shop, buyer)


async def test_fault_30_a_paid_order_that_calls_itself_underpaid_is_paid(shop: Shop, coins: Coins) -> None:
    """Fault: the callback of a paid order says that as much is missing as was to be paid.

    Outcome: the status decides, once asking has confirmed it; the days once.
    """
    buyer = await shop.buyer()
    checkout = await orders(buyer)
    order = await coins.act(await coins.order(checkout), "pay", confirm=True)
    await shop.run_jobs()

    told = (await coins.deliveries(order))[-1]
    assert told["event"] == "paid"
    assert f'"underpaid_amount":"{order["pay_amount"]}"' in told["body"].replace(" ", "")
    assert await requests(shop, "GET", f"/v2/orders/{order['id']}") == 1
    await assert_bought_once(shop, buyer)


async def test_fault_31_a_provider_that_stopped_calling_is_asked_to_the_end(shop: Shop, coins: Coins) -> None:
    """Fault: by mistake our address answers 403, after which the provider never calls again about those orders.

    Outcome: every order is completed by asking: paid, paid after its end, and expired; the operators hear that
    nothing was told of them for an hour.
    """
    prompt, late, idle = [await shop.buyer() for _ in range(3)]
    checkouts = [await orders(buyer) for buyer in (prompt, late, idle)]
    one, two, three = [await coins.order(checkout) for checkout in checkouts]
    async with door_of(shop, Answers(403)):
        for order in (one, two, three):
            await coins.act(order, "choose")
        await coins.act(one, "pay", confirm=True)
        shop.advance(hours=3)
        await until(lambda: stopped(coins, two, three))
        await coins.act(two, "pay", amount="late")
    for order in (one, two, three):
        assert {d["state"] for d in await coins.deliveries(order)} == {"stopped"}
    assert await shop.events() == []

    await shop.run_jobs()
    await shop.passes(hours=1)

    states = [(await shop.payment(checkout)).state for checkout in checkouts]
    assert states == [PaymentState.SUCCEEDED, PaymentState.SUCCEEDED, PaymentState.CANCELED]
    await assert_bought_once(shop, prompt)
    await assert_bought_once(shop, late)
    assert await days(idle) == []
    await shop.passes(minutes=61)
    (silence,) = told_operators(shop, NoCallbacks)
    assert (silence.provider, silence.last) == ("coingate", None)


async def stopped(coins: Coins, *orders: dict[str, str]) -> bool:
    found = [d["event"] for order in orders for d in await coins.deliveries(order) if d["state"] == "stopped"]
    return found.count("expired") == len(orders)


async def test_fault_32_an_order_whose_answer_is_lost_is_looked_for_and_a_second_one_counts(
    shop: Shop, coins: Coins
) -> None:
    """Fault: the answer to a create is lost, and the provider knows no idempotence key.

    Outcome: the list is read before anything is sent again, so there is one order. If a second one of the same
    attempt appears nevertheless and both are paid, each gives its days.
    """
    buyer = await shop.buyer()
    async with fault(shop, "coingate", "lost_after", **CREATE):
        checkout = await orders(buyer)
    assert checkout.url is None
    first = await coins.order(checkout)

    await shop.passes(seconds=61)

    payment = await shop.payment(checkout)
    assert (payment.state, payment.provider_payment_id) == (PaymentState.PENDING, str(first["id"]))
    assert await requests(shop, **CREATE) == 1
    await coins.act(first, "pay", confirm=True)
    await shop.run_jobs()
    await assert_bought_once(shop, buyer)

    second = await send_again(shop, payment.request_body)
    await coins.act({"id": second}, "pay", confirm=True)
    await shop.run_jobs()

    assert {p.provider_payment_id for p in await buyer.payments()} == {str(first["id"]), second}
    assert {p.order_id for p in await buyer.payments()} == {checkout.order_id}
    assert await days(buyer) == [30, 30]


async def requests(shop: Shop, method: str, path: str) -> int:
    """How many requests of ours arrived there."""
    async with controls(shop, "coingate") as http:
        log = (await http.get("requests")).json()
    return sum((r["method"], r["path"]) == (method, path) for r in log)


async def send_again(shop: Shop, body: bytes | None) -> str:
    """Create a second order of one attempt, past our driver; its id."""
    assert body is not None
    url = f"{shop.town.companies_url}/sandbox/coingate/v2/orders"
    headers = {"Authorization": f"Token {COINGATE_KEY}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(url, content=read_order_body(body).order, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])
