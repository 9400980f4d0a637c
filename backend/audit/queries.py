"""What must always be true of the books, a function each: what it finds is wrong.

Each returns rows of (what is wrong with: an id, the provider whose money it is about or null, how it stands).
The database refuses some of it anyway; an audit does not trust that.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.models import Check, Violation
from backend.orders.decisions import ACCEPTED
from backend.subscriptions.models import Extension, Subscription
from backend.subscriptions.rules import Entry, replay

AT_A_TIME = 5000
A_DAY = timedelta(days=1)
A_DAY_OF_TRIES = 296  # of one key, with the pauses between them
LAST_TRY = timedelta(hours=1)  # an event is looked at for a day, at last hourly
RESTED = timedelta(hours=2)
ANNOUNCED_FOR = timedelta(days=89)  # a day less than what was said is kept


@dataclass(frozen=True, slots=True)
class Books:
    """What is looked at. `key_lives`: how long a key protects, of the providers that have such keys."""

    session: AsyncSession
    now: datetime
    key_lives: Mapping[str, timedelta] = field(default_factory=dict)

    async def rows(self, sql: str, **values: Any) -> list["Found"]:
        return [Found(*row) for row in await self.session.execute(text(sql), values)]

    async def unless_rested(self, name: str, sql: str, **values: Any) -> list["Found"]:
        """The same for what waits: after a rest of the worker it has the time until the next audit."""
        check = await self.session.get(Check, name)
        if check is None or check.checked_at <= self.now - RESTED:
            return []
        return await self.rows(sql, **values)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong. `subject`: the id of a payment, an order or whatever it is about."""

    subject: str
    provider: str | None
    details: str


Rule = Callable[[Books], Awaitable[list[Found]]]
RULES: dict[str, Rule] = {}
"""By name; the sentence for people is the text `audit-<name>`."""


def rule(look: Rule) -> Rule:
    RULES[look.__name__.replace("_", "-")] = look
    return look


@rule
async def one_effect(books: Books) -> list[Found]:
    """A payment that succeeded has exactly one extension, any other has none."""
    return await books.rows("""
        select p.id::text, p.provider, p.state || ', extensions: ' || count(e.id)
          from payments p left join extensions e on e.source = 'payment' and e.source_id = p.id::text
         group by p.id having count(e.id) <> (p.state = 'succeeded')::int
    """)


@rule
async def paid_effect(books: Books) -> list[Found]:
    """An extension for a payment is of a payment there is."""
    return await books.rows("""
        select e.source_id, null, 'subscription ' || e.subscription_id || ', days: ' || e.days
          from extensions e left join payments p on p.id::text = e.source_id
         where e.source = 'payment' and p.id is null
    """)


@rule
async def promised_effect(books: Books) -> list[Found]:
    """An extension gives what its order promised, to the subscription it was for."""
    return await books.rows("""
        select p.id::text, p.provider, 'days: ' || e.days || ', promised: ' || coalesce(o.period_days::text, 'none')
          from payments p join orders o on o.id = p.order_id
          join extensions e on e.source = 'payment' and e.source_id = p.id::text
         where (e.days, e.subscription_id) is distinct from (o.period_days, o.subscription_id)
    """)


@rule
async def paid_until(books: Books) -> list[Found]:
    """Every subscription is paid until exactly what its ledger gives."""
    newest_payer = await _payers(books)
    query = (
        select(cast(Subscription.id, Text), Subscription.paid_until, Extension.days, Extension.at)
        .outerjoin(Extension, Extension.subscription_id == Subscription.id)
        .order_by(Subscription.id, Extension.at, Extension.id)
        .execution_options(yield_per=AT_A_TIME)
    )
    wrong: list[tuple[str, str]] = []
    key: tuple[str, datetime | None] | None = None
    entries: list[Entry] = []
    result = await books.session.stream(query)
    async for rows in result.partitions():
        for subscription_id, until, days, at in rows:
            if (subscription_id, until) != key:
                wrong += _misreplayed(key, entries)
                key, entries = (subscription_id, until), []
            if at is not None:
                entries.append(Entry(days, at))
    wrong += _misreplayed(key, entries)
    return [Found(subscription, newest_payer.get(subscription), details) for subscription, details in wrong]


def _misreplayed(key: tuple[str, datetime | None] | None, entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """One subscription with its end, and its whole ledger in order: what is wrong, if it ends otherwise."""
    counted = replay(entries)
    if key is None or counted == key[1]:
        return []
    return [(key[0], f"paid until {_said(key[1])}, counted {_said(counted)}")]


def _said(at: datetime | None) -> str:
    return at.isoformat(timespec="milliseconds") if at else "never"


async def _payers(books: Books) -> dict[str, str]:
    """By which provider each subscription was last paid."""
    rows = await books.session.execute(
        text("""
            select distinct on (o.subscription_id) o.subscription_id::text, p.provider
              from payments p join orders o on o.id = p.order_id
             where p.state = 'succeeded' order by o.subscription_id, p.paid_at desc
        """)
    )
    return {row[0]: row[1] for row in rows}


@rule
async def refunded_within(books: Books) -> list[Found]:
    """No more of a payment has gone back than there was."""
    return await books.rows("""
        select id::text, provider, 'refunded ' || refunded_minor || ' of ' || amount_minor
          from payments where refunded_minor not between 0 and amount_minor
    """)


@rule
async def refunded_sum(books: Books) -> list[Found]:
    """What has gone back of a payment is the sum of its refunds that were made."""
    return await books.rows("""
        with made as (
            select payment_id, sum(amount_minor) as minor from refunds where state = 'succeeded' group by payment_id)
        select p.id::text, p.provider, 'refunded ' || p.refunded_minor || ', refunds: ' || coalesce(m.minor, 0)
          from payments p left join made m on m.payment_id = p.id
         where p.refunded_minor <> coalesce(m.minor, 0)
    """)


@rule
async def days_taken(books: Books) -> list[Found]:
    """The days taken back for a payment are its days by the share of it that went back, rounded down."""
    return await books.rows("""
        with back as (
            select r.payment_id, -sum(e.days) as days
              from extensions e join refunds r on e.source = 'refund' and e.source_id = r.id::text
             group by r.payment_id)
        select p.id::text, p.provider,
               'taken ' || coalesce(b.days, 0) || ' of ' || o.period_days || ' days, refunded ' || p.refunded_minor
               || ' of ' || p.amount_minor
          from payments p join orders o on o.id = p.order_id left join back b on b.payment_id = p.id
         where p.state = 'succeeded'
           and coalesce(b.days, 0) <> o.period_days * p.refunded_minor / p.amount_minor
    """)


@rule
async def refund_of_taken(books: Books) -> list[Found]:
    """Days are taken back for refunds that were made."""
    return await books.rows("""
        select e.source_id, p.provider, 'days: ' || e.days || ', refund: ' || coalesce(r.state, 'none')
          from extensions e left join refunds r on r.id::text = e.source_id
          left join payments p on p.id = r.payment_id
         where e.source = 'refund' and r.state is distinct from 'succeeded'
    """)


@rule
async def one_row(books: Books) -> list[Found]:
    """A provider's payment is one payment of ours."""
    return await books.rows("""
        select provider_payment_id, provider, string_agg(id::text, ', ' order by id)
          from payments where provider_payment_id is not null
         group by provider, provider_payment_id having count(*) > 1
    """)


@rule
async def one_object(books: Books) -> list[Found]:
    """Of one attempt a provider makes one payment, for as long as the attempt's key protects it.

    What is found later than that may have been made later, too: it is not counted.
    """
    found: list[Found] = []
    for provider, lives in books.key_lives.items():
        found += await books.rows(
            """
            select p.id::text, p.provider, 'a second payment for order ' || p.order_id
              from payments p join payments origin
                on origin.order_id = p.order_id and origin.provider = p.provider and origin.method = p.method
               and origin.id <> p.id and substr(origin.id::text, 15, 1) <> '5'
               and p.created_at between origin.created_at and origin.created_at + cast(:lives as interval)
             where substr(p.id::text, 15, 1) = '5' and p.user_id is not null and p.provider = :provider
            """,
            provider=provider,
            lives=lives,
        )
    return found


@rule
async def one_charge(books: Books) -> list[Found]:
    """A cycle of a renewal is paid once."""
    return await books.rows("""
        select o.id::text, min(p.provider), 'cycle ' || o.cycle_key || ', payments: ' || count(*)
          from orders o join payments p on p.order_id = o.id and p.state = 'succeeded'
         where o.cycle_key is not null group by o.id having count(*) > 1
    """)


@rule
async def charge_order(books: Books) -> list[Found]:
    """What we charged by ourselves was for an order of a renewal."""
    return await books.rows("""
        select p.id::text, p.provider, 'order ' || o.number || ', kind: ' || o.kind
          from payments p join orders o on o.id = p.order_id
         where p.initiated_by = 'shop' and p.state = 'succeeded'
           and (o.kind <> 'autopay' or o.cycle_key is null)
    """)


@rule
async def logged_decision(books: Books) -> list[Found]:
    """What an operator let count, though it was not what was asked for, is in the log of what operators did."""
    return await books.rows(
        """
        select p.id::text, p.provider, p.review_reason
          from payments p
         where p.state = 'succeeded' and starts_with(p.review_reason, :accepted) and not exists (
            select from audit_log a
             where a.action = 'payment.review' and a.subject = p.id::text and a.details ->> 'decision' = 'accept')
        """,
        accepted=ACCEPTED,
    )


@rule
async def as_asked(books: Books) -> list[Found]:
    """What succeeded was paid by the buyer of its order, in its currency and amount, and known to the provider.

    Another amount is what an operator let count.
    """
    return await books.rows(
        """
        select p.id::text, p.provider,
               p.amount_minor || ' ' || p.currency || ', asked: ' || o.amount_minor || ' ' || o.currency
          from payments p join orders o on o.id = p.order_id
         where p.state = 'succeeded'
           and ((p.currency, p.user_id) is distinct from (o.currency, o.user_id)
                or (p.amount_minor <> o.amount_minor and not starts_with(coalesce(p.review_reason, ''), :accepted))
                or p.provider_payment_id is null or p.paid_at is null)
        """,
        accepted=ACCEPTED,
    )


@rule
async def allowed_charge(books: Books) -> list[Found]:
    """What we charged by ourselves was allowed by a mandate that stood then, and is no more than it allows."""
    return await books.rows("""
        select p.id::text, p.provider, 'charged ' || p.amount_minor || ' ' || p.currency
          from payments p join orders o on o.id = p.order_id
         where p.initiated_by = 'shop' and p.state = 'succeeded' and not exists (
            select from mandates m
             where m.subscription_id = o.subscription_id and m.currency = p.currency
               and m.max_amount_minor >= p.amount_minor
               and (m.charged_by = 'provider'
                    or (m.created_at <= p.created_at and (m.ended_at is null or m.ended_at >= p.created_at))))
    """)


@rule
async def key_version(books: Books) -> list[Found]:
    """No key is ahead of its subscription."""
    return await books.rows("""
        select k.id::text, null, 'applied ' || k.applied_version || ', wanted ' || s.desired_version
          from vpn_keys k join subscriptions s on s.id = k.subscription_id
         where k.applied_version > s.desired_version
    """)


@rule
async def key_identity(books: Books) -> list[Found]:
    """A key that is up to date carries the UUID of its subscription."""
    return await books.rows("""
        select k.id::text, null, 'subscription ' || s.id
          from vpn_keys k join subscriptions s on s.id = k.subscription_id
         where k.applied_version = s.desired_version and s.desired_version > 0
           and k.applied_uuid is distinct from s.client_uuid
    """)


@rule
async def stale_key(books: Books) -> list[Found]:
    """No panel that keys wait for has failed for a day, or with one of them for so long.

    A retired one that does not answer was switched off.
    """
    return await books.unless_rested(
        "stale-key",
        """
        select v.id::text, null, 'server ' || v.name || ', keys that wait: ' || count(*) || ': '
               || coalesce(v.last_error, max(k.last_error), '')
          from vpn_keys k join subscriptions s on s.id = k.subscription_id join servers v on v.id = k.server_id
         where k.applied_version < s.desired_version
         group by v.id
        having case when v.failing_since <= :since then v.retired_at is null
                    else max(k.sync_attempts) >= :tries end
        """,
        since=books.now - A_DAY,
        tries=A_DAY_OF_TRIES,
    )


@rule
async def stale_event(books: Books) -> list[Found]:
    """What a provider said is compared with the truth within a day."""
    return await books.unless_rested(
        "stale-event",
        """
        select id::text, null, provider || ' ' || dedup_key || coalesce(': ' || last_error, '')
          from inbox where handled_at is null and proven and received_at <= :since
        """,
        since=books.now - A_DAY - LAST_TRY,
    )


@rule
async def announced_once(books: Books) -> list[Found]:
    """A payment that succeeded is announced exactly once, any other is not."""
    return await books.rows(
        """
        select p.id::text, p.provider, p.state || ', announced: ' || count(n.id)
          from payments p left join notifications n on n.dedup_key = 'paid:' || p.id
         where p.paid_at is null or p.paid_at > :since
         group by p.id having count(n.id) <> (p.state = 'succeeded')::int
        """,
        since=books.now - ANNOUNCED_FOR,
    )


async def open_violations(session: AsyncSession) -> Sequence[Violation]:
    """What is wrong and was told."""
    query = select(Violation).where(Violation.gone_at.is_(None)).order_by(Violation.rule, Violation.id)
    return (await session.scalars(query)).all()
