"""The language, and the address for receipts."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from backend.kit.i18n import Translate, languages, translator
from backend.users import service as users
from backend.users.models import User
from bot.callbacks import ChooseLanguage, Open, Screen
from bot.deps import Deps
from bot.introduction import offer_menu
from bot.screens.email import offered
from bot.view import Button, View, paragraphs, show

router = Router(name=__name__)


def settings_view(t: Translate, *, email: bool = False) -> View:
    """Every language under its own name, the present one marked."""
    return View(
        paragraphs(t("settings-title"), t("settings-language")),
        [
            *([Button(_label(t, language), ChooseLanguage(language=language))] for language in languages()),
            [Button(t("button-email"), Open(screen=Screen.EMAIL))] if email else [],
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def _label(t: Translate, language: str) -> str:
    name = translator(language)("language-name")
    return t("button-language-chosen", language=name) if language == t.language else name


@router.message(Command("settings"))
@router.callback_query(Open.filter(F.screen == Screen.SETTINGS))
async def open_settings(event: Message | CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    await show(event, settings_view(t, email=offered(deps, user)))


@router.callback_query(ChooseLanguage.filter(F.language.in_(languages())))
async def choose_language(
    call: CallbackQuery, callback_data: ChooseLanguage, bot: Bot, *, deps: Deps, user: User, t: Translate
) -> None:
    async with deps.db.transaction() as session:
        await users.set_language(session, user.id, callback_data.language)
    chosen = translator(callback_data.language, t.zone.key)
    await show(call, settings_view(chosen, email=offered(deps, user)), notice=chosen("settings-chosen"))
    await offer_menu(bot, call.from_user.id, chosen)
