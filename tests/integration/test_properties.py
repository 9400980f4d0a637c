"""Histories of snapshots on real rows: neither order nor repetition nor loss changes where they end."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backend.kit import clock
from backend.kit.money import Currency, Money
from backend.notifications.models import Notification
from backend.orders.service import settle
from backend.payments.mac import order_mac
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState, Snapshot
from backend.payments.service import terms
from backend.subscriptions.models import Extension
from tests.shop import Shop

pytestmark = pytest.mark.thorough

# what a provider may say of one payment, as events happen there
COURSES = st.sampled_from(
    [
        ["pending"],
        ["pending", "canceled"],
        ["pending", "confirming"],
        ["pending", "confirming", "canceled"],
        ["pending", "confirming", "succeeded"],
        ["pending", "succeeded"],
        ["pending", "canceled", "succeeded"],  # money that comes late
    ]
)
FLAWS = st.sampled_from([None, "amount", "account", "test", "mac", "pid"])


@dataclass(frozen=True)
class End:
    """Where a payment stands when all is said."""

    state: str
    extensions: int
    days: int
    paid_messages: int


def snapshot_of(shop: Shop, payment: Payment, state: str, ref: str) -> Snapshot:
    providers = shop.deps.providers
    return Snapshot(
        ref=ref,
        state=PaymentState(state),
        provider_status=state,
        amount=payment.amount,
        account=payment.account,
        test=payment.test,
        pid=str(payment.id),
        mac=order_mac(providers.keys, providers.newest, **terms(payment)),
    )


def spoiled(snapshot: Snapshot, flaw: str | None) -> Snapshot:
    match flaw:
        case "amount":
            return replace(snapshot, amount=Money(29901, Currency.RUB))
        case "account":
            return replace(snapshot, account="100501")
        case "test":
            return replace(snapshot, test=not snapshot.test)
        case "mac":
            return replace(snapshot, mac="00000000.AAAA")
        case "pid":
            return replace(snapshot, pid=str(uuid4()))
        case _:
            return snapshot


async def ends(shop: Shop, payment_id: UUID, snapshots: Sequence[Snapshot]) -> End:
    for snapshot in snapshots:
        async with shop.deps.db.transaction() as session:
            await settle(session, shop.deps.providers, "yookassa", snapshot, clock.now())
    async with shop.deps.db.transaction() as session:
        payment = await session.get(Payment, payment_id)
        given_days = await session.execute(
            select(func.count(), func.coalesce(func.sum(Extension.days), 0)).where(
                Extension.source == "payment", Extension.source_id == str(payment_id)
            )
        )
        messages = await session.scalar(
            select(func.count()).select_from(Notification).where(Notification.dedup_key == f"paid:{payment_id}")
        )
    assert payment is not None
    count, days = given_days.one()
    return End(payment.state, count, int(days), messages or 0)


quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(course=COURSES, again=st.randoms(use_true_random=False), repeats=st.integers(1, 3))
async def test_any_order_and_number_of_snapshots_ends_alike(
    shop: Shop, course: list[str], again: random.Random, repeats: int
) -> None:
    buyer = await shop.buyer()
    straight, shuffled = await buyer.opens_payment(), await buyer.opens_payment()
    told = [snapshot_of(shop, straight, state, uuid4().hex) for state in course]
    ref = uuid4().hex
    mixed = [snapshot_of(shop, shuffled, state, ref) for state in course for _ in range(repeats)]
    again.shuffle(mixed)

    first = await ends(shop, straight.id, [replace(snapshot, ref=told[0].ref) for snapshot in told])
    second = await ends(shop, shuffled.id, mixed)

    assert first == second
    paid = "succeeded" in course
    assert (first.extensions, first.days, first.paid_messages) == ((1, 30, 1) if paid else (0, 0, 0))


@quick
@given(course=COURSES, flaws=st.lists(FLAWS, min_size=3, max_size=3))
async def test_nothing_is_given_without_a_paid_snapshot_of_exactly_our_payment(
    shop: Shop, course: list[str], flaws: list[str | None]
) -> None:
    buyer = await shop.buyer()
    payment, ref = await buyer.opens_payment(), uuid4().hex
    told = [spoiled(snapshot_of(shop, payment, state, ref), flaw) for state, flaw in zip(course, flaws, strict=False)]

    end = await ends(shop, payment.id, told)

    rightly_paid = any(s == "succeeded" and flaw is None for s, flaw in zip(course, flaws, strict=False))
    assert end.extensions == int(rightly_paid)
    wrongly_paid = any(
        s in ("succeeded", "confirming") and flaw in ("amount", "account", "test")
        for s, flaw in zip(course, flaws, strict=False)
    )
    if wrongly_paid and not rightly_paid:
        assert end.state == "review"


@quick
@given(refs=st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
async def test_every_payment_the_provider_has_for_an_attempt_gives_its_days_once(shop: Shop, refs: list[str]) -> None:
    """Whatever was bound first, the others are adopted; each is paid, and said to be so, any number of times."""
    buyer = await shop.buyer()
    payment, world = await buyer.opens_payment(), uuid4().hex

    await ends(shop, payment.id, [snapshot_of(shop, payment, "succeeded", f"{world}-{ref}") for ref in refs])

    lines = await buyer.extensions()
    assert [line.days for line in lines] == [30] * len(set(refs))
    until = await buyer.paid_until()
    assert until == lines[0].at + len(lines) * timedelta(days=30)
