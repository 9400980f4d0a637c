"""A shop with its bot running, and people with a phone: everything goes through Telegram's emulator over HTTP."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
from aiogram import Bot, Dispatcher
from prometheus_client import REGISTRY
from sqlalchemy import select

from backend.payments.models import Payment
from backend.users.models import User
from backend.users.service import find_by_telegram
from bot.app import create_dispatcher
from bot.middlewares import Pace
from bot.notifier import Notifier
from bot.polling import poll
from bot.session import make_bot
from sandbox.companies import BOT_TOKEN
from tests.outside import until
from tests.shop import Shop

Json = dict[str, Any]

_ids = itertools.count(800_000_001)


@dataclass
class Phone:
    """Somebody's Telegram with the bot's chat open. `http` is relative to the emulator's controls."""

    http: httpx2.AsyncClient
    id: int

    async def writes(self, text: str) -> Json:
        """Send a message and see what the bot says to it."""
        before = await self.last_id()
        await self.act("send", text=text)
        return await self.sees_after(before)

    async def starts(self, payload: str = "") -> Json:
        return await self.writes(f"/start {payload}".strip())

    async def taps(self, label: str, *, on: Json | None = None) -> Json:
        """Press the button with these words and wait for the bot's answer to the tap: {"text", "show_alert"}."""
        message = on or await self.screen()
        row, column = place_of(message, label)
        query = await self.act("tap", message_id=message["message_id"], row=row, column=column)
        return await self.answered(query)

    async def sends_tap(self, data: str, message_id: int) -> Json:
        """A tap that carries anything, as of an old app; the answer to it."""
        return await self.answered(await self.act("tap", message_id=message_id, data=data))

    async def answered(self, query: Json) -> Json:
        async def has_answer() -> bool:
            query.update((await self.http.get(f"users/{self.id}/queries/{query['id']}")).json())
            return query["answer"] is not None

        await until(has_answer, seconds=20)
        answer: Json = query["answer"]
        return answer

    async def address(self, label: str, *, on: Json | None = None) -> str:
        """Where a button with these words leads."""
        message = on or await self.screen()
        row, column = place_of(message, label)
        return str((await self.act("tap", message_id=message["message_id"], row=row, column=column))["url"])

    async def messages(self) -> list[Json]:
        """What the bot has said, oldest first, as it stands now."""
        chat = (await self.http.get(f"users/{self.id}/messages")).json()
        return [message for message in chat["messages"] if not message["outgoing"]]

    async def screen(self) -> Json:
        """The newest message of the bot."""
        return (await self.messages())[-1]

    async def message(self, message_id: int) -> Json:
        return next(m for m in await self.messages() if m["message_id"] == message_id)

    async def last_id(self) -> int:
        return max((message["message_id"] for message in await self.messages()), default=0)

    async def sees_after(self, message_id: int) -> Json:
        """Wait for a message newer than this one."""

        async def is_there() -> bool:
            return await self.last_id() > message_id

        await until(is_there, seconds=10)
        return await self.screen()

    async def act(self, what: str, **body: Any) -> Json:
        answer = await self.http.post(f"users/{self.id}/{what}", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())


@dataclass
class BotShop:
    """A shop whose bot polls, and which speaks through it."""

    shop: Shop
    bot: Bot
    dispatcher: Dispatcher
    http: httpx2.AsyncClient
    polling: asyncio.Task[None]
    mishaps: set[str] = field(default_factory=lambda: {"bot.failed", "update.failed", "bot.telegram_refused"})

    async def phone(self, first_name: str = "Анна", language: str = "ru", **fields: Any) -> Phone:
        """A new person, who has not written yet."""
        body = {"id": next(_ids), "first_name": first_name, "language_code": language, **fields}
        answer = await self.http.post("users", json=body)
        assert answer.is_success, answer.text
        return Phone(self.http, body["id"])

    async def started(self, language: str = "ru") -> Phone:
        phone = await self.phone(language=language)
        await phone.starts()
        return phone

    async def raw(self, **update: Any) -> None:
        """An update whatever is in it, and nothing of it left to fetch."""
        assert (await self.http.post("updates", json=update)).is_success
        await self.idle()

    async def idle(self) -> None:
        """Everything that was sent has been handled and confirmed."""

        async def nothing_waits() -> bool:
            return not (await self.http.get("updates")).json()

        await until(nothing_waits, seconds=20)

    async def find_user(self, phone: Phone) -> User | None:
        async with self.shop.deps.db.transaction() as session:
            return await find_by_telegram(session, phone.id)

    async def user(self, phone: Phone) -> User:
        user = await self.find_user(phone)
        assert user is not None
        return user

    def breaks(self, method: str, mode: str, **options: Any) -> None:
        """Arm a fault for a method of the Bot API, once unless `times` says otherwise."""
        self.shop.town.companies.world.faults.arm("telegram", mode, path=f"*/{method}", **options)


@contextlib.asynccontextmanager
async def open_bot(shop: Shop, pace: Pace | None = None) -> AsyncIterator[BotShop]:
    """The bot of this shop, polling for as long as the block lasts; nothing may fail in it without being expected."""
    telegram = f"{shop.town.companies_url}/sandbox/telegram"
    bot = make_bot(BOT_TOKEN, telegram)
    dispatcher = create_dispatcher(shop.deps, pace)
    shop.deps.channel = Notifier(bot, shop.deps)
    polling = asyncio.create_task(poll(dispatcher, bot, shop.deps))
    try:
        async with httpx2.AsyncClient(base_url=f"{telegram}/_ctl/", trust_env=False) as http:
            opened = BotShop(shop, bot, dispatcher, http, polling)
            before = {event: event_count(event) for event in opened.mishaps}
            yield opened
            failed = {event for event in opened.mishaps if event_count(event) > before[event]}
            assert not failed, f"{failed} was logged"
    finally:
        polling.cancel()
        await asyncio.wait([polling])
        await bot.session.close()


def event_count(event: str) -> float:
    """How often this was logged."""
    return REGISTRY.get_sample_value("shop_events_total", {"event": event}) or 0


def labels(message: Json) -> list[str]:
    """The words on a message's buttons, in order."""
    return [button["text"] for row in message["keyboard"] for button in row]


def place_of(message: Json, label: str) -> tuple[int, int]:
    for row, buttons in enumerate(message["keyboard"]):
        for column, button in enumerate(buttons):
            if label in button["text"]:
                return row, column
    raise AssertionError(f"no button {label!r} in {labels(message)}")


def codes(message: Json) -> list[str]:
    """What copies on a tap."""
    text = message["text"].encode("utf-16-le")
    return [
        text[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in message["entities"]
        if e["type"] == "code"
    ]


async def payment(bot_shop: BotShop) -> Payment:
    """The newest attempt to pay."""
    found: Payment = (await bot_shop.shop.all(select(Payment).order_by(Payment.created_at.desc())))[0]
    return found


async def pays(bot_shop: BotShop, *, webhooks: int = 1) -> UUID:
    """The newest attempt is paid, and everything that follows is done."""
    newest = await payment(bot_shop)
    await bot_shop.shop.yookassa.pay(newest.id, webhooks=webhooks)
    await bot_shop.shop.run_jobs()
    return newest.id


async def buys(bot_shop: BotShop, phone: Phone, method: str = "Банковская карта") -> Json:
    """From /start to a paid month; the message that was the checkout."""
    screen = await phone.starts()
    await phone.taps("Месяц" if "Месяц" in "".join(labels(screen)) else "Month", on=screen)
    await phone.taps(method)
    await pays(bot_shop)
    return await phone.message(screen["message_id"])
