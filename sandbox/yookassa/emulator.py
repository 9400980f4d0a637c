"""YooKassa as one ASGI application: /v3, /checkout, /_ctl."""

import asyncio
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox.faults import Fault, FaultMiddleware
from sandbox.log import LogMiddleware
from sandbox.world import World
from sandbox.yookassa.api import Api
from sandbox.yookassa.checkout.pages import Checkout
from sandbox.yookassa.control import Control
from sandbox.yookassa.errors import error_answer
from sandbox.yookassa.idempotence import Idempotence
from sandbox.yookassa.methods import SavedMethods
from sandbox.yookassa.payments import Payments
from sandbox.yookassa.refunds import Refunds
from sandbox.yookassa.shops import Shop, Shops
from sandbox.yookassa.webhooks import Webhooks

TICK_SECONDS = 0.1


class YooKassaEmulator:
    """The company. `shops` are its merchants by shop id; what it knows survives a restart.

    `source_ip` is the address webhooks claim to come from, in X-Forwarded-For: a shop that trusts the
    emulator's own address as a proxy sees one of YooKassa's.
    """

    name = "yookassa"

    def __init__(self, world: World, shops: Mapping[str, Shop], *, source_ip: str = "185.71.76.1") -> None:
        store = world.store(self.name)
        self._store = store
        self._shops = Shops(shops, store.collection("shops"))
        self._webhooks = Webhooks(world, store, self._shops, source_ip=source_ip)
        methods = SavedMethods(store.collection("methods"))
        emit = self._webhooks.emit
        self._payments = Payments(world.clock, store.collection("payments"), self._shops, methods, emit)
        refunds = Refunds(world.clock, store, self._shops, self._payments, emit)
        self._api = Api(
            shops=self._shops,
            payments=self._payments,
            refunds=refunds,
            idempotence=Idempotence(world.clock, store.collection("idempotence")),
            page=lambda payment_id: f"{world.public_url}/sandbox/{self.name}/checkout/{payment_id}",
        )
        self._control = Control(world, self._shops, self._payments, refunds, methods, self._webhooks, self.reset)
        self.app: ASGIApp = self._assemble(world)

    async def run(self) -> None:
        """Deliver webhooks and let terms pass, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._webhooks.run())
            while True:
                self._payments.expire_due()
                await asyncio.sleep(TICK_SECONDS)

    def reset(self) -> None:
        """Forget everything; the shops are again as they were given."""
        self._webhooks.forget()
        self._store.reset()

    def _assemble(self, world: World) -> ASGIApp:
        app = Starlette(
            routes=[
                Mount("/v3", app=self._api.app()),
                Mount("/_ctl", routes=self._control.routes()),
                *Checkout(world.clock, self._payments, self._shops, self._api.page).routes(),
            ]
        )
        answers = {"status": _broken, "http_202": _processing, "http_429": _too_many}
        faulty = FaultMiddleware(app, faults=world.faults, service=self.name, answers=answers)
        return LogMiddleware(
            faulty, log=world.log, service=self.name, quiet=("/status", "/checkout.css", "/checkout.js")
        )


def _broken(fault: Fault) -> Response:
    """The body that was armed, else the one YooKassa has for this status."""
    if fault.body == "":
        return error_answer(fault.status, "Internal server error")
    if isinstance(fault.body, str):
        kind = "text/html" if fault.body.lstrip().startswith("<") else "text/plain"
        return Response(fault.body, fault.status, media_type=kind)
    return JSONResponse(fault.body, fault.status)


def _processing(fault: Fault) -> Response:
    body = {
        "type": "processing",
        "description": "Request accepted, but not processed yet",
        "retry_after": fault.retry_after,
    }
    return JSONResponse(body, 202)


def _too_many(fault: Fault) -> Response:
    answer = error_answer(429, "Too many requests")
    answer.headers["Retry-After"] = str(fault.retry_after)
    return answer
