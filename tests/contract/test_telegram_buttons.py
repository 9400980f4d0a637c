"""Keyboards of the Telegram emulator: what Telegram takes on a button and what it refuses."""

from collections.abc import AsyncIterator

import pytest
from aiogram.types import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from sandbox.telegram.state import Options
from tests.contract.telegram_world import TelegramWorld, telegram_world


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button] for button in buttons])


@pytest.mark.parametrize(
    ("data", "taken"), [("я" * 32, True), ("я" * 32 + "a", False), ("", False), ("a" * 64, True)]
)
async def test_callback_data_has_1_to_64_bytes(telegram: TelegramWorld, data: str, *, taken: bool) -> None:
    user = await telegram.person()
    markup = {"inline_keyboard": [[{"text": "…", "callback_data": data}]]}

    answer = await telegram.call("sendMessage", chat_id=user, text="…", reply_markup=markup)

    assert answer.json()["ok"] is taken
    assert taken or answer.json()["description"] == "Bad Request: BUTTON_DATA_INVALID"


@pytest.mark.parametrize(("length", "taken"), [(0, False), (1, True), (256, True), (257, False)])
async def test_a_copy_button_holds_1_to_256_characters(telegram: TelegramWorld, length: int, *, taken: bool) -> None:
    user = await telegram.person()
    markup = {"inline_keyboard": [[{"text": "…", "copy_text": {"text": "k" * length}}]]}

    answer = await telegram.call("sendMessage", chat_id=user, text="…", reply_markup=markup)

    assert answer.json()["ok"] is taken
    assert taken or answer.json()["description"] == "Bad Request: BUTTON_COPY_TEXT_INVALID"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "URL host is empty"),
        ("ftp://example.org", "Unsupported URL protocol"),
        ("vless://uuid@example.org:443", "Unsupported URL protocol"),
        ("http://nowhere", "Wrong HTTP URL"),
        ("https://exa mple.org", "Disallowed character in URL host"),
        ("https://example.org:port", "Wrong port number specified in the URL"),
    ],
)
async def test_an_invalid_button_url_is_named(telegram: TelegramWorld, url: str, reason: str) -> None:
    user = await telegram.person()
    markup = {"inline_keyboard": [[{"text": "…", "url": url}]]}

    refused = await telegram.refused("sendMessage", chat_id=user, text="…", reply_markup=markup)

    assert refused == (400, f"Bad Request: inline keyboard button URL '{url}' is invalid: {reason}")


async def test_urls_of_this_machine_are_refused_only_when_urls_are_strict(telegram: TelegramWorld) -> None:
    urls = ["http://127.0.0.1:8080/pay", "http://localhost:8080/pay"]
    buttons = [[{"text": "…", "url": url}] for url in urls]
    web_app = [[{"text": "…", "web_app": {"url": "http://127.0.0.1:8080/app"}}]]

    user = await telegram.person()
    for rows in (buttons, web_app):
        sent = await telegram.call("sendMessage", chat_id=user, text="…", reply_markup={"inline_keyboard": rows})
        assert sent.json()["ok"] is True

    async with telegram_world(Options(strict_urls=True)) as strict:
        user = await strict.person()
        for row in buttons:
            code, reason = await strict.refused(
                "sendMessage", chat_id=user, text="…", reply_markup={"inline_keyboard": [row]}
            )
            assert (code, reason.rpartition(": ")[2]) == (400, "Wrong HTTP URL")
        fine = [[{"text": "…", "url": "tg://resolve?domain=x"}], [{"text": "…", "url": "https://example.org"}]]
        sent = await strict.call("sendMessage", chat_id=user, text="…", reply_markup={"inline_keyboard": fine})
        assert sent.json()["result"]["reply_markup"]["inline_keyboard"][1][0]["url"] == "https://example.org/"


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "…"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"callback_data": "x"}, "can't parse inline keyboard button: Can't find field \"text\""),
        ({"text": "", "callback_data": "x"}, "inline keyboard button text must be non-empty"),
        (
            {"text": "…", "web_app": {"url": "http://example.org"}},
            "inline keyboard button Web App URL 'http://example.org' is invalid: Only HTTPS links are allowed",
        ),
    ],
)
async def test_a_malformed_button_is_refused(telegram: TelegramWorld, button: dict[str, object], reason: str) -> None:
    user = await telegram.person()

    refused = await telegram.refused(
        "sendMessage", chat_id=user, text="…", reply_markup={"inline_keyboard": [[button]]}
    )

    assert refused == (400, f"Bad Request: {reason}")


async def test_buttons_come_back_as_aiogram_knows_them(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    markup = keyboard(
        InlineKeyboardButton(text="Копировать", copy_text=CopyTextButton(text="vless://…"), style="primary"),
        InlineKeyboardButton(text="Оплатить", url="https://example.org/pay"),
    )

    sent = await telegram.bot.send_message(user, "…", reply_markup=markup)

    assert sent.reply_markup is not None
    assert sent.reply_markup.model_dump() == markup.model_dump()


async def test_a_reply_keyboard_belongs_to_the_chat_until_it_is_removed(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    markup = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Меню")]], resize_keyboard=True)

    sent = await telegram.bot.send_message(user, "…", reply_markup=markup)
    shown = (await telegram.ask(f"/users/{user}/messages"))["reply_keyboard"]
    await telegram.bot.send_message(user, "…", reply_markup=ReplyKeyboardRemove())
    removed = (await telegram.ask(f"/users/{user}/messages"))["reply_keyboard"]

    assert sent.reply_markup is None
    assert shown["keyboard"] == [[{"text": "Меню"}]]
    assert removed is None
