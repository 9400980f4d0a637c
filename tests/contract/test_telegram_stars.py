"""Stars in the Telegram emulator: who pays, what the bot is asked, and what it is told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest

from tests.contract.stars import Seller
from tests.contract.telegram_world import BOT, TelegramWorld, telegram_world

TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


@pytest.fixture
def seller(telegram: TelegramWorld) -> Seller:
    return Seller(telegram)


async def test_who_presses_pay_makes_telegram_ask_the_bot(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    message_id = await seller.invoice(user)

    payment = await telegram.do(f"/users/{user}/pay", message_id=message_id)
    raw = (await telegram.call("getUpdates")).json()["result"][0]["pre_checkout_query"]

    assert (payment["state"], payment["answer"], payment["amount"]) == ("waiting", None, 200)
    assert raw == {
        "id": payment["id"],
        "from": {"id": user, "is_bot": False, "first_name": "Анна", "language_code": "ru"},
        "currency": "XTR",
        "total_amount": 200,
        "invoice_payload": "s1.order",
    }
    assert await seller.balance(user) == 1000


async def test_a_payment_that_the_bot_approves_is_made_and_told(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    payment = await telegram.do(f"/users/{user}/pay", message_id=await seller.invoice(user))
    query = await seller.asked()

    assert await telegram.bot.answer_pre_checkout_query(query.id, ok=True) is True
    message = await seller.told()

    paid = message.successful_payment
    assert paid is not None
    assert message.from_user is not None
    assert (message.from_user.id, message.chat.id, message.message_id) == (user, user, 3)
    assert (paid.currency, paid.total_amount, paid.invoice_payload) == ("XTR", 200, "s1.order")
    assert paid.telegram_payment_charge_id.startswith("stx")
    assert (paid.is_recurring, paid.subscription_expiration_date) == (None, None)
    after = await seller.payment(payment)
    assert (after["state"], after["charge_id"]) == ("paid", paid.telegram_payment_charge_id)
    assert after["answer"]["ok"] is True
    assert 0 <= after["answer"]["seconds"] < 5
    assert await seller.balance(user) == 800
    assert (await telegram.bot.get_my_star_balance()).amount == 200


async def test_a_payment_that_the_bot_refuses_costs_nothing(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    payment = await telegram.do(f"/users/{user}/pay", message_id=await seller.invoice(user))

    await telegram.bot.answer_pre_checkout_query(payment["id"], ok=False, error_message="Заказ уже оплачен.")

    after = await seller.payment(payment)
    assert (after["state"], after["error"]) == ("refused", "Заказ уже оплачен.")
    assert after["answer"]["error_message"] == "Заказ уже оплачен."
    assert len(await seller.updates()) == 1  # the question, and no payment
    assert await seller.balance(user) == 1000


async def test_a_refusal_needs_a_reason(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    payment = await telegram.do(f"/users/{user}/pay", message_id=await seller.invoice(user))

    refused = await telegram.refused("answerPreCheckoutQuery", pre_checkout_query_id=payment["id"], ok=False)

    assert refused == (400, 'Bad Request: parameter "error_message" is required')
    assert (await seller.payment(payment))["state"] == "waiting"


@pytest.mark.parametrize(("seconds", "state"), [(9, "paid"), (10.5, "expired")])
async def test_the_bot_has_ten_seconds_of_the_moved_clock(
    telegram: TelegramWorld, seller: Seller, seconds: float, state: str
) -> None:
    user = await telegram.person()
    payment = await telegram.do(f"/users/{user}/pay", message_id=await seller.invoice(user))
    telegram.world.clock.advance(seconds)

    answer = await telegram.call("answerPreCheckoutQuery", pre_checkout_query_id=payment["id"], ok=True)

    assert answer.json()["ok"] is (state == "paid")
    assert state == "paid" or (answer.status_code, answer.json()["description"]) == (400, TOO_OLD)
    assert (await seller.payment(payment))["state"] == state
    assert await seller.balance(user) == (800 if state == "paid" else 1000)


async def test_a_payment_ends_by_itself_when_the_bot_says_nothing(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    start = (await telegram.ask(f"/users/{user}/events"))["last"]
    payment = await telegram.do(f"/users/{user}/pay", message_id=await seller.invoice(user))
    telegram.world.clock.advance(11)

    states: list[str] = []
    while "expired" not in states:
        news = await telegram.ask(f"/users/{user}/events", after=start, seconds=5)
        assert news["events"], "nothing happened"
        start = news["last"]
        states += [event["payment"]["state"] for event in news["events"] if event["type"] == "payment"]

    assert states == ["waiting", "expired"]
    assert (await seller.payment(payment))["answer"] is None


@pytest.mark.parametrize("query_id", ["1", "", "nonsense"])
async def test_a_question_that_nobody_asked_cannot_be_answered(telegram: TelegramWorld, query_id: str) -> None:
    refused = await telegram.refused("answerPreCheckoutQuery", pre_checkout_query_id=query_id, ok=True)

    assert refused == (400, TOO_OLD)


async def test_a_question_is_answered_once(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    payment = await telegram.do(f"/users/{user}/pay", message_id=await seller.invoice(user))
    await telegram.bot.answer_pre_checkout_query(payment["id"], ok=True)

    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await telegram.bot.answer_pre_checkout_query(payment["id"], ok=True)

    assert await seller.balance(user) == 800


async def test_approval_proves_nothing_when_the_person_gives_up(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    message_id = await seller.invoice(user)
    payment = await telegram.do(f"/users/{user}/pay", message_id=message_id, abandoned=True)

    await telegram.bot.answer_pre_checkout_query(payment["id"], ok=True)

    assert (await seller.payment(payment))["state"] == "left"
    assert await seller.balance(user) == 1000
    assert len(await seller.updates()) == 1


async def test_nobody_pays_more_stars_than_they_have(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    message_id = await seller.invoice(user)
    await telegram.do(f"/users/{user}/stars", balance=150)

    poor = await telegram.http.post(f"/_ctl/users/{user}/pay", json={"message_id": message_id})
    topped_up = await telegram.do(f"/users/{user}/stars", add=50)
    await seller.sell(user, message_id=message_id)

    assert poor.status_code == 409
    assert poor.json()["error"] == "BALANCE_TOO_LOW: 150 Stars of 200"
    assert topped_up["balance"] == 200
    assert await seller.balance(user) == 0


async def test_one_invoice_paid_by_two_apps_at_once_is_charged_twice(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    first, second = await telegram.do(f"/users/{user}/pay-twice", message_id=await seller.invoice(user))

    for query in await seller.updates():
        assert query.pre_checkout_query is not None
        await telegram.bot.answer_pre_checkout_query(query.pre_checkout_query.id, ok=True)
    charges = [message.message.successful_payment for message in await seller.updates() if message.message]

    assert {(await seller.payment(payment))["state"] for payment in (first, second)} == {"paid"}
    assert len({paid.telegram_payment_charge_id for paid in charges if paid}) == 2
    assert await seller.balance(user) == 600


async def test_the_second_of_two_payments_fails_when_the_stars_are_gone(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    await telegram.do(f"/users/{user}/stars", balance=300)
    first, second = await telegram.do(f"/users/{user}/pay-twice", message_id=await seller.invoice(user))

    for payment in (first, second):
        await telegram.bot.answer_pre_checkout_query(payment["id"], ok=True)

    assert (await seller.payment(first))["state"] == "paid"
    failed = await seller.payment(second)
    assert (failed["state"], failed["error"]) == ("failed", "BALANCE_TOO_LOW")
    assert await seller.balance(user) == 100


async def test_a_forwarded_invoice_is_paid_by_somebody_else(telegram: TelegramWorld, seller: Seller) -> None:
    anna, boris = await telegram.person("Анна"), await telegram.do("/users", first_name="Boris")
    message_id = await seller.invoice(anna)

    await telegram.do(f"/users/{boris['id']}/pay", chat_id=anna, message_id=message_id)
    query = await seller.asked()
    await telegram.bot.answer_pre_checkout_query(query.id, ok=True)
    message = await seller.told()

    assert (query.from_user.id, query.invoice_payload) == (boris["id"], "s1.order")
    assert message.chat.id == boris["id"]
    assert (await seller.balance(anna), await seller.balance(boris["id"])) == (1000, 800)
    assert (await telegram.bot.send_message(boris["id"], "Спасибо!")).text == "Спасибо!"  # paying opened the chat


@pytest.mark.parametrize("options", [{"start_parameter": "pay"}, {"protect_content": True}])
async def test_some_invoices_cannot_be_paid_by_forwarding(
    telegram: TelegramWorld, seller: Seller, options: dict[str, Any]
) -> None:
    anna, boris = await telegram.person("Анна"), await telegram.person("Boris")
    message_id = await seller.invoice(anna, **options)

    copy = await telegram.http.post(f"/_ctl/users/{boris}/pay", json={"chat_id": anna, "message_id": message_id})

    assert copy.status_code == 409
    assert await seller.updates() == []
    await seller.sell(anna, message_id=message_id)


async def test_a_link_is_paid_by_many_and_often(telegram: TelegramWorld, seller: Seller) -> None:
    anna, boris = await telegram.person("Анна"), await telegram.person("Boris")
    link = await seller.link()

    charges = [await seller.sell(user, link=link) for user in (anna, boris, anna)]

    assert len(set(charges)) == 3
    assert (await seller.balance(anna), await seller.balance(boris)) == (600, 800)


async def test_what_is_not_there_cannot_be_paid(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    message_id = await seller.invoice(user)
    await telegram.bot.delete_message(user, message_id)
    text = await telegram.bot.send_message(user, "…")

    for what in ({"message_id": message_id}, {"message_id": text.message_id}, {"link": "$nothing"}):
        assert (await telegram.http.post(f"/_ctl/users/{user}/pay", json=what)).status_code == 404
    assert (await telegram.http.post(f"/_ctl/users/{user}/pay", json={})).status_code == 400
    assert (await telegram.http.post("/_ctl/users/1/pay", json={"message_id": 2})).status_code == 404
    await telegram.do(f"/users/{user}/block")
    blocked = await telegram.http.post(f"/_ctl/users/{user}/pay", json={"link": await seller.link()})
    assert blocked.status_code == 409


async def test_the_chat_shows_the_money_of_its_person(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    charge = await seller.sell(user, message_id=await seller.invoice(user))
    await telegram.bot.refund_star_payment(user, charge)

    chat = await telegram.ask(f"/users/{user}/messages")

    assert [message["invoice"] is not None for message in chat["messages"]] == [False, True, False, False]
    assert chat["messages"][2]["paid"]["telegram_payment_charge_id"] == charge
    assert chat["messages"][3]["refunded"]["total_amount"] == 200
    assert chat["stars"]["balance"] == 1000
    assert [(c["id"], c["title"], c["refunded"] is None) for c in chat["stars"]["charges"]] == [
        (charge, "VPN", False)
    ]
    assert chat["stars"]["payments"][0]["invoice"] == f"{user}/2"
    assert chat["bot"]["username"] == BOT["username"]


async def test_money_survives_a_restart_in_the_middle_of_a_payment(tmp_path: Path) -> None:
    async with telegram_world(data_dir=tmp_path) as before:
        user = await before.person()
        sold = await Seller(before).sell(user, message_id=await Seller(before).invoice(user))
        payment = await before.do(f"/users/{user}/pay", link=await Seller(before).link("s1.second"))

    async with telegram_world(data_dir=tmp_path) as after:
        seller = Seller(after)
        await after.bot.answer_pre_checkout_query(payment["id"], ok=True)

        assert (await seller.payment(payment))["state"] == "paid"
        assert await seller.balance(user) == 600
        assert (await after.bot.get_star_transactions(limit=1)).transactions[0].id == sold
        assert (await after.bot.get_my_star_balance()).amount == 400
