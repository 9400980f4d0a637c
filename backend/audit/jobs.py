"""Looking at the books every hour, and tidying them every day."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from backend.audit.service import audit_books
from backend.audit.tidying import delete_drafts, delete_unproven
from backend.kit import clock
from backend.kit.db import Database
from backend.kit.jobs import Job, every, runs
from backend.orders.sweeping import last_complete
from backend.payments.providers import Providers

log = structlog.get_logger()

DRAFTS_KEPT = timedelta(days=30)
UNPROVEN_KEPT = timedelta(days=7)
READ_WITHIN = timedelta(days=1)


class Deps(Protocol):
    db: Database
    providers: Providers


@every(timedelta(hours=1))
@dataclass(frozen=True)
class AuditBooks(Job):
    """Look whether everything that must be true of the books is."""


@every(timedelta(days=1))
@dataclass(frozen=True)
class TidyBooks(Job):
    """Delete what never came to anything."""


@runs(AuditBooks)
async def audit(job: AuditBooks, deps: Deps) -> None:
    async with deps.db.transaction() as session:
        await audit_books(session, clock.now(), {driver.id: driver.key_lives for driver in deps.providers})


@runs(TidyBooks)
async def tidy(job: TidyBooks, deps: Deps) -> None:
    """Orders nobody paid, and events nobody proved."""
    now = clock.now()
    async with deps.db.transaction() as session:
        swept = {driver.id: await last_complete(session, driver.id) for driver in deps.providers}
        read = [provider for provider, at in swept.items() if at is not None and now - at < READ_WITHIN]
        drafts = await delete_drafts(session, now - DRAFTS_KEPT, read=read)
    async with deps.db.transaction() as session:
        unproven = await delete_unproven(session, now - UNPROVEN_KEPT)
    log.info("books.tidied", drafts=drafts, unproven=unproven)
