"""One shop whose every line to the outside can be cut, for all kills; each of them is a new buyer's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx2
import pytest

from cli.migrations import migrate
from sandbox.companies import environment
from tests.journeys.conftest import wait_for, webhook_path
from tests.journeys.processes import Process, free_ports
from tests.journeys.world import World
from tests.kills.forks import BESIDE, Fork, Zygote
from tests.kills.proxy import Line
from tests.kills.stage import Stage

SECRET_KEY = "a-secret-of-the-kills-0123456789"


@pytest.fixture(scope="session")
async def stage(another_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    home = tmp_path_factory.mktemp("kills")
    migrate(another_dsn)
    web_port, sandbox_port = free_ports(2)
    sandbox_url, shop_url = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{web_port}"
    hook, clock_file = shop_url + webhook_path(SECRET_KEY), str(home / "clock")
    options = ("--port", str(sandbox_port), "--webhook-url", hook, "--clock-file", clock_file)
    sandbox = Process(f"kills-sandbox{BESIDE}", ("sandbox", *options), {}, home)
    own = {
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_URL": shop_url,
        "CLOCK_FILE": clock_file,
        "TRUSTED_PROXIES": "127.0.0.1",
        "PORT": str(web_port),
        "LOG_FORMAT": "json",
    }
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=30, trust_env=False))
        sandbox.start()
        stack.callback(sandbox.kill)
        await wait_for(http, f"{sandbox_url}/sandbox/_ctl/clock")
        zygote = Zygote.open()
        stack.callback(zygote.close)
        forks: dict[str, Fork] = {}
        lines: dict[str, Line] = {}
        for fork in (
            Fork("serve", zygote, own, home, port=web_port),
            Fork("bot", zygote, own, home, says="poller.started"),
            Fork("worker", zygote, own, home),
        ):
            name = fork.name
            forks[name] = fork
            line = lines[name] = Line(name, fork.kill)
            fork.environment = own | await _through(stack, line, sandbox_url, another_dsn)
        plain = own | environment(sandbox_url) | {"DATABASE_URL": another_dsn}
        stage = Stage(World(sandbox_url, shop_url, another_dsn, http, {"sandbox": sandbox}), forks, lines, plain)
        await asyncio.to_thread(stage.start)
        yield stage


async def _through(stack: AsyncExitStack, line: Line, sandbox_url: str, dsn: str) -> dict[str, str]:
    """The settings by which a process meets everybody at the other end of its line."""
    outside = environment(await stack.enter_async_context(line.leads_to(sandbox_url)))
    outside["TELEGRAM_LINK_URL"] = f"{sandbox_url}/chat"
    if line.process != "worker":  # the panel's address is a row: who knows it writes it, and only the worker calls
        outside = {name: value for name, value in outside.items() if not name.startswith("X3UI_")}
    return outside | {"DATABASE_URL": await stack.enter_async_context(line.leads_to(dsn))}
