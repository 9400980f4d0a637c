"""Telegram and the database go and come back: people get their answers, and nothing that was sent is lost."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import select

from backend.kit.db import Database
from backend.kit.locks import sole
from backend.notifications.models import Notification
from backend.subscriptions.models import Extension
from bot.app import create_dispatcher
from bot.polling import poll
from tests.integration.bot_fixtures import BotShop, Phone, event_count, open_bot
from tests.outside import until
from tests.shop import Shop

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("http_429", {"retry_after": 1}),
        ("status", {"status": 502, "body": "<html>Bad Gateway</html>"}),
        ("status", {"status": 500, "body": {"ok": False, "error_code": 500, "description": "Internal Server Error"}}),
        ("reset", {"times": 2}),
        ("garbage", {}),
    ],
)
async def test_an_answer_comes_in_spite_of_a_trouble_on_the_way(
    bot_shop: BotShop, mode: str, options: dict[str, object]
) -> None:
    phone = await bot_shop.started()
    message_id = (await phone.screen())["message_id"]
    bot_shop.breaks("sendMessage", mode, **options)
    bot_shop.breaks("editMessageText", mode, **options)

    assert "👋 Здравствуйте" in (await phone.starts())["text"]
    await phone.sends_tap("open:help", message_id)
    assert (await phone.message(message_id))["text"].startswith("❓ Как подключиться")


async def test_an_edit_whose_answer_was_lost_is_not_an_error(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    bot_shop.breaks("editMessageText", "lost_after")

    await phone.taps("Помощь")

    assert (await phone.screen())["text"].startswith("❓ Как подключиться")
    assert len(await phone.messages()) == 1


async def test_a_screen_whose_message_is_gone_comes_as_a_new_one(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    message_id = (await phone.screen())["message_id"]
    tapped = await phone.act("tap", message_id=message_id, data="open:help")
    await phone.answered(tapped)
    await bot_shop.bot.delete_message(phone.id, message_id)

    await bot_shop.raw(
        callback_query={
            "id": "1",
            "from": {"id": phone.id, "is_bot": False, "first_name": "Анна"},
            "chat_instance": "1",
            "message": {"message_id": message_id, "chat": {"id": phone.id, "type": "private"}, "date": 0},
            "data": "open:terms",
        }
    )

    assert (await phone.screen())["text"].startswith("📄 Условия")


@pytest.mark.parametrize(
    ("mode", "options"),
    [("http_429", {"retry_after": 7}), ("status", {"status": 500}), ("reset", {}), ("garbage", {})],
)
async def test_a_notification_waits_for_telegram_and_is_said_once(
    bot_shop: BotShop, mode: str, options: dict[str, int]
) -> None:
    phone = await bot_shop.started()
    await phone.taps("Попробовать")
    bot_shop.breaks("sendPhoto", mode, **options)

    await bot_shop.shop.run_jobs()
    missing = await phone.screen()
    await bot_shop.shop.passes(seconds=30)

    assert missing["photo"] is None
    assert (await phone.screen())["text"].startswith("🔑 Ваш ключ готов")
    assert len(await phone.messages()) == 2
    (row,) = await bot_shop.shop.all(select(Notification))
    assert (row.outcome, row.attempts) == ("sent", 2)


async def test_a_notification_for_somebody_who_blocked_the_bot_is_given_up(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Попробовать")
    await phone.act("block")
    await bot_shop.idle()

    await bot_shop.shop.run_jobs()

    (row,) = await bot_shop.shop.all(select(Notification))
    assert (row.outcome, row.attempts) == ("unreachable", 1)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 400, "Bad Request: Chat not found"),
        (400, 400, "Bad Request: user not found"),
        (400, 400, "Bad Request: user is deactivated"),
        (400, 400, "Bad Request: PEER_ID_INVALID"),
        (400, 400, "Bad Request: USER_ID_INVALID"),
        (400, 400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
        (200, 403, "Forbidden: bot was blocked by the user"),
    ],
)
async def test_a_notification_for_somebody_who_cannot_be_reached_waits_until_he_is_back(
    bot_shop: BotShop, status: int, code: int, reason: str
) -> None:
    phone = await bot_shop.started()
    await phone.taps("Попробовать")
    body = {"ok": False, "error_code": code, "description": reason}
    for method in ("sendPhoto", "sendMessage"):
        bot_shop.breaks(method, "status", status=status, body=body, times=None)

    await bot_shop.shop.run_jobs()

    (row,) = await bot_shop.shop.all(select(Notification))
    assert (row.outcome, row.attempts) == ("unreachable", 1)
    assert (await bot_shop.user(phone)).unreachable_at is not None


async def test_polling_goes_on_after_telegram_was_away(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    for mode in ("status", "reset", "garbage", "http_429"):
        bot_shop.breaks("getUpdates", mode)

    assert (await phone.writes("/help"))["text"].startswith("❓")


async def test_polling_survives_that_its_database_connection_is_cut(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    started = event_count("poller.started")

    with psycopg.connect(bot_shop.shop.town.dsn, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()"
        )

    async def polls_again() -> bool:
        return event_count("poller.started") > started

    await until(polls_again, seconds=15)
    assert (await phone.writes("/help"))["text"].startswith("❓")


async def test_one_bot_polls_and_another_takes_over_when_it_ends(shop: Shop) -> None:
    async with open_bot(shop) as first:
        phone = await first.started()
        started = event_count("poller.started")
        second = asyncio.create_task(poll(create_dispatcher(shop.deps), first.bot, shop.deps))
        await asyncio.sleep(1.2)
        assert event_count("poller.started") == started
        await phone.writes("/help")

        first.polling.cancel()
        await phone.writes("/terms")

        assert event_count("poller.started") == started + 1
        assert event_count("poller.conflict") == 0
        second.cancel()
        await asyncio.wait([second])


async def test_what_was_under_way_when_the_bot_ended_is_handled_by_the_next(shop: Shop) -> None:
    async def trial_was_given() -> bool:
        return bool(await shop.all(select(Extension)))

    async with open_bot(shop) as first:
        phone = await first.started()
        message_id = (await phone.screen())["message_id"]
        first.breaks("editMessageText", "latency", ms=60_000)
        query = await phone.act("tap", message_id=message_id, data="trial")
        await until(trial_was_given)
    shop.mend()

    async with open_bot(shop) as second:
        phone = Phone(second.http, phone.id)
        await phone.answered(query)
        assert (await phone.message(message_id))["text"].startswith("🎁 Пробный период до ")


async def test_people_do_not_wait_for_each_other(bot_shop: BotShop) -> None:
    slow, quick = await bot_shop.started(), await bot_shop.started()
    bot_shop.breaks("editMessageText", "latency", ms=3_000)
    tap = await slow.act("tap", message_id=(await slow.screen())["message_id"], data="open:help")
    await asyncio.sleep(0.3)

    async with asyncio.timeout(2.5):
        await quick.writes("/help")

    await slow.answered(tap)


async def test_one_chat_is_answered_in_the_order_it_wrote(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    bot_shop.breaks("sendMessage", "latency", ms=500)

    for text in ("/help", "/terms", "/paysupport"):
        await phone.act("send", text=text)
    await bot_shop.idle()

    assert [message["text"][0] for message in (await phone.messages())[1:]] == ["❓", "📄", "💬"]


async def test_a_lock_is_held_by_one_and_freed_with_its_block(shop: Shop) -> None:
    entered: list[int] = []

    async def take(number: int) -> None:
        async with sole(shop.deps.db, "a test"):
            entered.append(number)
            await asyncio.sleep(0.2)
            assert entered[-1] == number

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(take(number))

    assert sorted(entered) == [0, 1, 2]


async def test_while_the_database_is_away_people_hear_so(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    before = await phone.messages()
    away = Database("postgresql://shop:shop@127.0.0.1:1/shop")
    bot_shop.dispatcher["deps"] = replace(bot_shop.shop.deps, db=away)

    tapped = await phone.taps("Месяц")
    written = await phone.writes("/start")

    assert (tapped["text"], tapped["show_alert"]) == ("Мы ненадолго отошли. Попробуйте ещё раз через минуту.", True)
    assert written["text"] == tapped["text"]
    assert (await phone.messages())[:-1] == before
    await away.aclose()
