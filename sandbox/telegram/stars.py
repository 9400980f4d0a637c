"""Stars: how many everybody has, what people paid the bot, what it gave back, what they pay every month."""

import secrets
from collections.abc import Iterable

from sandbox.clock import Clock
from sandbox.store import Document, Store

BOT = "bot"


class Stars:
    """A ledger. Charges are by their id; a subscription is known by its first charge.

    A charge is {"id", "provider_id", "user_id", "title", "payload", "amount", "at", "refunded": when or None,
    "period", "subscription": its id or None}. A subscription is {"id", "user_id", "title", "payload", "amount",
    "period", "until", "canceled", "bot_canceled", "failed"}: a canceled one lasts until `until`, then it is over.
    """

    def __init__(self, store: Store, clock: Clock, *, at_first: int) -> None:
        self._clock = clock
        self._at_first = at_first
        self._balances = store.collection("stars")
        self._charges = store.collection("star charges")
        self._rows = store.collection("star transactions")
        self._subscriptions = store.collection("star subscriptions")

    def balance(self, user_id: int) -> int:
        known = self._balances.get(str(user_id))
        return int(known["stars"]) if known else self._at_first

    def set_balance(self, user_id: int, stars: int) -> None:
        self._balances.put(str(user_id), {"stars": stars})

    @property
    def earned(self) -> int:
        """What the bot has; less than nothing after refunds of what it no longer had."""
        return int((self._balances.get(BOT) or {"stars": 0})["stars"])

    def charge(self, user: Document, bill: Document, subscription: str | None = None) -> Document:
        """Take from a person what an invoice costs, or a subscription for another period."""
        charge_id = _fresh_id()
        charge = self._charges.put(
            charge_id,
            {
                "id": charge_id,
                "provider_id": f"{user['id']}_{self._charges.next_id()}",
                "user_id": user["id"],
                **{name: bill[name] for name in ("title", "payload", "amount", "period")},
                "at": int(self._clock.timestamp()),
                "refunded": None,
                "subscription": subscription or (charge_id if bill["period"] else None),
            },
        )
        self._move(user["id"], -charge["amount"])
        self._write(charge, "source", _payer(user, charge))
        return charge

    def refund(self, user: Document, charge: Document) -> None:
        """Give a charge back, all of it."""
        self._charges.put(charge["id"], {**charge, "refunded": int(self._clock.timestamp())})
        self._move(user["id"], charge["amount"])
        self._write(charge, "receiver", _payer(user, charge))

    def withdraw(self, stars: int) -> Document:
        """The bot's owner takes Stars out, through Fragment."""
        self._balances.put(BOT, {"stars": self.earned - stars})
        return self._write({"id": _fresh_id(), "amount": stars}, "receiver", {"type": "fragment"})

    def find_charge(self, charge_id: str) -> Document | None:
        return self._charges.get(charge_id)

    def charges_of(self, user_id: int) -> list[Document]:
        return _of(user_id, self._charges)

    def rows(self, offset: int, limit: int) -> list[Document]:
        """The bot's transactions as it may read them, oldest first."""
        return list(self._rows)[offset : offset + limit]

    @property
    def count(self) -> int:
        return len(self._rows)

    def subscribe(self, charge: Document, until: int) -> Document:
        """What a first charge begins."""
        kept = {name: charge[name] for name in ("id", "user_id", "title", "payload", "amount", "period")}
        return self.save({**kept, "until": until, "canceled": False, "bot_canceled": False, "failed": False})

    def save(self, subscription: Document) -> Document:
        return self._subscriptions.put(subscription["id"], subscription)

    def find_subscription(self, charge_id: str) -> Document | None:
        return self._subscriptions.get(charge_id)

    def subscriptions_of(self, user_id: int) -> list[Document]:
        return _of(user_id, self._subscriptions)

    def _move(self, user_id: int, stars: int) -> None:
        self.set_balance(user_id, self.balance(user_id) + stars)
        self._balances.put(BOT, {"stars": self.earned - stars})

    def _write(self, moved: Document, side: str, partner: Document) -> Document:
        row = {"id": moved["id"], "amount": moved["amount"], "date": int(self._clock.timestamp()), side: partner}
        return self._rows.put(str(self._rows.next_id()), row)


def _fresh_id() -> str:
    return f"stx{secrets.token_urlsafe(72)}"


def _payer(user: Document, charge: Document) -> Document:
    """A person as the other side of a transaction."""
    bought = {"transaction_type": "invoice_payment", "user": user, "invoice_payload": charge["payload"]}
    period = {"subscription_period": charge["period"]} if charge["period"] else {}
    return {"type": "user", **bought, **period}


def _of(user_id: int, documents: Iterable[Document]) -> list[Document]:
    return [document for document in documents if document["user_id"] == user_id]
