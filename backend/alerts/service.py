"""Telling the operators: once when something begins to go wrong, once when it works again.

What was told is remembered by the names of the notifications: "trouble:<what>:<since>" and "works:<what>:<since>".
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import queries
from backend.alerts.queries import Trouble
from backend.notifications.kinds import (
    Kind,
    NoCallbacks,
    NoServer,
    PanelTrouble,
    PanelWorks,
    ProviderTrouble,
    ProviderWorks,
    ServerAgain,
    Sold,
    SweepsFail,
    UnprovenCallbacks,
)
from backend.notifications.service import tell_operators
from backend.orders import sweeping
from backend.payments.circuits import trouble_key
from backend.vpn.service import get_server

TELL_AFTER = timedelta(minutes=5)
SILENCE = timedelta(hours=1)
UNPROVEN_EVERY = timedelta(hours=1)
SWEEPS_WITHIN = timedelta(hours=3)
SWEEP_TAKES = timedelta(minutes=30)  # after a long rest of the worker its first sweep is no failure yet
SALES_WITHIN = timedelta(days=1)

Begun = Callable[[Trouble], Kind]
Ended = Callable[[datetime], Kind]


async def tell_of_provider(session: AsyncSession, provider: str, trouble: Trouble | None, now: datetime) -> None:
    """Say that a provider has been in trouble for five minutes, and that it works again."""
    await _follow(
        session,
        provider,
        trouble,
        now,
        begun=lambda found: ProviderTrouble(provider, found.since, found.reason),
        ended=lambda since: ProviderWorks(provider, since, now),
    )


async def tell_of_panel(session: AsyncSession, server_id: int, trouble: Trouble | None, now: datetime) -> None:
    """Say that a panel has taken no changes for five minutes, and that it works again."""
    name = (await get_server(session, server_id)).name
    await _follow(
        session,
        f"server-{server_id}",
        trouble,
        now,
        begun=lambda found: PanelTrouble(name, found.since, found.reason, found.keys),
        ended=lambda since: PanelWorks(name, since, now),
    )


async def tell_of_keyless(session: AsyncSession, trouble: Trouble | None, now: datetime) -> None:
    """Say that for five minutes there has been no server for people who wait for a key, and that there is one."""
    await _follow(
        session,
        "keyless",
        trouble,
        now,
        begun=lambda found: NoServer(found.since, found.keys),
        ended=lambda since: ServerAgain(since, now),
    )


async def _follow(
    session: AsyncSession, what: str, trouble: Trouble | None, now: datetime, *, begun: Begun, ended: Ended
) -> None:
    told = await queries.last_told(session, trouble_key(what, ""))
    since = datetime.fromisoformat(told.payload["since"]) if told else None
    over = since is None or await queries.was_told(session, works_key(what, since))
    if trouble is None and since is not None and not over:
        await tell_operators(session, ended(since), once=works_key(what, since), now=now)
    if trouble is not None and over and now - trouble.since >= TELL_AFTER:
        await tell_operators(session, begun(trouble), once=trouble_key(what, trouble.since.isoformat()), now=now)


def works_key(what: str, since: datetime) -> str:
    return f"works:{what}:{since.isoformat()}"


async def tell_of_silence(session: AsyncSession, provider: str, now: datetime) -> None:
    """Say that payments were found by asking and nothing was said of them for an hour; once for each silence."""
    last = await queries.last_callback(session, provider)
    if last is not None and now - last < SILENCE:
        return
    heard_of_all = last or datetime.min.replace(tzinfo=now.tzinfo)
    payments = await queries.count_paid(session, provider, max(heard_of_all, now - 2 * SILENCE), now - SILENCE)
    if payments:
        since = last.isoformat() if last else "never"
        told = NoCallbacks(provider, payments, last)
        await tell_operators(session, told, once=f"silence:{provider}:{since}", now=now)


async def tell_of_sweeps(session: AsyncSession, provider: str, now: datetime) -> None:
    """Say that a provider's list has not been compared with our books for three hours; once for each time."""
    tried, last = await sweeping.begun(session, provider), await sweeping.last_complete(session, provider)
    stale = (last or tried or now) <= now - SWEEPS_WITHIN
    if tried is not None and tried <= now - SWEEP_TAKES and stale:
        once = f"sweeps:{provider}:{(last or tried).isoformat()}"
        await tell_operators(session, SweepsFail(provider, last), once=once, now=now)


async def tell_of_unproven(session: AsyncSession, provider: str, now: datetime) -> None:
    """Say how many webhooks came without our signature, at most once in an hour."""
    name = f"unproven:{provider}:"
    told = await queries.last_told(session, name)
    if told is not None and now - told.created_at < UNPROVEN_EVERY:
        return
    since = told.created_at if told is not None else now - UNPROVEN_EVERY
    count = await queries.count_unproven(session, provider, since)
    if count:
        await tell_operators(session, UnprovenCallbacks(provider, count), once=f"{name}{now.isoformat()}", now=now)


async def tell_of_sales(session: AsyncSession, now: datetime) -> None:
    """Say what was sold, once each."""
    for payment, order, user in await queries.untold_sales(session, now - SALES_WITHIN):
        sold = Sold(order.plan_snapshot["names"], str(payment.amount), payment.method, user.username, user.first_name)
        await tell_operators(session, sold, once=f"sale:{payment.id}", now=now)
