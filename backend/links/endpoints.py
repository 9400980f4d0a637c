"""/sub/<token>: what a VPN app downloads, and what a person sees at the same address."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.kit import clock
from backend.kit.errors import NotFound
from backend.kit.i18n import languages, translator
from backend.kit.web import LookingSession, brand_of
from backend.links import headers, page
from backend.links.agents import Answer, choose_format
from backend.links.formats import FORMATS
from backend.links.formats.base import Profile
from backend.links.formats.qr import qr_svg
from backend.links.page import Visit
from backend.links.service import load_profile
from backend.subscriptions.queries import find_by_token

router = APIRouter(include_in_schema=False)


class NoSuchLink(NotFound):
    """There is no such link, or it was replaced by a new one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A link somebody opened: what it holds, and who looks."""

    profile: Profile
    visit: Visit


async def _open(
    token: str, request: Request, session: LookingSession, lang: Annotated[str | None, Query()] = None
) -> Opened:
    """Raises NoSuchLink, the same for a token that is unknown, replaced or malformed."""
    found = await find_by_token(session, token) if token.isascii() and token.isalnum() else None
    if found is None:
        raise NoSuchLink
    (subscription, user), brand, now = found, brand_of(request), clock.now()
    language = lang if lang in languages() else user.language
    t = translator(language, user.time_zone or brand.time_zone)
    profile = await load_profile(session, subscription, user, brand=brand, t=t, now=now)
    agent = request.headers.get("user-agent", "")
    return Opened(profile, Visit(t=t, user_agent=agent, now=now, bot_url=brand.bot_url))


# the session ends with the dependency, before anything is rendered
OpenedLink = Annotated[Opened, Depends(_open, scope="function")]


@router.api_route("/sub/{token}", methods=["GET", "HEAD"])
async def download(
    request: Request, opened: OpenedLink, form: Annotated[str | None, Query(alias="format")] = None
) -> Response:
    """The document this program reads, or the connect page for a browser."""
    profile, visit = opened.profile, opened.visit
    choice = choose_format(visit.user_agent, request.headers.get("accept", ""), form)
    if choice.answer is Answer.PREVIEW:
        return _html(page.render_preview(visit))
    if choice.answer is Answer.PAGE:
        return _html(page.render_page(profile, visit))
    body = FORMATS[choice.format].render(profile)
    return Response(body, headers=headers.response_headers(profile, choice.format, save=choice.save))


@router.get("/sub/{token}/qr.svg")
async def qr(opened: OpenedLink) -> Response:
    """The link as a picture."""
    picture = qr_svg(opened.profile.web_page_url)
    return Response(picture, media_type="image/svg+xml", headers=dict(headers.PRIVATE))


@router.get("/sub/{token}/open/{app}")
async def open_app(app: str, opened: OpenedLink) -> Response:
    """The page that jumps into an app, since buttons in Telegram only lead to web addresses."""
    return _html(page.render_open(opened.profile, app, opened.visit))


def _html(body: str) -> Response:
    return Response(body, media_type="text/html; charset=utf-8", headers=dict(headers.PAGE))
