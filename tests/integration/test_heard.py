"""What is of money, and what operators are to hear, outlives a long silence; what is never heard is counted."""

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, update

from backend.notifications.channels import NotSaid
from backend.notifications.kinds import EndingSoon, KeyReady, Paid, PaidAgain
from backend.notifications.models import Notification
from backend.notifications.service import notify, tell_operators
from tests.integration.bot_fixtures import BotShop, Phone, event_count, pays
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough

ALERT = PaidAgain(7, "299 ₽", "yookassa", 2)


def given_up(kind: str) -> float:
    return REGISTRY.get_sample_value("notifications_given_up_total", {"kind": kind}) or 0


async def told_outcomes(shop: Shop, kind: type) -> list[str | None]:
    query = select(Notification.outcome).where(Notification.kind == kind.__name__)
    return list(await shop.all(query.order_by(Notification.id)))


async def silence(shop: Shop, *, days: int) -> None:
    """Telegram answers nobody for so long."""
    for _ in range(days):
        shop.channel.troubles.extend(NotSaid() for _ in range(50))
        await shop.passes(days=1)
    shop.channel.troubles.clear()


async def buys_unheard(shop: Shop) -> tuple[Buyer, Buyer]:
    """Somebody for whom there are messages of money and keys, and another one for whom there is news."""
    buyer, other = await shop.buyer(), await shop.buyer()
    checkout = await buyer.orders()
    await shop.yookassa.pay(checkout.payment_id)
    shop.channel.troubles.extend(NotSaid() for _ in range(20))
    await shop.run_jobs()
    soon = EndingSoon((await buyer.subscription()).id, await buyer.paid_until(), days_left=7)
    async with shop.deps.db.transaction() as session:
        await notify(session, other.id, soon, once="news", now=shop.now)
    await shop.run_jobs()
    return buyer, other


# --- a long silence


async def test_after_a_week_of_silence_money_and_keys_are_said_and_news_are_counted_as_lost(shop: Shop) -> None:
    (buyer, other), before = await buys_unheard(shop), given_up("EndingSoon")

    await silence(shop, days=7)
    await shop.passes(hours=1.1)

    assert buyer.heard(Paid)
    assert buyer.heard(KeyReady)
    assert other.told == []
    assert given_up("EndingSoon") == before + 1
    metrics = (await shop.http.get("/metrics")).text
    assert 'shop_notifications_given_up{kind="EndingSoon",outcome="stale"} 1.0' in metrics


async def test_money_nobody_could_be_told_of_for_a_month_is_given_up_and_counted(shop: Shop) -> None:
    (buyer, _), before = await buys_unheard(shop), given_up("Paid")

    await silence(shop, days=31)
    await shop.passes(hours=1.1)

    assert buyer.heard(Paid) == []
    assert await told_outcomes(shop, Paid) == ["stale"]
    assert given_up("Paid") == before + 1


async def test_in_a_silence_of_days_what_was_tried_often_is_tried_hourly(shop: Shop) -> None:
    await buys_unheard(shop)
    await silence(shop, days=2)
    paid = Notification.kind == "Paid"
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Notification).where(paid).values(attempts=20, next_try_at=shop.now))

    shop.channel.troubles.extend(NotSaid() for _ in range(100))
    for _ in range(6):
        await shop.passes(minutes=20)
    shop.channel.troubles.clear()

    assert list(await shop.all(select(Notification.attempts).where(paid))) == [22]


# --- operators


async def operators(bot_shop: BotShop, count: int) -> list[Phone]:
    """So many people who pressed /start run the shop, and something is to be told them."""
    phones = [await bot_shop.started() for _ in range(count)]
    bot_shop.shop.is_run_by(*(phone.id for phone in phones))
    await alert(bot_shop.shop)
    return phones


async def alert(shop: Shop) -> None:
    async with shop.deps.db.transaction() as session:
        await tell_operators(session, ALERT, once="alert", now=shop.now)


async def alerts(phone: Phone) -> int:
    return sum("299 ₽" in str(message.get("text")) for message in await phone.messages())


async def test_what_no_operator_hears_is_not_said_and_comes_when_one_is_back(bot_shop: BotShop) -> None:
    shop, (first, second) = bot_shop.shop, await operators(bot_shop, 2)
    await first.act("block")
    await second.act("block")
    deaf = event_count("operators.deaf")

    await shop.run_jobs()
    await shop.passes(hours=1)
    during = await told_outcomes(shop, PaidAgain)
    await second.act("unblock")
    await shop.passes(hours=1)

    assert during == [None]
    assert event_count("operators.deaf") == deaf + 2
    assert await told_outcomes(shop, PaidAgain) == ["sent"]
    assert await alerts(second) == 1


async def test_what_there_was_no_operator_for_comes_when_one_is_named(bot_shop: BotShop) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    deaf = event_count("operators.deaf")
    await alert(shop)

    await shop.run_jobs()
    await shop.passes(days=20)
    during = await told_outcomes(shop, PaidAgain)
    shop.is_run_by(phone.id)
    await shop.passes(minutes=6)

    assert during == [None]
    assert event_count("operators.deaf") == deaf, "said once, at the start"
    assert await told_outcomes(shop, PaidAgain) == ["sent"]
    assert await alerts(phone) == 1


async def test_an_operator_who_blocked_the_bot_holds_up_no_other(bot_shop: BotShop) -> None:
    shop, (first, second) = bot_shop.shop, await operators(bot_shop, 2)
    await first.act("block")
    refused = event_count("operator.unreachable")

    await shop.run_jobs()
    await shop.passes(hours=1)

    assert await told_outcomes(shop, PaidAgain) == ["sent"]
    assert await alerts(second) == 1
    assert event_count("operator.unreachable") == refused + 1


async def test_who_missed_it_by_an_outage_hears_it_later_and_the_others_once(bot_shop: BotShop) -> None:
    shop, phones = bot_shop.shop, await operators(bot_shop, 3)
    bot_shop.breaks("sendMessage", "status", status=500)

    await shop.run_jobs()
    early = [await alerts(phone) for phone in phones]
    await shop.passes(seconds=10)

    assert early == [0, 1, 1]
    assert [await alerts(phone) for phone in phones] == [1, 1, 1]
    assert await told_outcomes(shop, PaidAgain) == ["sent"]


async def test_two_alerts_that_read_alike_are_two(bot_shop: BotShop) -> None:
    shop, phones = bot_shop.shop, await operators(bot_shop, 2)
    async with shop.deps.db.transaction() as session:
        await tell_operators(session, ALERT, once="another alert", now=shop.now)
    bot_shop.breaks("sendMessage", "status", status=500, times=3)

    await shop.run_jobs()
    await shop.passes(seconds=10)

    assert [await alerts(phone) for phone in phones] == [2, 2]


# --- who blocked the bot


async def test_who_comes_back_hears_what_was_missed_of_money_and_keys(bot_shop: BotShop) -> None:
    shop, phone = bot_shop.shop, await bot_shop.started()
    await phone.taps("Месяц")
    await phone.taps("Банковская карта")
    await phone.act("block")
    await bot_shop.idle()
    await pays(bot_shop)
    await shop.run_jobs()
    missed = await told_outcomes(shop, Paid)

    await phone.act("unblock")
    await bot_shop.idle()
    await shop.passes(minutes=1.1)

    assert missed == ["unreachable"]
    assert await told_outcomes(shop, Paid) == ["sent"]
    texts = [message["text"] for message in await phone.messages()]
    assert any(text.startswith("✅ Оплачено: 299") for text in texts)
    assert any(text.startswith("🔑 Ваш ключ готов") for text in texts)
    await shop.passes(minutes=10)
    assert len(await phone.messages()) == len(texts), "once"
