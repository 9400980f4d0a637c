"""CoinGate as one ASGI application: /v2 (also /api/v2), /invoice, /_ctl."""

import asyncio
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox.coingate.accounts import Account, Accounts
from sandbox.coingate.api import Api
from sandbox.coingate.callbacks import Callbacks
from sandbox.coingate.control import Control
from sandbox.coingate.errors import error_answer
from sandbox.coingate.invoice.pages import Invoice
from sandbox.coingate.limits import Limits
from sandbox.coingate.market import Markets
from sandbox.coingate.orders import Orders
from sandbox.coingate.refunds import Refunds
from sandbox.faults import Fault, FaultMiddleware
from sandbox.log import LogMiddleware
from sandbox.world import World

TICK_SECONDS = 0.1


class CoinGateEmulator:
    """The company. `accounts` are its merchants by API token; what it knows survives a restart.

    Callbacks to private addresses are stopped as the real ones are, unless `allow_private`: a shop on this machine
    hears nothing without it.
    """

    name = "coingate"

    def __init__(self, world: World, accounts: Mapping[str, Account], *, allow_private: bool = False) -> None:
        store = world.store(self.name)
        self._store = store
        self._limits = Limits(world.clock)
        known = Accounts(accounts, store.collection("accounts"))
        self._callbacks = Callbacks(world, store, known, allow_private=allow_private)
        self._orders = Orders(world.clock, store.collection("orders"), known, self._callbacks.tell_order)
        api = Api(
            accounts=known,
            orders=self._orders,
            refunds=Refunds(world.clock, store.collection("refunds"), self._orders, self._callbacks.tell_refund),
            markets=Markets(world.clock, store.collection("knobs")),
            limits=self._limits,
            page=lambda page_id: f"{world.public_url}/sandbox/{self.name}/invoice/{page_id}",
        )
        self.app: ASGIApp = self._assemble(world, api)

    async def run(self) -> None:
        """Deliver callbacks and let terms pass, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._callbacks.run())
            while True:
                self._orders.expire_due()
                await asyncio.sleep(TICK_SECONDS)

    def reset(self) -> None:
        """Forget everything; the accounts are again as they were given."""
        self._callbacks.forget()
        self._limits.forget()
        self._store.reset()

    def _assemble(self, world: World, api: Api) -> ASGIApp:
        v2 = api.app()
        app = Starlette(
            routes=[
                Mount("/v2", app=v2),
                Mount("/api/v2", app=v2),
                Mount("/_ctl", routes=Control(world, api, self._callbacks, self.reset).routes()),
                *Invoice(world.clock, api).routes(),
            ]
        )
        answers = {"status": _broken, "http_429": _too_many}
        faulty = FaultMiddleware(app, faults=world.faults, service=self.name, answers=answers)
        return LogMiddleware(
            faulty, log=world.log, service=self.name, quiet=("/status", "/invoice.css", "/invoice.js")
        )


def _broken(fault: Fault) -> Response:
    """The body that was armed, else the one CoinGate has for this status."""
    if fault.body == "":
        return error_answer(fault.status, "Something went wrong")
    if isinstance(fault.body, str):
        kind = "text/html" if fault.body.lstrip().startswith("<") else "text/plain"
        return Response(fault.body, fault.status, media_type=kind)
    return JSONResponse(fault.body, fault.status)


def _too_many(fault: Fault) -> Response:
    answer = error_answer(429, "API request limit is exceeded")
    answer.headers["Retry-After"] = str(fault.retry_after)
    return answer
