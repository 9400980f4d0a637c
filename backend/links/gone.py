"""What stands where there is no link: the same for every address, whoever asks."""

from fastapi import Request, Response

from backend.kit import clock
from backend.kit.i18n import translator
from backend.kit.web import language_of
from backend.links import headers, page
from backend.links.page import Visit


def answer_gone(request: Request) -> Response:
    """Nothing for an app or somebody who guesses; a browser is told where a new link is, and neither whose nor what
    this one was."""
    if "text/html" not in request.headers.get("accept", "").lower():
        return Response(status_code=404)
    visit = Visit(t=translator(language_of(request)), user_agent="", now=clock.now(), bot_url="")
    body = page.render_gone(visit)
    return Response(body, 404, media_type="text/html; charset=utf-8", headers=dict(headers.PAGE))
