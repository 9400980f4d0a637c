"""What is on sale."""

from collections.abc import Sequence

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.plans import service as plans
from backend.plans.service import Offer
from backend.users.models import User
from bot.callbacks import ChoosePlan, Open, Screen
from bot.deps import Deps
from bot.screens.help import contact
from bot.screens.methods import plan_consent
from bot.view import Button, View, escape, lines, paragraphs, show

router = Router(name=__name__)


def plans_view(t: Translate, offers: Sequence[Offer], note: str = "", *, accepted: str = "") -> View:
    """One button per plan, in the operator's order, then the way back. `note` goes before all.

    `accepted`: what a tap on a plan accepts.
    """
    return View(
        paragraphs(note or t("plans-title"), plan_lines(t, offers), accepted),
        [*plan_rows(t, offers), [Button(t("button-home"), Open(screen=Screen.HOME))]],
    )


def blocked_view(t: Translate, brand: Brand) -> View:
    """Nothing is sold to somebody whose access is suspended."""
    return View(t("home-blocked", support=contact(brand)), [[Button(t("button-home"), Open(screen=Screen.HOME))]])


def plan_lines(t: Translate, offers: Sequence[Offer]) -> str:
    """Price, price per month and saving of every plan, a line each."""
    return lines(*(plan_line(t, offer) for offer in offers)) or t("plans-none")


def plan_line(t: Translate, offer: Offer) -> str:
    name = escape(offer.plan.name(t.language))
    if offer.saving_percent <= 0:
        return t("plan-line", plan=name, price=offer.price)
    return t("plan-line-saving", plan=name, price=offer.price, monthly=offer.per_month, saving=offer.saving_percent)


def plan_name(t: Translate, names: dict[str, str]) -> str:
    """As it was sold, in this language or the first there is."""
    return str(names.get(t.language) or next(iter(names.values())))


def plan_rows(t: Translate, offers: Sequence[Offer]) -> list[list[Button]]:
    return [[Button(plan_label(t, offer), ChoosePlan(plan_id=offer.plan.id))] for offer in offers]


def plan_label(t: Translate, offer: Offer) -> str:
    name = offer.plan.name(t.language)
    if offer.saving_percent <= 0:
        return t("button-plan", plan=name, price=offer.price)
    return t("button-plan-saving", plan=name, price=offer.price, saving=offer.saving_percent)


@router.message(Command("plans"))
@router.callback_query(Open.filter(F.screen == Screen.PLANS))
async def open_plans(event: Message | CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    if user.blocked_at is not None:
        await show(event, blocked_view(t, deps.brand))
    else:
        await show_plans(event, deps, t)


async def show_plans(event: Message | CallbackQuery, deps: Deps, t: Translate, note: str = "") -> None:
    async with deps.db.transaction() as session:
        offers = await plans.on_sale(session, deps.providers.currency)
    accepted = plan_consent(t, deps.providers, brand=deps.brand) if offers else ""
    await show(event, plans_view(t, offers, note, accepted=accepted))
