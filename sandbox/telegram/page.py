"""The chat page: /chat, and /chat/<bot>?start=<payload> as t.me links are."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).with_name("assets")
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
}


def page_routes() -> list[Route]:
    """Routes of the root. What the page needs comes from /sandbox/telegram/assets."""

    async def chat(request: Request) -> Response:
        return FileResponse(ASSETS / "chat.html", headers=HEADERS)

    return [Route("/chat", chat), Route("/chat/{bot}", chat)]


def assets() -> Mount:
    return Mount("/assets", StaticFiles(directory=ASSETS))
