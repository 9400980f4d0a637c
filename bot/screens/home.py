"""The main screen: where somebody stands, what is on sale, the trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiogram import F, Router
from aiogram.filters import CommandStart
from aiogram.types import CallbackQuery, Message

from backend.auth.service import PersonBlocked
from backend.kit import clock
from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.plans import service as plans
from backend.plans.service import Offer
from backend.subscriptions import service as subscriptions
from backend.subscriptions.queries import subscriptions_of
from backend.subscriptions.rules import Standing, days_left, standing
from backend.subscriptions.service import Granted, TrialUsed
from backend.users.models import User
from bot.callbacks import Open, Screen, StartTrial
from bot.deps import Deps
from bot.screens.help import contact
from bot.screens.keys import subscription_button
from bot.screens.methods import consent, only_one
from bot.screens.plans import blocked_view, plan_lines, plan_rows
from bot.view import Button, View, escape, paragraphs, show

router = Router(name=__name__)

RUNNING = (Standing.ACTIVE, Standing.ENDING)


@dataclass(frozen=True, slots=True)
class Situation:
    """Where somebody stands with the shop, and what it has on offer.

    `until` is the latest end of the person's subscriptions; `trial_days` is None when there is no trial to take;
    `at_once`: a tap on a plan orders it. Nothing is offered to somebody who is blocked.
    """

    standing: Standing
    until: datetime | None
    on_trial: bool
    trial_days: int | None
    offers: Sequence[Offer]
    blocked: bool = False
    at_once: bool = False


async def look_up(deps: Deps, user: User, now: datetime) -> Situation:
    """Everything the main screen shows of a person. The trial is for those who had no time of ours yet."""
    async with deps.db.reading() as session:
        owned = {s.paid_until: s for s in await subscriptions_of(session, user.id) if s.paid_until is not None}
        catalogue = await plans.catalogue(session, deps.providers.currency)
        trial = catalogue.trial
        blocked = user.blocked_at is not None
        new = not owned and not blocked
        may_try = trial is not None and new and not await subscriptions.trial_used(session, user.id)
    until = max(owned, default=None)
    return Situation(
        standing=standing(until, now),
        until=until,
        on_trial=trial is not None and until is not None and owned[until].plan_id == trial.id,
        trial_days=trial.days if trial is not None and may_try else None,
        offers=[] if blocked else catalogue.offers,
        blocked=blocked,
        at_once=only_one(deps.providers),
    )


def home_view(
    t: Translate, first_name: str, situation: Situation, *, brand: Brand, now: datetime, note: str = ""
) -> View:
    """State, plans, the trial where it may be taken, and the ways to everything else. `note` replaces the hello."""
    hello = t("home-hello", name=escape(first_name)) if first_name else t("home-hello-nameless")
    known = situation.standing is not Standing.NOTHING
    return View(
        paragraphs(
            note or hello,
            state_text(t, situation, brand, now),
            "" if situation.blocked else plan_lines(t, situation.offers),
            t("home-extend") if situation.offers and situation.standing in RUNNING else "",
            _accepted(t, situation, brand),
        ),
        [
            [trial_button(t, situation.trial_days)] if situation.trial_days else [],
            [subscription_button(t)] if known else [],
            *plan_rows(t, situation.offers),
            [
                Button(t("button-settings"), Open(screen=Screen.SETTINGS)),
                Button(t("button-help"), Open(screen=Screen.HELP)),
            ],
        ],
    )


def _accepted(t: Translate, situation: Situation, brand: Brand) -> str:
    """What the buttons below accept, by themselves."""
    taps = ["trial"] if situation.trial_days else []
    if situation.at_once and situation.offers:
        taps.append("plan")
    return consent(t, "-".join(taps), brand=brand) if taps else ""


def state_text(t: Translate, situation: Situation, brand: Brand, now: datetime) -> str:
    if situation.blocked:
        return t("home-blocked", support=contact(brand))
    if situation.until is None:
        shop = escape(brand.name)
        if situation.trial_days is None:
            return t("home-nothing", shop=shop)
        return t("home-nothing-trial", shop=shop, days=situation.trial_days)
    moment, days = t.moment(situation.until, now), days_left(situation.until, now)
    trial = "-trial" if situation.on_trial else ""
    return t(f"home-{situation.standing}{trial}", moment=moment, days=days)


def trial_button(t: Translate, days: int) -> Button:
    return Button(t("button-trial", days=days), StartTrial(), style="success")


def trial_view(t: Translate, until: datetime, now: datetime, *, fresh: bool) -> View:
    """The free days have begun; `fresh`: just now, so the key is on its way."""
    moment = t.moment(until, now)
    return View(
        t("trial-started", moment=moment) if fresh else t("trial-running", moment=moment),
        [[Button(t("button-how"), Open(screen=Screen.HELP))], [subscription_button(t)]],
    )


def trial_added_view(t: Translate, granted: Granted, now: datetime) -> View:
    """The free days came on top of time that runs."""
    return View(
        paragraphs(
            t("trial-added"),
            t("paid-until", moment=t.moment(granted.until, now)),
            t("paid-same-key") if granted.key_ready else t("paid-key-coming"),
        ),
        [[Button(t("button-how"), Open(screen=Screen.HELP))], [subscription_button(t)]],
    )


@router.message(CommandStart())
@router.callback_query(Open.filter(F.screen == Screen.HOME))
async def open_home(event: Message | CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    await show_home(event, deps, user, t)


async def show_home(
    event: Message | CallbackQuery, deps: Deps, user: User, t: Translate, *, note: str = "", notice: str | None = None
) -> None:
    """The main screen; `note` stands on it, `notice` flashes over it."""
    now = clock.now()
    situation = await look_up(deps, user, now)
    await show(event, home_view(t, user.first_name, situation, brand=deps.brand, now=now, note=note), notice=notice)


@router.callback_query(StartTrial.filter())
async def start_trial(call: CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    """Give the free days. A second tap shows that they run; whoever had them hears so."""
    now = clock.now()
    try:
        async with deps.db.transaction() as session:
            granted = await subscriptions.start_trial(session, user.id, now)
    except PersonBlocked:
        await show(call, blocked_view(t, deps.brand))
        return
    except TrialUsed as error:
        situation = await look_up(deps, user, now)
        if situation.on_trial and situation.until is not None and situation.until > now:
            await show(call, trial_view(t, situation.until, now, fresh=False))
        else:
            await show_home(call, deps, user, t, notice=t(error.code))
        return
    if granted.running:
        await show(call, trial_added_view(t, granted, now))
    else:
        await show(call, trial_view(t, granted.until, now, fresh=True))
