"""The control API, /_ctl: what payers, banks and the people in the cabinet do, and the knobs.

Clock and faults are shared by all emulators and stand at /sandbox/_ctl.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.acts import get, post
from sandbox.world import World
from sandbox.yookassa import checks
from sandbox.yookassa.methods import SavedMethods
from sandbox.yookassa.payments import Payments
from sandbox.yookassa.refunds import Refunds
from sandbox.yookassa.shops import BY_CONTRACT, METHODS, Shops, described
from sandbox.yookassa.webhooks import Webhooks
from sandbox.yookassa.wire import Document


@dataclass(frozen=True, slots=True)
class Control:
    world: World
    shops: Shops
    payments: Payments
    refunds: Refunds
    methods: SavedMethods
    webhooks: Webhooks
    reset: Callable[[], None]

    def routes(self) -> list[Route]:
        return [
            Route("/payments", self.list_payments),
            get("/payments/{id}", self.get_payment),
            post("/payments/{id}/pay", self.pay),
            post("/payments/{id}/decline", self.decline),
            post("/payments/{id}/expire", lambda path, body: self.payments.expire(path["id"])["object"]),
            post("/payments/{id}/receipt", self.settle_receipt),
            get("/refunds", lambda path, body: [d["object"] for d in self.refunds.newest_first()]),
            get("/refunds/policy", lambda path, body: {"result": self.refunds.policy}),
            post("/refunds/policy", self.set_refund_policy),
            post("/refunds/external", self.refund_outside),
            post("/refunds/{id}/settle", self.settle_refund),
            post("/refunds/{id}/receipt", self.settle_refund_receipt),
            get("/methods", lambda path, body: self.methods.all()),
            post("/methods/{id}", lambda path, body: self.methods.change(path["id"], body)),
            get("/shops", lambda path, body: self.shops.as_json()),
            post("/shops/{id}", lambda path, body: described(self.shops.change(path["id"], body))),
            get("/webhooks/policy", lambda path, body: self.webhooks.policy.as_json()),
            post("/webhooks/policy", lambda path, body: self.webhooks.set_policy(body).as_json()),
            get("/deliveries", lambda path, body: self.webhooks.newest_first()),
            post("/deliveries/{id}/repeat", self.repeat),
            get("/requests", self.list_requests),
            post("/reset", self.reset_all),
        ]

    async def list_payments(self, request: Request) -> Response:
        """All payment objects, newest first; `pid` picks those with that `metadata.pid`."""
        shown = [d["object"] for d in self.payments.newest_first()]
        if pid := request.query_params.get("pid"):
            shown = [payment for payment in shown if payment["metadata"].get("pid") == pid]
        return JSONResponse(shown)

    def get_payment(self, path: dict[str, str], body: Document) -> object:
        return self._payment(path["id"])["object"]

    def pay(self, path: dict[str, str], body: Document) -> object:
        """{"save": bool, "last4": "4477", "method": "sbp"}, each optional; the method only if none is chosen."""
        chosen = self._payment(path["id"])["object"].get("payment_method", {}).get("type")
        method = chosen or body.get("method", "bank_card")
        if method not in (*METHODS, *BY_CONTRACT):
            raise ValueError(f"no method {method!r}")
        last4 = str(body.get("last4", "4477"))
        if not (len(last4) == 4 and last4.isascii() and last4.isdigit()):
            raise ValueError("last4 is four digits")
        return self.payments.pay(path["id"], method, last4=last4, save=body.get("save") is True)["object"]

    def decline(self, path: dict[str, str], body: Document) -> object:
        """{"party": …, "reason": …}, both optional."""
        reason, party = body.get("reason", "general_decline"), body.get("party")
        if not isinstance(reason, str) or not isinstance(party, str | None):
            raise ValueError("party and reason are text")
        return self.payments.decline(path["id"], reason, party)["object"]

    def settle_receipt(self, path: dict[str, str], body: Document) -> object:
        """{"status": "succeeded" | "canceled"}"""
        return self.payments.settle_receipt(path["id"], _receipt_status(body))["object"]

    def settle_refund_receipt(self, path: dict[str, str], body: Document) -> object:
        """{"status": "succeeded" | "canceled"}"""
        return self.refunds.settle_receipt(path["id"], _receipt_status(body))["object"]

    def set_refund_policy(self, path: dict[str, str], body: Document) -> object:
        """{"result": "succeeded" | "pending" | "canceled:<reason>"}"""
        self.refunds.set_policy(body.get("result"))
        return {"result": self.refunds.policy}

    def refund_outside(self, path: dict[str, str], body: Document) -> object:
        """{"payment_id": …, "amount": "299.00"}; without an amount, all that is left."""
        payment = self._payment(str(body.get("payment_id")))
        amount = body.get("amount")
        kopecks = checks.check_amount({"value": amount, "currency": "RUB"}) if amount is not None else None
        return self.refunds.external(payment, kopecks)["object"]

    def settle_refund(self, path: dict[str, str], body: Document) -> object:
        """{"result": "succeeded" | "canceled:<reason>"}"""
        return self.refunds.settle(path["id"], str(body.get("result")))["object"]

    def repeat(self, path: dict[str, str], body: Document) -> object:
        """{"times": 1}"""
        return self.webhooks.repeat(path["id"], body.get("times", 1))

    def list_requests(self, path: dict[str, str], body: Document) -> object:
        """What shops called, oldest first, with the bodies as they came (their first 8 KiB)."""
        return [
            {
                **{name: entry[name] for name in ("id", "at", "method", "path", "status", "faults")},
                "idempotence_key": entry["headers"].get("idempotence-key"),
                "body": entry["request"],
                "answer": entry["response"],
            }
            for entry in self.world.log.since(service="yookassa")
            if entry["direction"] == "in" and entry["path"].startswith("/v3/")
        ]

    def reset_all(self, path: dict[str, str], body: Document) -> object:
        self.reset()
        return {"ok": True}

    def _payment(self, payment_id: str) -> Document:
        document = self.payments.find(payment_id)
        if document is None:
            raise KeyError(payment_id)
        return document


def _receipt_status(body: Document) -> str:
    status = body.get("status")
    if status not in ("succeeded", "canceled"):
        raise ValueError("status is succeeded or canceled")
    return str(status)
