"""What is offered to whom, what taps on it accept, and how it is spoken of afterwards."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from backend.kit.i18n import translator
from backend.notifications.kinds import ReceiptReady
from backend.orders.models import Order
from backend.switches import service as switches
from backend.users.models import User
from bot.notices.base import Hearer
from bot.notices.receipts import ready
from tests.integration.bot_fixtures import BotShop, buys, labels, payment, pays


async def test_a_single_method_is_not_asked_for_and_its_consent_stands_above_the_plans(bot_shop: BotShop) -> None:
    for provider in bot_shop.shop.deps.providers:
        provider.methods = ("sbp",) if "sbp" in provider.methods else ()
    phone = await bot_shop.started()
    start = await phone.screen()
    plans_screen = await phone.writes("/plans")

    await phone.taps("Месяц", on=start)

    checkout = await phone.message(start["message_id"])
    assert "Нажимая «Попробовать» или выбирая тариф, вы принимаете оферту" in start["text"]
    assert "Выбирая тариф, вы принимаете оферту" in plans_screen["text"]
    assert "Способ оплаты: СБП" in checkout["text"]
    assert "Другой способ" not in "".join(labels(checkout))


async def test_the_one_method_left_of_several_is_shown_with_its_consent(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    start = await phone.screen()
    async with bot_shop.shop.deps.db.transaction() as session:
        for name in ("coingate", "stars"):
            await switches.switch_off(session, name, reason="contract", by="cli:root", now=bot_shop.shop.now)
    for provider in bot_shop.shop.deps.providers:
        if provider.id == "yookassa":
            provider.methods = ("sbp",)

    await phone.taps("Месяц", on=start)

    methods = await phone.screen()
    assert "выбирая тариф" not in start["text"].lower()
    assert "Нажимая на способ оплаты, вы принимаете оферту" in methods["text"]
    assert await bot_shop.shop.all(select(Order)) == []


async def test_an_old_trial_button_adds_days_to_what_was_bought_and_says_no_more(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()
    start = await phone.starts()
    again = await phone.starts()
    await phone.taps("Месяц", on=start)
    await phone.taps("Банковская карта", on=await phone.message(start["message_id"]))
    await pays(bot_shop)

    await phone.taps("Попробовать 7 дней бесплатно", on=again)

    added = await phone.message(again["message_id"])
    assert added["text"].startswith("🎁 Пробные дни добавлены\n\nПодписка действует до ")
    assert added["text"].endswith("Ключ и ссылка прежние, в приложении ничего менять не нужно.")
    before = await phone.last_id()
    await bot_shop.shop.run_jobs()
    assert await phone.last_id() == before
    assert "✅ Подписка активна" in (await phone.starts())["text"]


async def test_somebody_blocked_is_sold_nothing(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()
    first, second, third = [await phone.starts() for _ in range(3)]
    await phone.taps("Месяц", on=second)
    methods = await phone.message(second["message_id"])
    user = await bot_shop.user(phone)
    async with bot_shop.shop.deps.db.transaction() as session:
        await session.execute(update(User).where(User.id == user.id).values(blocked_at=bot_shop.shop.now))

    await phone.taps("Попробовать 7 дней бесплатно", on=first)
    await phone.taps("СБП", on=methods)
    await phone.taps("Год", on=third)
    plans_screen = await phone.writes("/plans")
    home = await phone.starts()

    for tapped in (first, second, third):
        assert (await phone.message(tapped["message_id"]))["text"].startswith("🚫 Доступ приостановлен")
    assert plans_screen["text"].startswith("🚫 Доступ приостановлен")
    assert "🚫 Доступ приостановлен" in home["text"]
    assert "₽" not in home["text"] + "".join(labels(home))
    assert labels(home) == ["⚙️ Настройки", "❓ Помощь"]
    assert await bot_shop.shop.all(select(Order)) == []


@pytest.mark.parametrize(
    ("language", "line"),
    [("ru", "Доступ к сервису, 30 дней, заказ"), ("en", "Access to the service, 30 days, order")],
)
async def test_a_receipt_is_spoken_of_in_the_language_of_its_buyer(
    bot_shop: BotShop, language: str, line: str
) -> None:
    phone = await bot_shop.phone(language=language)
    paid = await buys(bot_shop, phone, {"ru": "Банковская карта", "en": "Bank card"}[language])
    to = Hearer(bot_shop.shop.deps, await bot_shop.user(phone), translator(language), bot_shop.shop.now)
    number = (await bot_shop.shop.all(select(Order)))[0].number
    registered = "Доступ к сервису, 30 дней, заказ 1"

    known = ReceiptReady("https://nalog.example/1", "299 ₽", registered, (await payment(bot_shop)).id)
    (view,) = (await ready(known, to)).views
    (of_before,) = (await ready(replace(known, payment_id=None), to)).views

    assert view.text.endswith(f"{line} {number}")
    assert of_before.text.endswith(registered)
    assert f"№\u00a0{number}" in paid["text"] if language == "ru" else f"No.\u00a0{number}" in paid["text"]
