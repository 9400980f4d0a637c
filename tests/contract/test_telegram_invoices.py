"""Invoices of the Telegram emulator: what Telegram takes for one, what it refuses, and in which words."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import InlineKeyboardMarkup, LabeledPrice

from tests.contract.telegram_world import BOT, TelegramWorld, telegram_world

PRICES = [{"label": "Месяц", "amount": 200}]
MONTH: dict[str, Any] = {
    "title": "VPN, месяц",
    "description": "30 дней, 3 устройства",
    "payload": "s1.order",
    "currency": "XTR",
    "provider_token": "",
    "prices": PRICES,
}
NO_NUMBERS: tuple[Any, ...] = (1.5, "1.5", "много", True, [])
PAY = {"text": "Заплатить XTR 200", "pay": True}
BACK = {"text": "Назад", "callback_data": "back"}


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


async def test_an_invoice_is_a_message_with_the_shape_that_telegram_gives_it(telegram: TelegramWorld) -> None:
    user = await telegram.person(username="anna")

    sent = (await telegram.call("sendInvoice", chat_id=user, **MONTH, start_parameter="pay")).json()["result"]

    assert abs(sent.pop("date") - telegram.world.clock.timestamp()) <= 2
    assert sent == {
        "message_id": 2,
        "from": {"id": BOT["id"], "is_bot": True, "first_name": BOT["name"], "username": BOT["username"]},
        "chat": {"id": user, "first_name": "Анна", "username": "anna", "type": "private"},
        "invoice": {
            "title": "VPN, месяц",
            "description": "30 дней, 3 устройства",
            "start_parameter": "pay",
            "currency": "XTR",
            "total_amount": 200,
        },
    }


async def test_aiogram_sends_an_invoice_with_a_keyboard_and_reads_it_back(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    markup = InlineKeyboardMarkup.model_validate({"inline_keyboard": [[PAY], [BACK]]})

    sent = await telegram.bot.send_invoice(
        user,
        title="VPN",
        description="30 дней",
        payload="s1.order",
        currency="XTR",
        prices=[LabeledPrice(label="Месяц", amount=200)],
        reply_markup=markup,
    )

    assert sent.invoice is not None
    assert (sent.invoice.currency, sent.invoice.total_amount, sent.invoice.start_parameter) == ("XTR", 200, "")
    assert sent.reply_markup is not None
    assert sent.reply_markup.model_dump() == markup.model_dump()
    [seen] = await telegram.seen(user)
    assert seen["invoice"]["title"] == "VPN"
    assert seen["keyboard"] == [[PAY], [BACK]]


async def test_a_link_leads_into_the_chat_page_and_to_its_invoice(telegram: TelegramWorld) -> None:
    link = await telegram.bot.create_invoice_link(
        title="VPN",
        description="30 дней",
        payload="s1.order",
        currency="XTR",
        prices=[LabeledPrice(label="Месяц", amount=200)],
        subscription_period=2592000,
    )

    front, _, key = link.partition("$")
    assert front == f"{telegram.world.public_url}/chat/"
    assert len(key) >= 16
    invoice = await telegram.ask(f"/invoices/{key}")
    assert (invoice["title"], invoice["amount"], invoice["period"]) == ("VPN", 200, 2592000)
    page = await telegram.http.get(link)
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("method", ["sendInvoice", "createInvoiceLink"])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *(({name: ""}, f'parameter "{name}" is required') for name in ("title", "description", "payload")),
        ({"currency": ""}, 'parameter "currency" is required'),
        ({"prices": ""}, 'parameter "prices" is required'),
        ({"prices": "[{"}, "can't parse prices JSON object"),
        ({"prices": {"label": "x", "amount": 1}}, "expected an Array of labeled prices"),
        ({"prices": []}, "there must be at least one price"),
        ({"prices": [200]}, "can't parse labeled price: LabeledPrice must be an Object"),
        ({"prices": [{"amount": 1}]}, "can't parse labeled price: Can't find field \"label\""),
        ({"prices": [{"label": "x"}]}, "can't parse labeled price: Can't find field \"amount\""),
        ({"prices": [{"label": "", "amount": 1}]}, "can't parse labeled price: LabeledPrice label must be non-empty"),
        ({"prices": [{"label": 1, "amount": 1}]}, 'can\'t parse labeled price: Field "label" must be of type String'),
        *(
            (
                {"prices": [{"label": "x", "amount": amount}]},
                'can\'t parse labeled price: Field "amount" must be a valid Number',
            )
            for amount in NO_NUMBERS
        ),
        ({"prices": [{"label": "x", "amount": 0}]}, "total price must be positive"),
        ({"prices": [{"label": "x", "amount": -200}]}, "total price must be positive"),
        ({"prices": [{"label": "x", "amount": 10**12}]}, "too big amount of the currency specified"),
        ({"prices": [*PRICES, *PRICES]}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "x", "amount": 100_001}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"currency": "RUB"}, "PAYMENT_PROVIDER_INVALID"),
        ({"currency": "XTS"}, "PAYMENT_PROVIDER_INVALID"),
        ({"provider_token": "381764678:TEST:1"}, "PAYMENT_PROVIDER_INVALID"),
        ({"max_tip_amount": 500, "suggested_tip_amounts": [100]}, "STARS_INVOICE_INVALID"),
        ({"title": "я" * 33}, "STARS_INVOICE_INVALID"),
        ({"description": "я" * 256}, "STARS_INVOICE_INVALID"),
        ({"payload": "я" * 64 + "a"}, "INVOICE_PAYLOAD_INVALID"),
    ],
)
async def test_a_wrong_invoice_is_refused_in_telegrams_words(
    telegram: TelegramWorld, method: str, changes: dict[str, Any], reason: str
) -> None:
    user = await telegram.person()

    refused = await telegram.refused(method, chat_id=user, **{**MONTH, **changes})

    assert refused == (400, f"Bad Request: {reason}")
    assert await telegram.seen(user) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "я" * 32, "description": "я" * 255, "payload": "я" * 64},
        {"prices": [{"label": "x", "amount": 1}]},
        {"prices": [{"label": "x", "amount": "100000"}]},
        {"need_name": True, "need_email": True, "need_phone_number": True, "is_flexible": True},
    ],
)
async def test_an_invoice_at_the_limits_is_taken(telegram: TelegramWorld, changes: dict[str, Any]) -> None:
    user = await telegram.person()

    sent = await telegram.call("sendInvoice", chat_id=user, **{**MONTH, **changes})
    linked = await telegram.call("createInvoiceLink", **{**MONTH, **changes})

    assert sent.json()["ok"], sent.text
    assert linked.json()["ok"], linked.text


@pytest.mark.parametrize(
    ("amount", "period", "reason"),
    [
        (10_000, 2_592_000, None),
        (100_000, 0, None),
        (10_001, 2_592_000, "SUBSCRIPTION_AMOUNT_INVALID"),
        (200, 2_591_999, "SUBSCRIPTION_PERIOD_INVALID"),
        (200, 3 * 2_592_000, "SUBSCRIPTION_PERIOD_INVALID"),
    ],
)
async def test_a_subscription_lasts_30_days_and_costs_10000_at_most(
    telegram: TelegramWorld, amount: int, period: int, reason: str | None
) -> None:
    prices = [{"label": "x", "amount": amount}]

    answer = await telegram.call("createInvoiceLink", **{**MONTH, "prices": prices, "subscription_period": period})

    assert answer.json()["ok"] is (reason is None)
    assert reason is None or answer.json()["description"] == f"Bad Request: {reason}"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[PAY]], None),
        ([[PAY, BACK]], None),
        ([], None),
        ([[BACK]], "REPLY_MARKUP_BUY_EMPTY"),
        ([[BACK], [PAY]], "BUTTON_POS_INVALID"),
        ([[PAY], [PAY]], "BUTTON_POS_INVALID"),
    ],
)
async def test_the_first_button_of_an_invoice_pays(
    telegram: TelegramWorld, rows: list[list[dict[str, Any]]], reason: str | None
) -> None:
    user = await telegram.person()

    answer = await telegram.call("sendInvoice", chat_id=user, **MONTH, reply_markup={"inline_keyboard": rows})

    assert answer.json()["ok"] is (reason is None)
    assert reason is None or answer.json()["description"] == f"Bad Request: {reason}"


async def test_other_messages_have_no_button_that_pays(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    refused = await telegram.refused("sendMessage", chat_id=user, text="…", reply_markup={"inline_keyboard": [[PAY]]})

    assert refused == (400, "Bad Request: BUTTON_TYPE_INVALID")


async def test_an_invoice_keeps_its_content_while_its_keyboard_changes(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.call("sendInvoice", chat_id=user, **MONTH)
    message = {"chat_id": user, "message_id": 2}

    edited = await telegram.call("editMessageReplyMarkup", **message, reply_markup={"inline_keyboard": [[PAY]]})
    misplaced = await telegram.refused(
        "editMessageReplyMarkup", **message, reply_markup={"inline_keyboard": [[BACK]]}
    )

    assert edited.json()["result"]["invoice"]["total_amount"] == 200
    assert edited.json()["result"]["reply_markup"] == {"inline_keyboard": [[PAY]]}
    assert misplaced == (400, "Bad Request: REPLY_MARKUP_BUY_EMPTY")
    assert await telegram.refused("editMessageText", **message, text="…") == (
        400,
        "Bad Request: there is no text in the message to edit",
    )
    assert await telegram.refused("editMessageCaption", **message, caption="…") == (
        400,
        "Bad Request: there is no caption in the message to edit",
    )


async def test_an_invoice_goes_only_where_the_bot_may_speak(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.do(f"/users/{user}/block")
    prices = [LabeledPrice(label="Месяц", amount=200)]

    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await telegram.bot.send_invoice(user, "VPN", "30 дней", "s1.order", "XTR", prices)
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await telegram.bot.send_invoice(1, "VPN", "30 дней", "s1.order", "XTR", prices)
