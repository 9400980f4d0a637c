"""The web face of the shop: routers and error answers, nothing else."""

import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Protocol

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import health
from backend.api import reference
from backend.api import routers as api
from backend.api.caller import Deps as ApiDeps
from backend.api.limits import LoginLimits
from backend.consents import endpoints as consents
from backend.consents.documents import Texts
from backend.consents.page import STATIC as TEXTS_STATIC
from backend.kit import problems
from backend.kit.brand import Brand
from backend.kit.errors import ShopError
from backend.kit.telemetry import REQUESTS
from backend.links import endpoints as links
from backend.links import page
from backend.links.gone import answer_gone
from backend.orders import checkout
from backend.orders import endpoints as orders

log = structlog.get_logger()


class Deps(checkout.Deps, ApiDeps, Protocol):
    """What the web face needs."""

    brand: Brand
    texts: Texts

    @property
    def trusted_proxies(self) -> Sequence[IPv4Network | IPv6Network]: ...


class Application(FastAPI):
    """FastAPI, with our form of errors in the description of the API."""

    def openapi(self) -> dict[str, Any]:
        described = super().openapi()
        described["components"]["schemas"] |= problems.schemas()
        return described


def create_app(deps: Deps, *, title: str) -> FastAPI:
    """The application, ready to be served or mounted."""
    app = Application(
        title=title,
        description="The API of a VPN shop.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_tags=api.TAGS,
    )
    app.state.deps, app.state.db, app.state.brand = deps, deps.db, deps.brand
    app.state.trusted_proxies = deps.trusted_proxies
    app.state.login_limits = LoginLimits()
    app.mount("/sub/static", StaticFiles(directory=page.STATIC))
    app.mount("/return/static", StaticFiles(directory=orders.STATIC))
    app.mount("/terms/static", StaticFiles(directory=TEXTS_STATIC))
    app.mount("/docs/static", StaticFiles(directory=reference.STATIC))
    for router in (reference.router, health.router, orders.router, links.router, consents.router, *api.ROUTERS):
        app.include_router(router)
    app.add_exception_handler(ShopError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_refusal)
    app.add_middleware(Watch)
    return app


class Watch:
    """Around the application: times every answer by its route, and answers for a bug of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = await answer_crash(self._app, scope, receive, send)
        route = getattr(scope.get("route"), "path", "other")
        REQUESTS.labels(route=route, status=str(status)).observe(time.perf_counter() - started)


async def answer_crash(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> int:
    """Answer, and say with which status; for a bug of ours a plain answer, with the traceback in the log."""
    status = 0

    async def noted_send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        await send(message)

    try:
        await app(scope, receive, noted_send)
    except Exception:
        log.exception("http.failed", method=scope["method"], path=scope["path"])
        if not status:  # nothing was sent yet
            await problems.of_error(ShopError(), Request(scope))(scope, receive, noted_send)
    return status


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ShopError)
    if error.status >= 500:
        log.warning("http.refused", path=request.url.path, reason=str(error))
    if error.status == 404 and request.url.path.startswith("/sub/"):
        return answer_gone(request)
    return problems.of_error(error, request)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problems.of_invalid(error, request)


async def _answer_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problems.of_status(error.status_code, str(error.detail), request, error.headers)
