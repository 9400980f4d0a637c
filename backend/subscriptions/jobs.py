"""Panels follow what was decided here, and people hear of an end in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.db import Database
from backend.kit.errors import Outside, Unavailable
from backend.kit.jobs import Job, every, runs, ticks
from backend.kit.tokens import new_id
from backend.notifications.kinds import Ended, EndingSoon, KeyReady
from backend.notifications.service import notify
from backend.subscriptions.queries import (
    WantedKey,
    missing_keys,
    next_dirty_key,
    servers_with_dirty_keys,
    settled_keys,
    told_key,
    untold_ends,
)
from backend.subscriptions.rules import DAY, backoff, days_left, drifted
from backend.subscriptions.service import SyncServer, lock_subscription, wake_sync, write_again
from backend.vpn import service as vpn
from backend.vpn.panels.base import Panel
from backend.vpn.queries import inbound_ids
from backend.vpn.service import ComparePanel

log = structlog.get_logger()

FILLED_AT_ONCE = 200  # keys in one transaction
TOLD_OF_END_WITHIN = timedelta(days=3)  # an end older than that is no news


class Deps(Protocol):
    db: Database

    async def panel(self, server_id: int) -> Panel: ...


@ticks
async def wake_syncs(session: AsyncSession, now: datetime) -> None:
    for server_id in await servers_with_dirty_keys(session, now):
        await wake_sync(session, server_id)


@runs(SyncServer)
async def sync_server(job: SyncServer, deps: Deps) -> None:
    """Make one panel agree with what its keys should be, oldest first, one write at a time.

    Safe to run twice or late: `put` states the whole wanted end, and only the version that was sent is
    acknowledged, so a renewal that came meanwhile is synced again. The lease on the server's row keeps a second
    writer away, whatever the queue does.
    """
    holder = new_id()
    try:
        while await vpn.lease_server(deps.db, job.server_id, holder, clock.now()):
            async with deps.db.transaction() as session:
                wanted = await next_dirty_key(session, job.server_id, clock.now())
                inbounds = await inbound_ids(session, job.server_id)
            if wanted is None or not inbounds or not await _sync_key(deps, job.server_id, wanted, inbounds):
                return
    finally:
        await vpn.release_server(deps.db, job.server_id, holder)


async def _sync_key(deps: Deps, server_id: int, wanted: WantedKey, inbounds: Sequence[int]) -> bool:
    """Apply one key. False: the panel does not answer, leave it alone for now."""
    try:
        panel = await deps.panel(server_id)
        await panel.put(wanted.spec, inbounds)
    except Outside as error:
        log.warning("key.not_synced", key=wanted.key_id, server=server_id, reason=str(error))
        async with deps.db.transaction() as session:
            await vpn.postpone_key(session, wanted.key_id, clock.now() + backoff(wanted.attempts + 1), str(error))
            await vpn.note_health(session, server_id, clock.now(), str(error))
        return not isinstance(error, Unavailable)
    async with deps.db.transaction() as session:
        subscription = await lock_subscription(session, wanted.subscription_id)
        if await inbound_ids(session, server_id) != inbounds:  # others by now: this key is written there, too
            return True
        await vpn.acknowledge(
            session,
            wanted.key_id,
            version=wanted.version,
            uuid=wanted.spec.uuid,
            newest=subscription.desired_version == wanted.version,
        )
        await vpn.note_health(session, server_id, clock.now(), None)
        if wanted.spec.enabled and wanted.spec.uuid == subscription.client_uuid:
            ready = KeyReady(subscription.id)
            await notify(session, subscription.user_id, ready, once=subscription.ready_key, now=clock.now())
    log.info("key.synced", key=wanted.key_id, server=server_id, version=wanted.version)
    return True


@every(timedelta(minutes=1))
@dataclass(frozen=True)
class FillServers(Job):
    """Look whether every running subscription has a key on every server: one may be new."""


@runs(FillServers)
async def fill_servers(job: FillServers, deps: Deps) -> None:
    """Only the key that is missing is made; the tick that wakes syncs finds it."""
    while True:
        async with deps.db.transaction() as session:
            missing = await missing_keys(session, clock.now(), limit=FILLED_AT_ONCE)
            for subscription_id, server_id in missing:
                await vpn.want_keys(session, subscription_id, [server_id])
        if missing:
            log.info("servers.filled", keys=len(missing))
        if len(missing) < FILLED_AT_ONCE:
            return


@every(timedelta(days=1))
@dataclass(frozen=True)
class ComparePanels(Job):
    """Look whether the panels have what their keys should be."""


@runs(ComparePanels)
async def compare_panels(job: ComparePanels, deps: Deps) -> None:
    """What differs, since a human changed it there or a backup was restored, is written again."""
    async with deps.db.transaction() as session:
        server_ids = await vpn.all_servers(session)
    for server_id in server_ids:
        await compare_panel(ComparePanel(server_id), deps)


@runs(ComparePanel)
async def compare_panel(job: ComparePanel, deps: Deps) -> None:
    try:
        await _compare(deps, job.server_id)
    except Outside as error:
        log.warning("panel.not_compared", server=job.server_id, reason=str(error))


async def _compare(deps: Deps, server_id: int) -> None:
    """Read what should be before what is: what changes meanwhile has another version, and is left to its sync."""
    now = clock.now()
    async with deps.db.transaction() as session:
        settled = await settled_keys(session, server_id, now)
        inbounds = await inbound_ids(session, server_id)
    there = {key.email: key for key in await (await deps.panel(server_id)).list()}
    for key in settled:
        if not drifted(key.spec, there.get(key.spec.email), inbounds, now):
            continue
        async with deps.db.transaction() as session:
            if await write_again(session, key.subscription_id, key.version):
                log.warning("key.drifted", key=key.key_id, server=server_id, missing=key.spec.email not in there)
    async with deps.db.transaction() as session:
        ours = await vpn.emails_on(session, server_id)
    strangers = sorted(there.keys() - ours)
    if strangers:
        log.warning("panel.strangers", server=server_id, count=len(strangers), first=strangers[0])


@every(timedelta(minutes=1))
@dataclass(frozen=True)
class Remind(Job):
    """Tell people whose time ends soon, or has ended."""


@runs(Remind)
async def remind(job: Remind, deps: Deps) -> None:
    """Each reminder once per end: when the time is extended, the new end gets its own."""
    now = clock.now()
    async with deps.db.transaction() as session:
        for word, after, before in (
            ("ending-1", now, now + DAY),
            ("ending-3", now + DAY, now + 3 * DAY),
            ("ended", now - TOLD_OF_END_WITHIN, now),
        ):
            for subscription in await untold_ends(session, word, after, before):
                until = subscription.paid_until
                assert until is not None
                kind = (
                    Ended(subscription.id, until)
                    if word == "ended"
                    else EndingSoon(subscription.id, until, days_left(until, now))
                )
                once = told_key(word, subscription.id, until)
                await notify(session, subscription.user_id, kind, once=once, now=now)
