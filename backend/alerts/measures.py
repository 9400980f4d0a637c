"""What the database says of the shop, as numbers for whoever watches it: the same in every process."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.queries import latest_differences
from backend.kit.jobs import Timer
from backend.notifications.models import Notification
from backend.orders.looking import SWEEP_EVERY, SWEEP_TIMER
from backend.payments.circuits import circuits
from backend.payments.models import Payment
from backend.switches.service import DIFFERS, HELD, OFF, switches

Values = Iterable[tuple[tuple[str, ...], float]]


async def measure(session: AsyncSession, providers: Iterable[str], now: datetime) -> CollectorRegistry:
    """Everything that is counted in tables, for these providers."""
    names = tuple(providers)
    registry = CollectorRegistry()

    def gauge(name: str, what: str, labels: tuple[str, ...], values: Values) -> None:
        metric = Gauge(name, what, labels, registry=registry)
        for label_values, value in values:
            metric.labels(*label_values).set(value)

    opened = {circuit.provider for circuit in await circuits(session) if circuit.opened_at is not None}
    off = {switch.name for switch in await switches(session)}
    gauge("shop_circuit_open", "1: the provider is in trouble.", ("provider",), _flags(names, opened))
    gauge("shop_provider_off", "1: an operator switched it off.", ("provider",), _flags(names, _bare(off, OFF)))
    gauge("shop_provider_held", "1: the audit holds it.", ("provider",), _flags(names, _bare(off, HELD)))
    differs = _flags(names, _bare(off, DIFFERS))
    gauge("shop_provider_differs", "1: it is not what the settings say.", ("provider",), differs)
    gauge("shop_payments", "Attempts to pay.", ("provider", "state"), await _payments(session))
    gauge("shop_alerts", "What operators were told, as far as it is kept.", ("kind",), await _alerts(session))
    given_up = "What people may never have heard, as far as it is kept."
    gauge("shop_notifications_given_up", given_up, ("kind", "outcome"), await _given_up(session))
    resent = "What was said again though it may have been heard: duplicates at most, as far as it is kept."
    gauge("shop_notifications_resent", resent, ("kind",), await _resent(session))
    gauge(
        "shop_sweep_age_seconds",
        "Since a provider's list was last read to its end.",
        ("provider",),
        await _sweeps(session, now),
    )
    gauge(
        "shop_totals_difference",
        "The provider's sum of the last day that was compared, less ours, in minor units.",
        ("provider", "currency", "of"),
        await _totals(session),
    )
    return registry


def _flags(names: Iterable[str], those: set[str]) -> Values:
    return [((name,), float(name in those)) for name in names]


def _bare(switched: set[str], prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in switched if name.startswith(prefix)}


async def _payments(session: AsyncSession) -> Values:
    query = select(Payment.provider, Payment.state, func.count()).group_by(Payment.provider, Payment.state)
    return [((provider, state), count) for provider, state, count in await session.execute(query)]


async def _alerts(session: AsyncSession) -> Values:
    query = select(Notification.kind, func.count()).where(Notification.user_id.is_(None)).group_by(Notification.kind)
    return [((kind,), count) for kind, count in await session.execute(query)]


async def _given_up(session: AsyncSession) -> Values:
    query = (
        select(Notification.kind, Notification.outcome, func.count())
        .where(Notification.outcome.in_(["stale", "lost"]))
        .group_by(Notification.kind, Notification.outcome)
    )
    return [((kind, outcome or ""), count) for kind, outcome, count in await session.execute(query)]


async def _resent(session: AsyncSession) -> Values:
    times = func.sum(Notification.said - 1)
    query = select(Notification.kind, times).where(Notification.said > 1).group_by(Notification.kind)
    return [((kind,), float(count)) for kind, count in await session.execute(query)]


async def _sweeps(session: AsyncSession, now: datetime) -> Values:
    query = select(Timer).where(Timer.name.startswith(SWEEP_TIMER))
    return [
        ((timer.name.removeprefix(SWEEP_TIMER),), (now - timer.next_at + SWEEP_EVERY).total_seconds())
        for timer in await session.scalars(query)
    ]


async def _totals(session: AsyncSession) -> Values:
    found = await latest_differences(session)
    paid = [((d.provider, d.currency, "paid"), float(d.paid_there - d.paid_here)) for d in found]
    back = [((d.provider, d.currency, "refunded"), float(d.refunded_there - d.refunded_here)) for d in found]
    return [*paid, *back]
