"""The plans a new shop opens with; the operator changes the rows afterwards."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.money import Currency
from backend.plans.models import Plan, PlanPrice


@dataclass(frozen=True, slots=True)
class Default:
    code: str
    names: dict[str, str]
    days: int
    prices: dict[Currency, int]
    trial: bool = False


DEFAULTS = (
    Default("trial", {"ru": "Пробный период", "en": "Trial"}, 7, {}, trial=True),
    Default("monthly", {"ru": "Месяц", "en": "Month"}, 30, {Currency.RUB: 299_00, Currency.XTR: 200}),
    Default("quarterly", {"ru": "3 месяца", "en": "3 months"}, 90, {Currency.RUB: 799_00, Currency.XTR: 535}),
    Default("yearly", {"ru": "Год", "en": "Year"}, 365, {Currency.RUB: 2999_00, Currency.XTR: 2000}),
)


async def open_shop(session: AsyncSession) -> None:
    """Put the default plans into a shop that has none."""
    if await session.scalar(select(func.count()).select_from(Plan)):
        return
    for position, default in enumerate(DEFAULTS):
        plan = Plan(
            code=default.code,
            names=dict(default.names),
            days=default.days,
            device_limit=0,
            traffic_limit_bytes=0,
            trial=default.trial,
            position=position,
        )
        session.add(plan)
        await session.flush()
        session.add_all(
            PlanPrice(plan_id=plan.id, currency=currency.value, amount_minor=minor)
            for currency, minor in default.prices.items()
        )
