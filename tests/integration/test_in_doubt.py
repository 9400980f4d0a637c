"""An answer that does not tell: said once more at most, when Telegram works, and counted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram.exceptions import AiogramError
from sqlalchemy import select

from backend.kit.jobs import Worker
from backend.notifications.kinds import EndingSoon, Kind, PaidAgain, Refunded
from backend.notifications.models import Notification
from backend.notifications.service import notify, tell_operators
from backend.subscriptions.models import Subscription
from backend.vpn.models import Endpoint
from bot.notifier import Notifier
from bot.session import NotHeard, make_bot
from sandbox.companies import BOT_TOKEN
from tests.integration.bot_fixtures import BotShop, Phone
from tests.serving import listener
from tests.shop import Shop

pytestmark = pytest.mark.thorough

MONEY = Refunded("299 ₽", counted=False)
ALERT = PaidAgain(7, "299 ₽", "yookassa", 2)
PAGE = "<html><h1>It works!</h1></html>"
RESTART = {"ok": False, "error_code": 500, "description": "Internal Server Error: restart"}
TROUBLE = {"ok": False, "error_code": 500, "description": "Internal Server Error"}
UNREADABLE = [
    pytest.param("garbage", {}, id="a gateway's 502"),
    pytest.param("status", {"status": 500, "body": RESTART}, id="Telegram's restart"),
    pytest.param("status", {"status": 200, "body": PAGE}, id="a page with 200"),
]


async def says(shop: Shop, user_id: int, kind: Kind) -> None:
    async with shop.deps.db.transaction() as session:
        await notify(session, user_id, kind, once="this", now=shop.now)


async def hears(bot_shop: BotShop, phone: Phone, kind: Kind) -> None:
    await says(bot_shop.shop, (await bot_shop.user(phone)).id, kind)
    await bot_shop.shop.run_jobs()


async def news_for(bot_shop: BotShop, phone: Phone) -> EndingSoon:
    """Something true that is only news."""
    await phone.taps("Попробовать")
    await bot_shop.shop.run_jobs()
    (subscription,) = await bot_shop.shop.all(select(Subscription))
    assert subscription.paid_until is not None
    return EndingSoon(subscription.id, subscription.paid_until, days_left=7)


async def outcome(shop: Shop) -> str | None:
    [row] = await shop.all(select(Notification).where(Notification.dedup_key == "this"))
    found: str | None = row.outcome
    return found


async def counted(shop: Shop, gauge: str) -> list[str]:
    metrics = (await shop.http.get("/metrics")).text
    return [line.removeprefix(gauge) for line in metrics.splitlines() if line.startswith(f"{gauge}{{")]


@pytest.mark.parametrize(("mode", "options"), UNREADABLE)
async def test_money_that_arrived_without_an_answer_is_said_once_more_and_counted(
    bot_shop: BotShop, mode: str, options: dict[str, Any]
) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    before = len(await phone.messages())
    bot_shop.breaks("sendMessage", mode, after=True, **options)

    await hears(bot_shop, phone, MONEY)
    await shop.passes(seconds=10)

    assert len(await phone.messages()) == before + 2
    assert await outcome(shop) == "sent"
    assert await counted(shop, "shop_notifications_resent") == ['{kind="Refunded"} 1.0']
    assert await counted(shop, "shop_notifications_given_up") == []


@pytest.mark.parametrize(("mode", "options"), UNREADABLE)
async def test_news_that_arrived_without_an_answer_are_not_said_again(
    bot_shop: BotShop, mode: str, options: dict[str, Any]
) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    news = await news_for(bot_shop, phone)
    before = len(await phone.messages())
    bot_shop.breaks("sendMessage", mode, after=True, **options)

    await hears(bot_shop, phone, news)
    await shop.passes(hours=1)

    assert len(await phone.messages()) == before + 1
    assert await outcome(shop) == "lost"
    assert await counted(shop, "shop_notifications_resent") == []


async def test_money_that_is_never_answered_for_is_said_twice_in_a_month(bot_shop: BotShop) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    before = len(await phone.messages())
    bot_shop.breaks("sendMessage", "status", status=200, body=PAGE, after=True, times=None)

    await hears(bot_shop, phone, MONEY)
    for _ in range(5):
        await shop.passes(hours=1)
    await shop.passes(days=20)

    assert len(await phone.messages()) == before + 2
    assert await outcome(shop) == "lost"
    assert await counted(shop, "shop_notifications_resent") == ['{kind="Refunded"} 1.0']
    assert await counted(shop, "shop_notifications_given_up") == ['{kind="Refunded",outcome="lost"} 1.0']


async def test_money_that_telegram_has_not_said_for_days_is_said_then_and_once(bot_shop: BotShop) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    before = len(await phone.messages())
    bot_shop.breaks("sendMessage", "status", status=500, body=TROUBLE, times=None)

    await hears(bot_shop, phone, MONEY)
    for _ in range(4):
        await shop.passes(days=1)
    during = await outcome(shop)
    tries = await shop.all(select(Notification.attempts).where(Notification.dedup_key == "this"))
    shop.mend()
    await shop.passes(hours=1.1)

    assert (during, await outcome(shop)) == (None, "sent")
    assert tries == [5]
    assert len(await phone.messages()) == before + 1
    assert await counted(shop, "shop_notifications_resent") == []


async def test_in_a_long_outage_behind_a_gateway_nothing_is_lost_but_what_was_under_way(bot_shop: BotShop) -> None:
    shop = bot_shop.shop
    first, second = await bot_shop.started(), await bot_shop.started()
    news = await news_for(bot_shop, second)
    before = [len(await phone.messages()) for phone in (first, second)]
    bot_shop.breaks("*", "garbage", times=None)

    await hears(bot_shop, first, MONEY)
    async with shop.deps.db.transaction() as session:
        await notify(session, (await bot_shop.user(second)).id, news, once="news", now=shop.now)
    for _ in range(8):
        await shop.passes(hours=3)
    shop.mend()
    await shop.passes(hours=1.1)

    assert [len(await phone.messages()) for phone in (first, second)] == [number + 1 for number in before]
    assert await outcome(shop) == "sent"
    assert await counted(shop, "shop_notifications_given_up") == []


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("status", {"status": 403, "body": PAGE}),
        ("http_429", {"retry_after": 3}),
        ("status", {"status": 500, "body": TROUBLE}),
        ("status", {"status": 200, "body": TROUBLE}),
    ],
    ids=["a gateway's 403", "429", "Telegram's 500", "Telegram's 500 below a 200"],
)
async def test_what_was_turned_down_was_not_said_so_news_are_said_later(
    bot_shop: BotShop, mode: str, options: dict[str, Any]
) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    news = await news_for(bot_shop, phone)
    before = len(await phone.messages())
    bot_shop.breaks("sendMessage", mode, **options)

    await hears(bot_shop, phone, news)
    await shop.passes(seconds=10)

    assert len(await phone.messages()) == before + 1
    assert await outcome(shop) == "sent"
    assert await counted(shop, "shop_notifications_resent") == []


# --- no connection


@contextlib.asynccontextmanager
async def mute() -> AsyncIterator[str]:
    """The address of something that takes connections and never says who it is."""
    held = listener()
    held.listen()
    try:
        yield f"https://127.0.0.1:{held.getsockname()[1]}"
    finally:
        held.close()


async def trouble(url: str) -> AiogramError:
    """What comes of a call to this server."""
    bot = make_bot(BOT_TOKEN, url)
    try:
        with pytest.raises(AiogramError) as raised:
            await bot.get_me(request_timeout=2)
    finally:
        await bot.session.close()
    return raised.value


async def test_where_there_was_no_connection_nothing_was_heard() -> None:
    held = listener()
    nobody = f"http://127.0.0.1:{held.getsockname()[1]}"
    async with mute() as silent:
        troubles = await asyncio.gather(trouble(nobody), trouble(silent), trouble("http://telegram.invalid"))
    held.close()

    assert [type(error) for error in troubles] == [NotHeard] * 3


async def test_who_took_a_request_and_says_nothing_may_have_heard_it() -> None:
    async with mute() as silent:
        assert type(await trouble(silent.replace("https:", "http:"))) is not NotHeard


# --- several parts, several operators


async def long_keys(shop: Shop) -> None:
    """More keys than fit under a picture."""
    [only] = await shop.all(select(Endpoint))
    copied = {column.key: getattr(only, column.key) for column in Endpoint.__table__.columns if column.key != "id"}
    async with shop.deps.db.transaction() as session:
        session.add_all(Endpoint(**copied | {"inbound_id": 100 + number}) for number in range(5))


async def test_a_part_that_was_said_before_the_rest_counts_when_all_is_said_again(bot_shop: BotShop) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    await phone.taps("Попробовать")
    await Worker(shop.deps.db, shop.deps).run_until_idle()
    await long_keys(shop)
    before = len(await phone.messages())
    bot_shop.breaks("sendMessage", "status", status=403, body=PAGE)

    await shop.run_jobs()
    early = len(await phone.messages()) - before
    await shop.passes(seconds=10)

    assert early == 1, "the picture, without the keys below it"
    assert len(await phone.messages()) - before == 3
    assert await counted(shop, "shop_notifications_resent") == ['{kind="KeyReady"} 1.0']


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "Bad Request: can't parse entities"), (500, "Internal Server Error")]
)
async def test_a_part_that_is_refused_does_not_bring_the_rest_again_for_ever(
    bot_shop: BotShop, status: int, reason: str
) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    await phone.taps("Попробовать")
    await Worker(shop.deps.db, shop.deps).run_until_idle()
    await long_keys(shop)
    before = len(await phone.messages())
    refusal = {"ok": False, "error_code": status, "description": reason}
    bot_shop.breaks("sendMessage", "status", status=status, body=refusal, times=None)

    await shop.run_jobs()
    for _ in range(4):
        await shop.passes(minutes=1)

    assert len(await phone.messages()) - before == 2, "the picture, twice"
    assert await counted(shop, "shop_notifications_given_up") == ['{kind="KeyReady",outcome="lost"} 1.0']


async def alerted(bot_shop: BotShop, phones: list[Phone]) -> None:
    bot_shop.shop.is_run_by(*(phone.id for phone in phones))
    async with bot_shop.shop.deps.db.transaction() as session:
        await tell_operators(session, ALERT, once="this", now=bot_shop.shop.now)
    await bot_shop.shop.run_jobs()


async def alerts(phones: list[Phone]) -> list[int]:
    return [sum("299 ₽" in str(message.get("text")) for message in await phone.messages()) for phone in phones]


async def test_an_alert_that_another_process_says_again_counts_for_who_heard_it(bot_shop: BotShop) -> None:
    shop, phones = bot_shop.shop, [await bot_shop.started() for _ in range(2)]
    bot_shop.breaks("sendMessage", "status", status=403, body=PAGE)

    await alerted(bot_shop, phones)
    early = await alerts(phones)
    shop.deps.channel = Notifier(bot_shop.bot, shop.deps)
    await shop.passes(seconds=10)

    assert (early, await alerts(phones)) == ([0, 1], [1, 2])
    assert await counted(shop, "shop_notifications_resent") == ['{kind="PaidAgain"} 1.0']


async def test_an_operator_who_is_never_answered_for_is_told_twice_and_the_others_once(bot_shop: BotShop) -> None:
    shop, phones = bot_shop.shop, [await bot_shop.started() for _ in range(3)]
    bot_shop.breaks("sendMessage", "garbage", after=True)

    await alerted(bot_shop, phones)
    bot_shop.breaks("sendMessage", "garbage", after=True)
    await shop.passes(seconds=10)
    await shop.passes(days=2)

    assert await alerts(phones) == [2, 1, 1]
    assert await outcome(shop) == "lost"
