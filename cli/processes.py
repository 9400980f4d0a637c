"""The processes of a shop: web, bot, worker. Each runs until it is cancelled, alone or beside the others."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import structlog
import uvicorn
import uvloop
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.alerts import jobs as alerts_jobs
from backend.app import create_app
from backend.audit import jobs as audit_jobs
from backend.autopay import jobs as autopay_jobs
from backend.kit.jobs import Worker
from backend.notifications import jobs as notifications_jobs
from backend.notifications.jobs import Sender
from backend.notifications.pace import Pace
from backend.orders import jobs as orders_jobs
from backend.receipts import jobs as receipts_jobs
from backend.settings import Settings
from backend.subscriptions import jobs as subscriptions_jobs
from backend.vpn import jobs as vpn_jobs
from bot.app import create_dispatcher, introduce, make_bot
from bot.notifier import Notifier
from bot.polling import poll
from bot.webhook import Entrance, Webhook
from cli.wiring import Deps

log = structlog.get_logger()

R = TypeVar("R")

# Importing them is what registers their runners and ticks.
JOBS = (
    audit_jobs,
    autopay_jobs,
    alerts_jobs,
    notifications_jobs,
    orders_jobs,
    receipts_jobs,
    subscriptions_jobs,
    vpn_jobs,
)


class Server(uvicorn.Server):
    """A web server that leaves signals to `run_until_signal`."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


def connect_bot(settings: Settings) -> Bot:
    """The bot of these settings."""
    url = str(settings.telegram_api_url).rstrip("/") if settings.telegram_api_url else None
    proxy = settings.telegram_proxy.get_secret_value() if settings.telegram_proxy else None
    return make_bot(settings.telegram_bot_token.get_secret_value(), url, proxy)


async def ask_username(settings: Settings) -> str:
    """The bot's name, for links to it. Without an answer the links lead to Telegram alone, until the next start."""
    bot = connect_bot(settings)
    try:
        return (await bot.get_me(request_timeout=10)).username or ""
    except TelegramAPIError as error:
        log.warning("bot.unknown_name", error=type(error).__name__)
        return ""
    finally:
        await bot.session.close()


async def run_web(deps: Deps) -> None:
    """Answer HTTP, and Telegram where that comes by webhook."""
    app = create_app(deps, title=deps.brand.name)
    bot = connect_bot(deps.settings)
    try:
        async with asyncio.TaskGroup() as group:
            if deps.settings.telegram_mode == "webhook":
                webhook = Webhook(create_dispatcher(deps), bot, deps, Entrance.of(deps.secrets))
                app.router.routes.append(webhook.route)
                group.create_task(webhook.announce(deps.public_url))
            group.create_task(serve(app, host=deps.settings.host, port=deps.settings.port))
    finally:
        await bot.session.close()


async def serve(app: ASGIApp, *, host: str, port: int, http: type[HttpToolsProtocol] = HttpToolsProtocol) -> None:
    """Serve one application until cancelled."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=http,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # kit/web.py reads X-Forwarded-For, from our own proxies only
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    try:
        await server.serve()
    except asyncio.CancelledError:
        server.should_exit = True
        await server.shutdown()
        raise


async def run_bot(deps: Deps) -> None:
    """Answer people by polling Telegram; of several such processes one polls and the others wait.

    Where Telegram comes to the web process, there is nothing to poll.
    """
    bot = connect_bot(deps.settings)
    try:
        await introduce(bot)
        if deps.settings.telegram_mode == "polling":
            await poll(create_dispatcher(deps), bot, deps)
        else:
            await asyncio.Event().wait()
    finally:
        await bot.session.close()


async def run_worker(deps: Deps) -> None:
    """Run jobs and send what the outbox holds."""
    bot = connect_bot(deps.settings)
    pace = Pace()
    deps.channel = Notifier(bot, deps, pace)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(Worker(deps.db, deps).run())
            group.create_task(Sender(deps.db, deps.channel, pace).run())
    finally:
        await bot.session.close()


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run this to its end on a fast event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def run_until_signal(*work: Coroutine[Any, Any, None]) -> None:
    """Run all of this until Ctrl-C, SIGTERM, or the end of one of them."""
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(each) for each in work]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, stopped):
        task.cancel()
    await asyncio.wait([*tasks, stopped], timeout=4)
    for task in done:
        task.result()  # what ended by itself failed: say so
