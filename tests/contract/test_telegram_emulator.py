"""Sending through the Telegram emulator: shapes, limits, refusals, pace."""

from collections.abc import AsyncIterator

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import (
    BufferedInputFile,
    ReplyParameters,
)

from sandbox.telegram.limits import Limits
from sandbox.telegram.state import Options
from tests.contract.telegram_world import BOT, TelegramWorld, picture, telegram_world


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


async def test_a_message_has_the_shape_that_telegram_gives_it(telegram: TelegramWorld) -> None:
    user = await telegram.person(username="anna")

    answer = await telegram.call(
        "sendMessage",
        chat_id=user,
        text="Привет, <b>Анна</b> 👋 <i>!</i>",
        parse_mode="HTML",
        link_preview_options={"is_disabled": True},
        reply_markup={"inline_keyboard": [[{"text": "Да", "callback_data": "yes", "style": "success"}]]},
    )

    now = int(telegram.world.clock.timestamp())
    message = answer.json()["result"]
    assert now - message.pop("date") <= 2
    assert message == {
        "message_id": 2,
        "from": {"id": BOT["id"], "is_bot": True, "first_name": BOT["name"], "username": BOT["username"]},
        "chat": {"id": user, "first_name": "Анна", "username": "anna", "type": "private"},
        "text": "Привет, Анна 👋 !",
        "entities": [
            {"type": "bold", "offset": 8, "length": 4},
            {"type": "italic", "offset": 16, "length": 1},
        ],
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [[{"text": "Да", "callback_data": "yes", "style": "success"}]]},
    }


async def test_message_ids_grow_in_each_chat_on_their_own(telegram: TelegramWorld) -> None:
    first, second = await telegram.person("Анна"), await telegram.person("Boris")

    ids = [(await telegram.bot.send_message(first, "…")).message_id for _ in range(2)]
    other = (await telegram.bot.send_message(second, "…")).message_id

    assert ids == [2, 3]
    assert other == 2


async def test_dates_follow_the_moved_clock(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    before = await telegram.bot.send_message(user, "сегодня")
    telegram.world.clock.advance(30 * 86400)

    after = await telegram.bot.send_message(user, "через месяц")

    assert 29.9 < (after.date - before.date).total_seconds() / 86400 < 30.1


@pytest.mark.parametrize("text", ["", "   \n\t ", "<b></b>", "\x00\x07"])
async def test_an_empty_text_is_refused(telegram: TelegramWorld, text: str) -> None:
    user = await telegram.person()

    refused = await telegram.refused("sendMessage", chat_id=user, text=text, parse_mode="HTML")

    assert refused == (400, "Bad Request: message text is empty")


async def test_a_text_may_have_4096_utf16_units_after_parsing(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    fits = await telegram.bot.send_message(user, f"<b>{'я' * 4094}</b>👋", parse_mode="HTML")
    refused = await telegram.refused("sendMessage", chat_id=user, text="я" * 4095 + "👋")

    assert fits.text == "я" * 4094 + "👋"
    assert refused == (400, "Bad Request: message is too long")


async def test_a_caption_may_have_1024_utf16_units(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    photo = BufferedInputFile(picture(), "qr.png")

    fits = await telegram.bot.send_photo(user, photo, caption="я" * 1024)
    with pytest.raises(TelegramBadRequest, match="Bad Request: message caption is too long"):
        await telegram.bot.send_photo(user, photo, caption="я" * 1025)

    assert fits.caption == "я" * 1024


async def test_a_megabyte_of_text_is_refused_like_any_long_one(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await telegram.bot.send_message(user, "a" * 1_000_000)


async def test_a_reply_shows_what_it_answers(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    reply = await telegram.bot.send_message(user, "…", reply_parameters=ReplyParameters(message_id=1))
    refused = await telegram.refused("sendMessage", chat_id=user, text="…", reply_parameters={"message_id": 99})

    assert reply.reply_to_message is not None
    assert reply.reply_to_message.text == "/start"
    assert refused == (400, "Bad Request: message to be replied not found")


async def test_an_unknown_chat_is_not_found(telegram: TelegramWorld) -> None:
    stranger = await telegram.do("/users", first_name="Never Started")

    for chat_id in (1, stranger["id"], "@nobody"):
        assert await telegram.refused("sendMessage", chat_id=chat_id, text="…") == (
            400,
            "Bad Request: chat not found",
        )
    assert await telegram.refused("sendMessage", text="…") == (400, "Bad Request: chat_id is empty")


async def test_a_person_who_blocked_the_bot_is_out_of_reach(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    sent = await telegram.bot.send_message(user, "…")
    await telegram.do(f"/users/{user}/block")

    for call in (
        telegram.bot.send_message(user, "…"),
        telegram.bot.edit_message_text("!", chat_id=user, message_id=sent.message_id),
        telegram.bot.send_chat_action(user, "typing"),
    ):
        with pytest.raises(TelegramForbiddenError, match="Forbidden: bot was blocked by the user"):
            await call

    await telegram.do(f"/users/{user}/unblock")
    assert (await telegram.bot.send_message(user, "снова")).text == "снова"


async def test_typing_is_told_to_the_person(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    start = (await telegram.ask(f"/users/{user}/events"))["last"]

    await telegram.bot.send_chat_action(user, "typing")
    refused = await telegram.refused("sendChatAction", chat_id=user, action="dancing")

    [event] = (await telegram.ask(f"/users/{user}/events", after=start))["events"]
    assert (event["type"], event["action"], event["user_id"]) == ("action", "typing", user)
    assert refused == (400, "Bad Request: wrong parameter action in request")


async def test_429_comes_by_a_fault_with_the_seconds_to_wait(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    telegram.world.faults.arm("telegram", "http_429", path="*/sendMessage", retry_after=7)

    with pytest.raises(TelegramRetryAfter) as refused:
        await telegram.bot.send_message(user, "…")

    assert refused.value.retry_after == 7
    assert (await telegram.bot.send_message(user, "…")).text == "…"


async def test_429_comes_by_the_pace_in_one_chat_when_limits_are_on() -> None:
    async with telegram_world(Options(limits=Limits(per_second=100, chat_burst=3))) as telegram:
        first, second = await telegram.person("A"), await telegram.person("B")
        for _ in range(3):
            await telegram.bot.send_message(first, "…")

        answer = await telegram.call("sendMessage", chat_id=first, text="…")
        other = await telegram.bot.send_message(second, "…")
        telegram.world.clock.advance(1)
        later = await telegram.bot.send_message(first, "…")

        assert answer.status_code == 429
        assert answer.json() == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1},
        }
        assert (other.text, later.text) == ("…", "…")


async def test_429_comes_by_the_pace_over_all_chats_when_limits_are_on(telegram: TelegramWorld) -> None:
    users = [await telegram.person(f"Person {number}") for number in range(5)]
    await telegram.http.put("/_ctl/limits", json={"per_second": 3, "chat_per_second": 1, "chat_burst": 5})

    codes = [(await telegram.call("sendMessage", chat_id=u, text="…")).status_code for u in users]
    await telegram.http.delete("/_ctl/limits")
    free = await telegram.call("sendMessage", chat_id=users[0], text="…")

    assert codes[:3] == [200, 200, 200]
    assert 429 in codes[3:]
    assert free.status_code == 200


async def test_a_fault_may_answer_500_as_telegram_does(telegram: TelegramWorld) -> None:
    telegram.world.faults.arm("telegram", "status", path="*/getMe", status=500)

    answer = await telegram.call("getMe")

    assert (answer.status_code, answer.json()["description"]) == (500, "Internal Server Error")


@pytest.mark.parametrize(("mode", "options"), [("garbage", {}), ("status", {"status": 200, "body": "<html></html>"})])
async def test_a_gateway_may_answer_a_page_after_the_message_arrived(
    telegram: TelegramWorld, mode: str, options: dict[str, object]
) -> None:
    user = await telegram.person()
    telegram.world.faults.arm("telegram", mode, path="*/sendMessage", after=True, **options)

    answer = await telegram.call("sendMessage", chat_id=user, text="…")

    assert answer.headers["Content-Type"].startswith("text/html")
    assert [message["text"] for message in await telegram.seen(user)] == ["…"]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("MarkdownV2", "can't parse entities: parse mode markdownv2 is not emulated here, send HTML"),
        ("BBCode", "unsupported parse_mode"),
    ],
)
async def test_a_parse_mode_other_than_html_is_refused_clearly(
    telegram: TelegramWorld, mode: str, reason: str
) -> None:
    user = await telegram.person()

    refused = await telegram.refused("sendMessage", chat_id=user, text="*x*", parse_mode=mode)

    assert refused == (400, f"Bad Request: {reason}")


async def test_a_wrong_tag_in_a_message_is_refused_with_its_place(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    with pytest.raises(TelegramBadRequest, match='Unsupported start tag "blink" at byte offset 3'):
        await telegram.bot.send_message(user, "я <blink>", parse_mode="HTML")
