"""Watching the shop for those who run it, every minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import queries, report, service
from backend.alerts.rules import bounds, day_to_report
from backend.kit import clock
from backend.kit.jobs import Job, every, runs
from backend.notifications.kinds import TotalsDiffer
from backend.notifications.service import tell_operators


class Deps(report.Deps, Protocol):
    @property
    def public_url(self) -> str:
        """Where webhooks reach us; empty: nowhere."""

    @property
    def tells_sales(self) -> bool:
        """Whether there are operators who want to hear of every sale."""


@every(timedelta(minutes=1))
@dataclass(frozen=True)
class Watch(Job):
    """Look whether there is something that the operators should know."""


@every(timedelta(minutes=5))
@dataclass(frozen=True)
class Report(Job):
    """Say what yesterday was like, from nine in the morning on."""


@runs(Watch)
async def watch(job: Watch, deps: Deps) -> None:
    """Everything is told once, so it may run twice, late, or in several processes."""
    now = clock.now()
    async with deps.db.transaction() as session:
        await _watch_companies(session, deps, now)
        for server_id, trouble in (await queries.panels(session, now)).items():
            await service.tell_of_panel(session, server_id, trouble, now)
        await service.tell_of_keyless(session, await queries.keyless(session, now), now)
    async with deps.db.transaction() as session:
        if deps.tells_sales:
            await service.tell_of_sales(session, now)


async def _watch_companies(session: AsyncSession, deps: Deps, now: datetime) -> None:
    ailing = await queries.ailing_providers(session, now)
    for provider in deps.providers:
        await service.tell_of_provider(session, provider.id, ailing.get(provider.id), now)
        await service.tell_of_unproven(session, provider.id, now)
        if provider.id not in ailing:  # else that is told
            await service.tell_of_sweeps(session, provider.id, now)
        if deps.public_url and not provider.by_bot:
            await service.tell_of_silence(session, provider.id, now)


@runs(Report)
async def tell_of_day(job: Report, deps: Deps) -> None:
    """Once for every day; what differs is an alert of its own."""
    now, zone = clock.now(), ZoneInfo(deps.brand.time_zone)
    day = day_to_report(now, zone)
    if day is None:
        return
    once, (_, end) = f"report:{day.isoformat()}", bounds(day, zone)
    async with deps.db.transaction() as session:
        if await queries.was_told(session, once) or not await queries.was_open(session, end):
            return
    found = await report.report_of(deps, day)
    async with deps.db.transaction() as session:
        for difference in found.differences:
            name = f"totals:{difference.provider}:{difference.currency}:{day.isoformat()}"
            await tell_operators(session, TotalsDiffer(day, difference), once=name, now=now)
        await tell_operators(session, found, once=once, now=now)
