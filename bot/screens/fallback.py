"""Everything the bot did not expect: other texts, old buttons, groups, people who block it and come back."""

import structlog
from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from backend.kit import clock
from backend.kit.i18n import Translate
from backend.users import service as users
from backend.users.models import User
from bot.deps import Deps
from bot.screens.home import show_home
from bot.view import View, escape, show

log = structlog.get_logger()

router = Router(name=__name__)  # in private chats, after all other screens
groups = Router(name=f"{__name__}.groups")

GONE = ("kicked", "left")


@router.message()
async def answer_anything(message: Message, deps: Deps, user: User, t: Translate) -> None:
    """Any text, sticker or picture nobody asked for."""
    log.info("bot.unexpected", content=message.content_type)
    await show_home(message, deps, user, t, note=t("fallback-text"))


@router.callback_query()
async def answer_old_button(call: CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    """Data of a button that an older version made, or somebody made up."""
    log.info("bot.old_button")
    await show_home(call, deps, user, t, notice=t("fallback-old-button"))


@router.my_chat_member()
async def note_block(event: ChatMemberUpdated, deps: Deps) -> None:
    """The person stopped the bot, or let it speak again."""
    reachable = event.new_chat_member.status not in GONE
    async with deps.db.transaction() as session:
        await users.set_reachable(session, event.from_user.id, clock.now(), reachable=reachable)
    log.info("bot.unblocked" if reachable else "bot.blocked")


@groups.message(Command("start", "help", "subscription", "plans"))
async def answer_in_group(message: Message, deps: Deps, t: Translate) -> None:
    """A group may call, but keys and payments are nobody else's business; everything else there is left alone."""
    await show(message, View(t("group-only-private", url=escape(deps.brand.bot_url))))


@groups.my_chat_member(
    F.chat.type != "channel",
    F.old_chat_member.status.in_(GONE),
    F.new_chat_member.status.in_({"member", "administrator"}),
)
async def greet_group(event: ChatMemberUpdated, deps: Deps, t: Translate) -> None:
    """Say once where to write, then be silent."""
    await event.answer(t("group-only-private", url=escape(deps.brand.bot_url)))
