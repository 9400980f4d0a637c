"""What a day was like: counted in our books, compared with the providers' lists."""

from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from backend.alerts import queries, totals
from backend.alerts.rules import bounds
from backend.kit.brand import Brand
from backend.notifications.kinds import DailyReport
from backend.notifications.kinds.operator import Sales


class Deps(totals.Deps, Protocol):
    brand: Brand


async def report_of(deps: Deps, day: date) -> DailyReport:
    """One day of the shop, in its time zone. What waits is counted as it is now."""
    zone = ZoneInfo(deps.brand.time_zone)
    after, before = bounds(day, zone)
    found, unread = await totals.compare_day(deps, day, zone)
    async with deps.db.transaction() as session:
        return DailyReport(
            day=day,
            sales=_sales(await queries.sales(session, after, before)),
            refunds=_sales(await queries.refunds(session, after, before)),
            people=await queries.new_people(session, after, before),
            trials=await queries.trials(session, after, before),
            in_review=await queries.in_review(session),
            unwarned=await queries.unwarned(session, after, before),
            keys_waiting=await queries.keys_waiting(session),
            differences=found,
            unread=unread,
        )


def _sales(lines: queries.Lines) -> tuple[Sales, ...]:
    return tuple(Sales(provider, count, str(amount)) for provider, count, amount in lines)
