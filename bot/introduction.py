"""What the bot says of itself before anybody writes: commands and descriptions, in every language."""

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.methods import SetMyCommands, SetMyDescription, SetMyShortDescription, TelegramMethod
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from backend.kit.i18n import Translate, choose_language, languages, translator

log = structlog.get_logger()

COMMANDS = ("start", "subscription", "plans", "settings", "help", "terms", "paysupport", "autopay_off")
ANY_LANGUAGE = choose_language("xx")  # what is shown where there is no text in a person's language


async def introduce(bot: Bot) -> None:
    """Put commands and descriptions in place. Telegram being away, or slow to allow it, stops nobody."""
    try:
        shop = (await bot.me()).first_name
        for language in languages():
            for code in (language, *([None] if language == ANY_LANGUAGE else [])):
                for request in _texts(translator(language), shop, code):
                    await bot(request)
    except AiogramError as error:
        log.warning("bot.not_introduced", error=type(error).__name__)


def _texts(t: Translate, shop: str, code: str | None) -> list[TelegramMethod[bool]]:
    return [
        SetMyCommands(commands=menu(t), scope=BotCommandScopeAllPrivateChats(), language_code=code),
        SetMyDescription(description=t("bot-description", shop=shop), language_code=code),
        SetMyShortDescription(short_description=t("bot-about", shop=shop), language_code=code),
    ]


def menu(t: Translate) -> list[BotCommand]:
    return [BotCommand(command=name, description=t(f"command-{name}")) for name in COMMANDS]


async def offer_menu(bot: Bot, chat_id: int, t: Translate) -> None:
    """Give somebody who chose a language in settings the menu in it."""
    try:
        await bot(SetMyCommands(commands=menu(t), scope=BotCommandScopeChat(chat_id=chat_id)))
    except AiogramError as error:
        log.warning("bot.no_menu", error=type(error).__name__)
