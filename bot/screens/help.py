"""How to connect, and what to do about a payment."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.links.agents import System
from backend.links.apps import catalog
from bot.callbacks import Open, Screen
from bot.deps import Deps
from bot.view import Button, View, escape, paragraphs, show

router = Router(name=__name__)

APPS_NAMED = 2  # of each system; the connect page has them all


def contact(brand: Brand) -> str:
    """Where to write, as it stands in a text."""
    return escape(brand.support or brand.support_url) or "/paysupport"


def help_view(t: Translate, brand: Brand) -> View:
    support = escape(brand.support or brand.support_url)
    return View(
        paragraphs(
            t("help-title"),
            t("help-steps"),
            t("help-manually"),
            t(
                "help-apps",
                ios=_apps("ios"),
                android=_apps("android"),
                windows=_apps("windows"),
                macos=_apps("macos"),
                linux=_apps("linux"),
            ),
            t("help-stuck"),
            t("help-contact", support=support) if support else t("help-no-contact"),
        ),
        [
            [Button(t("button-subscription"), Open(screen=Screen.SUBSCRIPTION))],
            _contact_row(t, brand),
            [Button(t("button-terms"), Open(screen=Screen.TERMS))],
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def paysupport_view(t: Translate, brand: Brand) -> View:
    support = escape(brand.support or brand.support_url)
    return View(
        paragraphs(
            t("paysupport-title"),
            t("paysupport-steps"),
            t("paysupport-contact", support=support) if support else t("paysupport-no-contact"),
        ),
        [
            [Button(t("button-refund"), Open(screen=Screen.REFUND))],
            _contact_row(t, brand),
            [Button(t("button-history"), Open(screen=Screen.HISTORY))],
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def _contact_row(t: Translate, brand: Brand) -> list[Button]:
    """Telegram opens web addresses alone from a button: an e-mail stands in the text."""
    is_web = brand.support_url.startswith(("https://", "http://"))
    return [Button(t("button-contact"), brand.support_url)] if is_web else []


def _apps(system: System) -> str:
    return ", ".join(escape(app.name) for app in catalog().shown_on(system)[:APPS_NAMED])


@router.message(Command("help"))
@router.callback_query(Open.filter(F.screen == Screen.HELP))
async def open_help(event: Message | CallbackQuery, deps: Deps, t: Translate) -> None:
    await show(event, help_view(t, deps.brand))


@router.message(Command("paysupport"))
@router.callback_query(Open.filter(F.screen == Screen.PAYSUPPORT))
async def open_paysupport(event: Message | CallbackQuery, deps: Deps, t: Translate) -> None:
    await show(event, paysupport_view(t, deps.brand))
