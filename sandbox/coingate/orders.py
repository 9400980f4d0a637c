"""Orders: the one place where an order changes its state.

new -> pending -> confirming -> paid | invalid; new and pending -> expired | canceled; expired and canceled -> paid,
for as long as the merchant takes late money; paid -> partially_refunded -> refunded.
A stored order keeps amounts as text; "coin" is what the shopper chose, None before that.
"""

import secrets
import uuid
from copy import deepcopy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from sandbox.acts import NotNow
from sandbox.clock import Clock
from sandbox.coingate import coins
from sandbox.coingate.accounts import Account, Accounts
from sandbox.coingate.amounts import parse, rounded_up, text
from sandbox.coingate.views import CREDITED, due
from sandbox.store import Collection, Document

UNCHOSEN = timedelta(hours=2)  # for the shopper to choose a coin
UNPAID = timedelta(minutes=20)  # to pay in it
FIRST_ID = 10_000_000
OPEN = ("new", "pending")
LATE = ("expired", "canceled")
SHARES = {"exact": Decimal(1), "under": Decimal("0.6"), "over": Decimal("1.1")}  # of what is still due


class Tell(Protocol):
    """Tells the merchant that the status changed; the order before it and as it is now."""

    def __call__(self, before: Document, after: Document) -> None: ...


class Orders:
    def __init__(self, clock: Clock, documents: Collection, accounts: Accounts, tell: Tell) -> None:
        self._clock = clock
        self._documents = documents
        self._accounts = accounts
        self._tell = tell

    def create(self, account: Account, body: Document, price: Decimal) -> Document:
        """Open an order from a request that was checked. The same `order_id` twice makes two."""
        now = self._clock.now()
        order = {
            "id": self._new_id(),
            "uuid": str(uuid.uuid4()),
            "app": account.app_id,
            "status": "new",
            "order_id": str(body.get("order_id") or ""),
            "title": body["title"],
            "description": body["description"],
            "price_amount": text(price),
            "price_currency": body["price_currency"],
            "receive_currency": body.get("receive_currency") or account.receive_currency,
            **{name: body.get(name) or None for name in ("callback_url", "success_url", "cancel_url")},
            "token": str(body.get("token") or secrets.token_urlsafe(22)),  # 30 characters
            "created_at": now.isoformat(),
            "expire_at": (now + UNCHOSEN).isoformat(),
            "paid_at": None,
            "coin": None,
            "received": "0",
            "transactions": [],
        }
        return self._documents.put(str(order["id"]), order)

    def find(self, order_id: str) -> Document | None:
        """One order as it is now: a term that has passed has had its effect."""
        order = self._documents.get(order_id)
        if order:
            self._expire_if_due(order)
        return order

    def get(self, order_id: str) -> Document:
        """
        Raises:
            KeyError: no such order.
        """
        order = self.find(order_id)
        if order is None:
            raise KeyError(order_id)
        return order

    def at_page(self, page_id: str) -> Document | None:
        """The order of an invoice page."""
        return next((self.find(str(order["id"])) for order in self._documents if order["uuid"] == page_id), None)

    def newest_first(self, app_id: int | None = None) -> list[Document]:
        self.expire_due()
        return [order for order in self._documents if app_id in (None, order["app"])][::-1]

    def expire_due(self) -> None:
        for order in self._documents:
            self._expire_if_due(order)

    def is_late(self, order: Document) -> bool:
        """Whether money may still come for an order that is over."""
        account = self._accounts.get(order["app"])
        until = datetime.fromisoformat(order["created_at"]) + timedelta(hours=account.late_hours)
        return order["status"] in LATE and self._clock.now() < until

    def choose(self, order: Document, symbol: object, platform_id: object) -> None:
        """The shopper chooses what to pay in; until money came, again and again.

        Raises:
            ValueError: no such coin here, or it is not on that network.
            NotNow: the order is past it.
        """
        if order["status"] not in OPEN or order["transactions"]:
            raise NotNow(f"the order is {order['status']}")
        before = self._put_coin(order, symbol, platform_id)
        order["expire_at"] = (self._clock.now() + UNPAID).isoformat()
        self._become(order, "pending", before)

    def send(self, order: Document, amount: Decimal) -> None:
        """The network sees a transaction. Enough of them confirm the order; less changes no status.

        Raises:
            NotNow: no coin is chosen, or the order is over.
            ValueError: not an amount.
        """
        if order["status"] not in ("pending", "confirming"):
            raise NotNow(f"the order is {order['status']}")
        before = deepcopy(order)
        self._receive(order, amount, "confirming")
        if due(order) == 0:
            self._become(order, "confirming", before)
        else:
            self._documents.put(str(order["id"]), order)

    def confirm(self, order: Document) -> None:
        """The network confirms, the money is the merchant's. Raises NotNow."""
        self._leave(order, ("confirming",), "paid")

    def reject(self, order: Document) -> None:
        """The network or the people against money laundering say no. Raises NotNow."""
        self._leave(order, ("confirming",), "invalid")

    def expire(self, order: Document) -> None:
        """The shopper does nothing until the time is over. Raises NotNow."""
        self._leave(order, OPEN, "expired")

    def cancel(self, order: Document) -> None:
        """The shopper cancels. Raises NotNow."""
        self._leave(order, OPEN, "canceled")

    def send_late(self, order: Document) -> None:
        """What is missing comes after the order was over; it becomes paid.

        Raises:
            NotNow: the order is not over, or has been for too long.
        """
        self._check_late(order)
        before = deepcopy(order)
        self._choose_any(order)
        if missing := due(order):
            self._receive(order, missing, "confirmed")
        self._become(order, "paid", before)

    def accept(self, order: Document) -> None:
        """Somebody marks an order that is over as paid, whatever came. Raises as `send_late`."""
        self._check_late(order)
        before = deepcopy(order)
        self._choose_any(order)
        self._become(order, "paid", before)

    def note_refunded(self, order: Document, total: Decimal) -> None:
        """So much went back in all, in the price currency."""
        status = "refunded" if total >= Decimal(order["price_amount"]) else "partially_refunded"
        self._become(order, status, deepcopy(order))

    def _check_late(self, order: Document) -> None:
        if not self.is_late(order):
            raise NotNow(f"the order is {order['status']}, and it is not the time for late money")

    def _choose_any(self, order: Document) -> None:
        """Money has to be in some coin: the merchant's first."""
        if order["coin"] is None:
            currency = coins.get(self._accounts.get(order["app"]).coins[0])
            self._put_coin(order, currency.symbol, currency.platforms[0].id)

    def _put_coin(self, order: Document, symbol: object, platform_id: object) -> Document:
        """Set what it is paid in; the order as it was."""
        currency = coins.find(symbol)
        if currency is None or symbol not in self._accounts.get(order["app"]).coins:
            raise ValueError("Pay currency is invalid")
        platform = currency.platform(platform_id)
        if platform is None:
            raise ValueError("Platform is invalid")
        before, priced = deepcopy(order), coins.get(order["price_currency"])
        order["coin"] = {
            "symbol": currency.symbol,
            "platform_id": platform.id,
            "address": coins.new_address(platform),
            "amount": text(coins.price_in(Decimal(order["price_amount"]), priced, currency)),
            "rate": text(coins.rate(currency, priced)),
        }
        return before

    def _receive(self, order: Document, amount: Decimal, status: str) -> None:
        if amount <= 0:
            raise ValueError("an amount is more than 0")
        currency = coins.get(order["coin"]["symbol"])
        platform = currency.platform(order["coin"]["platform_id"])
        assert platform is not None  # it was checked when it was chosen
        on = {"id": platform.id, "title": platform.title}
        order["received"] = text(Decimal(order["received"]) + amount)
        order["transactions"].append(
            {
                "id": self._documents.next_id(),
                "txid": secrets.token_hex(32),
                "amount": text(amount),
                "status": status,
                "network_confirmations": 0,
                "currency": {
                    "id": currency.id,
                    "title": currency.title,
                    "symbol": currency.symbol,
                    "platform": on,
                },
            }
        )

    def _leave(self, order: Document, statuses: tuple[str, ...], status: str) -> None:
        if order["status"] not in statuses:
            raise NotNow(f"the order is {order['status']}")
        self._become(order, status, deepcopy(order))

    def _become(self, order: Document, status: str, before: Document) -> None:
        order["status"] = status
        if status in CREDITED and order["paid_at"] is None:
            order["paid_at"] = self._clock.now().isoformat()
            for transaction in order["transactions"]:
                transaction |= {"status": "confirmed", "network_confirmations": 6}
        self._documents.put(str(order["id"]), order)
        if status != before["status"] or status == "partially_refunded":
            self._tell(before, order)

    def _expire_if_due(self, order: Document) -> None:
        if order["status"] in OPEN and self._clock.now() >= datetime.fromisoformat(order["expire_at"]):
            self.expire(order)

    def _new_id(self) -> int:
        """Numbers that rise by what other merchants ordered meanwhile; a new world begins somewhere else."""
        newest = max((order["id"] for order in self._documents), default=0)
        return newest + 1 + secrets.randbelow(40) if newest else FIRST_ID + secrets.randbelow(80_000_000)


def amount_to_send(order: Document, said: object) -> Decimal:
    """How many coins a shopper sends who says "exact", "under", "over" or a number.

    Raises:
        NotNow: no coin is chosen.
        ValueError: neither such a word nor a number.
    """
    if order["coin"] is None:
        raise NotNow(f"the order is {order['status']}")
    if isinstance(said, str) and said in SHARES:
        return rounded_up(due(order) * SHARES[said], coins.get(order["coin"]["symbol"]).digits)
    amount = parse(said)
    if amount is None:
        raise ValueError(f"amount is a number or one of: {', '.join(SHARES)}")
    return amount
