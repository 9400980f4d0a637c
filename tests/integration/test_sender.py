"""One sender for all processes: nothing is lost or doubled beyond one message under way, and nobody is flooded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select, text, update

from backend.kit.errors import Unavailable
from backend.kit.locks import sole
from backend.notifications.channels import NotSaid
from backend.notifications.jobs import KEPT_FOR, ForgetSaid, Sender, forget_said
from backend.notifications.kinds import Ended, EndingSoon, Kind, Refunded
from backend.notifications.models import Notification
from backend.notifications.pace import Pace
from backend.notifications.service import notify, notify_many
from backend.subscriptions.models import Subscription
from backend.users.models import User
from tests.faults.processes import prepare, process, was_killed
from tests.integration.bot_fixtures import BotShop, Phone, event_count
from tests.integration.sender_fixture import Phones, crowd, sends, sends_and_dies
from tests.outside import until
from tests.shop import Shop

MONEY = Refunded("299 ₽", counted=False)


@pytest.fixture(scope="module", autouse=True)
def _processes() -> None:
    prepare()


@contextlib.asynccontextmanager
async def sending(shop: Shop, channel: Phones) -> AsyncIterator[None]:
    task = asyncio.create_task(Sender(shop.deps.db, channel, channel.pace).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def says(shop: Shop, user_id: int, kind: Kind, once: str) -> None:
    async with shop.deps.db.transaction() as session:
        await notify(session, user_id, kind, once=once, now=shop.now)


async def news_for(bot_shop: BotShop, phone: Phone) -> EndingSoon:
    """Something true that is only news."""
    await phone.taps("Попробовать")
    await bot_shop.shop.run_jobs()
    user = await bot_shop.user(phone)
    (subscription,) = await bot_shop.shop.all(select(Subscription).where(Subscription.user_id == user.id))
    assert subscription.paid_until is not None
    return EndingSoon(subscription.id, subscription.paid_until, days_left=7)


async def outcomes(shop: Shop, once: str) -> list[str | None]:
    return list(await shop.all(select(Notification.outcome).where(Notification.dedup_key.startswith(once))))


@pytest.mark.parametrize(
    ("when", "kind", "copies", "outcome"),
    [
        ("claimed", "money", 1, "sent"),
        ("sent", "money", 2, "sent"),
        ("claimed", "news", 0, "lost"),
        ("sent", "news", 1, "lost"),
    ],
)
async def test_after_a_kill_money_is_said_again_and_news_are_not(
    bot_shop: BotShop, when: str, kind: str, copies: int, outcome: str
) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    message = MONEY if kind == "money" else await news_for(bot_shop, phone)
    heard = len(await phone.messages())
    await says(shop, (await bot_shop.user(phone)).id, message, "this")

    async with process(shop, sends_and_dies, when) as killed:
        assert await asyncio.to_thread(was_killed, killed)
    await shop.run_jobs()
    too_early = await outcomes(shop, "this")
    await shop.passes(seconds=20)

    assert too_early == [None]
    assert await outcomes(shop, "this") == [outcome]
    assert len(await phone.messages()) - heard == copies
    gauge = f"shop_notifications_{'resent' if kind == 'money' else 'given_up'}"
    assert f'{gauge}{{kind="{type(message).__name__}"' in (await shop.http.get("/metrics")).text


async def test_a_message_that_was_sent_and_noted_is_left_alone_by_the_next_sender(bot_shop: BotShop) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    await says(shop, (await bot_shop.user(phone)).id, MONEY, "this")

    async with process(shop, sends):
        await until(lambda: noted(shop, "this"), seconds=60)
    await shop.passes(seconds=20)

    assert len(await phone.messages()) == 2


async def noted(shop: Shop, once: str) -> bool:
    return None not in await outcomes(shop, once)


async def test_of_two_senders_one_sends_and_the_other_goes_on_when_it_is_killed(bot_shop: BotShop) -> None:
    shop = bot_shop.shop
    phones = [await bot_shop.started() for _ in range(6)]
    people = [(await bot_shop.user(phone)).id for phone in phones]

    async with process(shop, sends) as first, process(shop, sends):
        for number, person in enumerate(people):
            await says(shop, person, MONEY, f"before {number}")
        await until(lambda: noted(shop, "before"), seconds=60)
        first.kill()
        for number, person in enumerate(people):
            await says(shop, person, MONEY, f"after {number}")
        await until(lambda: noted(shop, "after"), seconds=5)

    assert [len(await phone.messages()) for phone in phones] == [3] * 6


@pytest.mark.parametrize(
    ("trouble", "kind", "copies"),
    [(Unavailable, "money", 2), (Unavailable, "news", 1), (NotSaid, "money", 2), (NotSaid, "news", 2)],
)
async def test_what_may_have_been_heard_is_only_said_again_when_it_is_money(
    shop: Shop, trouble: type[Unavailable], kind: str, copies: int
) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    message = MONEY if kind == "money" else Ended((await buyer.subscription()).id, shop.now)
    attempts_before = len(buyer.told)
    shop.channel.troubles.append(trouble())
    await says(shop, buyer.id, message, "this")

    await shop.passes(seconds=1)
    await shop.passes(seconds=10)

    (row,) = await shop.all(select(Notification).where(Notification.dedup_key == "this"))
    assert (row.outcome, row.attempts) == ("sent" if copies == 2 else "lost", copies)
    assert len(buyer.told) - attempts_before == copies - 1


async def test_money_never_waits_behind_ten_thousand_news(shop: Shop) -> None:
    buyer = await shop.buyer()
    await crowd(shop, 10_000)
    channel = Phones(Pace())
    async with shop.deps.db.transaction() as session:
        news = Ended((await buyer.takes_trial()).subscription.id, shop.now)
        queued = await notify_many(session, select(User.id), news, once="news", now=shop.now)

    async with sending(shop, channel):
        await asyncio.sleep(2)
        asked = len(channel.said)
        await says(shop, buyer.id, MONEY, "money")

        async def is_heard() -> bool:
            return any(kind == MONEY for _, _, kind in channel.said)

        await until(is_heard, seconds=20)
        await asyncio.sleep(1)

    heard = next(place for place, (_, _, kind) in enumerate(channel.said) if kind == MONEY)
    first, last = channel.said[0][0], channel.said[-1][0]
    assert queued == 10_001
    assert heard - asked < 60, "of ten thousand news"
    assert (len(channel.said) - 1) / (last - first) < 31
    assert len({user for _, user, kind in channel.said if kind == news}) == len(channel.said) - 1


async def test_the_messenger_never_has_to_ask_for_less(bot_shop: BotShop) -> None:
    shop = bot_shop.shop
    phones = [await bot_shop.started() for _ in range(4)]
    await bot_shop.http.put("limits", json={"per_second": 30, "chat_per_second": 1, "chat_burst": 5})
    for phone in phones:
        person = (await bot_shop.user(phone)).id
        for number in range(5):
            await says(shop, person, MONEY, f"{number} to {person}")

    await shop.run_jobs()
    await bot_shop.http.delete("limits")

    answers = shop.town.companies.world.log.since(service="telegram")
    assert not [entry for entry in answers if entry["status"] == 429]
    assert [len(await phone.messages()) for phone in phones] == [6] * 4


async def test_a_flooded_messenger_is_left_alone_and_then_everybody_hears(bot_shop: BotShop) -> None:
    shop = bot_shop.shop
    phones = [await bot_shop.started() for _ in range(8)]
    shop.town.companies.world.log.clear()
    bot_shop.breaks("sendMessage", "http_429", retry_after=30, times=None)
    for phone in phones:
        person = (await bot_shop.user(phone)).id
        await says(shop, person, MONEY, f"to {person}")

    await shop.run_jobs()
    refused = [e for e in shop.town.companies.world.log.since(service="telegram") if e["status"] == 429]
    shop.mend()
    await shop.passes(seconds=31)

    assert 0 < len(refused) <= 8
    assert [len(await phone.messages()) for phone in phones] == [2] * 8


async def test_a_message_to_many_reaches_each_person_once_however_often_it_is_queued(shop: Shop) -> None:
    people = await crowd(shop, 50)
    async with shop.deps.db.transaction() as session:
        await session.execute(update(User).where(User.id == people[0]).values(unreachable_at=shop.now))

    async def queue() -> int:
        async with shop.deps.db.transaction() as session:
            return await notify_many(session, select(User.id), MONEY, once="all", now=shop.now)

    first, *others = [await queue(), *await asyncio.gather(queue(), queue())]
    await shop.run_jobs()

    assert (first, others) == (49, [0, 0])
    assert sorted(user for user, _ in shop.channel.said) == people[1:]


async def test_a_slow_messenger_is_spoken_to_by_many_mouths(shop: Shop) -> None:
    await crowd(shop, 60)
    channel = Phones(Pace(per_second=1000))
    async with shop.deps.db.transaction() as session:
        await notify_many(session, select(User.id), MONEY, once="all", now=shop.now)

    async with sending(shop, channel):
        await until(lambda: noted(shop, "all"), seconds=60)

    assert channel.most_at_once > 1
    assert len(channel.said) == 60


async def test_a_sender_that_is_stopped_ends_what_it_has_begun(shop: Shop) -> None:
    await crowd(shop, 300)
    channel = Phones(Pace())
    async with shop.deps.db.transaction() as session:
        await notify_many(session, select(User.id), MONEY, once="all", now=shop.now)

    async with sending(shop, channel):
        await until(lambda: is_said(channel), seconds=10)

    claimed = select(func.count()).where(Notification.claimed_at.is_not(None), Notification.done_at.is_(None))
    assert await shop.all(claimed) == [0]
    assert len(await shop.all(select(Notification).where(Notification.outcome == "sent"))) == len(channel.said)


async def is_said(channel: Phones) -> bool:
    return len(channel.said) >= 10


async def test_a_sender_whose_connection_is_cut_goes_on(shop: Shop) -> None:
    buyer = await shop.buyer()
    channel = Phones(Pace())
    before = event_count("sender.started")

    async def started() -> bool:
        return event_count("sender.started") > before

    async with sending(shop, channel):
        await until(started)
        async with await psycopg.AsyncConnection.connect(shop.deps.db.dsn, autocommit=True) as connection:
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                " and datname = current_database()"
            )
        await says_when_there(shop, buyer.id)
        await until(lambda: noted(shop, "this"), seconds=20)

    assert [kind for _, _, kind in channel.said] == [MONEY]


async def says_when_there(shop: Shop, user_id: int) -> None:
    with contextlib.suppress(Unavailable):
        await says(shop, user_id, MONEY, "this")
    await asyncio.sleep(0.5)
    await says(shop, user_id, MONEY, "this")


async def test_the_database_asks_whether_who_holds_the_lock_is_there(shop: Shop) -> None:
    """A machine that is gone without a word would else hold it for two hours."""
    async with sole(shop.deps.db, "sender") as hold:
        names = ("idle", "interval", "count")
        told = [await hold._connection.scalar(text(f"show tcp_keepalives_{name}")) for name in names]

    assert told == ["5", "5", "2"]


async def test_who_holds_the_lock_is_the_only_one_who_sends(shop: Shop) -> None:
    buyer = await shop.buyer()
    channel = Phones(Pace())
    await says(shop, buyer.id, MONEY, "this")

    async with sole(shop.deps.db, "sender"), sending(shop, channel):
        await asyncio.sleep(1)
        meanwhile = list(channel.said)
    async with sending(shop, channel):
        await until(lambda: noted(shop, "this"), seconds=5)

    assert meanwhile == []
    assert len(channel.said) == 1


async def test_what_was_said_long_ago_is_forgotten_and_what_was_not_is_kept(shop: Shop) -> None:
    buyer = await shop.buyer()
    await says(shop, buyer.id, MONEY, "old")
    await shop.run_jobs()
    async with shop.deps.db.transaction() as session:
        old = shop.now - KEPT_FOR - timedelta(days=1)
        await session.execute(update(Notification).values(done_at=old))
    await says(shop, buyer.id, MONEY, "new")

    await forget_said(ForgetSaid(), shop.deps)

    kept = await shop.all(select(Notification.dedup_key).where(Notification.user_id == buyer.id))
    assert kept == ["new"]
