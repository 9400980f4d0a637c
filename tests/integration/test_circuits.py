"""A provider in trouble is offered to nobody, and comes back by itself; every process knows."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend.kit.db import Database
from backend.notifications.kinds import ProviderMisconfigured, ProviderTrouble, ProviderWorks
from backend.orders import checkout as checkouts
from backend.orders.checkout import MethodUnavailable, methods_for
from backend.payments import circuits
from backend.payments.models import Circuit
from backend.payments.providers.base import Misconfigured, NotProcessed, PaymentState, Rejected, Result, Unknown
from tests.outside import CREATE, FETCH
from tests.shop import Shop

LOST = Unknown("no answer")
ME = ("GET", "/v3/me")


async def note(shop: Shop, *results: Result, db: Database | None = None) -> None:
    """What YooKassa answers, one after the other, at this moment."""
    for result in results:
        async with (db or shop.deps.db).transaction() as session:
            await circuits.note_result(session, "yookassa", result, shop.now)


async def circuit(shop: Shop) -> Circuit | None:
    found = await shop.all(select(Circuit).where(Circuit.provider == "yookassa"))
    return found[0] if found else None


async def is_open(shop: Shop) -> bool:
    found = await circuit(shop)
    return found is not None and found.opened_at is not None


async def offered(shop: Shop, db: Database | None = None) -> set[str]:
    plan = await shop.plan("monthly")
    async with (db or shop.deps.db).transaction() as session:
        return {offer.provider for offer in await methods_for(session, shop.deps.providers, plan.id)}


def told(shop: Shop, kind: type) -> Sequence[object]:
    return [said for said in shop.channel.told if type(said) is kind]


def probes(shop: Shop) -> int:
    log = shop.town.companies.world.log.since(service="yookassa")
    return sum((entry["method"], entry["path"]) == ME for entry in log)


async def test_five_unknown_outcomes_within_a_minute_hide_a_provider_and_others_go_on(shop: Shop) -> None:
    shop.yookassa.breaks(CREATE, "status", status=500, times=None)
    buyers = [await shop.buyer() for _ in range(6)]

    before = await offered(shop)
    waiting = [await buyer.orders("monthly") for buyer in buyers[:5]]

    assert "yookassa" in before
    assert await offered(shop) == before - {"yookassa"}
    with pytest.raises(MethodUnavailable):
        await buyers[5].orders("monthly")
    assert {checkout.state for checkout in waiting} == {PaymentState.NEW}


async def test_buyers_who_wait_in_vain_hide_a_provider_that_hangs(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkouts, "WAIT_SECONDS", 0.3)
    shop.yookassa.breaks(CREATE, "latency", ms=2000, times=None)
    waiting = [await (await shop.buyer()).orders("monthly") for _ in range(4)]
    four = await offered(shop)
    waiting.append(await (await shop.buyer()).orders("monthly"))
    five = await offered(shop)

    shop.mend()
    await shop.passes(seconds=11)

    assert four - five == {"yookassa"}
    assert await offered(shop) == four
    assert {(await shop.payment(checkout)).state for checkout in waiting} == {PaymentState.PENDING}


async def test_what_was_opened_before_is_sent_again_and_its_answer_brings_the_provider_back(shop: Shop) -> None:
    shop.yookassa.breaks(CREATE, "status", status=500, times=None)
    buyers = [await shop.buyer() for _ in range(5)]
    waiting = [await buyer.orders("monthly") for buyer in buyers]
    await shop.passes(minutes=2)
    during = await is_open(shop)

    shop.mend()
    asked = probes(shop)
    await shop.passes(seconds=61)

    assert (during, await is_open(shop)) == (True, False)
    assert "yookassa" in await offered(shop)
    assert {(await shop.payment(checkout)).state for checkout in waiting} == {PaymentState.PENDING}
    assert (asked, probes(shop)) == (0, 0)  # the attempts themselves asked


async def test_failures_that_are_far_apart_or_interrupted_hide_nothing(shop: Shop) -> None:
    for _ in range(6):
        await note(shop, LOST)
        shop.advance(seconds=20)
    apart = await is_open(shop)
    shop.advance(minutes=2)
    await note(shop, LOST, LOST, LOST, LOST, Rejected("not_found"), LOST, LOST, LOST, LOST)

    assert (apart, await is_open(shop)) == (False, False)
    await note(shop, LOST)
    assert await is_open(shop)


async def test_too_many_requests_never_hide_a_provider(shop: Shop) -> None:
    await note(shop, *[NotProcessed(timedelta(seconds=1))] * 20)

    assert not await is_open(shop)


async def test_a_burst_of_refusals_for_their_number_is_sat_out_with_the_same_keys(shop: Shop) -> None:
    shop.yookassa.breaks(CREATE, "http_429", times=18)
    buyers = [await shop.buyer() for _ in range(6)]
    waiting = [await buyer.orders("monthly") for buyer in buyers]
    for _ in range(6):
        await shop.passes(seconds=30)

    assert not await is_open(shop)
    assert {(await shop.payment(checkout)).state for checkout in waiting} == {PaymentState.PENDING}
    assert len({checkout.payment_id for checkout in waiting}) == len(await shop.yookassa.objects()) == 6
    for checkout in waiting:
        await shop.yookassa.pay(checkout.payment_id)


async def test_processes_that_fail_at_once_count_together_and_all_see_it(shop: Shop) -> None:
    others = [Database(shop.deps.db.dsn, pool_size=2) for _ in range(3)]
    try:
        await asyncio.gather(*(note(shop, LOST, LOST, db=db) for db in others[:2]))
        four = await is_open(shop)
        await asyncio.gather(*(note(shop, LOST, LOST, LOST, db=db) for db in others))
        found = await circuit(shop)

        assert found is not None
        assert (four, found.failures) == (False, circuits.OPENS_AFTER)
        assert found.opened_at is not None
        assert ["yookassa" in await offered(shop, db) for db in others] == [False] * 3

        await note(shop, Rejected("not_found"), db=others[0])
        assert ["yookassa" in await offered(shop, db) for db in others] == [True] * 3
    finally:
        for db in others:
            await db.aclose()


async def test_a_provider_nobody_asks_anything_is_asked_itself_less_and_less_often(shop: Shop) -> None:
    shop.yookassa.breaks(ME, "status", status=503, times=None)
    await note(shop, *[LOST] * 5)

    seen = []
    for seconds in (20, 15, 20, 20, 50, 40, 600):
        await shop.passes(seconds=seconds)
        seen.append(probes(shop))
    still = await is_open(shop)
    shop.mend()
    await shop.passes(minutes=5)

    assert seen == [0, 1, 1, 2, 2, 3, 4]
    assert (still, await is_open(shop)) == (True, False)
    assert "yookassa" in await offered(shop)


async def test_only_one_of_several_workers_asks(shop: Shop) -> None:
    await note(shop, *[LOST] * 5)
    shop.advance(seconds=31)
    others = [Database(shop.deps.db.dsn, pool_size=1) for _ in range(4)]

    async def claim(db: Database) -> int:
        async with db.transaction() as session:
            return len(await circuits.claim_due_probes(session, shop.now))

    try:
        assert sum(await asyncio.gather(*(claim(db) for db in others))) == 1
    finally:
        for db in others:
            await db.aclose()


async def test_a_provider_that_left_the_settings_is_not_asked_for_ever(shop: Shop) -> None:
    async with shop.deps.db.transaction() as session:
        for _ in range(5):
            await circuits.note_result(session, "gone", LOST, shop.now)

    await shop.passes(minutes=1)

    async with shop.deps.db.transaction() as session:
        assert "gone" not in await circuits.not_offered(session)


async def test_wrong_credentials_hide_it_at_once_keep_attempts_and_are_told_once(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    known = await other.orders("monthly")
    await shop.yookassa.change_shop(secret_key="test_rotated")
    checkout = await buyer.orders("monthly")
    at_once = await offered(shop)
    for _ in range(10):
        await shop.passes(minutes=1)
    during = (await shop.payment(checkout)).state

    await shop.yookassa.change_shop(secret_key="test_sandbox-yookassa-key")
    await shop.passes(minutes=1)
    await shop.passes(minutes=1)

    assert "yookassa" not in at_once
    assert during == PaymentState.NEW
    assert {(await shop.payment(each)).state for each in (checkout, known)} == {PaymentState.PENDING}
    (wrong,) = told(shop, ProviderMisconfigured)
    assert isinstance(wrong, ProviderMisconfigured)
    assert "YOOKASSA_SECRET_KEY" in wrong.reason
    (works,) = told(shop, ProviderWorks)
    assert isinstance(works, ProviderWorks)
    assert timedelta(minutes=10) <= works.until - works.since <= timedelta(minutes=13)
    assert told(shop, ProviderTrouble) == []


async def test_credentials_that_go_wrong_again_are_told_again(shop: Shop) -> None:
    for _ in range(2):
        await note(shop, Misconfigured("wrong"), Misconfigured("wrong"))
        shop.advance(minutes=3)
        await note(shop, Rejected("not_found"))
        await shop.passes(minutes=1)

    assert len(told(shop, ProviderMisconfigured)) == 2
    assert len(told(shop, ProviderWorks)) == 2


async def test_questions_about_payments_hide_nothing(shop: Shop) -> None:
    waiting = [await (await shop.buyer()).orders("monthly") for _ in range(5)]
    shop.yookassa.breaks(FETCH, "garbage", times=None)

    await shop.passes(seconds=31)

    assert await circuit(shop) is None
    assert "yookassa" in await offered(shop)
    shop.mend()
    await shop.passes(seconds=31)
    assert {(await shop.payment(checkout)).state for checkout in waiting} == {PaymentState.PENDING}


async def test_a_provider_that_answers_questions_and_takes_no_money_stays_hidden(shop: Shop) -> None:
    """Else its button would come and go, and the operators would hear of it each time."""
    for _ in range(3):
        await (await shop.buyer()).orders("monthly")
    shop.yookassa.breaks(CREATE, "status", status=500, times=None)
    for _ in range(3):
        await (await shop.buyer()).orders("monthly")
    await shop.passes(seconds=31)  # asks about the first three, and sends the others again
    hidden = [await is_open(shop)]

    for _ in range(10):
        await shop.passes(minutes=1)
        hidden.append(await is_open(shop))

    assert await shop.yookassa.fetches() > 3
    assert hidden == [True] * 11
    assert len(told(shop, ProviderTrouble)) == 1
    assert told(shop, ProviderWorks) == []
    shop.mend()
    await shop.passes(minutes=2)
    assert "yookassa" in await offered(shop)


async def test_a_question_that_is_refused_for_the_credentials_hides_it_at_once(shop: Shop) -> None:
    await (await shop.buyer()).orders("monthly")
    await shop.yookassa.change_shop(secret_key="test_rotated")

    await shop.passes(seconds=31)

    assert "yookassa" not in await offered(shop)
    assert len(told(shop, ProviderMisconfigured)) == 1


async def test_healthy_answers_touch_no_row(shop: Shop) -> None:
    """Else every settlement of a provider would wait for every other."""
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    assert await circuit(shop) is None

    await note(shop, LOST)
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Circuit).values(failures=0, reason="untouched"))
    async with shop.deps.db.transaction() as held:
        await held.execute(update(Circuit).values(reason="held"))
        async with asyncio.timeout(5):
            await note(shop, Rejected("not_found"))
