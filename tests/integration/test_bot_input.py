"""What people and strangers send that nobody expected: each gets a sentence, none leaves a trace of failure."""

import asyncio
import itertools
from typing import Any
from urllib.parse import unquote

import pytest
from aiogram.types import ChatMemberAdministrator
from sqlalchemy import select

from backend.subscriptions.models import Extension
from bot.middlewares import Pace
from tests.integration.bot_fixtures import BotShop, Phone, event_count, labels, open_bot
from tests.shop import Shop

_updates = itertools.count(5_000)


def message(phone: Phone, **content: Any) -> dict[str, Any]:
    """A message in the person's chat, as Telegram tells of it."""
    return {
        "message_id": next(_updates),
        "date": 1_790_000_000,
        "chat": {"id": phone.id, "type": "private", "first_name": "Анна"},
        "from": {"id": phone.id, "is_bot": False, "first_name": "Анна", "language_code": "ru"},
        **content,
    }


PAYLOADS = {
    "ref_7": "ref_7",
    "paid_0123456789abcdefABCDEF": None,  # the way back from a payment page, no invitation
    "A" * 64: "A" * 64,
    "%00'; drop table users; -- 🙂": "%00'; drop table users; -- 🙂",
    "x" * 4000: "x" * 64,
    "": None,
}


async def test_any_payload_starts_and_the_first_is_kept(bot_shop: BotShop) -> None:
    for payload, kept in PAYLOADS.items():
        phone = await bot_shop.phone()
        screen = await phone.starts(payload)
        await phone.starts("another")
        assert "👋 Здравствуйте, Анна!" in screen["text"]
        assert (await bot_shop.user(phone)).start_payload == kept


STRANGE = [
    "x",
    "plan:",
    "plan:99999999999999999999999999",
    "plan:-1",
    "plan:2:extra",
    "buy:2:yookassa",
    "open:nowhere",
    "sub:not-a-uuid",
    "keyqr:018f6a2e7c1b7d109f3e2b6f0c9d4a11:-5",
    "reissue:018f6a2e7c1b7d109f3e2b6f0c9d4a11:9:1",
    "lang:xx",
    "\0",
    "🙂" * 16,
    ":" * 64,
]


async def test_a_button_nobody_knows_leads_to_the_main_screen(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    message_id = (await phone.screen())["message_id"]

    for data in STRANGE:
        await phone.sends_tap("open:settings", message_id)
        answer = await phone.sends_tap(data, message_id)
        home = await phone.screen()
        assert answer["text"] == "Эта кнопка устарела. Вот свежее меню.", data
        assert home["message_id"] == message_id
        assert [label for label in labels(home) if "Месяц" in label]
        bot_shop.shop.advance(seconds=1)


NOT_THERE = {
    "check:018f6a2e7c1b7d109f3e2b6f0c9d4a11": "Такого платежа нет.",
    "checkout:018f6a2e7c1b7d109f3e2b6f0c9d4a11": "Такого платежа нет.",
    "key:018f6a2e7c1b7d109f3e2b6f0c9d4a11": "Такой подписки у вас нет.",
    "keyqr:018f6a2e7c1b7d109f3e2b6f0c9d4a11:1": "Такой подписки у вас нет.",
    "reissue:018f6a2e7c1b7d109f3e2b6f0c9d4a11:2:1": "Такой подписки у вас нет.",
    "buy:2:nobody:sbp": "Этот способ оплаты сейчас недоступен. Выберите другой.",
}


async def test_things_that_are_not_there_get_a_sentence_and_a_line_in_the_log(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    before, refused = await phone.messages(), event_count("bot.refused")

    answers = {data: await phone.sends_tap(data, before[-1]["message_id"]) for data in NOT_THERE}

    assert {data: answer["text"] for data, answer in answers.items()} == NOT_THERE
    assert all(answer["show_alert"] for answer in answers.values())
    assert await phone.messages() == before
    assert event_count("bot.refused") - refused == len(NOT_THERE)


async def test_a_plan_that_was_never_sold_leads_to_those_that_are(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    trial = await bot_shop.shop.plan("trial")

    for plan_id in (2**31 - 1, trial.id):
        await phone.sends_tap("open:home", (await phone.screen())["message_id"])
        await phone.sends_tap(f"plan:{plan_id}", (await phone.screen())["message_id"])
        assert (await phone.screen())["text"].startswith("Этот тариф больше не продаётся.")


STICKER = {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1}
UNEXPECTED: list[dict[str, Any]] = [
    {"text": "привет"},
    {"text": "vless://x\0y"},
    {"text": "я" * 1_000_000},
    {"text": "/nonsense"},
    {"text": "\0"},
    {"sticker": {**STICKER, "is_animated": False, "is_video": False}},
    {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}], "caption": "x" * 5000},
    {"contact": {"phone_number": "1", "first_name": "x"}},
    {"photo": [{"file_id": "p", "width": 1, "height": 1}]},
    {"text": "from afar", "forward_origin": {"type": "a_new_kind", "date": 1}},
    {"text": "as I said", "reply_to_message": {"message_id": 3}},
    {"some_new_kind_of_content": {"a": 1}},
]


async def test_anything_unexpected_gets_the_main_screen(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()

    for content in UNEXPECTED:
        before = await phone.last_id()
        await bot_shop.raw(message=message(phone, **content))
        answer = await phone.sees_after(before)
        assert answer["text"].startswith("Я понимаю только кнопки и команды."), next(iter(content))
        assert [label for label in labels(answer) if "Месяц" in label]


async def test_names_that_no_database_keeps_are_kept_without_what_it_refuses(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    odd = {"id": phone.id, "is_bot": False, "first_name": "А\0нна" + "я" * 1_000_000, "username": "a\0b"}

    await bot_shop.raw(message={**message(phone, text="/start"), "from": odd})

    user = await bot_shop.user(phone)
    assert user.first_name.startswith("Анна")
    assert len(user.first_name) == 64
    assert user.username == "ab"


async def test_twenty_taps_at_once_give_one_trial(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    message_id = (await phone.screen())["message_id"]

    await asyncio.gather(*(phone.sends_tap("trial", message_id) for _ in range(20)))
    await bot_shop.shop.run_jobs()

    assert len(await bot_shop.shop.all(select(Extension))) == 1
    assert len(await bot_shop.shop.panel.clients()) == 1
    running, key = await phone.messages()
    assert running["text"].startswith("🎁 Пробный период до ")
    assert key["text"].startswith("🔑 Ваш ключ готов")


async def test_a_trial_that_is_over_is_not_given_again(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    start = await phone.screen()
    await phone.taps("Попробовать")
    await bot_shop.shop.passes(days=8)

    answer = await phone.sends_tap("trial", start["message_id"])

    assert answer["text"] == "Пробный период уже использован — он даётся один раз."
    assert "⌛️ Пробный период закончился" in (await phone.message(start["message_id"]))["text"]


async def test_whoever_taps_too_fast_is_told_so_but_never_while_paying(shop: Shop) -> None:
    async with open_bot(shop, Pace(burst=3, per_second=0.001)) as bot_shop:
        phone = await bot_shop.started()
        message_id = (await phone.screen())["message_id"]

        home = [await phone.sends_tap("open:help", message_id) for _ in range(4)]
        money = await phone.sends_tap("check:018f6a2e7c1b7d109f3e2b6f0c9d4a11", message_id)

    slow_down = "Слишком быстро. Подождите пару секунд и нажмите ещё раз."
    assert [answer["text"] or None for answer in home] == [None, None, slow_down, slow_down]
    assert money["text"] == "Такого платежа нет."


async def test_an_update_that_cannot_be_read_holds_up_nobody(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    before = await phone.last_id()
    unreadable = event_count("update.unreadable")

    await bot_shop.raw(message={"message_id": "what?", "chat": 5})
    await bot_shop.raw(message=message(phone, text="/help"))

    assert (await phone.sees_after(before))["text"].startswith("❓")
    assert event_count("update.unreadable") > unreadable


async def test_an_update_of_an_unknown_kind_is_passed_over(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    before = await phone.last_id()

    await bot_shop.raw(some_new_kind={"a": 1})
    await bot_shop.raw(message=message(phone, text="/help"))

    assert (await phone.sees_after(before))["text"].startswith("❓")


async def test_in_a_group_the_bot_says_where_to_write_and_registers_nobody(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    stranger = await bot_shop.phone()
    group = {"id": -100500, "type": "group", "title": "Соседи"}

    bot_shop.mishaps.discard("bot.telegram_refused")  # the emulator has no groups to answer in
    for text in ("/start", "привет всем"):
        await bot_shop.raw(message={**message(stranger, text=text), "chat": group})

    in_private, in_group = sent(bot_shop)
    assert str(phone.id) in in_private["request"]
    assert "-100500" in in_group["request"]
    assert bot_shop.shop.deps.brand.bot_url in unquote(in_group["request"])
    assert await bot_shop.find_user(stranger) is None
    assert await bot_shop.find_user(phone) is not None


BOT = {"id": 42, "is_bot": True, "first_name": "Bot"}
RIGHTS = {name: False for name, field in ChatMemberAdministrator.model_fields.items() if field.annotation is bool}


@pytest.mark.parametrize(
    ("kind", "before", "now", "greetings"),
    [
        ("group", "left", "member", 1),
        ("supergroup", "kicked", "administrator", 1),
        ("supergroup", "member", "administrator", 0),
        ("supergroup", "administrator", "administrator", 0),
        ("supergroup", "member", "left", 0),
        ("channel", "left", "administrator", 0),
    ],
)
async def test_a_group_is_greeted_when_the_bot_comes_and_a_channel_never(
    bot_shop: BotShop, kind: str, before: str, now: str, greetings: int
) -> None:
    bot_shop.mishaps.discard("bot.telegram_refused")  # the emulator has no groups to answer in
    stranger = await bot_shop.phone()
    members = {
        name: {"status": status, "user": BOT, "until_date": 0, **(RIGHTS if status == "administrator" else {})}
        for name, status in (("old_chat_member", before), ("new_chat_member", now))
    }
    who = {"id": stranger.id, "is_bot": False, "first_name": "Анна"}
    chat = {"id": -100_300, "type": kind, "title": "Соседи"}

    await bot_shop.raw(my_chat_member={"chat": chat, "from": who, "date": 1_790_000_000, **members})

    assert len(sent(bot_shop)) == greetings


def sent(bot_shop: BotShop) -> list[dict[str, Any]]:
    """Calls of the Bot API that say something, oldest first."""
    log = bot_shop.shop.town.companies.world.log.since(service="telegram")
    return [entry for entry in log if entry["path"].endswith(("sendMessage", "sendPhoto"))]


async def test_whoever_blocks_the_bot_is_left_alone_until_he_comes_back(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Попробовать")
    before = await phone.messages()

    await phone.act("block")
    await bot_shop.idle()
    gone = await bot_shop.user(phone)
    await bot_shop.shop.run_jobs()
    silent = await phone.messages()
    await phone.act("unblock")
    await bot_shop.idle()
    back = await bot_shop.user(phone)

    assert gone.unreachable_at is not None
    assert silent == before
    assert back.unreachable_at is None
    assert "🎁 Идёт пробный период" in (await phone.starts())["text"]


async def test_a_tap_of_somebody_who_blocked_meanwhile_is_no_failure(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.act("block")
    await bot_shop.idle()

    await bot_shop.raw(message=message(phone, text="/help"))

    assert (await bot_shop.user(phone)).unreachable_at is not None


async def test_who_writes_where_the_bot_may_not_is_not_gone(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    kicked = {"ok": False, "error_code": 403, "description": "Forbidden: bot was kicked from the supergroup chat"}
    bot_shop.breaks("sendMessage", "status", status=403, body=kicked)
    group = {"id": -100_200, "type": "supergroup", "title": "Клуб"}

    await bot_shop.raw(message=message(phone, text="/start") | {"chat": group})

    assert (await bot_shop.user(phone)).unreachable_at is None
