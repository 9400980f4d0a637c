"""Renewals in the chat: a tick, what is told, one tap to stop, a higher price."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from backend.autopay.models import Mandate
from backend.consents.models import Consent
from backend.payments.models import Payment
from backend.subscriptions.models import Subscription
from tests.integration.autopay_fixture import DAY, HOUR, costs
from tests.integration.bot_fixtures import BotShop, Json, Phone, buys, labels
from tests.integration.stars_fixture import settled
from tests.outside import CREATE

OFF = "🚫 Отключить автопродление"


async def ticks(phone: Phone) -> None:
    await phone.writes("/plans")
    await phone.taps("Месяц")
    await phone.taps("☐ Подключить автопродление")


async def subscribed(bot_shop: BotShop) -> Phone:
    """Somebody who ticked the renewal and paid by card."""
    phone = await bot_shop.started()
    await ticks(phone)
    await phone.taps("Банковская карта")
    await bot_shop.shop.yookassa.pay_ref((await bot_shop.shop.yookassa.objects())[0]["id"])
    await settled(bot_shop)
    return phone


async def reaches(bot_shop: BotShop, before_end: timedelta) -> None:
    (until,) = await bot_shop.shop.all(select(Subscription.paid_until))
    await bot_shop.shop.passes(seconds=(until - before_end - bot_shop.shop.now).total_seconds() + 1)
    await settled(bot_shop)


async def mandate(bot_shop: BotShop) -> Mandate:
    found: Mandate = (await bot_shop.shop.all(select(Mandate).order_by(Mandate.created_at)))[-1]
    return found


async def said(phone: Phone, words: str) -> bool:
    return any(words in message["text"] for message in await phone.messages())


async def message_with(phone: Phone, words: str) -> Json:
    return next(message for message in await phone.messages() if words in message["text"])


async def test_the_tick_is_set_and_taken_away_and_agrees_to_nothing_by_itself(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await ticks(phone)
    ticked = labels(await phone.screen())
    await phone.taps("☑️ Подключить автопродление")
    plain = labels(await phone.screen())

    assert not [label for label in ticked if "СБП" in label]
    assert [label for label in plain if "СБП" in label]
    assert await bot_shop.shop.all(select(Consent)) == []


async def test_a_ticked_purchase_says_so_at_the_checkout_and_when_it_is_on(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await ticks(phone)
    await phone.taps("Банковская карта")
    checkout = (await phone.screen())["text"]
    await bot_shop.shop.yookassa.pay_ref((await bot_shop.shop.yookassa.objects())[0]["id"])
    await settled(bot_shop)

    assert "После оплаты включится автопродление: 299" in checkout
    assert await said(phone, "Автопродление включено")
    assert "🔁 Автопродление" in labels(await phone.writes("/subscription"))


async def test_where_cards_are_not_kept_the_checkout_says_it_is_paid_once(bot_shop: BotShop) -> None:
    await bot_shop.shop.yookassa.change_shop(recurring=False)
    phone = await bot_shop.started()
    await ticks(phone)
    await phone.taps("Банковская карта")

    screen = await phone.screen()
    assert "Автопродление сейчас недоступно, поэтому этот платёж — разовый" in screen["text"]
    assert await phone.address("Оплатить")
    await phone.writes("/plans")
    await phone.taps("Месяц")
    assert not [label for label in labels(await phone.screen()) if "Подключить автопродление" in label]


async def test_the_profile_shows_how_it_stands_and_one_tap_ends_it(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)
    profile = await phone.writes("/subscription")
    await phone.taps("🔁 Автопродление")
    screen = await phone.screen()

    await phone.taps(OFF)

    assert "🔁 Автопродление: 299\u00a0₽, " in profile["text"]
    assert "✅ Включено: Месяц — 299\u00a0₽ каждые 30\u00a0дней" in screen["text"]
    assert "с банковской карты *4477" in screen["text"]
    done = await phone.screen()
    assert "Автопродление отключено, сохранённый способ оплаты удалён" in done["text"]
    assert "Списаний больше не будет" in done["text"]
    ended = await mandate(bot_shop)
    assert (ended.state, ended.reason) == ("ended", "off")
    withdrawn = await bot_shop.shop.all(select(Consent).where(Consent.document == "autopay:withdrawn"))
    assert [consent.channel for consent in withdrawn] == ["bot"]


async def test_the_command_ends_it_and_says_so_when_nothing_was_on(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)

    first = await phone.writes("/autopay_off")
    second = await phone.writes("/autopay_off")

    assert "Автопродление отключено" in first["text"]
    assert "и так выключено" in second["text"]


async def test_both_notices_come_and_carry_the_way_out_and_no_reminder_asks_to_pay(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)

    await reaches(bot_shop, 3 * DAY)
    await reaches(bot_shop, DAY)

    notices = [message for message in await phone.messages() if "спишем 299" in message["text"]]
    assert len(notices) == 2
    assert all(OFF in labels(notice) for notice in notices)
    assert not await said(phone, "Подписка закончится")
    await phone.taps(OFF, on=notices[-1])
    assert (await mandate(bot_shop)).reason == "off"


async def test_a_refused_charge_says_why_and_when_it_is_tried_again(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)
    (method,) = (await bot_shop.shop.yookassa.http.get("_ctl/methods")).json()
    await bot_shop.shop.yookassa.act(f"methods/{method['id']}", outcome="canceled:insufficient_funds")
    await reaches(bot_shop, DAY)

    await reaches(bot_shop, 12 * HOUR)

    screen = await phone.screen()
    assert "На счёте не хватает денег" in screen["text"]
    assert "Попробуем ещё раз" in screen["text"]
    await phone.taps("Продлить сейчас")
    assert "Как удобнее оплатить?" in (await phone.screen())["text"]


async def test_a_higher_price_is_agreed_to_by_a_tap(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)
    await costs(bot_shop.shop, 349)
    await reaches(bot_shop, 3 * DAY)
    paused = await message_with(phone, "Тариф теперь стоит 349")

    await phone.taps("Продлевать за 349", on=paused)
    await reaches(bot_shop, DAY)
    await reaches(bot_shop, 12 * HOUR)

    assert await said(phone, "Договорились")
    assert await said(phone, "Оплачено: 349")


async def test_a_higher_price_is_announced_with_the_button_to_agree_to_it(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)
    await costs(bot_shop.shop, 349)
    await reaches(bot_shop, 13 * DAY)

    await phone.taps("Продлевать за 349", on=await message_with(phone, "Цена выросла"))

    assert await said(phone, "Договорились")
    assert (await mandate(bot_shop)).max_amount_minor == 34900


async def test_an_outdated_price_is_not_agreed_to(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)
    await costs(bot_shop.shop, 349)
    await reaches(bot_shop, 3 * DAY)
    await costs(bot_shop.shop, 399)

    answer = await phone.taps("Продлевать за 349", on=await message_with(phone, "Тариф теперь стоит 349"))

    assert "Цена за это время изменилась" in answer["text"]
    assert (await mandate(bot_shop)).state == "suspended"


async def test_while_a_charge_without_an_answer_is_looked_into_its_owner_hears_of_the_end(bot_shop: BotShop) -> None:
    phone, shop = await subscribed(bot_shop), bot_shop.shop
    await reaches(bot_shop, 3 * DAY)
    await reaches(bot_shop, DAY)
    shop.yookassa.breaks(CREATE, "lost_before", times=None)
    await reaches(bot_shop, 12 * HOUR)
    renewing = await said(phone, "Подписка закончится")
    await shop.passes(hours=24)
    shop.mend()
    (unanswered,) = await shop.all(select(Payment.state).where(Payment.initiated_by == "shop"))

    await buys(bot_shop, phone, "СБП")
    await reaches(bot_shop, 3 * DAY)

    assert (unanswered, (await mandate(bot_shop)).state, renewing) == ("review", "active", False)
    assert await said(phone, "Подписка закончится")


async def test_nobody_switches_off_what_is_somebody_elses(bot_shop: BotShop) -> None:
    await subscribed(bot_shop)
    stranger = await bot_shop.started()
    screen = await stranger.screen()
    theirs = (await mandate(bot_shop)).id

    for data in (f"autooff:{theirs.hex}", f"autoyes:{theirs.hex}:34900", f"autooff:{'0' * 32}"):
        await stranger.sends_tap(data, screen["message_id"])

    assert (await mandate(bot_shop)).state == "active"


async def test_many_taps_on_off_at_once_end_it_once(bot_shop: BotShop) -> None:
    phone = await subscribed(bot_shop)
    await phone.writes("/subscription")
    await phone.taps("🔁 Автопродление")
    screen = await phone.screen()

    await asyncio.gather(*(phone.taps(OFF, on=screen) for _ in range(4)))

    assert len(await bot_shop.shop.all(select(Consent).where(Consent.document == "autopay:withdrawn"))) >= 1
    assert (await mandate(bot_shop)).reason == "off"
