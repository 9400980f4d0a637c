"""The web face of the shop: routers and error answers, nothing else."""

import time
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Protocol

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

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
    app.middleware("http")(_watch)
    return app


async def _watch(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Time every answer by its route."""
    started = time.perf_counter()
    response = await answer_crash(request, call_next)
    route = getattr(request.scope.get("route"), "path", "other")
    REQUESTS.labels(route=route, status=str(response.status_code)).observe(time.perf_counter() - started)
    return response


async def answer_crash(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer; for a bug of ours a plain one, with the traceback in the log."""
    try:
        return await call_next(request)
    except Exception:
        log.exception("http.failed", method=request.method, path=request.url.path)
        return problems.of_error(ShopError(), request)


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ShopError)
    if error.status >= 500:
        log.warning("http.refused", path=request.url.path, reason=str(error))
    if error.status == 404 and request.url.path.startswith("/sub/"):
        return Response(status_code=404)  # nothing for somebody who guesses
    return problems.of_error(error, request)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problems.of_invalid(error, request)


async def _answer_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problems.of_status(error.status_code, str(error.detail), request, error.headers)
