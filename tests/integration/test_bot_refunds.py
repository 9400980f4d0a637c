"""Money back as people see it: a buyer and an operator with their phones."""

import pytest
from sqlalchemy import select

from backend.audit.models import Action
from backend.orders.checkout import Checkout
from tests.integration.bot_fixtures import BotShop, Json, Phone, labels, open_bot
from tests.integration.refund_cases import ledger, made_there, refund_rows
from tests.integration.stars_fixture import Payer
from tests.shop import Buyer, Shop


async def operator_of(shop: BotShop, language: str = "ru") -> Phone:
    phone = await shop.started(language)
    shop.shop.is_run_by(phone.id)
    return phone


async def customer(shop: BotShop) -> tuple[Phone, Buyer, Checkout]:
    """Somebody with a subscription that was paid by card."""
    phone = await shop.started()
    buyer = Buyer(shop.shop, (await shop.user(phone)).id, "ru")
    return phone, buyer, await buyer.buys()


async def found(phone: Phone, words: str) -> Json:
    """The newest message with these words."""
    return next(message for message in reversed(await phone.messages()) if words in message["text"])


async def test_a_buyer_asks_an_operator_returns_and_nobody_else_decides(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        operator, stranger = await operator_of(opened), await opened.started()
        phone, buyer, checkout = await customer(opened)

        await phone.writes("/paysupport")
        await phone.taps("Вернуть деньги")
        assert f"🧾 № {checkout.order_number} · 289,04\u00a0₽" in labels(await phone.screen())
        await phone.taps(f"№ {checkout.order_number}")
        assert "Подписка станет короче на 29" in (await phone.screen())["text"]
        await phone.taps("Да, вернуть")
        asked = await phone.screen()
        assert "Просьба принята" in asked["text"]
        await shop.run_jobs()

        question = await found(operator, "Вернуть 289,04\u00a0₽?")
        assert f"Заказ № {checkout.order_number}, оплачено 299\u00a0₽" in question["text"]
        (row,) = await refund_rows(shop)
        for data in (f"decide:{row.id.hex}:1", f"decide:{row.id}:1"):
            answer = await stranger.sends_tap(data, (await stranger.screen())["message_id"])
            assert [row.state for row in await refund_rows(shop)] == ["asked"], answer
        await operator.taps("✅ Вернуть", on=question)
        decided = await operator.message(question["message_id"])
        assert decided["text"].startswith("✅ Возвращаем 289,04\u00a0₽")
        assert decided["keyboard"] == []
        again = await operator.sends_tap(f"decide:{row.id}:0", question["message_id"])
        assert again["text"] == "По этой просьбе уже решено."
        await shop.run_jobs()

        assert "Возврат одобрен: 289,04\u00a0₽" in (await found(phone, "Возврат одобрен"))["text"]
        assert [made["amount"]["value"] for made in await made_there(shop)] == ["289.04"]
        assert await ledger(buyer) == [30, -29]
        (action,) = await shop.all(select(Action))
        assert (action.actor, action.action) == (f"telegram:{operator.id}", "refund.grant")


async def test_an_operator_declines_and_the_buyer_hears_why_to_write(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        operator = await operator_of(opened, "en")
        phone, buyer, checkout = await customer(opened)
        await phone.writes("/paysupport")
        for label in ("Вернуть деньги", f"№ {checkout.order_number}", "Да, вернуть"):
            await phone.taps(label)
        await shop.run_jobs()

        await operator.taps("Decline", on=await found(operator, "Return 289,04"))
        await shop.run_jobs()

        assert "В возврате отказано" in (await phone.screen())["text"]
        assert await ledger(buyer) == [30]
        await phone.writes("/paysupport")
        await phone.taps("Вернуть деньги")
        assert "Сейчас возвращать нечего" in (await phone.screen())["text"]


async def test_the_second_payment_goes_back_at_one_tap(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        operator = await operator_of(opened)
        phone, buyer, checkout = await customer(opened)
        body = (await shop.payment(checkout)).request_body
        assert body is not None
        await shop.yookassa.pay_ref(await shop.yookassa.send("another-key", body))
        await shop.run_jobs()

        offer = await found(phone, "Оплачено ещё раз")
        assert "две оплаты за одно и то же и засчитали обе: подписка продлена на 60\u00a0дней" in offer["text"]
        assert f"дважды, последний раз — по заказу № {checkout.order_number}" in (await operator.screen())["text"]
        await phone.taps("Вернуть 299", on=offer)
        assert "Возвращаем 299\u00a0₽" in (await phone.message(offer["message_id"]))["text"]
        answer = await phone.sends_tap(f"second:{(await buyer.payments())[-1].id}", offer["message_id"])
        assert "уже оформлен" in answer["text"] or "нечего" in answer["text"]
        await shop.run_jobs()

        assert await ledger(buyer) == [30, 30, -30]
        assert len(await made_there(shop)) == 1


@pytest.mark.parametrize("renewed", [False, True], ids=["one-order", "an-order-for-each"])
async def test_card_and_sbp_from_one_message_are_paid_twice(shop: Shop, renewed: bool) -> None:
    async with open_bot(shop) as opened:
        operator, phone = await operator_of(opened), await opened.started()
        await phone.writes("/plans")
        await phone.taps("Месяц")
        if renewed:  # agrees to more than whoever pays by SBP: that is another order
            await phone.taps("Подключить автопродление")
        await phone.taps("Банковская карта")
        await phone.taps("Другой способ")
        await phone.taps("СБП")
        buyer = Buyer(shop, (await opened.user(phone)).id, "ru")
        card, sbp = sorted(await buyer.payments(), key=lambda payment: payment.method)
        assert (card.method, sbp.method) == ("bank_card", "sbp")
        assert (card.order_id == sbp.order_id) is not renewed

        for payment in (card, sbp):
            await shop.yookassa.pay(payment.id)
            await shop.run_jobs()

        assert await ledger(buyer) == [30, 30]
        offer = await found(phone, "Оплачено ещё раз")
        assert "две оплаты за одно и то же и засчитали обе: подписка продлена на 60\u00a0дней" in offer["text"]
        told = [message["text"] for message in await operator.messages() if "заплачено дважды" in message["text"]]
        assert len(told) == 1
        await phone.taps("Вернуть 299", on=offer)
        await shop.run_jobs()
        assert await ledger(buyer) == [30, 30, -30]
        (refund,) = await refund_rows(shop)
        assert refund.payment_id == sbp.id


async def test_all_stars_of_a_payment_go_back_or_none(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        operator = await operator_of(opened)
        buyer = Payer(opened, await opened.started())
        had = await buyer.stars()
        await buyer.pays(await buyer.checks_out())
        await shop.passes(days=10)

        await buyer.phone.writes("/paysupport")
        await buyer.phone.taps("Вернуть деньги")
        await buyer.phone.taps("№ ")
        confirm = (await buyer.phone.screen())["text"]
        assert "Вернуть 200\u00a0⭐?" in confirm
        assert "можно вернуть только целиком" in confirm
        await buyer.phone.taps("Да, вернуть")
        await shop.run_jobs()
        await operator.taps("✅ Вернуть", on=await found(operator, "Вернуть 200"))
        await shop.run_jobs()

        assert await buyer.stars() == had
        assert await buyer.days() == [("payment", 30), ("refund", -30)]
