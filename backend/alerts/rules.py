"""Days of the shop, and whether a provider's sums are ours. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.kit.money import Money
from backend.notifications.kinds.operator import Difference

REPORT_AT = 9  # o'clock, in the shop's time zone


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment that moved money, as a provider lists it or as our books have it."""

    ref: str
    amount: Money
    refunded_minor: int
    at: datetime


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day of the shop begins and ends: it has 23 or 25 hours where clocks change."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def day_to_report(now: datetime, zone: ZoneInfo) -> date | None:
    """The day to speak of: yesterday, from nine in the morning on; None: it is too early."""
    local = now.astimezone(zone)
    return local.date() - timedelta(days=1) if local.hour >= REPORT_AT else None


def differences(provider: str, there: Iterable[Paid], here: Iterable[Paid]) -> tuple[Difference, ...]:
    """The currencies in which the sums of one day's payments, or what went back of them, are not the same."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for column, side in enumerate((there, here)):
        for paid in side:
            line = sums[paid.amount.currency.value]
            line[column] += paid.amount.minor
            line[column + 2] += paid.refunded_minor
    return tuple(
        Difference(
            provider,
            currency,
            paid_there=paid_there,
            paid_here=paid_here,
            refunded_there=refunded_there,
            refunded_here=refunded_here,
        )
        for currency, (paid_there, paid_here, refunded_there, refunded_here) in sorted(sums.items())
        if (paid_there, refunded_there) != (paid_here, refunded_here)
    )
