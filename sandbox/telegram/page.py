"""The chat page: /chat, and /chat/<bot>?start=<payload> as t.me links are."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).with_name("assets")


def page_routes() -> list[Route]:
    """Routes of the root. What the page needs comes from /sandbox/telegram/assets."""

    async def chat(request: Request) -> Response:
        return FileResponse(ASSETS / "chat.html", headers={"Cache-Control": "no-cache"})

    return [Route("/chat", chat), Route("/chat/{bot}", chat)]


def assets() -> Mount:
    return Mount("/assets", StaticFiles(directory=ASSETS))
