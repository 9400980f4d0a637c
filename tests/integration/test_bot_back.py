"""Coming back from a payment page to a bot whose shop has no address of its own."""

from sqlalchemy import select

from backend.payments.models import Payment
from backend.users.models import User
from tests.integration.bot_fixtures import BotShop, Phone


async def ordered(bot_shop: BotShop, phone: Phone) -> Payment:
    await phone.starts()
    await phone.taps("Месяц")
    await phone.taps("Банковская карта")
    payment: Payment = (await bot_shop.shop.all(select(Payment).order_by(Payment.created_at.desc())))[0]
    return payment


async def test_a_buyer_who_comes_back_reads_at_once_that_it_is_paid(bot_shop: BotShop) -> None:
    anna = await bot_shop.phone()
    payment = await ordered(bot_shop, anna)
    await bot_shop.shop.yookassa.pay(payment.id, webhooks=0)

    seen = await anna.starts(f"paid_{payment.return_token}")

    assert "Оплата получена" in seen["text"]
    assert (await bot_shop.shop.all(select(User.start_payload))) == [None]


async def test_a_buyer_who_comes_back_too_early_can_still_pay(bot_shop: BotShop) -> None:
    anna = await bot_shop.phone()
    payment = await ordered(bot_shop, anna)

    seen = await anna.starts(f"paid_{payment.return_token}")

    assert "Заказ №" in seen["text"]


async def test_somebody_elses_way_back_leads_to_the_main_screen(bot_shop: BotShop) -> None:
    payment = await ordered(bot_shop, await bot_shop.phone())

    bob = await bot_shop.phone()

    seen = await bob.starts(f"paid_{payment.return_token}")

    assert "Попробовать 7 дней бесплатно" in str(seen["keyboard"])
