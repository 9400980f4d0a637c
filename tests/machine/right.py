"""Bringing a world to rest, and what must be true of it then."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from backend.audit.jobs import DRAFTS_KEPT
from backend.autopay.service import switch_off
from backend.notifications.kinds import Paid
from backend.payments.models import Payment, Refund
from backend.payments.providers.base import PaymentState
from backend.subscriptions.models import Extension, Subscription
from tests.machine.there import CONFIRMING, HELD, OPEN, OVER, PAID, There
from tests.machine.world import DAY, World

REST = ({"seconds": 61}, {"minutes": 61}, {"hours": 24}, {"hours": 2}, {"hours": 26})
IN_THE_END = {PaymentState.SUCCEEDED, PaymentState.CANCELED, PaymentState.FAILED, PaymentState.REVIEW}
NOTHING_WAITS = {
    "a proven event waits": "select id from inbox where handled_at is null and proven",
    "a message waits": "select dedup_key from notifications where done_at is null",
    "a refund is under way": "select r.id from refunds r join payments p on p.id = r.payment_id"
    " where r.state in ('new', 'pending')",
    "a key is not up to date": "select k.id from vpn_keys k join subscriptions s on s.id = k.subscription_id"
    " where k.applied_version <> s.desired_version",
}
AT_THE_SAME_MOMENT = timedelta(seconds=20)  # whoever pays while a charge is on its way comes too late
COUNTED = text(
    "select p.provider_payment_id, e.at from payments p"
    " join extensions e on e.source = 'payment' and e.source_id = p.id::text"
)
OVERTAKEN = text(
    "select charge.idempotence_key, other.at from payments charge join orders o on o.id = charge.order_id"
    " join extensions other on other.subscription_id = o.subscription_id and other.at > charge.created_at"
    " join payments paid on paid.id::text = other.source_id and paid.order_id <> charge.order_id"
    " where other.source = 'payment' and charge.initiated_by = 'shop'"
)


async def comes_to_rest(world: World) -> None:
    """Everything works again, everybody makes up their mind, and time goes by until nothing moves."""
    world.mended()
    await world.bot_hears()
    for thing in world.things(CONFIRMING):
        await world.coingate(f"orders/{thing.ref}/confirm")
    await world.works()
    for buyer in world.buyers:
        async with world.shop.deps.db.transaction() as session:
            await switch_off(session, buyer.id, world.shop.now, channel="bot")
        world.renewals[buyer.id].append((world.shop.now, False))
    for thing in world.things(OPEN, company="yookassa"):
        if world.sale_of(thing) is None:  # a charge the bank thinks about
            await world.shop.yookassa.act(f"payments/{thing.ref}/decline")
    for times in REST:
        await world.advances(timedelta(**times))
        await world.bot_hears()
        await world.works()


async def is_right(world: World) -> list[str]:
    """Everything that is wrong, in words."""
    things, payments = world.things(), await world.shop.all(select(Payment))
    broken = [f"still under way: {p.id} {p.state}" for p in payments if p.state not in IN_THE_END]
    broken += [f"still under way there: {t.ref} {t.status}" for t in things if t.status in (OPEN, HELD, CONFIRMING)]
    broken += await _payments_agree(world, things, payments)
    broken += await _days_agree(world, things, payments)
    broken += await _refunds_agree(world)
    broken += _charges_were_allowed(world, things)
    broken += await _renewed_once(world)
    broken += await _waited_for_owners(world, things)
    broken += _announced_once(world, payments)
    broken += await _keys_agree(world)
    broken += await _refund_requests(world)
    async with world.shop.deps.db.transaction() as session:
        for what, query in NOTHING_WAITS.items():
            broken += [f"{what}: {row[0]}" for row in await session.execute(text(query))]
    return broken


async def _payments_agree(world: World, things: list[There], payments: Any) -> list[str]:
    """Every payment a company has is in the books as it is there, and no other is paid."""
    by_ref = {(p.provider, p.provider_payment_id): p for p in payments}
    broken, paid = [], set()
    for thing in things:
        ours = by_ref.get((thing.company, thing.ref))
        expected = _expected(world, thing)
        if ours is None and thing.status == OVER and world.shop.now - thing.at > DRAFTS_KEPT - DAY:
            continue
        if ours is None:
            broken.append(f"not in the books: {thing.company} {thing.ref} {thing.status}")
            continue
        if ours.state != expected:
            broken.append(f"{thing.company} {thing.ref} is {thing.status}, ours {ours.state}, expected {expected}")
        returned = ours.amount_minor if thing.ref in world.lost_disputes else thing.returned
        if ours.refunded_minor != returned:
            broken.append(f"{thing.company} {thing.ref}: returned {returned}, in the books {ours.refunded_minor}")
        paid |= {ours.id} if thing.status == PAID else set()
    return broken + [
        f"nobody was paid for {p.id}" for p in payments if p.state == PaymentState.SUCCEEDED and p.id not in paid
    ]


def _expected(world: World, thing: There) -> PaymentState:
    if thing.status != PAID:
        return PaymentState.CANCELED
    if thing.ref not in world.strange:
        return PaymentState.SUCCEEDED
    match world.decided.get(thing.ref):
        case None:
            return PaymentState.REVIEW
        case accepted:
            return PaymentState.SUCCEEDED if accepted else PaymentState.CANCELED


async def _days_agree(world: World, things: list[There], payments: Any) -> list[str]:
    """Everybody has exactly the days of what they paid and did not get back."""
    expected = Counter({buyer.id: 0 for buyer in world.buyers})
    trial = await world.shop.plan("trial")
    for buyer_id in world.trials:
        expected[buyer_id] += trial.days
    for thing in things:
        if _expected(world, thing) == PaymentState.SUCCEEDED:
            days, minor = world.bought(thing)
            returned = minor if thing.ref in world.lost_disputes else thing.returned
            expected[world.buyer_of(thing).id] += days - days * returned // minor
    query = select(Subscription.user_id, Extension.days).join(Extension, Extension.subscription_id == Subscription.id)
    counted = Counter({buyer.id: 0 for buyer in world.buyers})
    async with world.shop.deps.db.transaction() as session:
        for user_id, days in await session.execute(query):
            counted[user_id] += days
    return [
        f"days of {who}: {counted[who]}, paid for {expected[who]}"
        for who in expected
        if counted[who] != expected[who]
    ]


async def _refunds_agree(world: World) -> list[str]:
    """What we gave back arrived, unless a person or a bank was faster, or it waits for a person."""
    rows = (await world.shop.all(select(Refund)), {p.id: p for p in await world.shop.all(select(Payment))})
    return [
        f"a refund came to nothing: {refund.id}"
        for refund in rows[0]
        if refund.origin == "ours"
        and refund.state == "canceled"
        and refund.request_body is not None
        and rows[1][refund.payment_id].provider_payment_id not in world.meddled
    ]


def _charges_were_allowed(world: World, things: list[There]) -> list[str]:
    """Nobody was charged by the shop who had not agreed, or had taken it back."""
    charges = [t for t in things if t.company == "yookassa" and world.sale_of(t) is None]
    forbidden = [charge for charge in charges if not world.agreed(world.buyer_of(charge), charge.at)]
    return [f"charged without being allowed to: {charge.ref}" for charge in forbidden]


async def _renewed_once(world: World) -> list[str]:
    """No charge was sent after its owner had paid for that time himself."""
    sent = defaultdict(list)
    for request in await world.shop.yookassa.creates():
        sent[request["idempotence_key"]].append(datetime.fromisoformat(request["at"]))
    async with world.shop.deps.db.transaction() as session:
        rows = (await session.execute(OVERTAKEN)).all()
    return [
        f"charged after its owner paid: {key}"
        for key, paid_at in rows
        if any(at - paid_at > AT_THE_SAME_MOMENT for at in sent[key])
    ]


async def _waited_for_owners(world: World, things: list[There]) -> list[str]:
    """No charge was made while the money of its owner was on its way for that time."""
    charges = [t for t in things if t.company == "yookassa" and world.sale_of(t) is None]
    async with world.shop.deps.db.transaction() as session:
        counted = {row[0]: row[1] for row in await session.execute(COUNTED)}
    return [
        f"charged while its owner was paying: {charge.ref}"
        for own in things
        for charge in charges
        if own.ref in world.ahead and own.ref in counted and world.buyer_of(own).id == world.buyer_of(charge).id
        if world.ahead[own.ref] < charge.at < counted[own.ref]
    ]


def _announced_once(world: World, payments: Any) -> list[str]:
    told = Counter(kind.payment_id for _, kind in world.shop.channel.said if isinstance(kind, Paid))
    paid = {p.id for p in payments if p.state == PaymentState.SUCCEEDED}
    return [f"announced {told[p]} times: {p}" for p in paid | told.keys() if told[p] != (p in paid)]


async def _keys_agree(world: World) -> list[str]:
    """One client at the panel for each subscription that ever had time, which ends when that does."""
    clients, now = defaultdict(list), world.shop.now
    for one in await world.shop.panel.clients():
        clients[one["uuid"]].append(one)
    broken = [f"{len(same)} clients of one key: {uuid}" for uuid, same in clients.items() if len(same) > 1]
    for subscription in await world.shop.all(select(Subscription)):
        there, until = clients.get(str(subscription.client_uuid), []), subscription.paid_until
        until = max(until, subscription.grace_until or until) if until else None
        client = next(iter(there), None)
        works = client is not None and client["enable"] and client["expiryTime"] > now.timestamp() * 1000
        if until is None or until <= now or subscription.user_id in world.blocked:
            broken += [f"a key works that nobody paid for: {subscription.id}"] if works else []
        elif client is None or not works or client["expiryTime"] != round(until.timestamp() * 1000):
            broken.append(f"the key of {subscription.id} should work until {until}: {client}")
        elif client["subId"] != subscription.sub_id:
            broken.append(f"the key of {subscription.id} has another link")
    return broken


async def _refund_requests(world: World) -> list[str]:
    """No refund is ever asked for again with the same key and other bytes."""
    bodies: dict[str, set[str]] = defaultdict(set)
    for request in (await world.shop.yookassa.http.get("_ctl/requests")).json():
        if (request["method"], request["path"]) == ("POST", "/v3/refunds") and request["body"]:
            bodies[request["idempotence_key"]].add(request["body"])
    return [f"one key, one body: {key}" for key, sent in bodies.items() if len(sent) > 1]
