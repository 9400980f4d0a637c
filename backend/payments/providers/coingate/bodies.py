"""The exact bytes we send: the same request gives the same bytes, always.

Source: https://developer.coingate.com/reference/create-order
"""

import json
from typing import NamedTuple

from backend.kit.reading import Json, parse, part
from backend.payments.providers.base import PaymentRequest, RefundRequest
from backend.payments.providers.coingate.config import Config
from backend.payments.providers.coingate.objects import signed

TITLE_LIMIT = 150
DESCRIPTION_LIMIT = 500


class Coin(NamedTuple):
    """A coin as CoinGate names it, and the network it is sent over."""

    symbol: str
    network: str  # `id_name` of a platform


COINS = {"btc": Coin("BTC", "bitcoin"), "eth": Coin("ETH", "ethereum"), "ltc": Coin("LTC", "litecoin")}


class Stored(NamedTuple):
    """A payment's request as it is kept."""

    coin: Coin  # what the buyer chose
    order: bytes  # what is sent
    payment_id: str


def order_body(request: PaymentRequest, config: Config) -> bytes:
    """POST /orders, below a line that names the chosen coin: CoinGate takes that in a request of its own."""
    rest: Json = {
        "order_id": f"{request.payment_id}.{request.mac}",
        "price_currency": request.amount.currency,
        "receive_currency": config.receive_currency,
        "title": request.description[:TITLE_LIMIT],
        "description": request.description[:DESCRIPTION_LIMIT],
        "success_url": request.return_url,
        "cancel_url": request.return_url,
        "token": request.mac,
    }
    if request.callback_url:
        rest["callback_url"] = request.callback_url
    amount = b'{"price_amount":' + request.amount.decimal().encode()  # a number, and exact
    return COINS[request.method].symbol.encode() + b"\n" + amount + b"," + _bytes(rest)[1:]


def read_order_body(body: bytes) -> Stored:
    """What `order_body` made.

    Raises:
        ValueError: it did not make this.
    """
    symbol, _, sent = body.partition(b"\n")
    coin = next((coin for coin in COINS.values() if coin.symbol.encode() == symbol), None)
    try:
        payment_id, _ = signed(part(parse(sent)))
    except ValueError:
        payment_id = None
    if coin is None or payment_id is None:
        raise ValueError("not an order of ours")
    return Stored(coin, sent, payment_id)


def checkout_body(coin: Coin, platform: int) -> bytes:
    """POST /orders/{id}/checkout."""
    return _bytes({"pay_currency": coin.symbol, "platform_id": platform})


def refund_body(request: RefundRequest) -> bytes:
    """What the operator is to give back: it is sent nowhere."""
    return _bytes(
        {
            "order": request.payment_ref,
            "amount": request.amount.decimal(),
            "currency": request.amount.currency,
            "reason": request.description,
        }
    )


def _bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
