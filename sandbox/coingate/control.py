"""The control API, /_ctl: what shoppers, networks and the people at the company do, and the knobs.

Clock and faults are shared by all emulators and stand at /sandbox/_ctl.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.acts import get, post
from sandbox.coingate import coins
from sandbox.coingate.accounts import Accounts
from sandbox.coingate.amounts import parse
from sandbox.coingate.api import Api
from sandbox.coingate.callbacks import Callbacks
from sandbox.coingate.market import Markets
from sandbox.coingate.orders import Orders, amount_to_send
from sandbox.coingate.refunds import Refunds
from sandbox.store import Document
from sandbox.world import World

Path = dict[str, str]


@dataclass(frozen=True, slots=True)
class Control:
    world: World
    api: Api
    callbacks: Callbacks
    reset: Callable[[], None]

    @property
    def accounts(self) -> Accounts:
        return self.api.accounts

    @property
    def orders(self) -> Orders:
        return self.api.orders

    @property
    def refunds(self) -> Refunds:
        return self.api.refunds

    @property
    def markets(self) -> Markets:
        return self.api.markets

    def routes(self) -> list[Route]:
        return [
            Route("/orders", self.list_orders),
            get("/orders/{id}", lambda path, body: self._shown(self.orders.get(path["id"]))),
            post("/orders/{id}/choose", self.choose),
            post("/orders/{id}/pay", self.pay),
            post("/orders/{id}/confirm", self._step(self.orders.confirm)),
            post("/orders/{id}/reject", self._step(self.orders.reject)),
            post("/orders/{id}/expire", self._step(self.orders.expire)),
            post("/orders/{id}/cancel", self._step(self.orders.cancel)),
            post("/orders/{id}/accept", self._step(self.orders.accept)),
            post("/orders/{id}/refund", self.refund),
            get("/refunds", lambda path, body: self.refunds.newest_first()),
            post("/refunds/{id}/settle", self.settle_refund),
            get("/accounts", lambda path, body: self.accounts.as_json()),
            post("/accounts/{id:int}", self.change_account),
            get("/market", lambda path, body: self.markets.as_json()),
            post("/market", self.change_market),
            get("/callbacks/policy", lambda path, body: self.callbacks.policy.as_json()),
            post("/callbacks/policy", lambda path, body: self.callbacks.set_policy(body).as_json()),
            get("/deliveries", lambda path, body: self.callbacks.newest_first()),
            post("/deliveries/{id}/repeat", self.repeat),
            get("/requests", self.list_requests),
            post("/reset", self.reset_all),
        ]

    async def list_orders(self, request: Request) -> Response:
        """All orders as GET shows them and with their tokens, newest first; of one `order_id`, or all."""
        orders = self.orders.newest_first()
        if order_id := request.query_params.get("order_id"):
            orders = [order for order in orders if order["order_id"] == order_id]
        return JSONResponse([self._shown(order) for order in orders])

    def choose(self, path: Path, body: Document) -> object:
        """{"coin": "BTC", "platform": "bitcoin"}; without a platform the coin's first."""
        order = self.orders.get(path["id"])
        self._choose(order, body)
        return self._shown(order)

    def pay(self, path: Path, body: Document) -> object:
        """{"amount": "exact" | "under" | "over" | "late" | "0.001", "coin": …, "confirm": bool}, each optional.

        The coin is chosen as by `choose` where the shopper did not yet. "late" comes when the order is over and
        needs no confirmation.
        """
        order, amount = self.orders.get(path["id"]), body.get("amount", "exact")
        if amount == "late":
            self.orders.send_late(order)
            return self._shown(order)
        if order["status"] == "new":
            self._choose(order, body)
        self.orders.send(order, amount_to_send(order, amount))
        if body.get("confirm") is True:
            self.orders.confirm(order)
        return self._shown(order)

    def refund(self, path: Path, body: Document) -> object:
        """{"amount": "100.00"} in the price currency; without an amount, all that is left."""
        order, amount = self.orders.get(path["id"]), body.get("amount")
        wanted = parse(amount)
        if amount is not None and wanted is None:
            raise ValueError("amount is a number")
        self.refunds.external(order, wanted)
        return self._shown(order)

    def settle_refund(self, path: Path, body: Document) -> object:
        """{"status": "processing" | "completed" | "rejected"}"""
        return self.refunds.settle(path["id"], body.get("status"))["object"]

    def change_account(self, path: Path, body: Document) -> object:
        """{"checkout": true, …}: any field of an account but its app_id."""
        self.accounts.change(int(path["id"]), body)
        return self.accounts.as_json()[str(path["id"])]

    def change_market(self, path: Path, body: Document) -> object:
        """{"price_currencies": ["EUR"], …}: any field of the market."""
        self.markets.change(body)
        return self.markets.as_json()

    def repeat(self, path: Path, body: Document) -> object:
        """{"times": 1}"""
        return self.callbacks.repeat(path["id"], body.get("times", 1))

    def list_requests(self, path: Path, body: Document) -> object:
        """What merchants called, oldest first, with the bodies as they came (their first 8 KiB)."""
        return [
            {
                **{name: entry[name] for name in ("id", "at", "method", "path", "status", "faults")},
                "body": entry["request"],
                "answer": entry["response"],
            }
            for entry in self.world.log.since(service="coingate")
            if entry["direction"] == "in" and entry["path"].startswith(("/v2/", "/api/v2/"))
        ]

    def reset_all(self, path: Path, body: Document) -> object:
        self.reset()
        return {"ok": True}

    def _step(self, act: Callable[[Document], None]) -> Callable[[Path, Document], object]:
        def step(path: Path, body: Document) -> object:
            order = self.orders.get(path["id"])
            act(order)
            return self._shown(order)

        return step

    def _choose(self, order: Document, body: Document) -> None:
        currency = coins.find(body.get("coin", "BTC"))
        networks = currency.platforms if currency else ()
        name = body.get("platform", networks[0].id_name if networks else "")
        chosen = [platform.id for platform in networks if platform.id_name == name]
        self.orders.choose(order, body.get("coin", "BTC"), chosen[0] if chosen else None)

    def _shown(self, order: Document) -> Document:
        return {**self.api.shown(order), "token": order["token"]}
