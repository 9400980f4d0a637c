"""Webhooks of the Telegram emulator: set, refused, delivered with the secret, tried again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram.exceptions import TelegramConflictError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.telegram.state import Options
from tests.contract.telegram_world import TelegramWorld, served, telegram_world


class Hook:
    """The bot's side: takes updates, after it refused the first `failures`."""

    def __init__(self, url: str, failures: int) -> None:
        self.url = f"{url}/telegram/hook"
        self.failures = failures
        self.taken: asyncio.Queue[tuple[str | None, dict[str, Any]]] = asyncio.Queue()

    async def receive(self, request: Request) -> Response:
        if self.failures:
            self.failures -= 1
            return Response(status_code=503)
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        await self.taken.put((secret, await request.json()))
        return Response()

    async def next(self) -> tuple[str | None, dict[str, Any]]:
        return await asyncio.wait_for(self.taken.get(), 10)


@contextlib.asynccontextmanager
async def hooked(failures: int = 0) -> AsyncIterator[Hook]:
    hooks: list[Hook] = []

    def make(url: str) -> Starlette:
        hooks.append(Hook(url, failures))
        return Starlette(routes=[Route("/telegram/hook", hooks[0].receive, methods=["POST"])])

    async with served(make):
        yield hooks[0]


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


async def test_updates_are_posted_in_order_with_the_secret_and_confirmed(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    await telegram.do(f"/users/{user}/send", text="1")
    async with hooked() as hook:
        await telegram.bot.set_webhook(hook.url, secret_token="s3cret_-")
        await telegram.do(f"/users/{user}/send", text="2")
        taken = [await hook.next() for _ in range(2)]

        await telegram.bot.delete_webhook()

    assert [secret for secret, _ in taken] == ["s3cret_-"] * 2
    assert [update["message"]["text"] for _, update in taken] == ["1", "2"]
    assert [entry.direction for entry in telegram.world.log.entries if entry.method == "POST"].count("out") == 2


async def test_a_webhook_that_fails_is_tried_again_and_the_failure_is_told(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    async with hooked(failures=1) as hook:
        await telegram.bot.set_webhook(hook.url)
        await telegram.do(f"/users/{user}/send", text="1")
        secret, update = await hook.next()
        info = await telegram.bot.get_webhook_info()
        await telegram.bot.delete_webhook()

    assert (secret, update["message"]["text"]) == (None, "1")
    assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"


async def test_polling_and_webhook_exclude_each_other(telegram: TelegramWorld) -> None:
    poll = asyncio.create_task(telegram.bot.get_updates(timeout=20))
    await asyncio.sleep(0.1)

    async with hooked() as hook:
        await telegram.bot.set_webhook(hook.url)
        with pytest.raises(TelegramConflictError, match="Conflict: terminated by setWebhook request"):
            await poll
        with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
            await telegram.bot.get_updates()
        await telegram.bot.delete_webhook()

    assert await telegram.bot.get_updates() == []


async def test_setting_and_deleting_say_what_changed(telegram: TelegramWorld) -> None:
    url = "https://shop.example.org/telegram/hook"
    user = await telegram.person()

    said = [
        (await telegram.call(method, **fields)).json()["description"]
        for method, fields in (
            ("setWebhook", {"url": url}),
            ("setWebhook", {"url": url}),
            ("deleteWebhook", {}),
            ("deleteWebhook", {}),
        )
    ]
    await telegram.do(f"/users/{user}/send", text="лишнее")
    await telegram.bot.delete_webhook(drop_pending_updates=True)

    assert said == [
        "Webhook was set",
        "Webhook is already set",
        "Webhook was deleted",
        "Webhook is already deleted",
    ]
    info = await telegram.bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("", 0)


async def test_a_webhook_needs_https_and_a_plain_secret_when_urls_are_strict() -> None:
    async with telegram_world(Options(strict_urls=True)) as telegram:
        plain = await telegram.refused("setWebhook", url="http://shop.example.org/hook")
        secret = await telegram.refused("setWebhook", url="https://shop.example.org/hook", secret_token="a b")

    assert plain == (400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    assert secret == (400, "Bad Request: secret token contains unallowed characters")
