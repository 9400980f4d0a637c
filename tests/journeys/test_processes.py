"""Processes die and jobs are lost; nothing that was paid for is."""

import asyncio
import contextlib
import time
from datetime import timedelta

import psycopg
import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import assert_works
from tests.journeys.world import World, until

pytestmark = pytest.mark.thorough

TAKES_OVER_WITHIN = 5.0  # seconds


async def test_every_queued_job_deleted_in_the_middle_costs_nothing(world: World, new_person: NewPerson) -> None:
    maks = await new_person("Макс")
    await maks.says("/start")
    deleting = asyncio.create_task(_delete_every_job(world))
    try:
        await world.at_checkout(await maks.orders(), "pay")
        await asyncio.sleep(1)
        await world.advance(minutes=1)
        await asyncio.sleep(1)
    finally:
        deleting.cancel()
    assert await deleting > 0, "there was nothing to delete"

    await world.advance(minutes=6)  # whatever a lost job had claimed is free again
    key = await maks.key()
    await assert_works(world, key, days=30, give_or_take=timedelta(minutes=10))  # they begin when the shop gets to it
    assert len([message for message in await maks.chat() if message.photo]) == 1
    assert all("Job was not found" in line for line in world.crashes()), "the queue itself may miss them, nobody else"


async def test_a_worker_killed_between_webhook_and_key_is_no_loss(world: World, new_person: NewPerson) -> None:
    maks = await new_person("Макс")
    await maks.says("/start")
    async with world.fault("xui", "latency", ms=3000):
        payment = await world.at_checkout(await maks.orders(), "pay")
        await maks.reads("Оплачено", "Ключ уже готовится")
        world.worker.kill()
    assert (await world.deliveries(payment["id"]))[0]["state"] == "delivered"
    assert not [message for message in await maks.chat() if message.photo]

    world.worker.start()
    await world.advance(minutes=2)  # what the dead one had reserved for itself is free again

    await assert_works(world, await maks.key(within=60), days=30 - 2 / 1440)


async def test_a_webhook_while_no_worker_runs_waits_for_one(world: World, new_person: NewPerson) -> None:
    maks = await new_person("Макс")
    await maks.says("/start")
    url = await maks.orders()
    world.worker.kill()
    try:
        payment = await world.at_checkout(url, "pay")
        await asyncio.sleep(0.5)
        assert (await world.deliveries(payment["id"]))[0]["state"] == "delivered"
    finally:
        world.worker.start()
    await assert_works(world, await maks.key(within=60), days=30)


async def test_a_bot_killed_and_started_again_answers_what_was_said_meanwhile(
    world: World, new_person: NewPerson
) -> None:
    maks = await new_person("Макс")
    await maks.says("/start")
    world.bot.kill()
    await world.do(f"/sandbox/telegram/_ctl/users/{maks.id}/send", text="/subscription")
    before = await maks.chat()
    world.bot.start()

    answer = await maks.reads("299 ₽", after=before[-1], within=60)
    await asyncio.sleep(1)
    assert (await maks.chat())[-1] == answer, "answered once"


async def test_a_killed_poller_is_replaced_in_seconds_and_each_word_is_answered_once(
    world: World, new_person: NewPerson
) -> None:
    people = [await new_person(name) for name in ("Таня", "Глеб", "Юля", "Ким")]
    await world.until_introduced(world.second_bot)
    for person in people:
        await person.says("/start")
    await world.until_bot_heard_all()
    assert not world.second_bot.said("poller.started"), "of two bots one polls"

    world.bot.kill()
    killed_at = time.monotonic()
    for person in people:
        await world.do(f"/sandbox/telegram/_ctl/users/{person.id}/send", text="/help")
        await world.do(f"/sandbox/telegram/_ctl/users/{person.id}/send", text="/terms")

    async def are_answered() -> bool:
        return all([await person.answers() >= 3 for person in people])

    await until(are_answered, "the second bot does not take over", within=TAKES_OVER_WITHIN)
    took = time.monotonic() - killed_at
    assert world.second_bot.said("poller.started"), took
    await world.until_bot_heard_all()
    assert [await person.answers() for person in people] == [3] * len(people)

    await world.until_introduced(world.bot)
    assert not world.bot.said("poller.started"), "the one that took over goes on"
    world.second_bot.stop()
    await asyncio.to_thread(world.bot.says, "poller.started", within=TAKES_OVER_WITHIN)
    for person in people:
        assert "299 ₽" in (await person.says("/plans")).text


async def test_somebody_who_blocked_the_bot_finds_everything_on_coming_back(
    world: World, new_person: NewPerson
) -> None:
    maks = await new_person("Макс")
    await maks.says("/start")
    url = await maks.orders()
    await maks.blocks()
    payment = await world.at_checkout(url, "pay")
    await asyncio.sleep(2)
    assert (await world.deliveries(payment["id"]))[0]["state"] == "delivered"
    assert not [message for message in await maks.chat() if message.photo]

    await maks.unblocks()
    home = await maks.says("/start")
    assert "Подписка активна" in home.text
    await maks.says("/subscription")
    await maks.taps("Ключ и QR-код")
    await assert_works(world, await maks.key(), days=30)


async def _delete_every_job(world: World) -> int:
    """Empty the queue again and again until cancelled; how many jobs that cost."""
    deleted = 0
    async with await psycopg.AsyncConnection.connect(world.dsn, autocommit=True) as connection:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                cursor = await connection.execute("delete from procrastinate_jobs")
                deleted += cursor.rowcount
                await asyncio.sleep(0.005)
    return deleted
