"""Stars that come back in the Telegram emulator, and the list of all that moved."""

from collections.abc import AsyncIterator

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import TransactionPartnerUser

from tests.contract.stars import Seller
from tests.contract.telegram_world import TelegramWorld, telegram_world


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


async def test_a_refund_gives_everything_back_and_is_told(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    charge = await seller.sell(user, message_id=await seller.invoice(user))

    assert await telegram.bot.refund_star_payment(user, charge) is True
    message = await seller.told()

    assert message.refunded_payment is not None
    assert message.model_dump(exclude_none=True)["refunded_payment"] == {
        "currency": "XTR",
        "total_amount": 200,
        "invoice_payload": "s1.order",
        "telegram_payment_charge_id": charge,
    }
    assert message.chat.id == user
    assert await seller.balance(user) == 1000
    assert (await telegram.bot.get_my_star_balance()).amount == 0


async def test_a_charge_is_refunded_once(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    charge = await seller.sell(user, message_id=await seller.invoice(user))
    await telegram.bot.refund_star_payment(user, charge)

    refused = await telegram.refused("refundStarPayment", user_id=user, telegram_payment_charge_id=charge)

    assert refused == (400, "Bad Request: CHARGE_ALREADY_REFUNDED")
    assert await seller.balance(user) == 1000


async def test_a_refund_names_the_payer_and_the_charge(telegram: TelegramWorld, seller: Seller) -> None:
    anna, boris = await telegram.person("Анна"), await telegram.person("Boris")
    charge = await seller.sell(anna, message_id=await seller.invoice(anna))

    async def refusal(**fields: object) -> str:
        return (await telegram.refused("refundStarPayment", **fields))[1].removeprefix("Bad Request: ")

    assert await refusal(telegram_payment_charge_id=charge) == "invalid user_id specified"
    assert await refusal(user_id=anna) == 'parameter "telegram_payment_charge_id" is required'
    assert await refusal(user_id=anna, telegram_payment_charge_id="stxNothing") == "CHARGE_NOT_FOUND"
    assert await refusal(user_id=boris, telegram_payment_charge_id=charge) == "CHARGE_NOT_FOUND"
    assert await refusal(user_id=1, telegram_payment_charge_id=charge) == "USER_ID_INVALID"
    assert await seller.balance(anna) == 800


async def test_a_refund_from_outside_is_told_like_one_of_the_bot(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    charge = await seller.sell(user, message_id=await seller.invoice(user))

    await telegram.do(f"/charges/{charge}/refund")
    message = await seller.told()
    again = await telegram.http.post(f"/_ctl/charges/{charge}/refund", json={})

    assert message.refunded_payment is not None
    assert message.refunded_payment.telegram_payment_charge_id == charge
    assert (again.status_code, again.json()["error"]) == (409, "Bad Request: CHARGE_ALREADY_REFUNDED")
    assert (await telegram.http.post("/_ctl/charges/stxNothing/refund", json={})).status_code == 404
    with pytest.raises(TelegramBadRequest, match="CHARGE_ALREADY_REFUNDED"):
        await telegram.bot.refund_star_payment(user, charge)


async def test_the_balance_of_the_bot_may_fall_below_nothing(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    charge = await seller.sell(user, message_id=await seller.invoice(user))
    await telegram.do("/stars/withdraw", amount=150)

    await telegram.bot.refund_star_payment(user, charge)

    assert (await telegram.bot.get_my_star_balance()).amount == -150
    rows = (await telegram.bot.get_star_transactions()).transactions
    assert [row.receiver.type if row.receiver else None for row in rows] == [None, "fragment", "user"]


async def test_transactions_are_listed_oldest_first_with_refunds_under_the_same_id(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    first = await seller.sell(user, message_id=await seller.invoice(user, payload="s1.first"))
    second = await seller.sell(user, message_id=await seller.invoice(user, payload="s1.second"))
    await telegram.bot.refund_star_payment(user, first)

    raw = (await telegram.call("getStarTransactions")).json()["result"]["transactions"]
    parsed = (await telegram.bot.get_star_transactions()).transactions

    partner = {
        "type": "user",
        "transaction_type": "invoice_payment",
        "user": {"id": user, "is_bot": False, "first_name": "Анна", "language_code": "ru"},
        "invoice_payload": "s1.first",
    }
    assert abs(raw[0].pop("date") - telegram.world.clock.timestamp()) < 5
    assert raw[0] == {"id": first, "amount": 200, "source": partner}
    assert raw[2] == {"id": first, "amount": 200, "receiver": partner, "date": raw[2]["date"]}
    assert [row.id for row in parsed] == [first, second, first]
    assert [row.source is None for row in parsed] == [False, False, True]
    assert isinstance(parsed[2].receiver, TransactionPartnerUser)
    assert (await telegram.ask("/stars"))["balance"] == 200


async def test_transactions_come_by_offset_and_at_most_100(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    await telegram.do(f"/users/{user}/stars", balance=200 * 103)
    link = await seller.link()
    charges = [await seller.sell(user, link=link) for _ in range(103)]

    async def listed(**query: int) -> list[str]:
        answer = (await telegram.call("getStarTransactions", **query)).json()["result"]["transactions"]
        return [row["id"] for row in answer]

    assert await listed() == charges[:100]
    assert await listed(offset=100) == charges[100:]
    assert await listed(offset=1, limit=2) == charges[1:3]
    assert await listed(limit=5000) == charges[:100]
    assert await listed(limit=0) == await listed(limit=-3) == charges[:1]
    assert await listed(offset=-4, limit=1) == charges[:1]
    assert await listed(offset=103) == []
