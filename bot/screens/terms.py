"""What people accept: in short, and every text in full."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from backend.consents.documents import DOCUMENTS, Document, NoSuchText, Texts, version_name
from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from bot.callbacks import Open, Screen, ShowText
from bot.deps import Deps
from bot.markdown import to_pages
from bot.view import Button, View, escape, lines, paragraphs, show

router = Router(name=__name__)


def terms_view(t: Translate, brand: Brand, texts: Texts) -> View:
    """The short version, and a button for every text: its page, or the text itself where the shop has no pages."""
    return View(
        paragraphs(
            t("terms-title"),
            t("terms-short"),
            t("terms-offer"),
            t("terms-privacy"),
            t("terms-refund"),
            t("terms-seller", seller=escape(brand.seller)) if brand.seller else "",
        ),
        [
            *([_document_button(t, texts, name)] for name in DOCUMENTS),
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def _document_button(t: Translate, texts: Texts, name: str) -> Button:
    label = t("button-text", title=texts.get(name, t.language).title)
    return Button(label, texts.address(name, t.language) or ShowText(document=name))


def text_view(t: Translate, document: Document, page: int) -> View:
    """One page of a text, counted from 0; a page that is not there is the last."""
    pages = to_pages(document.body)
    last = len(pages) - 1
    page = min(page, last)
    back = Button(t("button-text-back"), ShowText(document=document.name, page=max(page - 1, 0)))
    on = Button(t("button-text-on"), ShowText(document=document.name, page=page + 1))
    turns = [*([back] if page > 0 else []), *([on] if page < last else [])]
    heading = lines(
        f"<b>{escape(document.title)}</b>",
        t("texts-version", version=escape(version_name(t, document.version))),
        t("texts-page", page=page + 1, pages=len(pages)) if len(pages) > 1 else "",
    )
    return View(paragraphs(heading, pages[page]), [turns, [Button(t("button-all-texts"), Open(screen=Screen.TERMS))]])


@router.message(Command("terms"))
@router.callback_query(Open.filter(F.screen == Screen.TERMS))
async def open_terms(event: Message | CallbackQuery, deps: Deps, t: Translate) -> None:
    await show(event, terms_view(t, deps.brand, deps.texts))


@router.callback_query(ShowText.filter())
async def open_text(call: CallbackQuery, callback_data: ShowText, deps: Deps, t: Translate) -> None:
    """A text in the chat; one that is gone or stands somewhere else by now is found in the list."""
    try:
        document = deps.texts.get(callback_data.document, t.language)
    except NoSuchText:
        document = None
    if document is None or document.url:
        await show(call, terms_view(t, deps.brand, deps.texts))
    else:
        await show(call, text_view(t, document, callback_data.page))
