"""/terms: the texts people accept, for everybody to read."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from backend.consents import page
from backend.consents.documents import DOCUMENTS, Texts
from backend.kit.brand import Brand
from backend.kit.i18n import Translate, languages, translator
from backend.kit.web import brand_of, language_of

router = APIRouter(include_in_schema=False)

HEADERS = {
    "Cache-Control": "max-age=60",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
}

Wanted = Annotated[str | None, Query(alias="lang")]


class Deps(Protocol):
    texts: Texts
    brand: Brand


def _texts(request: Request) -> Texts:
    deps: Deps = request.app.state.deps
    return deps.texts


def _reader(request: Request, lang: str | None) -> Translate:
    return translator(lang if lang in languages() else language_of(request), brand_of(request).time_zone)


@router.get("/terms")
async def list_texts(request: Request, lang: Wanted = None) -> Response:
    t = _reader(request, lang)
    documents = [_texts(request).get(name, t.language) for name in DOCUMENTS]
    return _html(page.render_list(documents, brand_of(request), t))


@router.get("/terms/{document}")
async def show_text(document: str, request: Request, lang: Wanted = None) -> Response:
    """One text, or the way to where the operator keeps it."""
    t = _reader(request, lang)
    found = _texts(request).get(document, t.language)
    return RedirectResponse(found.url, 302) if found.url else _html(page.render_text(found, brand_of(request), t))


def _html(body: str) -> Response:
    return Response(body, media_type="text/html; charset=utf-8", headers=dict(HEADERS))
