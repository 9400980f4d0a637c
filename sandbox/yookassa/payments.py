"""Payments: the one place where a payment changes its state.

pending -> succeeded | waiting_for_capture | canceled; waiting_for_capture -> succeeded | canceled.
A stored payment is {"id", "shop", "object", ...}: `object` is what the API shows, the rest is known only here.
"""

import uuid
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Protocol

from sandbox.acts import NotNow
from sandbox.clock import Clock
from sandbox.store import Collection
from sandbox.yookassa import checks, instruments, wire
from sandbox.yookassa.errors import ApiError, invalid
from sandbox.yookassa.methods import CANCELED, PENDING, SavedMethods
from sandbox.yookassa.shops import Shops
from sandbox.yookassa.wire import Document

TERM = timedelta(hours=1)  # for the payer to confirm
HOLD = timedelta(days=7)  # for the shop to capture


class Emit(Protocol):
    """Tells a shop about an event; `before` and `after` are the object around it."""

    def __call__(self, shop_id: str, event: str, *, before: Document, after: Document) -> None: ...


class NotPending(NotNow):
    """The payer is too late: the payment has its outcome already."""


class Payments:
    def __init__(self, clock: Clock, documents: Collection, shops: Shops, methods: SavedMethods, emit: Emit) -> None:
        self._clock = clock
        self._documents = documents
        self._shops = shops
        self._methods = methods
        self._emit = emit

    def create(self, shop_id: str, body: Document, page: Callable[[str], str]) -> Document:
        """Open a payment, or charge a saved method at once. `page` gives the address of its checkout page.

        Raises:
            ApiError: the request breaks a rule.
        """
        shop = self._shops.get(shop_id)
        saved = self._methods.find(shop_id, body.get("payment_method_id"))
        checks.check_payment(body, shop, saved)
        now = self._clock.now()
        document: Document = {
            "id": wire.new_id(wire.PAYMENT, now),
            "shop": shop_id,
            "capture": body.get("capture", False),
            "save": body.get("save_payment_method"),
            "term": None,
            "return_url": None,
            "locale": None,
        }
        document["object"] = shown = _opened(document["id"], shop_id, body, now)
        shown["test"] = shop.test
        if saved:
            self._charge(document, saved)
            return document
        if chosen := body.get("payment_method_data"):
            block = {"type": chosen["type"], "id": document["id"], "saved": False, "status": "inactive"}
            shown["payment_method"] = block
        wanted: Document = body["confirmation"]
        shown["confirmation"] = _confirmation(wanted, page(document["id"]))
        document |= {
            "term": (now + TERM).isoformat(),
            "return_url": wanted.get("return_url"),
            "locale": wanted.get("locale"),
        }
        return self._documents.put(document["id"], document)

    def find(self, payment_id: str) -> Document | None:
        """One payment as it is now: a term that has passed has had its effect."""
        document = self._documents.get(payment_id)
        if document:
            self._expire_if_due(document, self._clock.now())
        return document

    def newest_first(self, shop_id: str | None = None) -> list[Document]:
        self.expire_due()
        found = [d for d in self._documents if shop_id in (None, d["shop"])]
        return found[::-1]

    def expire_due(self) -> None:
        """Cancel every payment whose time is over."""
        now = self._clock.now()
        for document in self._documents:
            self._expire_if_due(document, now)

    def pay(self, payment_id: str, method: str, *, last4: str = "4477", save: bool = False) -> Document:
        """The payer pays. `save` is the tick on the page; the shop's own wish counts before it.

        Raises:
            KeyError: no such payment.
            NotPending: it is over.
        """
        document = self._pending(payment_id)
        shop = self._shops.get(document["shop"])
        kept = shop.recurring and (save if document["save"] is None else document["save"])
        block = instruments.paid_with(method, payment_id, last4=last4, saved=kept)
        if kept:
            self._methods.keep(document["shop"], block)
        self._succeed(document, block)
        return document

    def decline(self, payment_id: str, reason: str, party: str | None = None) -> Document:
        """The payer's bank, or somebody after it, says no. Raises like `pay`."""
        document = self._pending(payment_id)
        self._cancel(document, reason, party or instruments.party(reason))
        return document

    def expire(self, payment_id: str) -> Document:
        """The payer does nothing until the term is over. Raises like `pay`."""
        return self.decline(payment_id, "expired_on_confirmation")

    def capture(self, document: Document, body: Document) -> None:
        """Take the held money, or a part of it and let the rest go.

        Raises:
            ApiError: nothing is held, or more is wanted than is held.
        """
        _check_held(document)
        shown = document["object"]
        kopecks = checks.check_amount(body["amount"]) if body.get("amount") else wire.minor(shown["amount"])
        if kopecks > wire.minor(shown["amount"]):
            raise invalid("amount.value")
        measured = self._shops.get(document["shop"]).fiscalization
        checks.check_receipt(body, kopecks, needed=False, measured=measured)
        before = deepcopy(shown)
        self._finish(document, kopecks)
        self._store(document, "payment.succeeded", before)

    def cancel(self, document: Document) -> None:
        """Let the held money go.

        Raises:
            ApiError: nothing is held; a pending payment cannot be revoked.
        """
        _check_held(document)
        self._cancel(document, "canceled_by_merchant", "merchant")

    def add_refunded(self, document: Document, kopecks: int) -> None:
        """Count money that went back."""
        shown = document["object"]
        total = wire.minor(shown["refunded_amount"]) + kopecks
        shown["refunded_amount"] = wire.rubles(total)
        shown["refundable"] = total < wire.minor(shown["amount"])
        self._documents.put(document["id"], document)

    def settle_receipt(self, payment_id: str, status: str) -> Document:
        """The fiscal receipt of a payment is registered, or not. Nobody is told; whoever asks sees it."""
        document = self.find(payment_id)
        if document is None or "receipt_registration" not in document["object"]:
            raise KeyError(payment_id)
        document["object"]["receipt_registration"] = status
        return self._documents.put(document["id"], document)

    def _pending(self, payment_id: str) -> Document:
        document = self.find(payment_id)
        if document is None:
            raise KeyError(payment_id)
        if document["object"]["status"] != "pending":
            raise NotPending(f"the payment is {document['object']['status']}")
        return document

    def _charge(self, document: Document, saved: Document) -> None:
        document["object"]["payment_method"] = dict(saved["block"])
        self._documents.put(document["id"], document)
        outcome: str = saved["outcome"]
        if outcome.startswith(CANCELED):
            reason = outcome.removeprefix(CANCELED)
            self._cancel(document, reason, instruments.party(reason))
        elif outcome != PENDING:
            self._succeed(document, dict(saved["block"]))

    def _succeed(self, document: Document, block: Document) -> None:
        shown = document["object"]
        before = deepcopy(shown)
        shown.pop("confirmation", None)
        shown |= {"paid": True, "payment_method": block, **instruments.authorization(block)}
        if document["capture"]:
            self._finish(document, wire.minor(shown["amount"]))
            self._store(document, "payment.succeeded", before)
        else:
            shown |= {
                "status": "waiting_for_capture",
                "expires_at": wire.iso(self._clock.now() + HOLD),
            }
            self._store(document, "payment.waiting_for_capture", before)

    def _finish(self, document: Document, kopecks: int) -> None:
        shown = document["object"]
        shown.pop("expires_at", None)
        shown |= {
            "status": "succeeded",
            "amount": wire.rubles(kopecks),
            "income_amount": wire.rubles(instruments.net(kopecks, shown["payment_method"]["type"])),
            "captured_at": wire.iso(self._clock.now()),
            "refundable": True,
            "refunded_amount": wire.rubles(0),
        }
        if "receipt_registration" in shown:
            shown["receipt_registration"] = self._shops.get(document["shop"]).receipts

    def _cancel(self, document: Document, reason: str, party: str) -> None:
        shown = document["object"]
        before = deepcopy(shown)
        for name in ("confirmation", "expires_at"):
            shown.pop(name, None)
        shown |= {
            "status": "canceled",
            "paid": False,
            "cancellation_details": {"party": party, "reason": reason},
        }
        if "receipt_registration" in shown:
            shown["receipt_registration"] = "canceled"
        self._store(document, "payment.canceled", before)

    def _expire_if_due(self, document: Document, now: datetime) -> None:
        shown = document["object"]
        if shown["status"] == "pending" and _passed(document["term"], now):
            self._cancel(document, "expired_on_confirmation", "yoo_money")
        elif shown["status"] == "waiting_for_capture" and _passed(shown["expires_at"], now):
            self._cancel(document, "expired_on_capture", "yoo_money")

    def _store(self, document: Document, event: str, before: Document) -> None:
        self._documents.put(document["id"], document)
        self._emit(document["shop"], event, before=before, after=document["object"])


def _passed(term: str | None, now: datetime) -> bool:
    return term is not None and now >= datetime.fromisoformat(term)


def _confirmation(wanted: Document, page: str) -> Document:
    """How the payer gets to the page, as the shop asked: by an address, or what it makes of a token or a code."""
    match wanted["type"]:
        case "embedded":
            return {"type": "embedded", "confirmation_token": f"ct-{uuid.uuid4()}"}
        case "external":
            return {"type": "external"}
        case "qr":
            return {"type": "qr", "confirmation_data": page}
        case "mobile_application":
            return {"type": "mobile_application", "confirmation_url": page}
        case _:
            return {"type": "redirect", "return_url": wanted["return_url"], "confirmation_url": page}


def _opened(payment_id: str, shop_id: str, body: Document, now: datetime) -> Document:
    """A new payment as the API shows it, but for its method and its confirmation."""
    shown: Document = {
        "id": payment_id,
        "status": "pending",
        "paid": False,
        "amount": wire.rubles(wire.minor(body["amount"])),
        "created_at": wire.iso(now),
        "metadata": wire.metadata(body.get("metadata") or {}),
        "recipient": {"account_id": shop_id, "gateway_id": f"{shop_id}7"},
        "refundable": False,
    }
    shown |= {name: body[name] for name in ("description", "merchant_customer_id") if body.get(name)}
    if "receipt" in body:
        shown["receipt_registration"] = "pending"
    return shown


def _check_held(document: Document) -> None:
    status = document["object"]["status"]
    if status != "waiting_for_capture":
        raise ApiError(
            400,
            f"Incorrect payment status: {status}. The payment must have the status waiting_for_capture",
            "payment_id",
        )
