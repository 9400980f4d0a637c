"""What we learn from panels: inbounds as people connect to them, and traffic."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.db import Database, DatabaseUnavailable
from backend.kit.errors import Outside
from backend.kit.jobs import Job, enqueue, every, runs, ticks
from backend.vpn.models import Server, VpnKey
from backend.vpn.panels.base import Panel
from backend.vpn.queries import was_read
from backend.vpn.rules import unread_pause
from backend.vpn.service import get_server, note_health, save_endpoints

log = structlog.get_logger()


class Deps(Protocol):
    db: Database

    async def panel(self, server_id: int) -> Panel: ...


@dataclass(frozen=True)
class ReadServer(Job):
    """Read one panel's inbounds again."""

    server_id: int


@every(timedelta(minutes=10))
@dataclass(frozen=True)
class ReadServers(Job):
    """Read every panel's inbounds again: an operator may have changed them there."""


@every(timedelta(minutes=5))
@dataclass(frozen=True)
class MeasureTraffic(Job):
    """Read how much every key has moved."""


@ticks
async def wake_unread(session: AsyncSession, now: datetime) -> None:
    """A server that was never read successfully is tried again soon, since nobody can use it."""
    unread = Server.retired_at.is_(None) & ~was_read(Server.id)
    query = select(Server).where(unread, Server.read_after <= now).with_for_update(skip_locked=True)
    for server in await session.scalars(query):
        server.read_after = now + unread_pause(now - (server.failing_since or now))
        await enqueue(session, ReadServer(server.id), once=f"read:{server.id}")


@runs(ReadServer)
async def read_server(job: ReadServer, deps: Deps) -> None:
    """A server that was never read is as well as its reads; of any other its keys and its traffic tell."""
    try:
        await read_panel(deps, job.server_id)
    except DatabaseUnavailable:
        raise
    except Outside as error:
        log.warning("server.not_read", server=job.server_id, reason=str(error))
        async with deps.db.transaction() as session:
            if not await session.scalar(select(was_read(job.server_id))):
                await note_health(session, job.server_id, clock.now(), str(error))


async def read_panel(deps: Deps, server_id: int) -> None:
    """Keep what people connect to on this server, as its panel has it now.

    Raises:
        Unavailable, Refused: the panel did not say; NoEndpoint: nothing on it can carry keys.
    """
    facts = await (await deps.panel(server_id)).probe()
    now = clock.now()
    async with deps.db.transaction() as session:
        server = await get_server(session, server_id)
        await save_endpoints(session, server, facts, now, panel_host=urlsplit(server.url).hostname or "")
    log.info("server.read", server=server_id, dialect=facts.dialect, version=facts.version)


@runs(ReadServers)
async def read_servers(job: ReadServers, deps: Deps) -> None:
    async with deps.db.transaction() as session:
        for server_id in await session.scalars(select(Server.id).where(Server.retired_at.is_(None))):
            await enqueue(session, ReadServer(server_id), once=f"read:{server_id}")


@runs(MeasureTraffic)
async def measure_traffic(job: MeasureTraffic, deps: Deps) -> None:
    """Traffic as the panels count it; a panel that does not answer keeps its last figures."""
    async with deps.db.transaction() as session:
        server_ids = (await session.scalars(select(Server.id).where(was_read(Server.id)))).all()
    for server_id in server_ids:
        try:
            usage = await (await deps.panel(server_id)).usage()
        except Outside as error:
            log.warning("traffic.not_measured", server=server_id, reason=str(error))
            async with deps.db.transaction() as session:
                await note_health(session, server_id, clock.now(), str(error))
            continue
        async with deps.db.transaction() as session:
            await note_health(session, server_id, clock.now(), None)
            keys = await session.execute(select(VpnKey.id, VpnKey.email).where(VpnKey.server_id == server_id))
            changed = [
                {
                    "id": key_id,
                    "upload_bytes": usage[email].upload_bytes,
                    "download_bytes": usage[email].download_bytes,
                    "measured_at": clock.now(),
                }
                for key_id, email in keys
                if email in usage
            ]
            if changed:
                await session.execute(update(VpnKey), changed)
