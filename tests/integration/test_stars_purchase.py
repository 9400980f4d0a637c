"""Paying in Stars: from the button to the days, and who is not let through."""

import json

import pytest
from aiogram.types import LabeledPrice
from sqlalchemy import update

from backend.payments import circuits
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.payments.rules import LINK_LIVES, NEVER
from backend.plans.service import withdraw
from backend.switches.service import hold, release, switch_off
from backend.users.models import User
from bot.payments import Till
from tests.integration.autopay_fixture import changes
from tests.integration.bot_fixtures import BotShop, place_of
from tests.integration.stars_fixture import Payer, charges, control, payer, refunds, settled


async def refusal(buyer: Payer, link: str) -> str:
    """What somebody reads who is not let through, within the time Telegram waits."""
    before = await buyer.stars()
    ended = await buyer.ended(await buyer.presses_pay(link))
    assert ended["state"] == "refused", ended
    assert ended["answer"]["seconds"] < 8
    assert await buyer.stars() == before
    return str(ended["error"])


async def test_a_purchase_in_stars_gives_the_days_and_the_key(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    before = await buyer.stars()

    link = await buyer.checks_out()
    paid = await buyer.pays(link)

    assert paid["state"] == "paid"
    assert paid["answer"]["seconds"] < 8
    assert before - await buyer.stars() == 200
    assert await buyer.days() == [("payment", 30)]
    (charge,) = await charges(bot_shop)
    assert (charge.state, charge.provider_payment_id) == (PaymentState.SUCCEEDED, paid["charge_id"])
    assert (charge.amount_minor, charge.currency, charge.payer_ref) == (200, "XTR", str(buyer.phone.id))
    assert any("Оплачено: 200" in message["text"] for message in await buyer.phone.messages())
    assert len(await bot_shop.shop.panel.clients()) == 1


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        ("ru", {"Месяц": "Подписка на 30 дней", "3 месяца": "Подписка на 90 дней", "Год": "Подписка на 365 дней"}),
        ("en", {"Month": "30 days of access", "3 months": "90 days of access", "Year": "365 days of access"}),
    ],
)
async def test_an_invoice_is_named_in_the_language_of_its_buyer(
    bot_shop: BotShop, language: str, titles: dict[str, str]
) -> None:
    for plan, title in titles.items():
        buyer = await payer(bot_shop, language)
        await buyer.checks_out(plan, pay="Оплатить" if language == "ru" else "Pay")

        (invoice,) = (json.loads(charge.request_body or b"") for charge in (await charges(bot_shop))[-1:])
        assert invoice["title"] == title
        assert [price["label"] for price in invoice["prices"]] == [title]
        assert ("заказ" if language == "ru" else "order") in invoice["description"]


async def test_a_second_tap_leads_to_the_same_payment(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    await buyer.phone.writes("/plans")
    await buyer.phone.taps("3 месяца")
    choice = await buyer.phone.screen()
    row, column = place_of(choice, "Telegram Stars")
    data = choice["keyboard"][row][column]["callback_data"]

    for _ in range(2):
        await buyer.phone.sends_tap(data, choice["message_id"])

    (charge,) = await charges(bot_shop)
    assert (charge.amount_minor, charge.state, charge.provider_payment_id) == (535, PaymentState.PENDING, None)
    assert charge.next_check_at - charge.created_at == LINK_LIVES  # nobody can be asked about it


async def test_an_order_that_is_paid_is_not_paid_again(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    await buyer.pays(link)

    assert await refusal(buyer, link) == "Этот заказ уже оплачен, платить второй раз не нужно."

    assert await buyer.days() == [("payment", 30)]


async def test_another_currency_is_another_order_and_both_can_be_paid(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    await buyer.phone.taps("Другой способ")
    await buyer.phone.taps("Банковская карта")
    (card,) = await bot_shop.shop.yookassa.objects()
    await bot_shop.shop.yookassa.pay_ref(card["id"])
    await settled(bot_shop)

    assert (await buyer.pays(link))["state"] == "paid"

    assert await buyer.days() == [("payment", 30), ("payment", 30)]


async def test_a_link_that_was_passed_on_is_refused_in_the_language_of_who_has_it(bot_shop: BotShop) -> None:
    buyer, stranger = await payer(bot_shop), await payer(bot_shop, "en")
    link = await buyer.checks_out()

    said = await refusal(stranger, link)

    assert said == "This invoice is for somebody else. Open the bot and place an order of your own."
    assert (await buyer.pays(link))["state"] == "paid"


async def test_somebody_who_never_wrote_to_the_bot_is_refused_too(bot_shop: BotShop) -> None:
    buyer, stranger = await payer(bot_shop), Payer(bot_shop, await bot_shop.phone(language="de"))
    link = await buyer.checks_out()

    assert (await refusal(stranger, link)).startswith("This invoice is for somebody else.")
    assert await bot_shop.find_user(stranger.phone) is None


async def test_a_plan_that_was_withdrawn_is_not_paid_for(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    plan = await bot_shop.shop.plan("monthly")
    async with bot_shop.shop.deps.db.transaction() as session:
        await withdraw(session, plan.id, bot_shop.shop.now)

    assert await refusal(buyer, link) == "Этот счёт больше не действует. Откройте бот и выберите тариф ещё раз."


async def test_a_person_who_is_blocked_does_not_pay(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    async with bot_shop.shop.deps.db.transaction() as session:
        blocking = update(User).where(User.telegram_id == buyer.phone.id).values(blocked_at=bot_shop.shop.now)
        await session.execute(blocking)

    assert "/paysupport" in await refusal(buyer, link)


async def test_nothing_more_is_taken_while_the_audit_holds_stars(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    now, db = bot_shop.shop.now, bot_shop.shop.deps.db
    async with db.transaction() as session:
        await hold(session, "stars", "the books are wrong", now)

    said = await refusal(buyer, link)
    async with db.transaction() as session:  # what an operator switches off, and what is in trouble, still settles
        await release(session, "stars")
        await switch_off(session, "stars", reason="", by="operator", now=now)
        await circuits.note_misconfigured(session, "stars", "no answer", now)
    paid = await buyer.pays(link)

    assert said.startswith("Оплата звёздами временно приостановлена.")
    assert paid["state"] == "paid"
    assert await buyer.days() == [("payment", 30)]


async def test_after_the_hour_the_screen_says_so_and_the_link_is_refused(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()

    await bot_shop.shop.passes(minutes=66)

    assert "Время на оплату вышло" in (await buyer.phone.screen())["text"]
    (charge,) = await charges(bot_shop)
    assert (charge.state, charge.next_check_at) == (PaymentState.CANCELED, NEVER)
    assert (await refusal(buyer, link)).startswith("Этот счёт больше не действует.")


async def test_invoices_that_are_not_ours_are_refused(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    await buyer.checks_out()
    (charge,) = await charges(bot_shop)
    assert charge.request_body is not None
    genuine = charge.request_body.decode().split('"payload":"')[1].split('"')[0]

    for payload in ("other", f"{genuine[:-2]}AA", genuine.replace("s1.", "s2.", 1), "s1." + "0" * 32 + ".1.x"):
        price = [LabeledPrice(label="VPN", amount=200)]
        link = await bot_shop.bot.create_invoice_link("VPN", "VPN", payload, "XTR", price)
        assert (await refusal(buyer, link)).startswith("Этот счёт выставлен другому человеку.")
    cheaper = await bot_shop.bot.create_invoice_link(
        "VPN", "VPN", genuine, "XTR", [LabeledPrice(label="VPN", amount=1)]
    )
    assert (await refusal(buyer, cheaper)).startswith("Этот счёт выставлен другому человеку.")


async def test_a_question_is_answered_while_the_same_chat_waits_for_a_screen(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    bot_shop.breaks("sendMessage", "latency", ms=9_000)
    await buyer.phone.act("send", text="/help")

    paid = await buyer.ended(await buyer.presses_pay(link))

    assert paid["state"] == "paid"
    assert paid["answer"]["seconds"] < 3


@pytest.mark.parametrize(
    ("mode", "options", "least_seconds"),
    [("status", {"status": 502}, 0), ("status", {"status": 500, "times": 3}, 3), ("http_429", {"retry_after": 4}, 4)],
)
async def test_an_answer_that_telegram_did_not_take_is_given_again_in_time(
    bot_shop: BotShop, mode: str, options: dict[str, int], least_seconds: int
) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    bot_shop.breaks("answerPreCheckoutQuery", mode, **options)

    ended = await buyer.ended(await buyer.presses_pay(link))

    assert ended["state"] == "paid"
    assert least_seconds <= ended["answer"]["seconds"] < 8


async def test_an_answer_that_telegram_does_not_want_soon_is_given_at_the_last_moment(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    bot_shop.breaks("answerPreCheckoutQuery", "http_429", retry_after=60)

    ended = await buyer.ended(await buyer.presses_pay(link))

    assert ended["state"] == "paid"
    assert 8 < ended["answer"]["seconds"] < 10


async def test_paying_one_link_twice_at_once_gives_the_days_twice(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()

    answer = await buyer.phone.http.post(f"users/{buyer.phone.id}/pay-twice", json={"link": link})
    paid = [await buyer.ended(payment) for payment in answer.json()]
    await settled(bot_shop)

    times = [payment["state"] for payment in paid].count("paid")
    assert times in (1, 2)  # the second question may come when the first money is in
    assert await buyer.days() == [("payment", 30)] * times
    assert {charge.state for charge in await charges(bot_shop)} == {PaymentState.SUCCEEDED}


async def test_an_update_that_comes_twice_counts_once(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    await buyer.pays(await buyer.checks_out())
    history = (await bot_shop.http.get("updates/history")).json()
    (paid,) = [heard for heard in history if "successful_payment" in heard.get("message", {})]

    for _ in range(3):
        await control(bot_shop, f"updates/{paid['update_id']}/repeat")
        await settled(bot_shop)
    assert await Till(bot_shop.bot, bot_shop.shop.deps).takes_unread(json.dumps(paid).encode())  # after a restart
    await settled(bot_shop)

    assert await buyer.days() == [("payment", 30)]
    assert await refunds(bot_shop) == []
    (event,) = await bot_shop.shop.events()
    (charge,) = await charges(bot_shop)
    assert event.dedup_key == f"paid:{charge.provider_payment_id}"
    assert event.handled_at is not None


async def test_an_update_that_was_lost_is_found_by_the_sweep(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    await control(bot_shop, "updates/lose", what="successful_payment")
    await buyer.ended(await buyer.presses_pay(link))
    await settled(bot_shop)
    assert await buyer.days() == []

    await bot_shop.shop.passes(minutes=61)

    assert await buyer.days() == [("payment", 30)]
    assert any("Оплачено: 200" in message["text"] for message in await buyer.phone.messages())


async def test_whoever_says_that_he_paid_need_not_wait_for_the_sweep(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    await control(bot_shop, "updates/lose", what="successful_payment")
    await buyer.ended(await buyer.presses_pay(link))
    await bot_shop.idle()
    bot_shop.shop.advance(seconds=6)

    assert "Оплата получена" in (await buyer.phone.taps("Я оплатил"))["text"]

    await settled(bot_shop)
    assert await buyer.days() == [("payment", 30)]


async def test_who_says_that_he_paid_is_believed_by_a_clock_that_is_slow(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    await control(bot_shop, "updates/lose", what="successful_payment")
    await buyer.ended(await buyer.presses_pay(link))
    await bot_shop.idle()
    bot_shop.shop.advance(minutes=5)
    (charge,) = await charges(bot_shop)
    await changes(bot_shop.shop, Payment, Payment.id == charge.id, created_at=bot_shop.shop.now)

    assert "Оплата получена" in (await buyer.phone.taps("Я оплатил"))["text"]


async def test_stars_given_back_by_others_take_the_days_back_once(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    paid = await buyer.pays(await buyer.checks_out())

    await control(bot_shop, f"charges/{paid['charge_id']}/refund")
    await settled(bot_shop)
    await bot_shop.shop.passes(hours=1)  # the sweep sees it, too

    assert await buyer.days() == [("payment", 30), ("refund", -30)]
    (refund,) = await refunds(bot_shop)
    assert (refund.origin, refund.state, refund.amount_minor) == ("external", "succeeded", 200)
    assert refund.provider_refund_id == f"stars-{paid['charge_id']}"
    (charge,) = await charges(bot_shop)
    assert (charge.state, charge.refunded_minor) == (PaymentState.SUCCEEDED, 200)
    (client,) = await bot_shop.shop.panel.clients()
    assert client["enable"] is False
    told = [message["text"] for message in await buyer.phone.messages()]
    assert sum("Возвращено: 200" in text for text in told) == 1


async def test_a_refund_nobody_told_of_is_found_by_the_sweep(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    paid = await buyer.pays(await buyer.checks_out())
    await control(bot_shop, "updates/lose", what="refunded_payment")
    await control(bot_shop, f"charges/{paid['charge_id']}/refund")
    await settled(bot_shop)
    assert await buyer.days() == [("payment", 30)]

    await bot_shop.shop.passes(minutes=61)

    assert await buyer.days() == [("payment", 30), ("refund", -30)]


async def test_a_refund_that_the_list_tells_without_what_was_paid_for_is_one_all_the_same(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    paid = await buyer.pays(await buyer.checks_out())
    user = {"id": buyer.phone.id, "is_bot": False, "first_name": "X"}
    row = {"amount": 200, "receiver": {"type": "user", "transaction_type": "invoice_payment", "user": user}}
    at = int(bot_shop.shop.now.timestamp())
    back = [{"id": charge, "date": at, **row} for charge in ("stxUnknown", paid["charge_id"])]
    body = {"ok": True, "result": {"transactions": back}}
    bot_shop.breaks("getStarTransactions", "status", status=200, body=body, times=None)

    await bot_shop.shop.passes(minutes=61)

    assert await buyer.days() == [("payment", 30), ("refund", -30)]
    assert [one.provider_payment_id for one in await charges(bot_shop)] == [paid["charge_id"]]
    assert [one.provider_refund_id for one in await refunds(bot_shop)] == [f"stars-{paid['charge_id']}"]


async def test_a_payment_that_is_heard_of_only_when_it_was_given_back_gives_and_takes(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    link = await buyer.checks_out()
    await control(bot_shop, "updates/lose", what="successful_payment")
    paid = await buyer.ended(await buyer.presses_pay(link))
    await control(bot_shop, f"charges/{paid['charge_id']}/refund")
    await settled(bot_shop)

    assert await buyer.days() == [("payment", 30), ("refund", -30)]


async def test_no_payment_is_answered_as_if_it_were_a_message(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    paid = await buyer.pays(await buyer.checks_out())
    await control(bot_shop, f"charges/{paid['charge_id']}/refund")
    await settled(bot_shop)

    said = [message["text"] for message in await buyer.phone.messages() if message["text"]]
    assert not any("понимаю только кнопки" in text for text in said)
