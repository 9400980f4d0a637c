"""What a notice is made for, and what it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from backend.kit.i18n import Translate
from backend.orders.queries import is_on_show
from backend.users.models import User
from bot.deps import Deps
from bot.view import View

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hearer:
    """Who hears it, in whose language, and when."""

    deps: Deps
    user: User
    t: Translate
    now: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What to say: views in order. `place` is the message that turns into the first of them."""

    views: Sequence[View]
    place: tuple[int, int] | None = None


async def in_place(hearer: Hearer, payment_id: UUID, shown_in: str | None, view: View) -> Said:
    """A word about an unpaid attempt: only where that attempt is still what the message shows."""
    async with hearer.deps.db.transaction() as session:
        on_show = await is_on_show(session, payment_id)
    if not on_show:
        log.info("notification.outdated", payment=payment_id)
    return Said([view] if on_show else [], place_of(shown_in))


def place_of(shown_in: str | None) -> tuple[int, int] | None:
    """Chat and message of "telegram:<chat>:<message>"; None: not in Telegram."""
    channel, _, rest = (shown_in or "").partition(":")
    chat, _, message = rest.partition(":")
    return (int(chat), int(message)) if channel == "telegram" else None
