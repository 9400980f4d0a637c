"""Servers of the Bot API that know little and leave out what they can, and refusals Telegram itself may give."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import Update
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.app import create_dispatcher
from bot.introduction import introduce
from bot.notifier import Notifier
from bot.polling import poll
from bot.reading import read_update
from bot.session import make_bot
from cli.processes import ask_username
from sandbox.companies import BOT_TOKEN
from tests.integration.bot_fixtures import BotShop, open_bot
from tests.integration.stars_fixture import charges, payer
from tests.outside import until
from tests.serving import listener, serving, url_of
from tests.shop import Shop

pytestmark = pytest.mark.thorough

PERSON = 4_077
WRONG_URL = "Bad Request: inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL"


@dataclass
class Small:
    """Knows four methods, waits for nobody, keeps every update, and answers with as little as it can."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{bot}/{method}", self.answer, methods=["POST"])])

    async def answer(self, request: Request) -> Response:
        async with request.form() as form:
            return self.does(request.path_params["method"], form)

    def does(self, method: str, form: FormData) -> Response:
        self.asked[method] += 1
        match method:
            case "getUpdates":
                first = int(str(form.get("offset") or 0))
                return _yes([update for update in self.updates if update.get("update_id", first) >= first] or None)
            case "sendMessage":
                self.said.append(str(form["text"]))
                return _yes({"message_id": 100 + len(self.said)})
            case "answerCallbackQuery":
                return _yes({})
            case "getMe":
                return _yes({"id": 42})
            case _:
                return JSONResponse({"ok": False}, status_code=404)

    def brings(self, **update: Any) -> None:
        self.updates.append({"update_id": len(self.updates) + 1, **update})

    async def has_said(self, count: int) -> None:
        async def all_is_said() -> bool:
            return len(self.said) >= count

        await until(all_is_said, seconds=20)


def _yes(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


@contextlib.asynccontextmanager
async def sold_through(shop: Shop, telegram: Small) -> AsyncIterator[None]:
    held = listener()
    async with serving(telegram.app, held):
        bot = make_bot(BOT_TOKEN, url_of(held))
        shop.deps.channel = Notifier(bot, shop.deps)
        working = [poll(create_dispatcher(shop.deps), bot, shop.deps), introduce(bot)]
        tasks = [asyncio.create_task(work) for work in working]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await bot.session.close()


async def test_a_key_is_given_through_a_server_that_knows_four_methods(shop: Shop) -> None:
    telegram = Small()
    async with sold_through(shop, telegram):
        telegram.brings(message={"message_id": 1, "chat": {"id": PERSON}, "text": "/start"})
        await telegram.has_said(1)
        tap = {"id": 5, "from": {"id": PERSON}, "message": {"message_id": 101, "chat": {"id": PERSON}}}
        telegram.brings(callback_query=tap | {"data": "trial"})
        await telegram.has_said(2)
        await shop.run_jobs()
        asked = telegram.asked["getUpdates"]
        await asyncio.sleep(1)

    assert "👋 Здравствуйте" in telegram.said[0]
    assert "Пробный период" in telegram.said[1]
    assert "vless://" in telegram.said[2]
    assert len(telegram.said) == 3, "nothing is said or done twice"
    assert telegram.asked["getUpdates"] - asked < 6, "a server that does not wait is not asked without a pause"
    assert len(await shop.panel.clients()) == 1


async def test_a_server_that_lost_its_memory_and_counts_anew_is_heard(shop: Shop) -> None:
    telegram = Small()
    start = {"message_id": 1, "chat": {"id": PERSON}, "text": "/start"}
    async with sold_through(shop, telegram):
        telegram.brings(message=start)
        telegram.brings(message=start | {"message_id": 2})
        await telegram.has_said(2)
        await asyncio.sleep(1)  # the answer to that was heard
        telegram.updates.clear()
        await asyncio.sleep(1)
        telegram.brings(message=start | {"message_id": 3})
        await telegram.has_said(3)
        await asyncio.sleep(1)

    assert len(telegram.said) == 3


async def test_updates_that_come_out_of_order_are_all_handled(shop: Shop) -> None:
    start = {"chat": {"id": PERSON}, "text": "/start"}
    telegram = Small([{"update_id": number, "message": {"message_id": number, **start}} for number in (5, 3, 4)])
    telegram.updates.insert(1, {"message": {"message_id": 9, **start}})
    async with sold_through(shop, telegram):
        await telegram.has_said(3)
        await asyncio.sleep(1)

    assert len(telegram.said) == 3


@pytest.mark.parametrize(
    "refusal",
    [
        JSONResponse({"ok": False, "error_code": 502}, status_code=502),
        Response("Доступ ограничен".encode("cp1251"), status_code=502, headers={"content-type": "text/html"}),
    ],
    ids=["no description", "no text"],
)
async def test_an_answer_that_nobody_can_read_ends_no_polling(shop: Shop, refusal: Response) -> None:
    telegram = Small()
    telegram.does = lambda method, form: telegram.asked.update([method]) or refusal  # type: ignore[method-assign]
    async with sold_through(shop, telegram):

        async def is_asked_again() -> bool:
            return telegram.asked["getUpdates"] > 2

        await until(is_asked_again, seconds=20)


async def test_what_is_put_in_place_at_the_start_does_not_wait_for_what_is_refused(shop: Shop) -> None:
    telegram = Small()
    async with sold_through(shop, telegram):

        async def all_is_tried() -> bool:
            return telegram.asked["getMe"] > 0

        await until(all_is_tried)

    assert telegram.asked["setMyCommands"] == 3


@pytest.mark.parametrize("answer", [{"status": 502, "body": "<html>Bad Gateway</html>"}, {"status": 200, "body": {}}])
async def test_a_name_that_cannot_be_read_stops_no_start(bot_shop: BotShop, answer: dict[str, Any]) -> None:
    bot_shop.breaks("getMe", "status", **answer)
    deps = bot_shop.shop.deps
    deps.bot = bot_shop.bot  # type: ignore[attr-defined]

    assert await ask_username(deps) == ""


async def test_a_picture_that_is_refused_leaves_its_words(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    refusal = {"ok": False, "error_code": 400, "description": "Bad Request: IMAGE_PROCESS_FAILED"}
    bot_shop.breaks("sendPhoto", "status", status=400, body=refusal)

    await phone.taps("Попробовать")
    await bot_shop.shop.run_jobs()

    key = await phone.screen()
    assert key["text"].startswith("🔑 Ваш ключ готов")
    assert "photo" not in key or not key["photo"]


async def test_buttons_that_telegram_refuses_become_links(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Попробовать")
    await bot_shop.shop.run_jobs()
    await phone.starts()
    refusal = {"ok": False, "error_code": 400, "description": WRONG_URL}
    bot_shop.breaks("editMessageText", "status", status=400, body=refusal)
    bot_shop.breaks("sendMessage", "status", status=400, body=refusal)

    await phone.taps("подписка")

    assert "http://" in (await phone.screen())["text"]


async def test_a_polled_payment_that_does_not_say_when_was_made_now(
    bot_shop: BotShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undated(raw: dict[str, Any], bot: Bot) -> Update:
        return read_update(raw | {"message": {**raw["message"], "date": 0}} if "message" in raw else raw, bot)

    monkeypatch.setattr("bot.polling.read_update", undated)
    buyer = await payer(bot_shop)
    await buyer.pays(await buyer.checks_out())

    (charge,) = await charges(bot_shop)

    assert charge.paid_at is not None
    assert abs(bot_shop.shop.now - charge.paid_at) < timedelta(minutes=1)


async def test_a_polled_payment_that_nobody_can_read_is_kept(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        opened.mishaps.clear()
        money = {"currency": "XTR", "total_amount": 200, "invoice_payload": "not ours"}
        charge = {"telegram_payment_charge_id": "stxMade-up"}  # and without the other id, which the library demands
        person = {"id": PERSON, "first_name": "Анна"}
        await opened.raw(message={"chat": {"id": PERSON}, "from": person, "successful_payment": money | charge})

        (event,) = await shop.events()
        assert event.dedup_key == "paid:stxMade-up"
        assert json.loads(event.body)["message"]["successful_payment"] == money | charge
        await shop.drop_jobs()
