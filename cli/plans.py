"""vpn-service plans …: what is on sale, and for how much."""

import re
from collections.abc import Awaitable, Callable

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.i18n import Translate
from backend.kit.money import Currency, Money, to_minor
from backend.plans import service as plans
from backend.plans.models import Plan
from cli.running import operator_language, run_once
from cli.wiring import CannotStart, Deps, prepare

app = typer.Typer(add_completion=False, help="What is on sale, and for how much. Alone it lists everything.")

CODE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
REFUSALS = {
    plans.PlanNotFound: "plans-unknown",
    plans.PlanNotOnSale: "plans-off-sale",
    plans.PlanExists: "plans-taken",
}
GIGABYTE = 1 << 30
Act = Callable[[AsyncSession], Awaitable[object]]


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    """List every plan with its prices."""
    if context.invoked_subcommand is None:
        _run(operator_language())


@app.command()
def price(
    code: str = typer.Argument(help="The plan's code: monthly"),
    currency: Currency = typer.Argument(help="RUB, EUR, or XTR for Stars.", case_sensitive=False),
    amount: str = typer.Argument(help="349 or 349.00; Stars are whole."),
) -> None:
    """Set what a plan costs. Orders that were made before keep their price."""
    t = operator_language()
    wanted = _money(amount, currency, t)

    async def act(session: AsyncSession) -> None:
        await plans.set_price(session, (await plans.find(session, code)).id, wanted)

    _run(t, code, act)


@app.command()
def withdraw(code: str = typer.Argument(help="The plan's code.")) -> None:
    """Take a plan off sale, also the trial. What was sold stays valid."""

    async def act(session: AsyncSession) -> None:
        await plans.withdraw(session, (await plans.find(session, code)).id, clock.now())

    _run(operator_language(), code, act)


@app.command()
def add(
    code: str = typer.Argument(help="A short name for yourself: half-year"),
    *,
    days: int = typer.Option(..., min=1, max=3650, help="How long it lasts."),
    ru: str = typer.Option(..., help="Its name in Russian."),
    en: str = typer.Option(..., help="Its name in English."),
    prices: list[str] = typer.Option(..., "--price", help="RUB=1599, once for each currency."),
    devices: int = typer.Option(0, min=0, help="Devices at a time. 0: no limit."),
    traffic: int = typer.Option(0, min=0, help="Traffic in GB. 0: no limit."),
) -> None:
    """Put another plan on sale."""
    t = operator_language()
    if not CODE.fullmatch(code):
        raise CannotStart(t("plans-bad-code", code=code))
    wanted = [_priced(text, t) for text in prices]
    plan = Plan(
        code=code,
        names={"ru": ru, "en": en},
        days=days,
        device_limit=devices,
        traffic_limit_bytes=traffic * GIGABYTE,
    )
    _run(t, code, lambda session: plans.add(session, plan, wanted))


def _priced(text: str, t: Translate) -> Money:
    name, _, amount = text.partition("=")
    if name.upper() not in Currency.__members__:
        raise CannotStart(t("plans-bad-price", text=text))
    return _money(amount, Currency(name.upper()), t)


def _money(text: str, currency: Currency, t: Translate) -> Money:
    try:
        hundredths = to_minor(text.strip().replace(",", "."))
    except ValueError:
        hundredths = 0
    minor, rest = divmod(hundredths, 10 ** (2 - currency.exponent))
    if minor <= 0 or rest:
        raise CannotStart(t("plans-bad-amount", text=text, currency=currency))
    return Money(minor, currency)


def _run(t: Translate, code: str = "", act: Act | None = None) -> None:
    """Do it, then show everything as it is now."""

    async def work(deps: Deps) -> Table:
        await prepare(deps, opening=False)
        async with deps.db.transaction() as session:
            if act is not None:
                await act(session)
            return await _table(session, t)

    try:
        Console().print(run_once(work))
    except (plans.PlanNotFound, plans.PlanNotOnSale, plans.PlanExists) as error:
        raise CannotStart(t(REFUSALS[type(error)], code=code)) from None


async def _table(session: AsyncSession, t: Translate) -> Table:
    table = Table(t("plans-column-code"), t("plans-column-name"), t("plans-column-days"), t("plans-column-price"), "")
    for plan in await plans.everything(session):
        state = t("plans-withdrawn") if plan.withdrawn_at else t("plans-trial") if plan.trial else ""
        costs = ", ".join(str(cost) for cost in await plans.prices(session, plan.id))
        table.add_row(plan.code, plan.name(t.language), str(plan.days), costs or "—", state)
    return table
