"""A screen as a value, and how it reaches a chat."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as html_escape
from html import unescape
from typing import Literal, TypeVar

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.filters.callback_data import CallbackData
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage, SendPhoto, TelegramMethod
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

T = TypeVar("T")

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ALERT_LIMIT = 200

OUTAGE = (TelegramNetworkError, TelegramServerError, ClientDecodeError)  # the last: an answer that is no JSON
PAUSES = (0.5, 1.5)
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
    chat_id = event.chat.id if isinstance(event, Message) else event.from_user.id
    under = event.message if isinstance(event, CallbackQuery) else None
    if isinstance(under, Message) and under.text is not None and view.photo is None:
        await change(bot, chat_id, under.message_id, view, patient=True)
    else:
        await _patiently(bot, _sending(chat_id, view))
    for another in more:
        await _patiently(bot, _sending(chat_id, another))
    if isinstance(event, CallbackQuery):
        await tell(event, notice)


async def tell(call: CallbackQuery, text: str | None = None, *, alert: bool = False) -> None:
    """Answer a tap; an app that stopped waiting does not matter."""
    bot = call.bot
    assert bot is not None
    answer = AnswerCallbackQuery(
        callback_query_id=call.id, text=text and text[:ALERT_LIMIT], show_alert=alert or None
    )
    try:
        await _patiently(bot, answer)
    except TelegramBadRequest as error:
        if TOO_OLD not in error.message:
            raise


async def send(bot: Bot, chat_id: int, view: View) -> None:
    """Send a screen as a new message, at once or not at all."""
    await bot(_sending(chat_id, view))


async def change(bot: Bot, chat_id: int, message_id: int, view: View, *, patient: bool = False) -> None:
    """Turn a message of ours into this screen; one that cannot be turned is followed by a new one."""
    edit = EditMessageText(chat_id=chat_id, message_id=message_id, text=view.text, reply_markup=view.keyboard)
    try:
        await (_patiently(bot, edit) if patient else bot(edit))
    except TelegramBadRequest as error:
        if SAME in error.message:
            return
        if not _cannot_be_edited(error):
            raise
        sending = _sending(chat_id, view)
        await (_patiently(bot, sending) if patient else bot(sending))


def _cannot_be_edited(error: TelegramBadRequest) -> bool:
    """Gone, too old, or a picture."""
    return any(
        reason in error.message
        for reason in ("message to edit not found", "message can't be edited", "no text in the message", "MESSAGE_ID")
    )


def _sending(chat_id: int, view: View) -> SendMessage | SendPhoto:
    if view.photo is None:
        return SendMessage(chat_id=chat_id, text=view.text, reply_markup=view.keyboard)
    picture = BufferedInputFile(view.photo, "qr.png")
    return SendPhoto(chat_id=chat_id, photo=picture, caption=view.text, reply_markup=view.keyboard)


def _button(button: Button) -> InlineKeyboardButton:
    if isinstance(button.opens, str):
        return InlineKeyboardButton(text=button.text, url=button.opens, style=button.style)
    return InlineKeyboardButton(text=button.text, callback_data=button.opens.pack(), style=button.style)


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


def is_outage(error: AiogramError) -> bool:
    """Whether Telegram is away, rather than saying no."""
    return isinstance(error, OUTAGE)
