"""What is on sale, and for how much."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.errors import Conflict, NotFound
from backend.kit.money import Currency, Money
from backend.plans.models import Plan, PlanPrice


class PlanNotOnSale(Conflict):
    """This plan is no longer on sale."""


class PlanNotFound(NotFound):
    """There is no plan of this name."""


class PlanExists(Conflict):
    """There is a plan of this name already."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan with its price in one currency, and how it compares.

    `per_month` is the price of a twelfth of a year, `saving_percent` what is saved against the dearest month on sale;
    both as somebody with a calculator finds them.
    """

    plan: Plan
    price: Money
    per_month: Money
    saving_percent: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything there is to take: the plan people may try, if the shop has one, and what is sold."""

    trial: Plan | None
    offers: Sequence[Offer]


_CATALOGUE = (
    select(Plan, PlanPrice.amount_minor)
    .outerjoin(PlanPrice, (PlanPrice.plan_id == Plan.id) & (PlanPrice.currency == bindparam("currency")))
    .where(Plan.withdrawn_at.is_(None), Plan.trial | PlanPrice.amount_minor.is_not(None))
    .order_by(Plan.position, Plan.days)
)


async def catalogue(session: AsyncSession, currency: Currency) -> Catalogue:
    """What is on sale in this currency, and the trial, in the operator's order."""
    rows = (await session.execute(_CATALOGUE, {"currency": currency})).all()
    sold = [(plan, minor) for plan, minor in rows if not plan.trial]
    dearest = max((minor / months(plan.days) for plan, minor in sold), default=0.0)
    return Catalogue(
        trial=next((plan for plan, _ in rows if plan.trial), None),
        offers=[
            Offer(
                plan=plan,
                price=Money(minor, currency),
                per_month=Money(whole_units(minor, months(plan.days), currency), currency),
                saving_percent=math.floor(100 - 100 * minor / months(plan.days) / dearest),
            )
            for plan, minor in sold
        ],
    )


async def on_sale(session: AsyncSession, currency: Currency = Currency.RUB) -> Sequence[Offer]:
    """Every paid plan on sale in this currency, in the operator's order."""
    return (await catalogue(session, currency)).offers


def months(days: int) -> int:
    """How many months people take a plan for: 30 days are one, 90 three, 365 twelve."""
    return max(1, round(days * 12 / 365))


def whole_units(minor: int, divisor: int, currency: Currency) -> int:
    """minor / divisor, rounded to whole roubles: a price to compare, not to pay."""
    unit = 100 if currency.exponent else 1
    return round(minor / divisor / unit) * unit


async def prices(session: AsyncSession, plan_id: int) -> Sequence[Money]:
    """What a plan costs, in every currency it is sold in."""
    rows = await session.scalars(select(PlanPrice).where(PlanPrice.plan_id == plan_id).order_by(PlanPrice.currency))
    return [Money(row.amount_minor, Currency(row.currency)) for row in rows]


async def get_on_sale(session: AsyncSession, plan_id: int) -> Plan:
    """Raises PlanNotOnSale when it is withdrawn or was never there."""
    plan = await session.get(Plan, plan_id)
    if plan is None or plan.withdrawn_at is not None or plan.trial:
        raise PlanNotOnSale(plan=plan_id)
    return plan


async def get_price(session: AsyncSession, plan_id: int, currency: Currency) -> Money:
    """Raises PlanNotOnSale when the plan is not sold in this currency."""
    price = await session.get(PlanPrice, (plan_id, currency.value))
    if price is None:
        raise PlanNotOnSale(plan=plan_id, currency=currency)
    return Money(price.amount_minor, currency)


async def find_trial(session: AsyncSession) -> Plan | None:
    """The plan people may try, if the shop has one."""
    query = select(Plan).where(Plan.trial, Plan.withdrawn_at.is_(None)).order_by(Plan.position).limit(1)
    return (await session.scalars(query)).one_or_none()


async def find(session: AsyncSession, code: str) -> Plan:
    """Raises PlanNotFound."""
    plan = (await session.scalars(select(Plan).where(Plan.code == code))).one_or_none()
    if plan is None:
        raise PlanNotFound(plan=code)
    return plan


async def everything(session: AsyncSession) -> Sequence[Plan]:
    """Every plan there ever was, those on sale first, in the operator's order."""
    order = Plan.withdrawn_at.is_not(None), Plan.position, Plan.days
    return (await session.scalars(select(Plan).order_by(*order))).all()


async def add(session: AsyncSession, plan: Plan, costs: Sequence[Money]) -> None:
    """Put a new plan on sale, below the others.

    Raises:
        PlanExists: its code is taken, be it by a withdrawn one.
    """
    if await session.scalar(select(Plan.id).where(Plan.code == plan.code)):
        raise PlanExists(plan=plan.code)
    plan.position = (await session.scalar(select(func.max(Plan.position))) or 0) + 1
    session.add(plan)
    await session.flush()
    for cost in costs:
        await set_price(session, plan.id, cost)


async def set_price(session: AsyncSession, plan_id: int, price: Money) -> None:
    """Sell a plan at this price from now on; orders made before keep theirs.

    Raises:
        PlanNotOnSale: withdrawn, or the trial, which costs nothing.
    """
    plan = await get_on_sale(session, plan_id)
    await session.merge(PlanPrice(plan_id=plan.id, currency=price.currency.value, amount_minor=price.minor))


async def withdraw(session: AsyncSession, plan_id: int, now: datetime) -> None:
    """Stop selling a plan, or giving the trial. Orders that name it are honoured.

    Raises:
        PlanNotOnSale: it is withdrawn already.
    """
    plan = await session.get(Plan, plan_id)
    if plan is None or plan.withdrawn_at is not None:
        raise PlanNotOnSale(plan=plan_id)
    plan.withdrawn_at = now
