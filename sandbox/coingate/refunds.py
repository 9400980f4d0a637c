"""Refunds: asked for through the API and then worked on by people, or made by the merchant in the cabinet."""

from decimal import Decimal
from typing import Protocol

from sandbox.acts import NotNow
from sandbox.clock import Clock
from sandbox.coingate import coins
from sandbox.coingate.amounts import iso, text
from sandbox.coingate.checks import check_refund
from sandbox.coingate.errors import not_valid
from sandbox.coingate.orders import Orders
from sandbox.store import Collection, Document

FINAL = ("completed", "rejected")
STEPS = ("processing", *FINAL)


class Tell(Protocol):
    """Tells the merchant about a refund and the order it belongs to."""

    def __call__(self, refund: Document, order: Document) -> None: ...


class Refunds:
    """A stored refund is {"id", "order", "object", "told"}: `object` is what the API shows, `told` what callbacks
    say on top of it.
    """

    def __init__(self, clock: Clock, documents: Collection, orders: Orders, tell: Tell) -> None:
        self._clock = clock
        self._documents = documents
        self._orders = orders
        self._tell = tell

    def create(self, order: Document, body: Document) -> Document:
        """Ask for a refund; it waits until somebody settles it.

        Raises:
            ApiError: 422, the order has nothing to give back or the request breaks a rule.
        """
        if order["paid_at"] is None:
            raise not_valid("Refund", ["Order is not paid"])
        amount = check_refund(body, self._left(order))
        currency = next(c for c in coins.CURRENCIES if str(c.id) == str(body["currency_id"]))
        platform = currency.platform(body["platform_id"])
        assert platform is not None  # checked
        refund = self._make(order, amount, currency, platform)
        refund["object"] |= {"address": str(body["address"]), "memo": body.get("address_memo")}
        refund["told"] |= {
            "email": str(body["email"]),
            "reason": str(body["reason"]),
            "callback_url": body.get("callback_url") or None,
        }
        refund["object"]["ledger_account"]["id"] = str(body["ledger_account_id"])
        self._put(refund, order)
        return refund

    def external(self, order: Document, amount: Decimal | None) -> Document:
        """The merchant gives money back in the cabinet, and it is done; None: all that is left.

        Raises:
            NotNow: not that much is left.
        """
        left = self._left(order)
        wanted = left if amount is None else amount
        if order["paid_at"] is None or not 0 < wanted <= left:
            raise NotNow(f"the order is {order['status']}, and {text(left)} is left to refund")
        currency = coins.get(order["coin"]["symbol"])
        platform = currency.platform(order["coin"]["platform_id"])
        assert platform is not None  # it was checked when it was chosen
        refund = self._make(order, wanted, currency, platform)
        self.settle(str(refund["id"]), "completed")
        return refund

    def settle(self, refund_id: str, status: object) -> Document:
        """Move a refund on: processing, completed or rejected.

        Raises:
            KeyError: no such refund.
            NotNow: it is final already.
            ValueError: no such step.
        """
        refund = self._documents.get(refund_id)
        if refund is None:
            raise KeyError(refund_id)
        if refund["object"]["status"] in FINAL:
            raise NotNow(f"the refund is {refund['object']['status']}")
        if status not in STEPS:
            raise ValueError(f"status is one of: {', '.join(STEPS)}")
        refund["object"]["status"] = status
        order = self._orders.get(str(refund["order"]))
        self._put(refund, order)
        if status == "completed":
            self._orders.note_refunded(order, self.returned(order))
        return refund

    def of_order(self, order: Document) -> list[Document]:
        """The refund objects of an order, oldest first."""
        return [refund["object"] for refund in self._documents if refund["order"] == order["id"]]

    def returned(self, order: Document) -> Decimal:
        """How much went back, in the order's price currency."""
        return self._sum(order, ("completed",))

    def newest_first(self, app_id: int | None = None) -> list[Document]:
        """The refund objects of an account, or all."""
        return [r["object"] for r in self._documents if app_id in (None, r["app"])][::-1]

    def _left(self, order: Document) -> Decimal:
        return Decimal(order["price_amount"]) - self._sum(order, ("pending", "processing", "completed"))

    def _sum(self, order: Document, statuses: tuple[str, ...]) -> Decimal:
        made = (refund for refund in self.of_order(order) if refund["status"] in statuses)
        return sum((Decimal(refund["request_amount"]) for refund in made), Decimal(0))

    def _make(self, order: Document, amount: Decimal, currency: coins.Currency, platform: coins.Platform) -> Document:
        refund_id = self._documents.next_id()
        priced = coins.get(order["price_currency"])
        about = {"id": currency.id, "title": currency.title, "symbol": currency.symbol}
        shown = {
            "id": refund_id,
            "request_amount": text(amount),
            "refund_amount": text(coins.price_in(amount, priced, currency)),
            "address": coins.new_address(platform),
            "status": "pending",
            "memo": None,
            "created_at": iso(self._clock.now()),
            "order": {"id": order["id"]},
            "refund_currency": {**about, "platform": {"id": platform.id, "title": platform.title}},
            "transactions": [],
            "ledger_account": {"id": f"01SANDBOX{refund_id:017d}", "currency": about},
        }
        told = {"email": "", "reason": "", "callback_url": None}
        refund = {"id": refund_id, "order": order["id"], "app": order["app"], "object": shown, "told": told}
        return self._documents.put(str(refund_id), refund)

    def _put(self, refund: Document, order: Document) -> None:
        self._documents.put(str(refund["id"]), refund)
        self._tell(refund, order)
