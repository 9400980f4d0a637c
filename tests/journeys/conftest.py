"""One shop and one world for all journeys; every journey is a new person's."""

import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from backend.kit.tokens import Secrets
from backend.payments.mac import hook_token
from cli.migrations import migrate
from sandbox.companies import SHOP_ID, environment
from tests.journeys.person import Person
from tests.journeys.processes import STARTS_WITHIN, Process, free_ports
from tests.journeys.world import World, until

NewPerson = Callable[..., Awaitable[Person]]

_numbers = itertools.count(1001)


@pytest.fixture(scope="session")
async def shop(another_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Sandbox, web, bot and worker, each a process of its own; at the end each of them stops when asked."""
    migrate(another_dsn)
    web_port, sandbox_port = free_ports(2)
    sandbox_url, shop_url = (f"http://127.0.0.1:{port}" for port in (sandbox_port, web_port))
    home = tmp_path_factory.mktemp("home")
    processes = _processes(home, another_dsn, shop_url, sandbox_url)
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
        world = World(sandbox_url, shop_url, another_dsn, http, processes)
        try:
            processes["sandbox"].start()
            await wait_for(http, f"{sandbox_url}/sandbox/_ctl/clock")
            for name in ("serve", "bot", "worker"):
                processes[name].start()
            await wait_for(http, f"{shop_url}/readyz")
            processes["bot"].says("poller.started")
            yield world
            for process in _running(processes):
                process.stop()
            assert not world.crashes()
        finally:
            for process in _running(processes):
                process.kill()


@pytest.fixture
async def world(shop: World) -> AsyncIterator[World]:
    """The running shop. A journey after which a log tells of a bug has failed, whatever the person saw."""
    yield shop
    crashes = shop.crashes()
    assert not crashes, "\n".join(crashes)


@pytest.fixture
def new_person(world: World) -> NewPerson:
    """`anna = await new_person("Анна")`: somebody the shop has never seen."""

    async def register(first_name: str = "Анна", language_code: str = "ru") -> Person:
        number = next(_numbers)
        user = await world.do(
            "/sandbox/telegram/_ctl/users",
            id=700_000_000 + number,
            first_name=first_name,
            username=f"person_{number}",
            language_code=language_code,
        )
        return Person(world, user["id"])

    return register


def _processes(home: Path, dsn: str, shop_url: str, sandbox_url: str) -> dict[str, Process]:
    """All of them, not started. The second bot is for the journeys that need one."""
    secret, clock_file = secrets.token_urlsafe(32), home / "clock"
    settings = environment(sandbox_url) | {
        "SECRET_KEY": secret,
        "PUBLIC_URL": shop_url,
        "DATABASE_URL": dsn,
        "CLOCK_FILE": str(clock_file),
        "TRUSTED_PROXIES": "127.0.0.1",  # YooKassa's address comes in X-Forwarded-For
        "HOST": "127.0.0.1",
        "PORT": shop_url.rsplit(":", 1)[-1],
        "LOG_FORMAT": "json",
    }
    options = {
        "--port": sandbox_url.rsplit(":", 1)[-1],
        "--webhook-url": shop_url + webhook_path(secret),
        "--clock-file": str(clock_file),
    }
    sandbox = Process("sandbox", ("sandbox", *itertools.chain.from_iterable(options.items())), {}, home)
    ours = {"serve": "serve", "bot": "bot", "bot-2": "bot", "worker": "worker"}
    return {
        "sandbox": sandbox,
        **{name: Process(name, ("cli.main", command), settings, home) for name, command in ours.items()},
    }


def webhook_path(secret_key: str) -> str:
    """What an operator types into YooKassa's cabinet."""
    ring = Secrets(secret_key).ring("order-mac")
    return f"/webhooks/yookassa/{hook_token(ring.keys[ring.newest], 'yookassa', SHOP_ID)}"


def _running(processes: dict[str, Process]) -> Iterator[Process]:
    """Those that run, the world last."""
    return (process for process in reversed(processes.values()) if process.running)


async def wait_for(http: httpx2.AsyncClient, url: str) -> None:
    last = "nothing"

    async def look() -> bool:
        nonlocal last
        try:
            answer = await http.get(url)
        except httpx2.TransportError as error:
            last = repr(error)
            return False
        last = answer.text
        return answer.is_success

    async def complaint() -> str:
        return f"{url} answers {last}"

    await until(look, complaint, within=STARTS_WITHIN)
