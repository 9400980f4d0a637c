"""How much an operation reads: without a bound a body of any size would be held in memory before it is looked at."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

LARGEST_BODY = 64 * 1024


class BoundedRoute(APIRoute):
    """A route that answers 413 to a body over 64 KB, whatever length was announced. For every router with a POST."""

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
