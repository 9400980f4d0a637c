"""Updates of the Telegram emulator: what people do, how the bot hears of it, by polling and by webhook."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.contract.telegram_world import TelegramWorld, telegram_world

CONFLICT = "terminated by other getUpdates request; make sure that only one bot instance is running"


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


def button(data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="…", callback_data=data)]])


async def test_a_person_writes_and_the_bot_reads_it(telegram: TelegramWorld) -> None:
    user = await telegram.do("/users", id=501, first_name="Анна", username="anna", language_code="ru", last_name="К")

    sent = await telegram.do("/users/501/send", text="/start ref_1")
    [update] = await telegram.bot.get_updates()

    assert (user["id"], user["started"], user["unread"]) == (501, False, 0)
    assert (sent["text"], sent["outgoing"]) == ("/start ref_1", True)
    assert update.message is not None
    assert update.message.text == "/start ref_1"
    assert update.message.from_user is not None
    assert (update.message.from_user.id, update.message.from_user.language_code) == (501, "ru")
    assert (update.message.chat.id, update.message.chat.type) == (501, "private")
    [entity] = update.message.entities or []
    assert (entity.type, entity.offset, entity.length) == ("bot_command", 0, 6)


async def test_updates_stay_until_their_offset_confirms_them(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    for text in ("1", "2", "3"):
        await telegram.do(f"/users/{user}/send", text=text)

    first = await telegram.bot.get_updates(limit=1)
    again = await telegram.bot.get_updates()
    rest = await telegram.bot.get_updates(offset=first[0].update_id + 1)
    newest = await telegram.bot.get_updates(offset=-1)
    left = await telegram.bot.get_updates()

    def texts(updates: list[Any]) -> list[str]:
        return [update.message.text for update in updates]

    assert (texts(first), texts(again), texts(rest)) == (["1"], ["1", "2", "3"], ["2", "3"])
    assert texts(newest) == texts(left) == ["3"]


async def test_a_long_poll_wakes_at_once(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    loop = asyncio.get_running_loop()
    poll = asyncio.create_task(telegram.bot.get_updates(timeout=20))
    await asyncio.sleep(0.2)

    started = loop.time()
    await telegram.do(f"/users/{user}/send", text="проснись")
    updates = await poll

    assert loop.time() - started < 1
    assert len(updates) == 1


async def test_a_long_poll_ends_empty_after_its_time(telegram: TelegramWorld) -> None:
    assert await telegram.bot.get_updates(timeout=1) == []


async def test_the_earlier_of_two_polls_is_ended(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    first = asyncio.create_task(telegram.bot.get_updates(timeout=20))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(telegram.bot.get_updates(timeout=20))

    with pytest.raises(TelegramConflictError, match=f"Conflict: {CONFLICT}"):
        await first
    await telegram.do(f"/users/{user}/send", text="второму")
    assert len(await second) == 1


async def test_only_wanted_kinds_come_and_the_choice_is_remembered(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.bot.get_updates(allowed_updates=["callback_query"])
    await telegram.bot.send_message(user, "…", reply_markup=button("x"))

    await telegram.do(f"/users/{user}/send", text="не нужно")
    await telegram.do(f"/users/{user}/tap", message_id=2, data="x")
    chosen = await telegram.bot.get_updates()
    await telegram.bot.get_updates(offset=-1, allowed_updates=[])
    await telegram.do(f"/users/{user}/send", text="снова нужно")
    all_kinds = await telegram.bot.get_updates(offset=chosen[0].update_id + 1)

    assert [update.event_type for update in chosen] == ["callback_query"]
    assert [update.event_type for update in all_kinds] == ["message"]


async def test_updates_older_than_a_day_are_gone(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.do(f"/users/{user}/send", text="вчера")
    telegram.world.clock.advance(86401)
    await telegram.do(f"/users/{user}/send", text="сегодня")

    updates = await telegram.bot.get_updates()

    assert [update.message.text for update in updates if update.message] == ["сегодня"]


async def test_a_tap_reaches_the_bot_and_its_answer_the_person(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.bot.send_message(user, "Меню", reply_markup=button("plan:1"))

    query = await telegram.do(f"/users/{user}/tap", message_id=2, row=0, column=0)
    waiting = await telegram.ask(f"/users/{user}/queries/{query['id']}")
    [update] = await telegram.bot.get_updates()
    assert update.callback_query is not None
    await update.callback_query.answer("Готово", show_alert=True)
    answered = await telegram.ask(f"/users/{user}/queries/{query['id']}")

    assert update.callback_query.data == "plan:1"
    assert isinstance(update.callback_query.message, Message)
    assert update.callback_query.message.text == "Меню"
    assert waiting["answer"] is None
    assert answered["answer"] == {"text": "Готово", "show_alert": True, "url": None}


async def test_a_query_is_answered_once_and_in_time(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.bot.send_message(user, "Меню", reply_markup=button("x"))
    ids = [(await telegram.do(f"/users/{user}/tap", message_id=2, data="x"))["id"] for _ in range(2)]
    await telegram.bot.answer_callback_query(ids[0])
    telegram.world.clock.advance(16)

    for query_id in (*ids, "12345"):
        with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
            await telegram.bot.answer_callback_query(query_id)
    assert await telegram.refused("answerCallbackQuery", callback_query_id="1", text="я" * 201) == (
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )


async def test_any_data_can_be_tapped_but_only_on_a_message_that_is_there(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    await telegram.do(f"/users/{user}/tap", message_id=1, data="forged:\u0000" + "x" * 200)
    missing = await telegram.http.post(f"/_ctl/users/{user}/tap", json={"message_id": 9, "data": "x"})
    no_button = await telegram.http.post(f"/_ctl/users/{user}/tap", json={"message_id": 1, "row": 0, "column": 0})

    [update] = await telegram.bot.get_updates()
    assert update.callback_query is not None
    assert (update.callback_query.data or "").startswith("forged:\u0000x")
    assert (missing.status_code, no_button.status_code) == (409, 409)


async def test_a_tap_on_a_link_button_says_where_it_leads(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    rows = [[{"text": "Оплатить", "url": "https://example.org/pay"}], [{"text": "…", "copy_text": {"text": "k"}}]]
    await telegram.call("sendMessage", chat_id=user, text="…", reply_markup={"inline_keyboard": rows})

    link = await telegram.do(f"/users/{user}/tap", message_id=2, row=0, column=0)
    copy = await telegram.do(f"/users/{user}/tap", message_id=2, row=1, column=0)

    assert (link, copy) == ({"url": "https://example.org/pay"}, {"copy_text": {"text": "k"}})
    assert await telegram.bot.get_updates() == []


async def test_blocking_and_unblocking_are_told_to_the_bot(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    await telegram.do(f"/users/{user}/block")
    await telegram.do(f"/users/{user}/block")
    silent = await telegram.http.post(f"/_ctl/users/{user}/send", json={"text": "…"})
    await telegram.do(f"/users/{user}/unblock")
    changes = [update.my_chat_member for update in await telegram.bot.get_updates()]

    assert silent.status_code == 409
    statuses = [(c.old_chat_member.status, c.new_chat_member.status) for c in changes if c]
    assert statuses == [("member", "kicked"), ("kicked", "member")]
    assert {change.chat.id for change in changes if change} == {user}


async def test_edits_change_the_message_in_its_place(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    sent = await telegram.bot.send_message(user, "раз", reply_markup=button("x"))

    edited = await telegram.bot.edit_message_text(
        "<b>два</b>", chat_id=user, message_id=sent.message_id, parse_mode="HTML", reply_markup=button("y")
    )

    [message] = await telegram.seen(user)
    assert not isinstance(edited, bool)
    assert (edited.message_id, edited.text) == (sent.message_id, "два")
    assert edited.edit_date is not None
    assert (message["text"], message["edited"]) == ("два", True)
    assert message["keyboard"] == [[{"text": "…", "callback_data": "y"}]]


async def test_an_edit_that_changes_nothing_is_refused(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    sent = await telegram.bot.send_message(user, "<b>раз</b>", parse_mode="HTML", reply_markup=button("x"))
    refusal = (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly "
        "the same as a current content and reply markup of the message"
    )

    with pytest.raises(TelegramBadRequest) as same:
        await telegram.bot.edit_message_text(
            "<strong>раз</strong>\n",
            chat_id=user,
            message_id=sent.message_id,
            parse_mode="HTML",
            reply_markup=button("x"),
        )
    with pytest.raises(TelegramBadRequest) as same_keyboard:
        await telegram.bot.edit_message_reply_markup(
            chat_id=user, message_id=sent.message_id, reply_markup=button("x")
        )
    gone = await telegram.bot.edit_message_reply_markup(chat_id=user, message_id=sent.message_id)

    assert same.value.message == same_keyboard.value.message == refusal
    assert not isinstance(gone, bool)
    assert (gone.text, gone.reply_markup) == ("раз", None)


async def test_what_cannot_be_edited_is_refused(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.bot.send_message(user, "…")

    async def refused(method: str, **fields: object) -> str:
        code, reason = await telegram.refused(method, chat_id=user, **fields)
        assert code == 400
        return reason.removeprefix("Bad Request: ")

    assert await refused("editMessageText", text="…", message_id=99) == "message to edit not found"
    assert await refused("editMessageText", text="…") == "message identifier is not specified"
    assert await refused("editMessageText", text="…", message_id=1) == "message can't be edited"
    assert await refused("editMessageText", text="", message_id=2) == "message text is empty"
    assert await refused("editMessageCaption", caption="!", message_id=2) == (
        "there is no caption in the message to edit"
    )
    assert await refused("editMessageText", text="!", message_id=2, reply_markup={"force_reply": True}) == (
        "inline keyboard expected"
    )


async def test_messages_are_deleted_within_48_hours(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    first, second, third = [await telegram.bot.send_message(user, str(n)) for n in range(3)]

    await telegram.bot.delete_message(user, first.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await telegram.bot.delete_message(user, first.message_id)
    await telegram.bot.delete_messages(user, [second.message_id, 99])
    telegram.world.clock.advance(48 * 3600 + 5)
    with pytest.raises(TelegramBadRequest, match="message can't be deleted for everyone"):
        await telegram.bot.delete_message(user, third.message_id)

    assert [message["text"] for message in await telegram.seen(user)] == ["2"]


async def test_a_raw_update_of_any_shape_reaches_the_bot(telegram: TelegramWorld) -> None:
    added = await telegram.do("/updates", poll_answer={"odd": True})

    waiting = (await telegram.call("getUpdates")).json()["result"]

    assert waiting == [{"poll_answer": {"odd": True}, "update_id": added["update_id"]}]


async def test_a_person_sends_neither_nothing_nor_too_much(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    codes = [
        (await telegram.http.post(f"/_ctl/users/{user}/send", json=body)).status_code
        for body in ({"text": " "}, {"text": "a" * 4097}, {}, [])
    ]
    nobody = await telegram.http.post("/_ctl/users/1/send", json={"text": "x"})
    nameless = await telegram.http.post("/_ctl/users", json={"username": "x"})

    assert codes == [409, 409, 409, 400]
    assert (nobody.status_code, nameless.status_code) == (404, 400)


async def test_unread_messages_are_counted_until_they_are_read(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.bot.send_message(user, "раз")
    await telegram.bot.send_message(user, "два")

    [before] = await telegram.ask("/users")
    after = await telegram.do(f"/users/{user}/read")

    assert (before["unread"], before["last_message"]["text"]) == (2, "два")
    assert after["unread"] == 0


async def test_events_tell_what_a_page_has_to_draw(telegram: TelegramWorld) -> None:
    user, other = await telegram.person("Анна"), await telegram.person("Boris")
    start = (await telegram.ask("/events"))["last"]
    waiting = asyncio.create_task(telegram.ask(f"/users/{user}/events", after=start, seconds=10))
    await telegram.bot.send_message(other, "не ей")
    sent = await telegram.bot.send_message(user, "ей")
    first = await waiting
    await telegram.bot.edit_message_text("ей!", chat_id=user, message_id=sent.message_id)
    await telegram.bot.delete_message(user, sent.message_id)
    rest = await telegram.ask(f"/users/{user}/events", after=first["last"])
    lost = await telegram.ask("/events", after=start + 10_000)

    assert [(event["type"], event["message"]["text"]) for event in first["events"]] == [("message", "ей")]
    assert [event["type"] for event in rest["events"]] == ["edit", "delete"]
    assert (lost["reset"], lost["events"]) == (True, [])


async def test_chats_and_waiting_updates_survive_a_restart(tmp_path: Path) -> None:
    async with telegram_world(data_dir=tmp_path) as telegram:
        user = await telegram.person()
        await telegram.bot.send_message(user, "до", reply_markup=button("x"))
        await telegram.do(f"/users/{user}/send", text="ждёт")
        last = (await telegram.ask("/events"))["last"]

    async with telegram_world(data_dir=tmp_path) as telegram:
        [update] = await telegram.bot.get_updates()
        after = await telegram.bot.send_message(user, "после")
        chat = await telegram.ask(f"/users/{user}/messages")
        events = await telegram.ask("/events")

    assert update.message is not None
    assert update.message.text == "ждёт"
    assert after.message_id == 4
    assert [message["text"] for message in chat["messages"]] == ["/start", "до", "ждёт", "после"]
    assert events["last"] > last


async def test_a_dispatcher_of_aiogram_runs_unchanged(telegram: TelegramWorld) -> None:
    dispatcher = Dispatcher()
    payloads: list[str | None] = []

    @dispatcher.message(CommandStart())
    async def start(message: Message, command: CommandObject) -> None:
        payloads.append(command.args)
        await message.answer("Меню", reply_markup=button("x"))

    @dispatcher.callback_query()
    async def tapped(call: CallbackQuery) -> None:
        await call.answer("!")

    user = await telegram.do("/users", first_name="Анна")
    polling = asyncio.create_task(
        dispatcher.start_polling(telegram.bot, handle_signals=False, close_bot_session=False)
    )
    last = (await telegram.ask(f"/users/{user['id']}/events"))["last"]
    await telegram.do(f"/users/{user['id']}/send", text="/start abc")
    while not await telegram.seen(user["id"]):
        last = (await telegram.ask(f"/users/{user['id']}/events", after=last))["last"]
    query = await telegram.do(f"/users/{user['id']}/tap", message_id=2, row=0, column=0)
    async with asyncio.timeout(5):
        while not (answer := await telegram.ask(f"/users/{user['id']}/queries/{query['id']}"))["answer"]:
            await telegram.ask(f"/users/{user['id']}/events", after=last, seconds=0.1)
    await dispatcher.stop_polling()
    await polling

    assert payloads == ["abc"]
    assert answer["answer"]["text"] == "!"
