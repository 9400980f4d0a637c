"""What the Telegram emulator knows of the bot, and how its methods are called."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.types import (
    BotCommand,
)

from tests.contract.telegram_world import BOT, TOKEN, TelegramWorld, telegram_world


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


async def test_get_me_names_the_bot(telegram: TelegramWorld) -> None:
    me = await telegram.bot.get_me()

    assert (me.id, me.username, me.first_name, me.is_bot) == (BOT["id"], BOT["username"], BOT["name"], True)
    assert me.can_join_groups is True


async def test_a_wrong_token_is_unauthorized_and_an_unknown_method_not_found(telegram: TelegramWorld) -> None:
    wrong = await telegram.http.post("/bot123:wrong/getMe")
    unknown = await telegram.http.post(f"/bot{TOKEN}/makeCoffee")
    nowhere = await telegram.http.get("/nowhere")

    assert (wrong.status_code, wrong.json()) == (
        401,
        {"ok": False, "error_code": 401, "description": "Unauthorized"},
    )
    for answer in (unknown, nowhere):
        assert answer.status_code == 404
        assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_methods_are_found_in_any_case_by_get_and_by_every_kind_of_body(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    by_query = await telegram.http.get(f"/bot{TOKEN}/sendmessage", params={"chat_id": user, "text": "1"})
    by_form = await telegram.http.post(f"/bot{TOKEN}/SendMessage", data={"chat_id": user, "text": "2"})
    by_parts = await telegram.http.post(
        f"/bot{TOKEN}/sendMessage", files={"chat_id": (None, str(user)), "text": (None, "3")}
    )
    by_json = await telegram.call("sendMessage", chat_id=user, text="4")

    assert [a.json()["result"]["text"] for a in (by_query, by_form, by_parts, by_json)] == list("1234")


async def test_commands_are_shown_in_the_language_of_the_person(telegram: TelegramWorld) -> None:
    russian, english = await telegram.person("Анна", "ru"), await telegram.person("Ann", "en")
    await telegram.bot.set_my_commands([BotCommand(command="start", description="Start")])
    await telegram.bot.set_my_commands([BotCommand(command="start", description="Начать")], language_code="ru")

    [command] = await telegram.bot.get_my_commands(language_code="ru")
    assert (command.command, command.description) == ("start", "Начать")
    bots = [(await telegram.ask(f"/users/{user}/messages"))["bot"] for user in (russian, english)]
    assert [bot["commands"][0]["description"] for bot in bots] == ["Начать", "Start"]
    await telegram.bot.delete_my_commands(language_code="ru")
    bot = (await telegram.ask(f"/users/{russian}/messages"))["bot"]
    assert bot["commands"][0]["description"] == "Start"
    assert await telegram.refused("setMyCommands", commands=[{"command": "Ы", "description": "…"}]) == (
        400,
        "Bad Request: BOT_COMMAND_INVALID",
    )


async def test_name_descriptions_and_menu_button_are_kept(telegram: TelegramWorld) -> None:
    await telegram.bot.set_my_name("VPN", language_code="en")
    await telegram.bot.set_my_description("Что умеет бот")
    await telegram.bot.set_my_short_description("VPN")
    await telegram.bot.set_chat_menu_button()

    assert (await telegram.bot.get_my_name(language_code="en")).name == "VPN"
    assert (await telegram.bot.get_my_name()).name == BOT["name"]
    assert (await telegram.bot.get_my_description(language_code="en")).description == "Что умеет бот"
    assert (await telegram.bot.get_my_short_description()).short_description == "VPN"
    assert (await telegram.bot.get_chat_menu_button()).type == "default"


async def test_a_chat_and_its_members_can_be_asked_for(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    chat = await telegram.bot.get_chat(user)
    person = await telegram.bot.get_chat_member(user, user)
    bot = await telegram.bot.get_chat_member(user, telegram.bot.id)

    assert (chat.id, chat.type, chat.first_name) == (user, "private", "Анна")
    assert (person.status, bot.status) == ("member", "member")


async def test_the_request_log_keeps_calls_but_not_polling(telegram: TelegramWorld) -> None:
    await telegram.bot.get_me()
    await telegram.bot.get_updates(timeout=0)

    paths = [entry.path for entry in telegram.world.log.entries]

    assert paths == [f"/bot{TOKEN}/getMe"]


async def test_bots_of_aiogram_close_and_log_out(telegram: TelegramWorld) -> None:
    bot: Bot = telegram.bot

    assert await bot.log_out() is True
    assert await bot.close() is True
