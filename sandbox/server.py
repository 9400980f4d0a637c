"""How an application is served here: uvicorn, with the connection within reach so that faults can cut it."""

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class CuttableProtocol(HttpToolsProtocol):
    """HTTP/1.1 that shows its transport to the application as the extension `sandbox.transport`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox.transport": {"transport": self.transport}}


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
