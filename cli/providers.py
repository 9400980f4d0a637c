"""vpn-service provider …: companies that move money, switched and tried. vpn-service report: what a day was like."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from html import unescape

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.report import report_of
from backend.audit.service import note
from backend.kit import clock
from backend.kit.errors import Outside
from backend.kit.i18n import Translate, translator
from backend.orders.checkout import Checkout
from backend.orders.tryout import start_test
from backend.payments.providers.base import PaymentProvider
from backend.switches.service import held, switch_off, switch_on
from backend.users import service as users
from bot.notices.operator import report_text
from bot.view import TAG
from cli.explain import reason
from cli.running import operator_language, run_once
from cli.standing import last_heard, standings, switched, working
from cli.who import actor
from cli.wiring import CannotStart, Deps, prepare

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Companies that move money.")
report_app = typer.Typer(add_completion=False)

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Act = Callable[[AsyncSession], Awaitable[None]]


@app.command("list")
def list_providers() -> None:
    """Every configured provider: whether it sells, whether it works, when it last sent a webhook."""
    t = operator_language()
    Console().print(run_once(lambda deps: _table(deps, t)))


@app.command()
def off(
    name: str = typer.Argument(help="yookassa, coingate or stars."),
    *,
    why: str = typer.Option("", "--reason", help="Why, for whoever reads the list later."),
) -> None:
    """Offer a provider to nobody, at once and everywhere. What is under way still settles."""
    t = operator_language()

    async def act(session: AsyncSession) -> None:
        now, who = clock.now(), actor()
        if await switch_off(session, name, reason=why, by=who, now=now):
            await note(session, actor=who, action="provider.off", subject=name, now=now, reason=why)

    Console().print(run_once(lambda deps: _switch(deps, t, name, act)))


@app.command()
def on(name: str = typer.Argument(help="yookassa, coingate or stars.")) -> None:
    """Take back what `off` did. One that the audit stopped is released by `audit --release` alone."""
    t = operator_language()

    async def act(session: AsyncSession) -> None:
        if await switch_on(session, name):
            await note(session, actor=actor(), action="provider.on", subject=name, now=clock.now())

    async def work(deps: Deps) -> tuple[Table, bool]:
        table = await _switch(deps, t, name, act)
        async with deps.db.transaction() as session:
            return table, await held(session, name)

    table, still_held = run_once(work)
    Console().print(table)
    if still_held:
        raise CannotStart(t("provider-still-held", name=name))


@app.command("test")
def try_out(
    name: str = typer.Argument(help="yookassa, coingate or stars."),
    *,
    telegram_id: int = typer.Option(0, "--for", help="Who pays. Default: the first of ADMIN_IDS who pressed /start."),
) -> None:
    """Pay the least there is for a day, to see the whole way: page, payment, key, messages. Also while it is off."""
    t = operator_language()
    checkout = run_once(lambda deps: _try(deps, t, name, telegram_id))
    if checkout.url is not None:
        Console().print(t("provider-test-link", amount=checkout.amount, order=str(checkout.order_number)))
        Console().print(checkout.url, soft_wrap=True, highlight=False)
    elif checkout.failure:
        raise CannotStart(t("provider-test-refused", reason=checkout.failure))
    else:
        Console().print(t("provider-test-later"))


@report_app.command()
def report(
    day: str = typer.Option("", help="The day, as 2026-11-24, in the shop's time zone. Default: yesterday."),
) -> None:
    """What a day was like, with every provider's sums beside ours: what the operators get at nine."""
    t = operator_language()

    async def work(deps: Deps) -> str:
        here = translator(t.language, deps.brand.time_zone)
        now = clock.now()
        wanted = _day(day, t) if day else now.astimezone(here.zone).date() - timedelta(days=1)
        return report_text(await report_of(deps, wanted), here, now)

    Console().print(unescape(TAG.sub("", run_once(work))), highlight=False, markup=False)


def _day(text: str, t: Translate) -> date:
    if DAY.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise CannotStart(t("report-bad-day", text=text))


def _get(deps: Deps, t: Translate, name: str) -> PaymentProvider:
    known = {driver.id: driver for driver in deps.providers}
    if name not in known:
        raise CannotStart(t("provider-unknown", name=name, known=", ".join(known) or "—"))
    return known[name]


async def _switch(deps: Deps, t: Translate, name: str, act: Act) -> Table:
    _get(deps, t, name)
    async with deps.db.transaction() as session:
        await act(session)
    return await _table(deps, t)


async def _try(deps: Deps, t: Translate, name: str, telegram_id: int) -> Checkout:
    driver = _get(deps, t, name)
    await prepare(deps, opening=False)
    try:
        await driver.probe()
    except Outside as error:
        raise CannotStart(t("provider-test-refused", reason=reason(error))) from None
    if not (driver.currencies and driver.methods):
        raise CannotStart(t("provider-sells-nothing", name=name))
    async with deps.db.transaction() as session:
        wanted = [telegram_id] if telegram_id else deps.operators
        found = [user for one in wanted if (user := await users.find_by_telegram(session, one)) is not None]
    if not found:
        raise CannotStart(t("provider-test-nobody"))
    return await start_test(deps, clock.now(), user_id=found[0].id, provider=name)


async def _table(deps: Deps, t: Translate) -> Table:
    now, here = clock.now(), translator(t.language, deps.brand.time_zone)
    async with deps.db.transaction() as session:
        found = await standings(session, [driver.id for driver in deps.providers])
    table = Table(*(t(f"provider-column-{column}") for column in ("name", "account", "sells", "works", "webhook")))
    for driver in deps.providers:
        standing = found[driver.id]
        account = f"{driver.account} ({t('provider-test-mode')})" if driver.test else driver.account
        table.add_row(
            driver.id,
            account,
            switched(here, standing, now),
            working(here, standing, now),
            "—" if driver.by_bot else last_heard(here, standing, now),
        )
    return table
