"""A screen as a value, and how it reaches a chat."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape as html_escape
from html import unescape
from typing import Literal, TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.filters.callback_data import CallbackData
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage, SendPhoto, TelegramMethod
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

T = TypeVar("T")

log = structlog.get_logger()

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ALERT_LIMIT = 200

OUTAGE = (TelegramNetworkError, TelegramServerError, ClientDecodeError)  # the last: an answer that is no JSON
REFUSALS = (TelegramBadRequest, TelegramNotFound, TelegramEntityTooLarge)
PAUSES = (0.5, 1.5)
TAP_SECONDS = 5
LONGEST_WAIT = 10  # seconds somebody waits for a screen while Telegram says: later

TAG = re.compile(r"<[^>]+>")
SAME = "message is not modified"
TOO_OLD = "query is too old"


@dataclass(frozen=True, slots=True)
class Button:
    """`opens` is what the tap carries, or an address of the web. `style` colours the way on."""

    text: str
    opens: CallbackData | str
    style: Literal["primary", "success", "danger"] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A screen: HTML text, rows of buttons, perhaps a picture (PNG) above the text."""

    text: str
    rows: Sequence[Sequence[Button]] = ()
    photo: bytes | None = None

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        rows = [[_button(button) for button in row] for row in self.rows if row]
        return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def escape(text: str) -> str:
    """Words that are not ours, made harmless in HTML, in an attribute too."""
    return html_escape(text)


def copyable(label: str, text: str) -> str:
    """A text that copies on a tap, under its label. It may be longer than what a translation can hold."""
    return f"{label}\n<code>{escape(text)}</code>"


def visible_length(html: str) -> int:
    """How long Telegram finds a text: without markup, in UTF-16 units."""
    return len(unescape(TAG.sub("", html)).encode("utf-16-le")) // 2


def paragraphs(*parts: str) -> str:
    """Texts with an empty line between them; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)


def quoted(*parts: str) -> str:
    """Texts that show their first lines, and the rest after a tap; empty if there are none."""
    return f"<blockquote expandable>{lines(*parts)}</blockquote>" if any(parts) else ""


def lines(*parts: str) -> str:
    """Texts one below the other; empty ones are left out."""
    return "\n".join(part for part in parts if part)


async def show(event: Message | CallbackQuery, view: View, *more: View, notice: str | None = None) -> None:
    """Put a screen before somebody: a tap changes its own message, anything else is answered by a new one.

    A message that carries a picture stays as it is, and so does one that is gone or too old: the screen comes
    below it, and `more` below that. `notice` flashes over the chat after a tap.
    """
    bot = event.bot
    assert bot is not None
    chat_id, under = _chat_of(event), event.message if isinstance(event, CallbackQuery) else None
    if isinstance(under, Message) and under.text is not None and view.photo is None:
        await change(bot, chat_id, under.message_id, view, patient=True)
    else:
        await send(bot, chat_id, view, patient=True)
    for another in more:
        await send(bot, chat_id, another, patient=True)
    if isinstance(event, CallbackQuery):
        await tell(event, notice)


async def tell(call: CallbackQuery, text: str | None = None, *, alert: bool = False) -> None:
    """Answer a tap. After a screen only the spinning of a button ends with it: no answer to it matters."""
    bot = call.bot
    assert bot is not None
    answer = AnswerCallbackQuery(
        callback_query_id=call.id, text=text and text[:ALERT_LIMIT], show_alert=alert or None
    )
    try:
        await bot(answer, request_timeout=TAP_SECONDS)
    except AiogramError as error:
        if TOO_OLD in reason_of(error):
            return
        log.warning("tap.unanswered", error=type(error).__name__, reason=reason_of(error))
        if alert and text:
            await send(bot, _chat_of(call), View(text))


async def send(bot: Bot, chat_id: int, view: View, *, patient: bool = False) -> None:
    """Send a screen as a new message, at once or not at all; what Telegram refuses, plainer."""
    try:
        await _ask(bot, _sending(chat_id, view), patient=patient)
    except REFUSALS as error:
        plainer = _plainer(view, reason_of(error))
        if plainer == view:
            raise
        log.warning("view.plainer", reason=reason_of(error))
        await _ask(bot, _sending(chat_id, plainer), patient=patient)


def _plainer(view: View, reason: str) -> View:
    """Without its picture, or with links in place of buttons that Telegram does not take."""
    links = [button for row in view.rows for button in row if isinstance(button.opens, str)]
    if not links or "url" not in reason.lower():
        return replace(view, photo=None)
    rows = [[button for button in row if button not in links] for row in view.rows]
    said = [f"{escape(link.text)}: {escape(str(link.opens))}" for link in links]
    return View(paragraphs(view.text, *said), rows, view.photo)


async def change(bot: Bot, chat_id: int, message_id: int, view: View, *, patient: bool = False) -> None:
    """Turn a message of ours into this screen; one that cannot be turned is followed by a new one."""
    edit = EditMessageText(chat_id=chat_id, message_id=message_id, text=view.text, reply_markup=view.keyboard)
    try:
        await _ask(bot, edit, patient=patient)
    except REFUSALS as error:
        if SAME not in reason_of(error):
            await send(bot, chat_id, view, patient=patient)


def _chat_of(event: Message | CallbackQuery) -> int:
    if isinstance(event, Message):
        return event.chat.id
    return event.message.chat.id if event.message else event.from_user.id


def _sending(chat_id: int, view: View) -> SendMessage | SendPhoto:
    if view.photo is None:
        return SendMessage(chat_id=chat_id, text=view.text, reply_markup=view.keyboard)
    picture = BufferedInputFile(view.photo, "qr.png")
    return SendPhoto(chat_id=chat_id, photo=picture, caption=view.text, reply_markup=view.keyboard)


def _button(button: Button) -> InlineKeyboardButton:
    if isinstance(button.opens, str):
        return InlineKeyboardButton(text=button.text, url=button.opens, style=button.style)
    return InlineKeyboardButton(text=button.text, callback_data=button.opens.pack(), style=button.style)


async def _ask(bot: Bot, request: TelegramMethod[T], *, patient: bool) -> None:
    await (_patiently(bot, request) if patient else bot(request))


async def _patiently(bot: Bot, request: TelegramMethod[T]) -> T:
    """Ask Telegram again for as long as a person would wait: rather a message twice than none.

    Raises:
        AiogramError: its last answer.
    """
    for pause in PAUSES:
        try:
            return await bot(request)
        except TelegramRetryAfter as error:
            if error.retry_after > LONGEST_WAIT:
                raise
            await asyncio.sleep(error.retry_after)
        except OUTAGE:
            await asyncio.sleep(pause)
    return await bot(request)


def reason_of(error: AiogramError) -> str:
    """What Telegram said; it may say nothing."""
    return str(getattr(error, "message", None) or "")


def is_outage(error: AiogramError) -> bool:
    """Whether Telegram is away, rather than saying no."""
    return isinstance(error, OUTAGE)
