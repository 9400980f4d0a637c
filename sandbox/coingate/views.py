"""An order as the API shows it and as a callback tells it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sandbox.coingate import coins
from sandbox.coingate.accounts import Account
from sandbox.coingate.amounts import iso, text
from sandbox.coingate.checks import DO_NOT_CONVERT
from sandbox.store import Document

FEE = Decimal("0.01")  # of what was paid
CREDITED = ("paid", "refunded", "partially_refunded")
SEEN = ("confirming", *CREDITED)  # the money is there
UNPAID = ("expired", "canceled", "invalid")


def due(order: Document) -> Decimal:
    """What is still to be sent, in the chosen coin; 0 when none is chosen."""
    if order["coin"] is None:
        return Decimal(0)
    return max(Decimal(order["coin"]["amount"]) - Decimal(order["received"]), Decimal(0))


def overpaid(order: Document) -> Decimal:
    if order["coin"] is None:
        return Decimal(0)
    return max(Decimal(order["received"]) - Decimal(order["coin"]["amount"]), Decimal(0))


def shown(order: Document, account: Account, page: str, refunds: Sequence[Document]) -> Document:
    """What GET answers. `page` is the address of its invoice."""
    view: Document = {
        **_head(order, account),
        **_paying(order),
        "lightning_network": False,
        **_settlement(order),
        "created_at": _time(order["created_at"]),
        **_times(order),
        "order_id": order["order_id"],
        "payment_url": page,
        **_difference(order, account),
        "refunds": list(refunds),
        "voids": [],
        "fees": _fees(order),
        "blockchain_transactions": order["transactions"],
        "ledger_transactions": [],
    }
    if order["coin"]:
        view["payment_gateway"] = "coingate"
        view["conversion_rate"] = order["coin"]["rate"]
        platform = _platform(order)
        amount = Decimal(order["coin"]["amount"])
        view["payment_request_uri"] = coins.payment_uri(platform, order["coin"]["address"], amount)
    return view


def created(order: Document, account: Account, page: str) -> Document:
    """What creating it answers: the only answer with the token in it."""
    view = shown(order, account, page, ())
    del view["ledger_transactions"]
    return {**view, "token": order["token"]}


def checked_out(order: Document, account: Account, page: str) -> Document:
    """What choosing the coin through the API answers."""
    view = shown(order, account, page, ())
    del view["ledger_transactions"]
    platform = _platform(order)
    about = {"id": platform.id, "title": platform.title, "id_name": platform.id_name}
    return {**view, "uuid": order["uuid"], "platform": about}


def told(order: Document, account: Account) -> Document:
    """The body of a callback."""
    return {
        "id": order["id"],
        "order_id": order["order_id"],
        "status": order["status"],
        "price_amount": order["price_amount"],
        "price_currency": order["price_currency"],
        **_paying(order),
        **_settlement(order),
        **_difference(order, account),
        "created_at": _time(order["created_at"]),
        **_times(order),
        "token": order["token"],
        "fees": _fees(order),
    }


def _head(order: Document, account: Account) -> Document:
    return {
        "id": order["id"],
        "status": order["status"],
        "title": order["title"],
        "do_not_convert": order["receive_currency"] == DO_NOT_CONVERT,
        "orderable_type": "ApiApp",
        "orderable_id": account.app_id,
        "price_currency": order["price_currency"],
        "price_amount": order["price_amount"],
    }


def _paying(order: Document) -> Document:
    if order["coin"] is None:
        return {}
    coin = order["coin"]
    return {"pay_currency": coin["symbol"], "pay_amount": coin["amount"], "payment_address": coin["address"]}


def _times(order: Document) -> Document:
    times: Document = {}
    if order["coin"]:
        times["expire_at"] = _time(order["expire_at"])
    if order["status"] in CREDITED:
        times["paid_at"] = _time(order["paid_at"])
    return times


def _settled_in(order: Document) -> str:
    """The currency the merchant gets; "" while that depends on the shopper's choice."""
    if order["receive_currency"] != DO_NOT_CONVERT:
        return str(order["receive_currency"])
    return order["coin"]["symbol"] if order["coin"] else ""


def _settlement(order: Document) -> Document:
    amount = _worth(order) - _fee(order) if order["status"] in CREDITED else Decimal(0)
    return {"receive_currency": _settled_in(order), "receive_amount": text(amount)}


def _worth(order: Document) -> Decimal:
    """The order's amount in the currency the merchant gets."""
    coin = order["coin"]
    return coins.price_in(Decimal(coin["amount"]), coins.get(coin["symbol"]), coins.get(_settled_in(order)))


def _fee(order: Document) -> Decimal:
    return (_worth(order) * FEE).quantize(Decimal("1e-8")).normalize()


def _fees(order: Document) -> list[Document]:
    if order["status"] not in CREDITED:
        return []
    currency = coins.get(_settled_in(order))
    about = {"id": currency.id, "symbol": currency.symbol}
    return [{"type": "processing_fee", "amount": text(_fee(order)), "currency": about}]


def _difference(order: Document, account: Account) -> Document:
    under = due(order)
    if order["status"] in SEEN and account.underpaid_quirk:
        under = Decimal(order["coin"]["amount"])
    over = overpaid(order)
    returnable = over > 0 or (order["status"] in UNPAID and Decimal(order["received"]) > 0)
    return {"underpaid_amount": text(under), "overpaid_amount": text(over), "is_refundable": returnable}


def _platform(order: Document) -> coins.Platform:
    platform = coins.get(order["coin"]["symbol"]).platform(order["coin"]["platform_id"])
    assert platform is not None  # it was checked when it was chosen
    return platform


def _time(stored: str) -> str:
    return iso(datetime.fromisoformat(stored))
