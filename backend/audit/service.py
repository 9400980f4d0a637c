"""The audit of the books, and the log of what operators did."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.models import Action, Check, Violation
from backend.audit.queries import RULES, Books, Found, open_violations
from backend.notifications.kinds import AuditFailed
from backend.notifications.service import tell_operators
from backend.switches.service import hold

log = structlog.get_logger()

NAMED = 5  # ids in one message


async def note(
    session: AsyncSession, *, actor: str, action: str, subject: str, now: datetime, **details: str | int | bool
) -> None:
    """Write down an operator's deed, in the transaction of it."""
    session.add(Action(actor=actor, action=action, subject=subject, details=details, at=now))
    await session.flush()


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong by each rule; nothing, as a rule. `held`: providers that were stopped for it just now."""

    found: Mapping[str, list[Found]]
    held: frozenset[str]

    @property
    def clean(self) -> bool:
        return not any(self.found.values())


async def look(session: AsyncSession, now: datetime, key_lives: Mapping[str, timedelta]) -> dict[str, list[Found]]:
    """Everything that is wrong with the books, by rule."""
    books = Books(session, now, {provider: lives for provider, lives in key_lives.items() if lives})
    return {name: await find(books) for name, find in RULES.items()}


async def audit_books(session: AsyncSession, now: datetime, key_lives: Mapping[str, timedelta]) -> Audit:
    """Look at the books and act on what is new: tell the operators once, and sell nothing more by that provider.

    What is under way still settles. What is found no more is closed, but it switches nothing on: an operator does.
    """
    found = await look(session, now, key_lives)
    fresh = await _remember(session, found, now)
    held: set[str] = set()
    for (name, provider), violations in fresh.items():
        log.error("audit.violation", rule=name, provider=provider, count=len(violations), first=violations[0].subject)
        if provider is not None and await hold(session, provider, f"audit: {name}", now):
            held.add(provider)
        alert = AuditFailed(
            rule=name,
            provider=provider,
            subjects=tuple(violation.subject for violation in violations[:NAMED]),
            details=violations[0].details,
            count=len(violations),
        )
        await tell_operators(session, alert, once=f"audit:{name}:{violations[0].id}", now=now)
    log.info("audit.done", violations=sum(map(len, found.values())))
    return Audit(found, frozenset(held))


async def _remember(
    session: AsyncSession, found: Mapping[str, list[Found]], now: datetime
) -> dict[tuple[str, str | None], list[Violation]]:
    """Store what was found; what of it is new, by rule and provider."""
    known = {(violation.rule, violation.subject): violation for violation in await open_violations(session)}
    fresh: dict[tuple[str, str | None], list[Violation]] = defaultdict(list)
    for name, wrong in found.items():
        for one in {one.subject: one for one in wrong}.values():
            if known.pop((name, one.subject), None) is None:
                violation = await _open(session, name, one, now)
                if violation is not None:
                    fresh[name, one.provider].append(violation)
        count = insert(Check).values(rule=name, violations=len(wrong), checked_at=now)
        updated = {"violations": count.excluded.violations, "checked_at": count.excluded.checked_at}
        await session.execute(count.on_conflict_do_update(index_elements=[Check.rule], set_=updated))
    for gone in known.values():
        gone.gone_at = now
    await session.execute(delete(Check).where(Check.rule.not_in(found)))  # a rule of another version
    await session.flush()
    return fresh


async def _open(session: AsyncSession, name: str, one: Found, now: datetime) -> Violation | None:
    """A new line; None: another audit at the same time has just written and told it."""
    row = (
        insert(Violation)
        .values(rule=name, subject=one.subject, provider=one.provider, details=one.details, found_at=now)
        .on_conflict_do_nothing(
            index_elements=[Violation.rule, Violation.subject], index_where=Violation.gone_at.is_(None)
        )
        .returning(Violation)
    )
    return (await session.scalars(row)).one_or_none()


async def measure(session: AsyncSession, registry: CollectorRegistry) -> None:
    """How the last audit went, as numbers: the same in every process."""
    wrong = Gauge("shop_audit_violations", "What the last audit found wrong.", ["rule"], registry=registry)
    last = Gauge("shop_audit_timestamp_seconds", "When the books were last looked at.", ["rule"], registry=registry)
    for check in await session.scalars(select(Check)):
        wrong.labels(check.rule).set(check.violations)
        last.labels(check.rule).set(check.checked_at.timestamp())
