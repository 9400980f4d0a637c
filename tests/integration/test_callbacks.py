"""What arrives at CoinGate's address, as it is documented and as others send it: its status moves no money."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from backend.orders.checkout import Checkout
from backend.payments.providers.base import PaymentState
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough


async def ordered(shop: Shop) -> tuple[Buyer, Checkout, dict[str, Any]]:
    """An order, and what a callback says of it when it is paid."""
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly", provider="coingate", method="btc")
    (order,) = [
        found
        for found in shop.town.companies.coingate._orders.newest_first()
        if found["order_id"].startswith(str(checkout.payment_id))
    ]
    names = ("id", "order_id", "price_amount", "price_currency", "token")
    return buyer, checkout, {"status": "paid"} | {name: order[name] for name in names}


async def pays(shop: Shop, order: dict[str, Any]) -> None:
    """The coins are there, and no callback comes of it."""
    controls = f"{shop.town.companies_url}/sandbox/coingate/_ctl"
    async with httpx2.AsyncClient(trust_env=False) as http:
        await http.post(f"{controls}/callbacks/policy", json={"drop": 1})
        paid = await http.post(f"{controls}/orders/{order['id']}/pay", json={"coin": "BTC", "confirm": True})
        await http.post(f"{controls}/callbacks/policy", json={"drop": 0})
    assert paid.is_success, paid.text


async def tells(shop: Shop, body: bytes) -> None:
    answer = await shop.webhook(body, path=shop.deps.providers.hook_path("coingate"))
    assert answer.status_code == 200, answer.text
    await shop.run_jobs()


def form(fields: dict[str, Any]) -> bytes:
    """As it is documented: a line a field, and something after the last."""
    return urlencode(fields).replace("&", "\n&").encode() + b"&"


@pytest.mark.parametrize("write", [form, lambda fields: json.dumps(fields).encode()], ids=["form", "json"])
@pytest.mark.parametrize("without", ["", "token"])
async def test_a_callback_is_proven_by_its_token_or_else_by_the_signature_in_its_order_id(
    shop: Shop, write: Any, without: str
) -> None:
    buyer, checkout, told = await ordered(shop)
    told = {name: value for name, value in told.items() if name != without}
    early = await shop.payment(checkout)
    await tells(shop, write(told))  # nobody has paid: only the answer to a question counts
    still = await shop.payment(checkout)
    assert await buyer.extensions() == []
    await pays(shop, told)

    await tells(shop, write(told))

    assert early.state == still.state == PaymentState.PENDING
    (event,) = await shop.events()
    assert (event.proven, event.handled_at is not None) == (True, True)
    assert (await shop.payment(checkout)).state == PaymentState.SUCCEEDED
    assert [line.days for line in await buyer.extensions()] == [30]


@pytest.mark.parametrize(
    "changes",
    [
        {"order_id": "id", "token": None},
        {"order_id": "id", "token": "of-somebody-else"},
        {"token": "of-somebody-else"},
        {"order_id": None},
        {"price_amount": "1.0"},
        {"price_amount": None},
        {"price_currency": None},
    ],
)
async def test_a_callback_without_proof_is_kept_and_does_nothing(shop: Shop, changes: dict[str, Any]) -> None:
    buyer, checkout, told = await ordered(shop)
    await pays(shop, told)
    changed = {**told, **changes}
    if changes.get("order_id"):
        changed["order_id"] = str(checkout.payment_id)

    await tells(shop, form({name: value for name, value in changed.items() if value is not None}))

    (event,) = await shop.events()
    assert (event.proven, event.handled_at) == (False, None)
    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    assert await buyer.extensions() == []
    await shop.passes(minutes=1)
    assert [line.days for line in await buyer.extensions()] == [30]  # found by asking
