"""How an application is served here: uvicorn, with the connection within reach so that faults can cut it."""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class CuttableProtocol(HttpToolsProtocol):
    """HTTP/1.1 that shows two things of the server to the application.

    The extension `sandbox.transport` has the connection; `sandbox.stopping` has an event that is set when the
    server begins to stop, so that a request which only waits can end then.
    """

    stopping: asyncio.Event | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only for listeners whose protocol is named; without it an answer waits 40 ms
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.stopping = asyncio.Event()
        self.scope["extensions"] = {
            "sandbox.transport": {"transport": self.transport},
            "sandbox.stopping": {"event": self.stopping},
        }

    def shutdown(self) -> None:
        super().shutdown()
        if self.stopping:
            self.stopping.set()


def server(app: ASGIApp, *, host: str = "127.0.0.1", port: int) -> uvicorn.Server:
    """A server for `app`, not yet started: `await server(...).serve()`."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=CuttableProtocol,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)
