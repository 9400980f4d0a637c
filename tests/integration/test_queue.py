"""Queued jobs only wake: losing all of them at any moment changes no end state."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import psycopg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock, jobs
from backend.kit.db import Database, DatabaseUnavailable
from backend.kit.errors import Unavailable
from backend.kit.jobs import Job, Timer, Worker, enqueue, tick
from backend.notifications.kinds import CheckoutReady
from backend.payments.providers.base import PaymentState
from backend.subscriptions.service import reissue
from tests.outside import CREATE, until
from tests.shop import Buyer, Shop


@dataclass(frozen=True)
class Note(Job):
    """What a test queues."""

    word: str


@dataclass(frozen=True)
class Often(Job):
    """What a test has queued in every hour."""


class Notebook:
    """What the jobs of a test did."""

    words: ClassVar[list[str]] = []
    running: ClassVar[int] = 0
    most: ClassVar[int] = 0


async def write(job: Note, deps: object) -> None:
    if job.word == "fails":
        raise ZeroDivisionError
    if job.word == "outside":
        raise Unavailable
    Notebook.running += 1
    Notebook.most = max(Notebook.most, Notebook.running)
    await asyncio.sleep(0.02)
    Notebook.running -= 1
    Notebook.words.append(job.word)


async def write_often(job: Often, deps: object) -> None:
    Notebook.words.append("often")


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> type[Notebook]:
    monkeypatch.setitem(jobs.RUNNERS, Note, write)
    monkeypatch.setitem(jobs.RUNNERS, Often, write_often)
    Notebook.words, Notebook.running, Notebook.most = [], 0, 0
    return Notebook


async def queued(shop: Shop) -> int:
    async with shop.deps.db.transaction() as session:
        return int(await session.scalar(text("select count(*) from procrastinate_jobs")) or 0)


async def test_a_job_exists_if_and_only_if_its_transaction_commits(shop: Shop, notebook: type[Notebook]) -> None:
    async def changes_its_mind() -> None:
        async with shop.deps.db.transaction() as session:
            await enqueue(session, Note("never"))
            raise RuntimeError

    with suppress(RuntimeError):
        await changes_its_mind()
    async with shop.deps.db.transaction() as session:
        await enqueue(session, Note("once"))
        during = await queued(shop)
    after = await queued(shop)
    await shop.run_jobs()

    assert (during, after) == (0, 1)
    assert notebook.words == ["once"]
    assert await queued(shop) == 0


async def test_a_job_that_waits_already_is_not_queued_twice_and_harms_no_transaction(
    shop: Shop, notebook: type[Notebook]
) -> None:
    async with shop.deps.db.transaction() as session:
        await enqueue(session, Note("first"), once="name")
    async with shop.deps.db.transaction() as session:
        await enqueue(session, Note("second"), once="name")
        await enqueue(session, Note("third"), once="another name")
        await session.execute(select(func.count()).select_from(Timer))
    await shop.run_jobs()

    assert sorted(notebook.words) == ["first", "third"]


async def test_ten_transactions_at_once_queue_one_job_of_a_name(shop: Shop, notebook: type[Notebook]) -> None:
    async def queues() -> None:
        async with shop.deps.db.transaction() as session:
            await enqueue(session, Note("once"), once="name")

    await asyncio.gather(*(queues() for _ in range(10)))

    assert await queued(shop) == 1


async def test_jobs_of_one_row_run_one_by_one_in_order_and_others_beside_them(
    shop: Shop, notebook: type[Notebook]
) -> None:
    async with shop.deps.db.transaction() as session:
        for number in range(5):
            await enqueue(session, Note(str(number)), serial="row")
    await shop.run_jobs()
    one_by_one = notebook.most

    async with shop.deps.db.transaction() as session:
        for number in range(5, 9):
            await enqueue(session, Note(str(number)))
    await shop.run_jobs()

    assert notebook.words[:5] == ["0", "1", "2", "3", "4"]
    assert one_by_one == 1
    assert notebook.most > 1


async def test_a_job_that_fails_is_gone_and_stops_no_other(shop: Shop, notebook: type[Notebook]) -> None:
    shop.clumsy = True
    async with shop.deps.db.transaction() as session:
        for word in ("fails", "outside", "good"):
            await enqueue(session, Note(word))

    await shop.run_jobs()

    assert notebook.words == ["good"]
    assert await queued(shop) == 0


async def test_a_tick_that_fails_stops_neither_the_worker_nor_the_ticks_behind_it(
    shop: Shop, notebook: type[Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def meets_a_bad_row(session: AsyncSession, now: datetime) -> None:
        raise ValueError("a row nobody thought of")

    async def asks_nonsense(session: AsyncSession, now: datetime) -> None:
        await session.execute(text("select 1 / 0"))

    async def wakes(session: AsyncSession, now: datetime) -> None:
        if not notebook.words:
            await enqueue(session, Note("woken"), once="woken")

    shop.clumsy = True
    monkeypatch.setattr(jobs, "TICKS", [meets_a_bad_row, asks_nonsense, wakes, *jobs.TICKS])
    before = [failures("meets_a_bad_row"), failures("asks_nonsense"), failures("wakes")]
    working = asyncio.create_task(Worker(shop.deps.db, shop.deps).run())

    async def is_woken() -> bool:
        return notebook.words == ["woken"]

    async def has_failed_again() -> bool:
        return failures("meets_a_bad_row") - before[0] > 1

    await until(is_woken)
    await until(has_failed_again)
    assert not working.done()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    assert failures("asks_nonsense") > before[1]
    assert failures("wakes") == before[2]


def failures(tick: str) -> float:
    return REGISTRY.get_sample_value("shop_ticks_failed_total", {"tick": tick}) or 0


async def test_a_tick_without_a_database_is_an_outage_and_no_failure(shop: Shop) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(DatabaseUnavailable):
        await tick(nowhere)
    await nowhere.aclose()


async def test_a_recurring_job_runs_once_in_each_interval_of_the_moved_clock(
    shop: Shop, notebook: type[Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs.RECURRING, Often, timedelta(hours=1))

    counts = []
    for minutes in (0, 30, 31, 1, 60, 600):
        await shop.passes(minutes=minutes)
        counts.append(len(notebook.words))

    assert counts == [1, 1, 2, 2, 3, 4]  # what was missed is not made up for


async def test_several_tickers_queue_a_recurring_job_once(
    shop: Shop, notebook: type[Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs.RECURRING, Often, timedelta(hours=1))

    await asyncio.gather(*(tick(shop.deps.db) for _ in range(6)))
    await shop.run_jobs()

    assert notebook.words == ["often"]


async def test_a_worker_works_until_it_is_stopped_and_leaves_what_it_did_not_do(
    shop: Shop, notebook: type[Notebook]
) -> None:
    working = asyncio.create_task(Worker(shop.deps.db, shop.deps).run())
    async with shop.deps.db.transaction() as session:
        await enqueue(session, Note("done"))

    async def is_done() -> bool:
        return notebook.words == ["done"]

    await until(is_done)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(working, 5)
    async with shop.deps.db.transaction() as session:
        await enqueue(session, Note("later"))

    assert working.done()
    assert notebook.words == ["done"]
    await shop.run_jobs()
    assert notebook.words == ["done", "later"]


async def test_a_worker_that_loses_the_database_goes_on_when_it_is_back(shop: Shop, notebook: type[Notebook]) -> None:
    working = asyncio.create_task(Worker(shop.deps.db, shop.deps).run())
    await asyncio.sleep(0.3)
    cut_every_connection(shop)
    await asyncio.sleep(0.1)
    await until(lambda: try_to_queue(shop))

    async def is_done() -> bool:
        return "again" in notebook.words

    await until(is_done, seconds=15)
    assert not working.done()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


def cut_every_connection(shop: Shop) -> None:
    with psycopg.connect(shop.town.dsn, autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")


async def try_to_queue(shop: Shop) -> bool:
    try:
        async with shop.deps.db.transaction() as session:
            await enqueue(session, Note("again"))
    except Unavailable:
        return False
    return True


# --- every queued job deleted in the middle ---


async def losing_all(shop: Shop, *steps: Callable[[], Awaitable[object]]) -> None:
    """After each step everything that is queued is lost; only the ticker's rounds bring it back."""
    for step in steps:
        await step()
        await shop.drop_jobs()
    for seconds in (6, 31, 31, 31):
        shop.advance(seconds=seconds)
        await tick(shop.deps.db)
        await shop.drop_jobs()  # lost once more after it was woken
        await shop.passes(seconds=31)


async def test_a_sale_whose_jobs_are_all_lost_ends_as_any_other(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")

    await losing_all(shop, lambda: shop.yookassa.pay(checkout.payment_id, webhooks=3))

    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]
    client, subscription = await shop.panel.client(), await buyer.subscription()
    assert client["uuid"] == str(subscription.client_uuid)
    assert all(event.handled_at for event in await shop.events())


async def test_a_lost_creation_whose_jobs_are_all_lost_ends_as_any_other(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.yookassa.breaks(CREATE, "lost_before")

    checkout = await buyer.orders("monthly")
    await losing_all(shop)

    assert (await shop.payment(checkout)).state == PaymentState.PENDING
    assert len(buyer.heard(CheckoutReady)) == 1


async def test_a_trial_and_a_new_link_whose_jobs_are_all_lost_end_as_any_other(shop: Shop) -> None:
    buyer = await shop.buyer()

    async def takes_new_link() -> None:
        subscription = await buyer.subscription()
        async with shop.deps.db.transaction() as session:
            await reissue(session, subscription.id, user_id=buyer.id)

    await losing_all(shop, buyer.takes_trial, takes_new_link)

    client, subscription = await shop.panel.client(), await buyer.subscription()
    assert client["uuid"] == str(subscription.client_uuid)
    assert buyer.told == ["KeyReady"]  # the first link was never announced, since it never worked


async def test_a_job_that_is_taken_away_while_it_runs_is_done_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders("monthly")
    shop.yookassa.breaks(("GET", "/v3/payments/*"), "latency", ms=300)
    await shop.yookassa.pay(checkout.payment_id)

    working = asyncio.create_task(shop.run_jobs())
    await asyncio.sleep(0.1)
    await shop.drop_jobs()
    with suppress(Exception):
        await working
    await shop.passes(seconds=31)

    assert [line.days for line in await buyer.extensions()] == [30]
    assert buyer.told == ["Paid", "KeyReady"]


async def test_a_month_without_a_worker_is_made_up_for(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    await buyer.takes_trial()
    checkout = await other.orders("monthly")
    await shop.yookassa.pay(checkout.payment_id)
    await shop.drop_jobs()

    await shop.passes(days=20)

    assert [line.days for line in await other.extensions()] == [30]
    assert other.told == ["Paid", "KeyReady"]
    assert (await other.paid_until()) - clock.now() > timedelta(days=29)  # our own absence costs nobody a day
    await _nobody_has_an_open_row(shop, buyer)


async def _nobody_has_an_open_row(shop: Shop, *buyers: Buyer) -> None:
    async with shop.deps.db.transaction() as session:
        assert await session.scalar(text("select count(*) from notifications where done_at is null")) == 0
        assert await session.scalar(text("select count(*) from inbox where handled_at is null")) == 0
