"""The page at /sandbox; with ?with=chat the chat stands beside it. It works through the control API alone."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).with_name("assets")
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


def panel_routes() -> list[BaseRoute]:
    """Routes of the root. What the page needs comes from /sandbox/panel."""

    async def panel(request: Request) -> Response:
        return FileResponse(ASSETS / "panel.html", headers=HEADERS)

    return [Route("/sandbox", panel), Mount("/sandbox/panel", StaticFiles(directory=ASSETS))]
