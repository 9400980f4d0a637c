"""What must be true of the books after every test, whatever it did: the invariants of the money path."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.queries import ANNOUNCED_FOR
from backend.audit.service import look
from backend.subscriptions.models import Subscription
from backend.subscriptions.queries import ledger
from backend.subscriptions.rules import replay

NOT_ONE_EFFECT = """
    select p.id, p.state, count(e.id) from payments p left join extensions e
        on e.source = 'payment' and e.source_id = p.id::text
     group by p.id, p.state having count(e.id) <> (p.state = 'succeeded')::int
"""
NOT_ITS_ORDER = """
    select p.id from payments p join orders o on o.id = p.order_id
      join extensions e on e.source = 'payment' and e.source_id = p.id::text
     where (e.days, e.subscription_id) is distinct from (o.period_days, o.subscription_id)
"""
NOT_ONE_MESSAGE = """
    select p.id, p.state, count(n.id) from payments p left join notifications n on n.dedup_key = 'paid:' || p.id
     where p.paid_at is null or p.paid_at > :messages_kept_since
     group by p.id, p.state having count(n.id) <> (p.state = 'succeeded')::int
"""
AHEAD_OF_ITSELF = """
    select k.id from vpn_keys k join subscriptions s on s.id = k.subscription_id
     where k.applied_version > s.desired_version
"""
RULES = {
    "a succeeded payment has exactly one extension, every other has none": NOT_ONE_EFFECT,
    "an extension is what its order promised": NOT_ITS_ORDER,
    "a succeeded payment is announced exactly once": NOT_ONE_MESSAGE,
    "no key is ahead of its subscription": AHEAD_OF_ITSELF,
}


async def audit_books(session: AsyncSession, now: datetime) -> list[str]:
    """Every broken rule, in words: as these tests see it, and as the shop itself does."""
    found = await look(session, now, {})
    broken = [f"the shop's own audit: {rule}: {one}" for rule, wrong in found.items() for one in wrong]
    values = {"messages_kept_since": now - ANNOUNCED_FOR}
    for rule, query in RULES.items():
        broken += [f"{rule}: {row}" for row in (await session.execute(text(query), values)).all()]
    for subscription in (await session.scalars(select(Subscription))).all():
        counted = replay(await ledger(session, subscription.id))
        if counted != subscription.paid_until:
            broken.append(f"paid_until is the ledger replayed: {subscription.paid_until} but {counted}")
    return broken


def audit_requests(creates: Iterable[dict[str, Any]]) -> list[str]:
    """No request to create a payment is ever sent again with the same key and other bytes."""
    bodies: dict[str, set[str]] = defaultdict(set)
    for request in creates:
        if request["body"]:  # a fault may answer before the body is read
            bodies[request["idempotence_key"]].add(request["body"])
    return [f"one key, one body: {key}" for key, sent in bodies.items() if len(sent) > 1]


def audit_objects(payments: Iterable[dict[str, Any]], strays: Counter[str]) -> list[str]:
    """The provider has at most one payment for each attempt of ours, besides those a test made past our driver."""
    made = Counter(payment["metadata"].get("pid", "") for payment in payments)
    return [f"one attempt, one payment: {pid} has {made[pid]}" for pid in made if made[pid] > 1 + strays[pid]]


def audit_keys(clients: Sequence[dict[str, Any]], emails: set[str]) -> list[str]:
    """The panel has no client that is not a key of ours."""
    return [f"a client nobody owns: {client['email']}" for client in clients if client["email"] not in emails]
