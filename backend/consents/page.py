"""The public pages of the texts. Pure: everything shown is passed in."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from backend.consents.documents import Document, version_name
from backend.kit.brand import Brand
from backend.kit.i18n import Translate, languages

HERE = Path(__file__).parent
STATIC = HERE / "static"  # served under /terms/static

_templates = Environment(
    loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_markdown = MarkdownIt("commonmark", {"html": False})  # an operator's text is text: what looks like HTML is shown


def render_list(documents: Sequence[Document], brand: Brand, t: Translate) -> str:
    return _render("list.html", brand, t, documents=documents, title=t("texts-title"))


def render_text(document: Document, brand: Brand, t: Translate) -> str:
    body = Markup(_markdown.render(document.body))  # noqa: S704 - without raw HTML
    return _render("text.html", brand, t, document=document, body=body, title=document.title)


def _render(template: str, brand: Brand, t: Translate, **values: object) -> str:
    css = f"/terms/static/text.css?v={_fingerprint()}"
    return _templates.get_template(template).render(
        values, brand=brand, t=t, css=css, languages=languages(), version_name=version_name
    )


@cache
def _fingerprint() -> str:
    """Changes with the file, so that browsers may keep it."""
    return sha256((STATIC / "text.css").read_bytes()).hexdigest()[:12]
