"""My subscription, a new link, payments, language, help: everything beside the sale."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from backend.kit import clock
from backend.payments.models import Payment
from backend.subscriptions import service as subscriptions
from backend.subscriptions.models import Subscription
from bot.callbacks import ShowKey, ShowSubscription
from bot.introduction import COMMANDS, introduce
from tests.integration.bot_fixtures import BotShop, Phone, codes, labels


async def with_key(bot_shop: BotShop, language: str = "ru") -> Phone:
    """Somebody whose trial runs and whose key has come."""
    phone = await bot_shop.started(language)
    await phone.sends_tap("trial", (await phone.screen())["message_id"])
    await bot_shop.shop.run_jobs()
    return phone


async def subscription(bot_shop: BotShop) -> Subscription:
    (only,) = await bot_shop.shop.all(select(Subscription))
    found: Subscription = only
    return found


async def test_my_subscription_says_until_when_how_much_and_where(bot_shop: BotShop) -> None:
    phone = await with_key(bot_shop)
    link = codes(await phone.screen())[0]

    screen = await phone.writes("/subscription")

    assert "✅ Активна до " in screen["text"]
    assert "осталось 7\xa0дней" in screen["text"]
    assert "📊 Трафик: 0 МБ, без ограничений" in screen["text"]
    assert "🌍 Сервер: " in screen["text"]
    assert codes(screen) == [link]
    assert await phone.address("Подключиться") == link


async def test_the_key_can_be_sent_again(bot_shop: BotShop) -> None:
    phone = await with_key(bot_shop)
    key = await phone.screen()
    await phone.writes("/subscription")

    await phone.taps("Ключ и QR-код")

    again = await phone.screen()
    assert again["text"] == key["text"]
    assert again["photo"] is not None


async def test_a_new_link_is_asked_for_twice_and_the_old_one_dies(bot_shop: BotShop) -> None:
    phone = await with_key(bot_shop)
    old = codes(await phone.screen())
    screen = await phone.writes("/subscription")

    await phone.taps("Перевыпустить ссылку")
    first = await phone.screen()
    await phone.taps("Да, перевыпустить")
    second = await phone.screen()
    await phone.taps("Перевыпустить сейчас")
    done = await phone.screen()
    await bot_shop.shop.run_jobs()
    new = codes(await phone.screen())

    assert [m["message_id"] for m in (first, second, done)] == [screen["message_id"]] * 3
    assert "сразу перестанут работать" in first["text"]
    assert second["text"].startswith("⚠️ Точно перевыпустить?")
    assert done["text"].startswith("♻️ Ссылка перевыпущена")
    assert set(old).isdisjoint(new)
    assert (await bot_shop.shop.panel.client())["uuid"] in new[1]
    assert (await bot_shop.shop.http.get(old[0])).status_code == 404


async def test_a_second_tap_does_not_replace_the_new_link(bot_shop: BotShop) -> None:
    phone = await with_key(bot_shop)
    await phone.writes("/subscription")
    await phone.taps("Перевыпустить ссылку")
    await phone.taps("Да, перевыпустить")
    asked = await phone.screen()
    await phone.taps("Перевыпустить сейчас")

    answer = await phone.sends_tap(asked["keyboard"][0][0]["callback_data"], asked["message_id"])

    assert answer["text"] == "Ссылка уже перевыпущена."
    assert (await subscription(bot_shop)).link_version == 2


async def test_whoever_has_second_thoughts_keeps_the_link(bot_shop: BotShop) -> None:
    phone = await with_key(bot_shop)
    await phone.writes("/subscription")
    await phone.taps("Перевыпустить ссылку")

    await phone.taps("Нет, оставить")

    assert (await phone.screen())["text"].startswith("🎫 Моя подписка")
    assert (await subscription(bot_shop)).link_version == 1


async def test_payments_are_listed_newest_first(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    for button in ("Месяц", "Год"):
        await phone.starts()
        await phone.taps(button)
        await phone.taps("СБП")
        newest = (await bot_shop.shop.all(select(Payment).order_by(Payment.created_at.desc())))[0]
        await bot_shop.shop.yookassa.pay(newest.id)
        await bot_shop.shop.passes(minutes=1)

    await phone.writes("/subscription")
    await phone.taps("История платежей")

    newest_line, oldest_line = (await phone.screen())["text"].splitlines()[2:]
    assert "· Год · 2\xa0999\xa0₽ · СБП" in newest_line
    assert "· Месяц · 299\xa0₽ · СБП" in oldest_line


async def test_several_subscriptions_are_listed_to_choose_from(bot_shop: BotShop) -> None:
    phone = await with_key(bot_shop)
    user = await bot_shop.user(phone)
    async with bot_shop.shop.deps.db.transaction() as session:
        second = await subscriptions.open_subscription(session, user.id, clock.now())
        await subscriptions.grant_days(session, second.id, 90, clock.now(), source="operator", source_id="1")
    await bot_shop.shop.run_jobs()

    choice = await phone.writes("/subscription")
    await phone.taps("№ 2")

    assert [label.split(" · ")[0] for label in labels(choice)[:2]] == ["✅ № 2", "✅ № 1"]
    assert "осталось 90\xa0дней" in (await phone.screen())["text"]


@pytest.mark.parametrize("make", [ShowSubscription, ShowKey])
async def test_what_belongs_to_somebody_else_is_not_there(
    bot_shop: BotShop, make: type[ShowSubscription | ShowKey]
) -> None:
    await with_key(bot_shop)
    stranger = await bot_shop.started()
    message_id = (await stranger.screen())["message_id"]

    for subscription_id in ((await subscription(bot_shop)).id, uuid4(), UUID(int=0)):
        answer = await stranger.sends_tap(make(subscription_id=subscription_id).pack(), message_id)
        assert (answer["text"], answer["show_alert"]) == ("Такой подписки у вас нет.", True)


async def test_the_language_follows_telegram_until_somebody_chooses(bot_shop: BotShop) -> None:
    await introduce(bot_shop.bot)
    phone = await bot_shop.started("en")
    settings = await phone.writes("/settings")

    chosen = await phone.taps("Русский")
    russian = await phone.screen()
    again = await phone.starts()
    menu = (await phone.http.get(f"users/{phone.id}/messages")).json()["bot"]["commands"]

    assert labels(settings)[:2] == ["🇷🇺 Русский", "✅ 🇬🇧 English"]
    assert chosen["text"] == "Теперь говорим по-русски"
    assert russian["message_id"] == settings["message_id"]
    assert russian["text"].startswith("⚙️ Настройки")
    assert again["text"].startswith("👋 Здравствуйте")
    assert menu[0]["description"] == "Главное меню"


async def test_the_bot_introduces_itself_in_every_language(bot_shop: BotShop) -> None:
    await introduce(bot_shop.bot)

    seen = {code: (await bot_shop.http.get("bot", params={"language": code})).json() for code in ("ru", "en", "fr")}

    assert [command["command"] for command in seen["ru"]["commands"]] == list(COMMANDS)
    assert seen["ru"]["commands"][0]["description"] == "Главное меню"
    assert seen["fr"]["commands"] == seen["en"]["commands"]
    assert "Нажмите «Начать»" in seen["ru"]["description"]
    assert len(seen["en"]["short_description"]) <= 120


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_help_terms_and_payment_questions_are_answered(bot_shop: BotShop, language: str) -> None:
    phone = await bot_shop.started(language)

    answers = [(await phone.writes(command))["text"] for command in ("/help", "/terms", "/paysupport")]

    assert [answer[:1] for answer in answers] == ["❓", "📄", "💬"]
    assert "Happ" in answers[0]


async def test_every_button_of_every_screen_answers(bot_shop: BotShop) -> None:
    """Walk through the whole bot as somebody who taps on everything that costs nothing."""
    phone = await with_key(bot_shop)
    start = await phone.starts()
    waiting, walked = [start["keyboard"]], set()
    while waiting:
        for button in (button for row in waiting.pop() for button in row):
            data = button.get("callback_data", "")
            if not data or data in walked or data.startswith(("reissue", "lang")):
                continue
            walked.add(data)
            answer = await phone.sends_tap(data, start["message_id"])
            assert answer["text"] is None or not answer["text"].startswith("Что-то"), data
            bot_shop.shop.advance(seconds=1)
            waiting += [(await phone.message(start["message_id"]))["keyboard"], (await phone.screen())["keyboard"]]

    assert len(walked) >= 15
