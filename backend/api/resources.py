"""What the operations of every resource have in common: where they stand, and what they read and leave behind."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

PREFIX = "/api/v1"
LARGEST_BODY = 64 * 1024  # without a bound one of any size would be held in memory before it is looked at


def resource_router(tag: str, path: str = "", *, before: Callable[..., object] | None = None) -> APIRouter:
    """A router for one resource at `/api/v1<path>`. `before` is a dependency of all its operations."""
    dependencies = [Depends(each) for each in (_keep_private, before) if each is not None]
    return APIRouter(prefix=f"{PREFIX}{path}", tags=[tag], route_class=BoundedRoute, dependencies=dependencies)


async def _keep_private(response: Response) -> None:
    """Nothing of a person's rests in a cache."""
    response.headers["Cache-Control"] = "no-store"


class BoundedRoute(APIRoute):
    """A route that answers 413 to a body over 64 KB, whatever length was announced."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_bounded(request: Request) -> Response:
            return await handle(Request(request.scope, _bounded(request.receive)))

        return handle_bounded


def _bounded(receive: Receive) -> Receive:
    read_bytes = 0

    async def receive_bounded() -> Message:
        nonlocal read_bytes
        message = await receive()
        read_bytes += len(message.get("body", b""))
        if read_bytes > LARGEST_BODY:
            raise HTTPException(413, f"The body is larger than {LARGEST_BODY} bytes.")
        return message

    return receive_bounded
