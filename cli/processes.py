"""The processes of a shop: web, bot, worker. Each runs until it is cancelled, alone or beside the others."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import structlog
import uvicorn
import uvloop
from aiogram.exceptions import AiogramError
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
from backend.subscriptions import jobs as subscriptions_jobs
from backend.vpn import jobs as vpn_jobs
from bot.app import create_dispatcher
from bot.introduction import introduce
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


async def ask_username(deps: Deps) -> str:
    """The bot's name, for links to it. Without an answer the links lead to Telegram alone, until the next start."""
    try:
        return (await deps.bot.get_me(request_timeout=10)).username or ""
    except AiogramError as error:
        log.warning("bot.unknown_name", error=type(error).__name__)
        return ""


async def run_web(deps: Deps) -> None:
    """Answer HTTP, and Telegram where that comes by webhook."""
    app = create_app(deps, title=deps.brand.name)
    async with asyncio.TaskGroup() as group:
        if deps.settings.telegram_mode == "webhook":
            webhook = Webhook(create_dispatcher(deps), deps.bot, deps, Entrance.of(deps.secrets))
            app.router.routes.append(webhook.route)
            group.create_task(webhook.announce(deps.public_url))
        group.create_task(serve(app, host=deps.settings.host, port=deps.settings.port))


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
    async with asyncio.TaskGroup() as group:
        group.create_task(introduce(deps.bot))
        if deps.settings.telegram_mode == "polling":
            group.create_task(poll(create_dispatcher(deps), deps.bot, deps))
        else:
            group.create_task(asyncio.Event().wait())


async def run_worker(deps: Deps) -> None:
    """Run jobs and send what the outbox holds."""
    pace = Pace()
    deps.channel = Notifier(deps.bot, deps, pace)
    async with asyncio.TaskGroup() as group:
        group.create_task(Worker(deps.db, deps).run())
        group.create_task(Sender(deps.db, deps.channel, pace).run())


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
