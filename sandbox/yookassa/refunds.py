"""Refunds: money that goes back, asked for by the shop or made in its cabinet."""

from copy import deepcopy
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.store import Collection, Store
from sandbox.yookassa import checks, wire
from sandbox.yookassa.errors import ApiError, invalid
from sandbox.yookassa.methods import CANCELED, PENDING, SUCCEEDED, check_result
from sandbox.yookassa.payments import Emit, Payments
from sandbox.yookassa.shops import Shops
from sandbox.yookassa.wire import Document

REGISTERED_IN = timedelta(minutes=1)
LATEST = timedelta(days=3 * 365)  # after the payment


class Refunds:
    """A stored refund is {"id", "shop", "object"}. How new ones end is a knob: `policy`."""

    def __init__(self, clock: Clock, store: Store, shops: Shops, payments: Payments, emit: Emit) -> None:
        self._clock = clock
        self._documents: Collection = store.collection("refunds")
        self._knobs: Collection = store.collection("knobs")
        self._shops = shops
        self._payments = payments
        self._emit = emit

    @property
    def policy(self) -> str:
        """succeeded, pending or canceled:<reason>."""
        knob = self._knobs.get("refunds")
        return str(knob["result"]) if knob else SUCCEEDED

    def set_policy(self, result: object) -> None:
        """How refunds end from now on.

        Raises:
            ValueError: not a result.
        """
        self._knobs.put("refunds", {"result": check_result(result)})

    def create(self, shop_id: str, body: Document) -> Document:
        """Send money back as the shop asks.

        Raises:
            ApiError: the request breaks a rule.
        """
        kopecks = checks.check_refund(body)
        payment = self._payments.find(body["payment_id"])
        if payment is None or payment["shop"] != shop_id:
            raise invalid("payment_id", "Incorrect payment_id. Payment doesn't exist or access denied.")
        left = self._check_refundable(payment, kopecks)
        whole = kopecks == wire.minor(payment["object"]["amount"]) == left
        fiscal = self._shops.get(shop_id).fiscalization
        needed = fiscal and not whole
        checks.check_receipt(body, kopecks, needed=needed, measured=fiscal)
        extra = {"description": body["description"]} if body.get("description") else {}
        if body.get("metadata"):
            extra["metadata"] = wire.metadata(body["metadata"])
        if needed or "receipt" in body or "receipt_registration" in payment["object"]:
            extra["receipt_registration"] = "pending"
        return self._make(payment, kopecks, extra, self.policy)

    def external(self, payment: Document, kopecks: int | None) -> Document:
        """A person makes a refund in the shop's cabinet; None: of all that is left.

        Raises:
            ApiError: not that much is left.
        """
        left = self._left(payment) if payment["object"]["status"] == "succeeded" else 0
        kopecks = left if kopecks is None else kopecks
        self._check_refundable(payment, kopecks)
        receipt = {"receipt_registration": "pending"} if "receipt_registration" in payment["object"] else {}
        return self._make(payment, kopecks, receipt, SUCCEEDED)

    def settle(self, refund_id: str, result: str) -> Document:
        """End a pending refund.

        Raises:
            KeyError: no such refund.
            ValueError: it is not pending, or `result` is no result.
        """
        document = self._documents.get(refund_id)
        if document is None:
            raise KeyError(refund_id)
        if document["object"]["status"] != "pending":
            raise ValueError(f"the refund is {document['object']['status']}")
        self._end(document, check_result(result))
        return document

    def settle_receipt(self, refund_id: str, status: str) -> Document:
        """The fiscal receipt of a refund is registered, or not. Nobody is told; whoever asks sees it."""
        document = self.find(refund_id)
        if document is None or "receipt_registration" not in document["object"]:
            raise KeyError(refund_id)
        document["object"]["receipt_registration"] = status
        return self._documents.put(document["id"], document)

    def find(self, refund_id: str) -> Document | None:
        document = self._documents.get(refund_id)
        if document is not None:
            self._register_if_due(document)
        return document

    def _register_if_due(self, document: Document) -> None:
        """What becomes of a receipt shows a minute after the refund."""
        shown = document["object"]
        waits = shown["status"] == "succeeded" and shown.get("receipt_registration") == "pending"
        if waits and self._clock.now() - datetime.fromisoformat(shown["created_at"]) > REGISTERED_IN:
            shown["receipt_registration"] = self._shops.get(document["shop"]).receipts
            self._documents.put(document["id"], document)

    def newest_first(self, shop_id: str | None = None) -> list[Document]:
        return [d for d in self._documents if shop_id in (None, d["shop"])][::-1]

    def _check_refundable(self, payment: Document, kopecks: int) -> int:
        shown = payment["object"]
        if shown["status"] != "succeeded":
            raise invalid("payment_id", "Payment is not refundable: it has not succeeded")
        if self._clock.now() - datetime.fromisoformat(shown["captured_at"]) > LATEST:
            raise invalid("payment_id", "Payment is not refundable: it is too old")
        left = self._left(payment)
        if kopecks > left or kopecks == 0:
            raise ApiError(400, "Refund amount exceeds the available payment amount", "amount")
        return left

    def _left(self, payment: Document) -> int:
        taken = sum(
            wire.minor(d["object"]["amount"])
            for d in self._documents
            if d["object"]["payment_id"] == payment["id"] and d["object"]["status"] != "canceled"
        )
        return wire.minor(payment["object"]["amount"]) - taken

    def _make(self, payment: Document, kopecks: int, extra: Document, result: str) -> Document:
        now = self._clock.now()
        refund_id = wire.new_id(wire.REFUND, now)
        shown = {
            "id": refund_id,
            "payment_id": payment["id"],
            "status": "pending",
            "amount": wire.rubles(kopecks),
            "created_at": wire.iso(now),
            **extra,
        }
        document = {"id": refund_id, "shop": payment["shop"], "object": shown}
        self._documents.put(refund_id, document)
        self._end(document, result)
        return document

    def _end(self, document: Document, result: str) -> None:
        shown = document["object"]
        if result == PENDING:
            return
        before = deepcopy(shown)
        if result == SUCCEEDED:
            shown["status"] = "succeeded"
            payment = self._payments.find(shown["payment_id"])
            if payment:
                self._payments.add_refunded(payment, wire.minor(shown["amount"]))
        else:
            shown |= {
                "status": "canceled",
                "cancellation_details": {
                    "party": "refund_network",
                    "reason": result.removeprefix(CANCELED),
                },
            }
        self._documents.put(document["id"], document)
        if result == SUCCEEDED:  # a canceled refund raises no event
            self._emit(document["shop"], "refund.succeeded", before=before, after=shown)
