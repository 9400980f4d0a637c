"""The whole product in a world of its own: what a journey may do to it, and where it may look.

A journey acts through chat, checkout, faults and the clock, and looks at chat, panel, provider and /sub. The clock
only moves forward and the shop lives through all journeys, so each of them is a new person's.
"""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx2
import psycopg

from tests.journeys.processes import STARTS_WITHIN, Process

T = TypeVar("T")

POLL = 0.05  # seconds between looks
PATIENCE = 15.0  # seconds until a journey gives up waiting
PROVIDER_LATENCY = 150  # ms
PANEL_LATENCY = 50  # ms
INTRODUCTIONS = 3  # in Russian, in English, and to everybody else
WEBHOOK_KNOBS = ("/sandbox/yookassa/_ctl/webhooks/policy", "/sandbox/coingate/_ctl/callbacks/policy")
IN_FLIGHT = "select from notifications where claimed_at is not null and done_at is null"
APP = "Happ/3.2.1/Android"  # a VPN app, for /sub
BROWSER = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


async def until(
    look: Callable[[], Awaitable[T | None]], what: Callable[[], Awaitable[str]] | str, *, within: float = PATIENCE
) -> T:
    """The first answer of `look` that is something.

    Raises:
        AssertionError: there was none in time; `what` says what was waited for.
    """
    deadline = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within:.0f} s: {what if isinstance(what, str) else await what()}")
        await asyncio.sleep(POLL)


@dataclass
class World:
    """The sandbox, the shop, and the processes the shop is made of."""

    sandbox_url: str
    shop_url: str
    dsn: str
    http: httpx2.AsyncClient
    processes: dict[str, Process]  # sandbox, serve, bot, worker, bot-2

    @property
    def bot(self) -> Process:
        return self.processes["bot"]

    @property
    def second_bot(self) -> Process:
        return self.processes["bot-2"]

    @property
    def worker(self) -> Process:
        return self.processes["worker"]

    @property
    def web(self) -> Process:
        return self.processes["serve"]

    def power_cut(self) -> None:
        """Everything of the shop is gone in the same moment."""
        for process in (self.worker, self.web, self.bot):
            process.kill()

    async def comes_back(self) -> None:
        """Start again what a power cut has ended, and wait until it serves."""
        for process in (self.web, self.bot, self.worker):
            process.start()
        await asyncio.to_thread(self.bot.says, "poller.started")
        await self.until_serving(self.shop_url)

    async def until_serving(self, url: str) -> None:
        """Wait for a web process that was started."""

        async def look() -> bool:
            with contextlib.suppress(httpx2.TransportError):
                return (await self.http.get(f"{url}/readyz")).is_success
            return False

        await until(look, f"{url} never became ready", within=STARTS_WITHIN)

    async def until_introduced(self, process: Process) -> None:
        """Start a bot and wait until it has said who it is: the last thing before it asks for updates."""

        async def introductions() -> int:
            return sum(entry["path"].endswith("/setMyShortDescription") for entry in await self.log())

        before = await introductions()
        process.start()

        async def another() -> bool:
            return await introductions() >= before + INTRODUCTIONS

        await until(another, f"{process.name} never introduced itself", within=STARTS_WITHIN)

    async def until_bot_heard_all(self) -> None:
        """Wait until the bot has handled every update and asks for more."""

        async def look() -> bool:
            return not await self.ask("/sandbox/telegram/_ctl/updates")

        await until(look, "the bot does not get through with what people sent")

    async def until_heard_is_noted(self) -> None:
        """Wait until the shop knows that people read what they read: from that moment on it counts hours."""
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:

            async def look() -> bool:
                return await (await connection.execute(IN_FLIGHT)).fetchone() is None

            await until(look, "what was sent was never noted")

    async def operates(self, *command: str) -> None:
        """The operator runs a command of the shop: `await world.operates("plans", "withdraw", "weekly")`."""
        await asyncio.to_thread(self.web.runs, *command)

    # time and faults ------------------------------------------------------------------------------------

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.ask("/sandbox/_ctl/clock"))["now"])

    async def advance(self, **passed: float) -> None:
        """Let time pass for everybody: `await world.advance(days=30)`."""
        await self.do("/sandbox/_ctl/clock/advance", seconds=timedelta(**passed).total_seconds())

    @contextlib.asynccontextmanager
    async def fault(self, service: str, mode: str, **options: Any) -> AsyncIterator[None]:
        """Something is wrong with a company while the block lasts; with `times`, at most so often."""
        armed = await self.do("/sandbox/_ctl/faults", **{"service": service, "mode": mode, "times": None, **options})
        try:
            yield
        finally:
            await self.http.delete(f"{self.sandbox_url}/sandbox/_ctl/faults", params={"id": armed["id"]})

    @contextlib.asynccontextmanager
    async def distances(self) -> AsyncIterator[None]:
        """Provider and panel are as far away as in real life."""
        async with (
            self.fault("yookassa", "latency", ms=PROVIDER_LATENCY),
            self.fault("xui", "latency", ms=PANEL_LATENCY),
        ):
            yield

    @contextlib.asynccontextmanager
    async def webhooks(self, **policy: Any) -> AsyncIterator[None]:
        """The webhooks of every provider travel badly while the block lasts."""
        for knob in WEBHOOK_KNOBS:
            await self.do(knob, **policy)
        try:
            yield
        finally:
            for knob in WEBHOOK_KNOBS:
                await self.do(knob)

    async def log(self) -> list[dict[str, Any]]:
        """What went between the shop and the companies, oldest first."""
        found: list[dict[str, Any]] = await self.ask("/sandbox/_ctl/log")
        return found

    # the provider ---------------------------------------------------------------------------------------

    async def payment(self, url: str) -> dict[str, Any]:
        """The provider's payment behind a pay button."""
        found: dict[str, Any] = await self.ask(f"/sandbox/yookassa/_ctl/payments/{url.rsplit('/', 1)[-1]}")
        return found

    async def payments_of(self, pid: str) -> list[dict[str, Any]]:
        """Every payment the provider knows by this id of ours."""
        found: list[dict[str, Any]] = await self.ask("/sandbox/yookassa/_ctl/payments", pid=pid)
        return found

    async def at_checkout(self, url: str, action: str, **details: Any) -> dict[str, Any]:
        """Pay, decline or expire what a pay button leads to."""
        payment = await self.payment(url)
        done: dict[str, Any] = await self.do(f"/sandbox/yookassa/_ctl/payments/{payment['id']}/{action}", **details)
        return done

    async def deliveries(self, payment_id: str) -> list[dict[str, Any]]:
        """The webhooks about a payment, newest first."""
        return [
            each for each in await self.ask("/sandbox/yookassa/_ctl/deliveries") if each["object_id"] == payment_id
        ]

    # the panel and the link -----------------------------------------------------------------------------

    async def clients(self) -> list[dict[str, Any]]:
        """Everybody the panel knows."""
        found: list[dict[str, Any]] = await self.ask("/sandbox/xui/_ctl/clients")
        return found

    async def client(self, uuid: str) -> dict[str, Any] | None:
        """The panel's client with this UUID."""
        return next((client for client in await self.clients() if client["uuid"] == uuid), None)

    async def opens(self, url: str, agent: str = BROWSER) -> httpx2.Response:
        """What somebody sees there whom nobody knows: no cookie, no history."""
        accept = "text/html,application/xhtml+xml,*/*;q=0.8" if agent == BROWSER else "*/*"
        headers = {"User-Agent": agent, "Accept": accept}
        async with httpx2.AsyncClient(headers=headers, timeout=15, trust_env=False) as stranger:
            return await stranger.get(url, follow_redirects=True)

    async def servers_of(self, link: str) -> list[str]:
        """What a VPN app reads at a subscription link: its lines."""
        answer = await self.opens(link, APP)
        assert answer.status_code == 200, f"{link}: {answer.status_code}"
        return base64.b64decode(answer.content, validate=True).decode().split()

    # plumbing -------------------------------------------------------------------------------------------

    async def ask(self, path: str, /, **query: Any) -> Any:
        answer = await self.http.get(self.sandbox_url + path, params=query)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()

    async def do(self, path: str, /, **body: Any) -> Any:
        answer = await self.http.post(self.sandbox_url + path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()

    def crashes(self) -> list[str]:
        """Bugs that any process has written of since the last look."""
        return [line for process in self.processes.values() if process.starts for line in process.new_crashes()]
