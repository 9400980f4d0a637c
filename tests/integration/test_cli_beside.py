"""Commands beside a running shop that has a PostgreSQL of its own: the set-up of a single operator."""

import signal
import socket
from pathlib import Path

import pytest

from sandbox.companies import environment
from tests.integration.terminal import terminal
from tests.shop import SECRET_KEY, Town

pytestmark = pytest.mark.thorough


async def test_every_command_works_beside_up_with_its_own_database(town: Town, tmp_path: Path) -> None:
    await town.empty()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = environment(town.companies_url) | {"SECRET_KEY": SECRET_KEY, "PORT": str(port)}

    async with terminal("up", home=tmp_path, **settings) as shop:
        await shop.sees("poller.started")
        async with terminal("plans", "price", "monthly", "RUB", "349", home=tmp_path, **settings) as seen:
            await seen.sees("349")
            assert await seen.ends() == 0
        async with terminal("provider", "off", "yookassa", home=tmp_path, **settings) as seen:
            await seen.sees("Выключен с")
            assert await seen.ends() == 0
        async with terminal("doctor", home=tmp_path, **settings) as seen:
            await seen.sees("PostgreSQL 18", "Выключен с")
            assert await seen.ends() == 0
        async with terminal("up", home=tmp_path, **settings) as seen:
            await seen.sees("Another program already runs the database")
            assert await seen.ends() == 1

        shop.process.send_signal(signal.SIGTERM)
        assert await shop.ends() == 0

    async with terminal("plans", home=tmp_path, **settings) as seen:
        await seen.sees("349")
        assert await seen.ends() == 0
