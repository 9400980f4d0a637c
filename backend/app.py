"""The web face of the shop: routers and error answers, nothing else."""

import time
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from backend import health
from backend.kit.brand import Brand
from backend.kit.errors import ShopError
from backend.kit.telemetry import REQUESTS
from backend.links import endpoints as links
from backend.links import page
from backend.orders import checkout
from backend.orders import endpoints as orders

log = structlog.get_logger()


class Deps(checkout.Deps, Protocol):
    """What the web face needs."""

    brand: Brand

    @property
    def trusted_proxies(self) -> Sequence[IPv4Network | IPv6Network]: ...


def create_app(deps: Deps, *, title: str) -> FastAPI:
    """The application, ready to be served or mounted."""
    app = FastAPI(title=title, description="The API of a VPN shop.", version="1", redoc_url=None)
    app.state.deps, app.state.db, app.state.brand = deps, deps.db, deps.brand
    app.state.trusted_proxies = deps.trusted_proxies
    app.mount("/sub/static", StaticFiles(directory=page.STATIC))
    app.mount("/return/static", StaticFiles(directory=orders.STATIC))
    for router in (health.router, orders.router, links.router):
        app.include_router(router)
    app.add_exception_handler(ShopError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
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
        return _problem(500, "error", "Something went wrong on our side.")


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ShopError)
    if error.status >= 500:
        log.warning("http.refused", path=request.url.path, reason=str(error))
    if error.status == 404 and request.url.path.startswith("/sub/"):
        return Response(status_code=404)  # nothing for somebody who guesses
    return _problem(error.status, error.code, error.__doc__ or "")


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
    return _problem(422, "error-invalid", f"These values do not fit: {fields}.")


def _problem(status: int, code: str, detail: str) -> JSONResponse:
    """An error as RFC 9457 has it."""
    return JSONResponse(
        {"type": f"urn:shop:{code}", "title": detail, "status": status},
        status_code=status,
        media_type="application/problem+json",
    )
