"""A whole sale, as a person with a phone sees it."""

from io import BytesIO

import httpx2
import zxingcpp
from PIL import Image
from prometheus_client import REGISTRY
from sqlalchemy import select

from backend.orders.models import Order
from backend.payments.models import Payment
from backend.plans import service as plans
from sandbox.companies import BOT_USERNAME
from tests.integration.bot_fixtures import BotShop, Json, buys, codes, labels, payment, pays
from tests.outside import CREATE


async def scanned(bot_shop: BotShop, message: Json) -> str:
    """What a camera reads from the picture of a message."""
    async with httpx2.AsyncClient(base_url=bot_shop.shop.town.companies_url, trust_env=False) as http:
        picture = (await http.get(message["photo"]["url"])).content
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    return code.text


def refused(code: str) -> float:
    return REGISTRY.get_sample_value("shop_bot_refusals_total", {"code": code}) or 0


async def test_two_taps_lead_from_start_to_a_key(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone("Анна")

    start = await phone.starts()
    await phone.taps("Попробовать 7 дней бесплатно")
    promised = await phone.screen()
    await bot_shop.shop.run_jobs()
    key = await phone.screen()

    assert "Нажимая «Попробовать», вы принимаете оферту и политику" in start["text"]
    assert promised["message_id"] == start["message_id"]
    assert promised["text"].startswith("🎁 Пробный период до ")
    assert "МСК" in promised["text"]
    link, raw = codes(key)
    assert await scanned(bot_shop, key) == link
    assert raw.startswith("vless://")
    assert "flow=xtls-rprx-vision&security=reality" in raw
    assert await phone.address("Подключиться", on=key) == link
    assert (await bot_shop.shop.panel.client())["uuid"] in raw


async def test_the_qr_of_the_key_itself_is_behind_a_button(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Попробовать")
    await bot_shop.shop.run_jobs()
    key = await phone.screen()

    await phone.taps("QR-код ключа", on=key)

    assert await scanned(bot_shop, await phone.screen()) == codes(key)[1]
    assert await phone.message(key["message_id"]) == key, "the key stays where it is"


async def test_three_taps_lead_from_start_to_the_payment_page(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()

    await phone.starts()
    await phone.taps("Месяц")
    methods = await phone.screen()
    await phone.taps("СБП")
    checkout = await phone.screen()
    page = await phone.address("Оплатить 299\xa0₽")

    assert labels(methods)[:3] == [
        "💳 Банковская карта · 299\xa0₽",
        "⚡️ СБП · 299\xa0₽",
        "👛 Кошелёк ЮMoney · 299\xa0₽",
    ]
    assert labels(methods)[-4:] == [
        "⭐️ Telegram Stars · 200\xa0⭐",
        "🔁 Telegram Stars · 200\xa0⭐ каждые 30\xa0дней",
        "☐ Подключить автопродление",
        "◀️ Назад",
    ]
    assert "Нажимая на способ оплаты, вы принимаете оферту" in methods["text"]
    assert "Заказ № " in checkout["text"]
    assert "Способ оплаты: СБП" in checkout["text"]
    assert "Нажимая «Оплатить», вы принимаете оферту" in checkout["text"]
    assert page == (await payment(bot_shop)).confirmation_url


async def test_the_checkout_turns_to_paid_and_the_key_follows(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()

    paid = await buys(bot_shop, phone)

    number = (await bot_shop.shop.all(select(Order)))[0].number
    assert paid["text"].startswith(f"✅ Оплачено: 299\xa0₽\nМесяц · заказ №\xa0{number}\n\nПодписка действует до ")
    assert "Ключ уже готовится" in paid["text"]
    key = await phone.screen()
    assert key["message_id"] > paid["message_id"]
    assert key["text"].startswith("🔑 Ваш ключ готов")


async def test_a_renewal_carries_the_link_that_stays(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()
    await buys(bot_shop, phone)
    key = await phone.screen()

    again = await buys(bot_shop, phone, "СБП")

    assert "Добавлено: 30\xa0дней" in again["text"]
    assert codes(again) == codes(key)[:1]
    assert await phone.address("Подключиться", on=again) == codes(key)[0]
    assert [m["text"] for m in await phone.messages()].count(key["text"]) == 1, "no second key"


async def test_the_same_message_sells_again(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()
    paid = await buys(bot_shop, phone)

    await phone.taps("Моя подписка", on=paid)
    await phone.taps("Продлить", on=await phone.message(paid["message_id"]))
    await phone.taps("Месяц", on=await phone.message(paid["message_id"]))
    await phone.taps("Банковская карта", on=await phone.message(paid["message_id"]))
    await pays(bot_shop)

    assert "Добавлено: 30\xa0дней" in (await phone.message(paid["message_id"]))["text"]


async def test_a_double_tap_on_a_method_is_one_order(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    methods = await phone.screen()
    data = methods["keyboard"][0][0]["callback_data"]

    for _ in range(3):
        await phone.sends_tap(data, methods["message_id"])

    assert len(await bot_shop.shop.all(select(Order))) == 1
    assert len(await bot_shop.shop.yookassa.creates()) == 1
    assert "Заказ № " in (await phone.screen())["text"]


async def test_i_have_paid_asks_the_provider_at_once(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    await phone.taps("Банковская карта")
    bot_shop.shop.advance(seconds=10)

    too_early = await phone.taps("Я оплатил(а)")
    await bot_shop.shop.yookassa.pay((await payment(bot_shop)).id, webhooks=0)
    bot_shop.shop.advance(seconds=10)
    found = await phone.taps("Я оплатил(а)")
    await bot_shop.shop.run_jobs()

    assert too_early["show_alert"] is True
    assert too_early["text"].startswith("Оплата пока не пришла.")
    assert found["text"] == "✅ Оплата получена!"
    assert (await phone.messages())[-2]["text"].startswith("✅ Оплачено")


async def test_a_decline_is_explained_and_another_try_offered(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    await phone.taps("Банковская карта")

    await bot_shop.shop.yookassa.decline((await payment(bot_shop)).id, "insufficient_funds")
    await bot_shop.shop.run_jobs()
    failed = await phone.screen()
    await phone.taps("Попробовать ещё раз")

    assert failed["text"].startswith("❌ Оплата не прошла\n\nНа счёте не хватает денег.")
    assert "Как удобнее оплатить?" in (await phone.screen())["text"]


async def test_an_attempt_that_expires_leaves_the_paid_message_alone(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    await phone.taps("Банковская карта")
    abandoned = await payment(bot_shop)
    await phone.taps("Другой способ")
    await phone.taps("СБП")
    await pays(bot_shop)
    before = await phone.messages()

    await bot_shop.shop.passes(hours=2)
    await bot_shop.shop.yookassa.act("webhooks/policy")
    await bot_shop.shop.passes(minutes=10)

    assert (await payment(bot_shop)).id != abandoned.id
    (now_dead,) = await bot_shop.shop.all(select(Payment).where(Payment.id == abandoned.id))
    assert now_dead.state == "canceled"
    assert await phone.messages() == before


async def test_a_link_that_expires_is_no_longer_offered(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    await phone.taps("Банковская карта")

    await bot_shop.shop.passes(hours=2)
    await bot_shop.shop.passes(minutes=10)

    assert (await phone.screen())["text"].startswith("⌛️ Время на оплату вышло")


async def test_a_page_that_is_late_comes_by_itself(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    bot_shop.shop.yookassa.breaks(CREATE, "lost_after")

    await phone.taps("Банковская карта")
    waiting = await phone.screen()
    not_yet = await phone.taps("Обновить")
    await bot_shop.shop.passes(seconds=30)
    ready = await phone.screen()

    assert "Готовлю страницу оплаты" in waiting["text"]
    assert not_yet["text"] == "Страница оплаты ещё готовится."
    assert ready["message_id"] == waiting["message_id"]
    assert await phone.address("Оплатить") == (await payment(bot_shop)).confirmation_url


async def test_a_plan_withdrawn_meanwhile_is_said_and_the_others_are_shown(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    start = await phone.screen()
    await phone.taps("Месяц")
    methods = await phone.screen()
    monthly = await bot_shop.shop.plan("monthly")
    async with bot_shop.shop.deps.db.transaction() as session:
        await plans.withdraw(session, monthly.id, bot_shop.shop.now)

    before = refused("error-plan-not-on-sale")
    await phone.taps("СБП", on=methods)
    after_method = await phone.screen()
    await phone.sends_tap(f"plan:{monthly.id}", start["message_id"])
    after_plan = await phone.screen()

    for screen in (after_method, after_plan):
        assert screen["text"].startswith("Этот тариф больше не продаётся.")
        assert not [label for label in labels(screen) if "Месяц" in label]
        assert [label for label in labels(screen) if "Год" in label]
    assert await bot_shop.shop.all(select(Order)) == []
    assert refused("error-plan-not-on-sale") == before + 2


async def test_while_the_panel_is_down_the_key_is_promised_and_comes_later(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()
    bot_shop.shop.panel.goes_down()

    paid = await buys(bot_shop, phone)
    await phone.taps("Моя подписка", on=paid)
    waiting = await phone.screen()
    bot_shop.shop.mend()
    await bot_shop.shop.passes(minutes=10)

    assert "Ключ уже готовится" in paid["text"]
    assert "Ключ уже готовится" in waiting["text"]
    assert (await phone.screen())["text"].startswith("🔑 Ваш ключ готов")


async def test_reminders_lead_to_the_plans(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()
    await buys(bot_shop, phone)

    await bot_shop.shop.passes(days=27, hours=1)
    soon = await phone.screen()
    await bot_shop.shop.passes(days=2)
    sooner = await phone.screen()
    await bot_shop.shop.passes(days=1)
    over = await phone.screen()
    await phone.taps("Год", on=over)

    assert soon["text"].startswith("⏳ Подписка закончится через 3 дня")
    assert sooner["text"].startswith("⏳ Подписка закончится меньше чем через сутки")
    assert over["text"].startswith("⌛️ Подписка закончилась")
    assert "Как удобнее оплатить?" in (await phone.screen())["text"]
    assert (await phone.starts())["text"].splitlines()[2] == "⌛️ Подписка закончилась"


async def test_the_end_of_a_trial_is_called_so_and_an_end_that_moved_is_not_told(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Попробовать")
    await bot_shop.shop.run_jobs()
    await bot_shop.shop.passes(days=4, minutes=1)
    soon = await phone.screen()
    bot_shop.breaks("sendMessage", "status", status=500)
    await bot_shop.shop.passes(days=2)

    await buys(bot_shop, phone)
    await bot_shop.shop.passes(minutes=1)

    assert soon["text"].startswith("⏳ Пробный период закончится через 3 дня")
    assert not [m for m in await phone.messages() if "меньше чем через сутки" in m["text"]]


async def test_the_return_link_leads_back_to_where_one_stands(bot_shop: BotShop) -> None:
    phone = await bot_shop.phone()
    await buys(bot_shop, phone)

    screen = await phone.starts(f"paid_{(await payment(bot_shop)).return_token}")

    assert "✅ Подписка активна" in screen["text"]
    assert bot_shop.shop.deps.brand.bot_url.endswith(BOT_USERNAME)
