"""The control API, /_ctl: what payers, banks and the people in the cabinet do, and the knobs.

Clock and faults are shared by all emulators and stand at /sandbox/_ctl.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.world import World
from sandbox.yookassa import checks
from sandbox.yookassa.bodies import parse_object, read_body
from sandbox.yookassa.errors import ApiError
from sandbox.yookassa.methods import SavedMethods
from sandbox.yookassa.payments import NotPending, Payments
from sandbox.yookassa.refunds import Refunds
from sandbox.yookassa.shops import METHODS, Shops, described
from sandbox.yookassa.webhooks import Webhooks
from sandbox.yookassa.wire import Document

# What a route does: path parameters and body in, JSON out.
Act = Callable[[dict[str, str], Document], object]


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
            _get("/payments/{id}", self.get_payment),
            _post("/payments/{id}/pay", self.pay),
            _post("/payments/{id}/decline", self.decline),
            _post("/payments/{id}/expire", lambda path, body: self.payments.expire(path["id"])["object"]),
            _get("/refunds", lambda path, body: [d["object"] for d in self.refunds.newest_first()]),
            _get("/refunds/policy", lambda path, body: {"result": self.refunds.policy}),
            _post("/refunds/policy", self.set_refund_policy),
            _post("/refunds/external", self.refund_outside),
            _post("/refunds/{id}/settle", self.settle_refund),
            _get("/methods", lambda path, body: self.methods.all()),
            _post("/methods/{id}", lambda path, body: self.methods.change(path["id"], body)),
            _get("/shops", lambda path, body: self.shops.as_json()),
            _post("/shops/{id}", lambda path, body: described(self.shops.change(path["id"], body))),
            _get("/webhooks/policy", lambda path, body: self.webhooks.policy.as_json()),
            _post("/webhooks/policy", lambda path, body: self.webhooks.set_policy(body).as_json()),
            _get("/deliveries", lambda path, body: self.webhooks.newest_first()),
            _post("/deliveries/{id}/repeat", self.repeat),
            _get("/requests", self.list_requests),
            _post("/reset", self.reset_all),
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
        if method not in METHODS:
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
        times = body.get("times", 1)
        if not isinstance(times, int) or not 1 <= times <= 1000:
            raise ValueError("times is a number from 1 to 1000")
        return self.webhooks.repeat(path["id"], times)

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


def _get(path: str, act: Act) -> Route:
    return _route(path, act, "GET")


def _post(path: str, act: Act) -> Route:
    return _route(path, act, "POST")


def _route(path: str, act: Act, method: str) -> Route:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(act(request.path_params, parse_object(await read_body(request))))
        except KeyError as error:
            return JSONResponse({"error": f"there is no {error.args[0]}"}, 404)
        except NotPending as error:
            return JSONResponse({"error": str(error)}, 409)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        except ApiError as error:
            return JSONResponse({"error": f"{error.description} ({error.parameter})"}, error.status)

    return Route(path, answer, methods=[method])
