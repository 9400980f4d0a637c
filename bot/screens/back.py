"""Back from a payment page that leads to the bot, since the shop has no address of its own."""

from aiogram import F, Router
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import Message

from backend.kit import clock
from backend.kit.i18n import Translate
from backend.orders.checkout import come_back
from backend.payments.providers.base import PaymentState
from backend.users.models import User
from bot.callbacks import BACK_FROM_PAYING
from bot.deps import Deps
from bot.screens.checkout import current_view
from bot.screens.home import show_home
from bot.screens.outcomes import failed_view
from bot.view import show

router = Router(name=__name__)

NOTES = {
    PaymentState.SUCCEEDED: "check-paid",
    PaymentState.CONFIRMING: "check-confirming",
    PaymentState.REVIEW: "check-review",
}


@router.message(CommandStart(deep_link=True, magic=F.args.startswith(BACK_FROM_PAYING)))
async def return_from_paying(message: Message, command: CommandObject, deps: Deps, user: User, t: Translate) -> None:
    """How the payment stands; the provider is asked at once. Somebody else's token leads to the main screen."""
    now = clock.now()
    token = (command.args or "").removeprefix(BACK_FROM_PAYING)
    checkout = await come_back(deps, now, token=token, user_id=user.id) if token.isalnum() else None
    if checkout is None:
        await show_home(message, deps, user, t)
    elif checkout.state in NOTES:
        await show_home(message, deps, user, t, note=t(NOTES[checkout.state]))
    elif checkout.state in (PaymentState.FAILED, PaymentState.CANCELED):
        await show(message, failed_view(t, checkout.plan_id, checkout.failure))
    else:
        await show(message, current_view(t, deps, checkout, now))
