"""The address receipts go to: asked before the first payment that needs it, kept, and changed in the settings."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from backend.consents.service import accept
from backend.kit import clock
from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.users import service as users
from backend.users.models import User
from backend.users.rules import read_email
from bot.callbacks import ChangeEmail, ChooseMethod, ChooseRenewed, Open, Screen
from bot.deps import Deps
from bot.view import Button, View, escape, paragraphs, show

router = Router(name=__name__)

QUESTION = "email"  # what `User.awaiting` begins with; the tap that is to follow stands behind it

Payment = ChooseMethod | ChooseRenewed


def ask_view(t: Translate, brand: Brand, *, wrong: bool = False) -> View:
    """What to write, and what that agrees to."""
    privacy = t("email-privacy")
    if brand.privacy_url:
        privacy = f'<a href="{escape(brand.privacy_url)}">{privacy}</a>'
    return View(
        paragraphs(
            t("email-wrong") if wrong else t("email-ask"),
            "" if wrong else t("email-why"),
            t("email-consent", privacy=privacy if brand.privacy_url else f"{privacy} (/terms)"),
            "" if wrong else t("email-once"),
        ),
        [[Button(t("button-home"), Open(screen=Screen.HOME))]],
    )


def saved_view(t: Translate, email: str, then: Payment | None) -> View:
    on = [Button(t("button-email-continue"), then, style="primary")] if then else []
    return View(
        t("email-saved", email=escape(email)), [on, [Button(t("button-settings"), Open(screen=Screen.SETTINGS))]]
    )


def email_view(t: Translate, email: str | None) -> View:
    """The address as it is now."""
    remove = [Button(t("button-email-remove"), ChangeEmail(remove=True))] if email else []
    return View(
        paragraphs(f"<b>{t('button-email')}</b>", t("email-now", email=escape(email)) if email else t("email-none")),
        [
            [Button(t("button-email-change"), ChangeEmail(remove=False))],
            remove,
            [Button(t("button-back"), Open(screen=Screen.SETTINGS))],
        ],
    )


def offered(deps: Deps, user: User) -> bool:
    """Whether there is anything to set: an address, or a payment that would need one."""
    return user.email is not None or any(provider.needs_email for provider in deps.providers)


async def ask_email(call: CallbackQuery, deps: Deps, user: User, t: Translate, then: Payment | None = None) -> None:
    """Ask, and remember in the database what is asked and where the answer leads: the answer may come any time."""
    question = f"{QUESTION} {then.pack()}" if then else QUESTION
    async with deps.db.transaction() as session:
        await users.ask(session, user.id, question)
    await show(call, ask_view(t, deps.brand))


def _is_asked(message: Message, user: User) -> bool:
    return (user.awaiting or "").split(" ")[0] == QUESTION


def _follows(awaiting: str | None) -> Payment | None:
    """The tap that was interrupted by the question; None: there was none, or it no longer reads."""
    data = (awaiting or "").partition(" ")[2]
    for kind in (ChooseMethod, ChooseRenewed):
        if data.startswith(f"{kind.__prefix__}:"):
            try:
                return kind.unpack(data)
            except ValueError:
                return None
    return None


@router.message(F.text, ~F.text.startswith("/"), _is_asked)
async def take_email(message: Message, deps: Deps, user: User, t: Translate) -> None:
    email = read_email(message.text or "")
    if email is None:
        await show(message, ask_view(t, deps.brand, wrong=True))
        return
    then = _follows(user.awaiting)
    async with deps.db.transaction() as session:
        await users.set_email(session, user.id, email)
        await users.ask(session, user.id, None)
        await accept(session, user.id, "privacy", clock.now(), channel="bot")
    await show(message, saved_view(t, email, then))


@router.callback_query(Open.filter(F.screen == Screen.EMAIL))
async def open_email(call: CallbackQuery, user: User, t: Translate) -> None:
    await show(call, email_view(t, user.email))


@router.callback_query(ChangeEmail.filter(F.remove))
async def remove_email(call: CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    async with deps.db.transaction() as session:
        await users.set_email(session, user.id, None)
    await show(call, email_view(t, None), notice=t("email-removed"))


@router.callback_query(ChangeEmail.filter())
async def change_email(call: CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    await ask_email(call, deps, user, t)
