"""Processes of the shop that can be killed: forked from one that has imported everything, so they start at once."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.app import create_app
from backend.autopay.jobs import Renew, renew
from backend.kit import clock
from backend.kit.errors import Unavailable
from backend.kit.jobs import Worker
from backend.orders import checkout, looking
from cli.wiring import Deps, read_settings, wire
from sandbox.companies import BOT_USERNAME, environment
from sandbox.server import server
from tests.outside import until
from tests.serving import listener, url_of
from tests.shop import SECRET_KEY, Shop

FORKS = multiprocessing.get_context("forkserver")
Life = Callable[..., Coroutine[Any, Any, None]]  # (deps, *arguments) -> its whole work


def prepare() -> None:
    """Start the process that others are forked from; what it imports meanwhile costs no test."""
    FORKS.set_forkserver_preload([__name__])
    forkserver.ensure_running()


class Silent:
    """A channel of a process whose words are lost with it: nothing it says counts as said."""

    async def send(self, user_id: int, kind: object) -> None:
        raise Unavailable

    async def tell_operators(self, kind: object, *, number: int) -> None:
        raise Unavailable


@contextlib.asynccontextmanager
async def process(shop: Shop, life: Life, *arguments: Any, **settings: str) -> AsyncIterator[BaseProcess]:
    """A process of this shop, over its database and clock, with some settings of its own; killed with the block.

    What it may not have is the channel: the test reads what is said in its own process.
    """
    variables = {
        **environment(shop.town.companies_url),
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_URL": shop.town.shop_url,
        "CLOCK_FILE": str(shop.town.clock_file),
        "TRUSTED_PROXIES": "127.0.0.1",
        **settings,
    }
    running = FORKS.Process(target=_live, args=(variables, shop.town.dsn, life, arguments), daemon=True)
    running.start()
    try:
        yield running
    finally:
        kill(running)


def kill(running: BaseProcess) -> None:
    """End it as a power cut would."""
    running.kill()
    running.join()


def stand_still(running: BaseProcess) -> None:
    """Everything it does waits, what comes for it too."""
    assert running.pid is not None
    os.kill(running.pid, signal.SIGSTOP)


async def go_on(running: BaseProcess) -> None:
    """Let it do what it has left, and see it end well."""
    assert running.pid is not None
    os.kill(running.pid, signal.SIGCONT)
    await _ends_well(running)


async def stop(running: BaseProcess) -> None:
    """Tell it to stop, and see it end well."""
    running.terminate()
    await _ends_well(running)


async def _ends_well(running: BaseProcess) -> None:
    await asyncio.to_thread(running.join, 20)
    assert running.exitcode == 0


def was_killed(running: BaseProcess) -> bool:
    running.join()
    return running.exitcode == -signal.SIGKILL


def _live(variables: dict[str, str], dsn: str, life: Life, arguments: tuple[Any, ...]) -> None:
    os.environ.update(variables)
    deps = wire(read_settings(), dsn, bot_username=BOT_USERNAME)
    deps.channel = Silent()
    asyncio.run(life(deps, *arguments))


async def serves(deps: Deps, port: int, *, dies: bool = False) -> None:
    """Life of a web process. `dies`: its first answer to a webhook is never sent, it is killed with it in hand."""
    app: ASGIApp = create_app(deps, title="Shop")
    await server(DiesAnswering(app) if dies else app, port=port).serve()


async def serves_and_dies(deps: Deps, port: int) -> None:
    await serves(deps, port, dies=True)


async def works(deps: Deps) -> None:
    """Life of a worker: everything that is due now."""
    await Worker(deps.db, deps).run_until_idle()


async def keeps_working(deps: Deps) -> None:
    """Life of a worker: everything that comes, until it is told to stop."""
    working = asyncio.create_task(Worker(deps.db, deps).run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def workers_are_ready(shop: Shop, count: int) -> None:
    """Wait until so many workers look for jobs."""

    async def are_ready() -> bool:
        async with shop.deps.db.transaction() as session:
            return await session.scalar(text("select count(*) from procrastinate_workers")) == count

    await until(are_ready, seconds=20)


async def refreshes(deps: Deps, provider: str, ref: str) -> None:
    """Life of a worker that looks at one payment."""
    await looking.refresh(deps, provider, ref, clock.now())


async def sends(deps: Deps, payment_id: UUID) -> None:
    """Life of a process that sends a payment's request to its provider."""
    await checkout.create(deps, payment_id, clock.now())


async def renews(deps: Deps, mandate_id: UUID) -> None:
    """Life of a worker that takes the next step of one renewal."""
    await renew(Renew(mandate_id), deps)


class DiesAnswering:
    """Kills its own process when a webhook is to be answered: what was committed stays, the answer does not go."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def never(message: Message) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        is_webhook = scope["type"] == "http" and scope["path"].startswith("/webhooks/")
        await self.app(scope, receive, never if is_webhook else send)


def free_port() -> int:
    with listener() as held:
        return httpx2.URL(url_of(held)).port or 0


async def answers(url: str) -> None:
    """Wait until somebody serves at this address."""
    async with httpx2.AsyncClient(trust_env=False) as http:

        async def is_up() -> bool:
            with contextlib.suppress(httpx2.HTTPError):
                return (await http.get(f"{url}/healthz")).is_success
            return False

        await until(is_up, seconds=20)
