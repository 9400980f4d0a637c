"""What the companies have, looked at from inside them: no fault hides it, and it takes no time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from backend.payments.providers.stars.payload import payment_of
from sandbox.companies import Companies

OPEN, HELD, CONFIRMING, PAID, OVER = "open", "held", "confirming", "paid", "over"
YOOKASSA = {"pending": OPEN, "waiting_for_capture": HELD, "succeeded": PAID, "canceled": OVER}
COINGATE = {
    "new": OPEN,
    "pending": OPEN,
    "confirming": CONFIRMING,
    "paid": PAID,
    "partially_refunded": PAID,
    "refunded": PAID,
    "invalid": OVER,
    "expired": OVER,
    "canceled": OVER,
}


@dataclass(frozen=True, slots=True)
class There:
    """A payment as its company has it. `document` is the company's own: what is changed in it is changed there."""

    company: str
    ref: str
    pid: str  # the attempt of ours that it carries
    status: str
    returned: int  # minor units that went back
    at: datetime
    document: dict[str, Any]

    @property
    def method_id(self) -> str | None:
        """What was charged or may be kept to be charged."""
        method: dict[str, Any] = self.document.get("payment_method", {})
        return method.get("id")


def there(companies: Companies) -> list[There]:
    """Every payment there is, company by company, oldest first."""
    return [*_yookassa(companies), *_coingate(companies), *_stars(companies)]


def _yookassa(companies: Companies) -> Iterable[There]:
    for kept in companies.yookassa._payments.newest_first()[::-1]:
        shown = kept["object"]
        returned = minor(shown.get("refunded_amount", {}).get("value", "0"))
        at = datetime.fromisoformat(shown["created_at"])
        pid, status = shown["metadata"].get("pid", ""), YOOKASSA[shown["status"]]
        yield There("yookassa", shown["id"], pid, status, returned, at, shown)


def _coingate(companies: Companies) -> Iterable[There]:
    for order in companies.coingate._orders.newest_first()[::-1]:
        returned = 0
        if order["status"] in ("partially_refunded", "refunded"):
            made = companies.coingate._store.collection("refunds")
            done = (r["object"] for r in made if r["order"] == order["id"] and r["object"]["status"] == "completed")
            returned = sum(minor(refund["request_amount"]) for refund in done)
        at, ref = datetime.fromisoformat(order["created_at"]), str(order["id"])
        yield There("coingate", ref, order["order_id"][:36], COINGATE[order["status"]], returned, at, order)


def _stars(companies: Companies) -> Iterable[There]:
    for charge in companies.telegram.telegram.stars._charges:
        returned = charge["amount"] if charge["refunded"] else 0
        at, pid = datetime.fromtimestamp(charge["at"], UTC), payment_of(charge["payload"]) or ""
        yield There("stars", charge["id"], pid, PAID, returned, at, charge)


def minor(value: str) -> int:
    return int(Decimal(value) * 100)
