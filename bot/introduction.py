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
    """Put commands and descriptions in place, the commands first. What Telegram refuses stops nobody."""
    named = [*((translator(name), name) for name in languages()), (translator(ANY_LANGUAGE), None)]
    for t, code in named:
        await _put(bot, SetMyCommands(commands=menu(t), scope=BotCommandScopeAllPrivateChats(), language_code=code))
    shop = await _name(bot)
    for t, code in named if shop else ():
        await _put(bot, SetMyDescription(description=t("bot-description", shop=shop), language_code=code))
        await _put(bot, SetMyShortDescription(short_description=t("bot-about", shop=shop), language_code=code))


async def _put(bot: Bot, request: TelegramMethod[bool]) -> None:
    try:
        await bot(request)
    except AiogramError as error:
        log.warning("bot.not_introduced", request=type(request).__name__, error=type(error).__name__)


async def _name(bot: Bot) -> str:
    """As people see it; empty if Telegram does not say."""
    try:
        return (await bot.me()).first_name
    except AiogramError as error:
        log.warning("bot.not_introduced", request="GetMe", error=type(error).__name__)
        return ""


def menu(t: Translate) -> list[BotCommand]:
    return [BotCommand(command=name, description=t(f"command-{name}")) for name in COMMANDS]


async def offer_menu(bot: Bot, chat_id: int, t: Translate) -> None:
    """Give somebody who chose a language in settings the menu in it."""
    try:
        await bot(SetMyCommands(commands=menu(t), scope=BotCommandScopeChat(chat_id=chat_id)))
    except AiogramError as error:
        log.warning("bot.no_menu", error=type(error).__name__)
