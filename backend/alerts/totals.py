"""The sums of a day, at every provider and in our books."""

from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from backend.alerts.queries import known_by_ref, oldest_paid_between, paid_between
from backend.alerts.rules import Paid, bounds, differences
from backend.kit.db import Database
from backend.kit.errors import Unavailable
from backend.notifications.kinds.operator import Difference
from backend.payments.models import Payment
from backend.payments.providers import Providers
from backend.payments.providers.base import PaymentProvider, PaymentState, Snapshot
from backend.payments.service import parse_id

log = structlog.get_logger()

PAID_WITHIN = timedelta(days=1)  # of being created, where a company has no late payments


class Deps(Protocol):
    db: Database
    providers: Providers


async def compare_day(deps: Deps, day: date, zone: ZoneInfo) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Where a provider's list and our books differ for one day, and the providers whose list could not be read."""
    found: list[Difference] = []
    unread: list[str] = []
    for provider in deps.providers:
        try:
            found.extend(await _compare(deps, provider, *bounds(day, zone)))
        except Unavailable as error:
            log.warning("totals.not_compared", provider=provider.id, reason=str(error))
            unread.append(provider.id)
    return tuple(found), tuple(unread)


async def _compare(
    deps: Deps, provider: PaymentProvider, after: datetime, before: datetime
) -> tuple[Difference, ...]:
    async with deps.db.transaction() as session:
        since = await oldest_paid_between(session, provider.id, after, before) or after
    reach = min(after - max(provider.late_for, PAID_WITHIN), since - PAID_WITHIN)
    listed = [snapshot async for snapshot in provider.list_since(reach) if _counts(snapshot, provider)]
    async with deps.db.transaction() as session:
        here = await paid_between(session, provider.id, after, before)
        known = await known_by_ref(session, provider.id, [snapshot.ref for snapshot in listed])
    there = [paid for snapshot in listed if (paid := _listed(snapshot, known.get(snapshot.ref))) is not None]
    return differences(provider.id, [paid for paid in there if after <= paid.at < before], here)


def _counts(snapshot: Snapshot, provider: PaymentProvider) -> bool:
    """Paid, and for an attempt of a shop like ours: what other programs sell there is not in our books."""
    paid = snapshot.state is PaymentState.SUCCEEDED and snapshot.test in (None, provider.test)
    return paid and parse_id(snapshot.pid) is not None


def _listed(snapshot: Snapshot, ours: Payment | None) -> Paid | None:
    """A listed payment, at the time our books have for it; None: an operator has yet to decide about it."""
    if snapshot.amount is None or (ours is not None and ours.state == PaymentState.REVIEW):
        return None
    at = ours.paid_at if ours is not None else None
    at = at or snapshot.paid_at or snapshot.created_at
    return Paid(snapshot.ref, snapshot.amount, snapshot.refunded_minor or 0, at) if at is not None else None
