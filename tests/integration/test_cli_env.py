"""A .env that was made for another program runs as it is."""

import json
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from sandbox.companies import BOT_TOKEN, COINGATE_KEY, PANEL_HOST, SHOP_ID, SHOP_KEY, environment
from tests.integration.terminal import terminal
from tests.journeys.person import Person
from tests.journeys.world import World
from tests.shop import Town

pytestmark = pytest.mark.thorough

OWNER = 700_900_001


def former_env(dsn: str, port: int, town: Town) -> bytes:
    """As editors of Windows leave it; the addresses of the companies are the only names of ours that are new."""
    spelled = dsn.replace("postgresql://", "postgresql+asyncpg://")
    companies = environment(town.companies_url)
    lines = [
        "\ufeff# production",
        f'DATABASE_URL = "{spelled}?ssl=prefer"',
        "export SECRET_KEY='0123456789abcdef0123456789abcdef'",
        f'TELEGRAM_BOT_TOKEN=" {BOT_TOKEN} "',
        f"YOOKASSA_SHOP_ID= {SHOP_ID}  # the first shop",
        f"YOOKASSA_SECRET_KEY = '{SHOP_KEY}'",
        f"COINGATE_API_KEY={COINGATE_KEY} ",
        f"X3UI_API_URL={companies['X3UI_API_URL'].rstrip('/')}",
        "X3UI_USERNAME=admin",
        "X3UI_PASSWORD='admin'",
        "",
        "REDIS_URL=redis://localhost:6379/0",
        "JWT_ALGORITHM=HS256",
        "PUBLIC_URL=",
        f"PORT={port}",
        *(f"{name}={companies[name]}" for name in ("TELEGRAM_API_URL", "YOOKASSA_API_URL", "COINGATE_API_URL")),
    ]
    return "\r\n".join(lines).encode()


@pytest.fixture
def empty_database(postgres_dsn: str) -> str:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create database former_shop")
    return urlsplit(postgres_dsn)._replace(path="/former_shop").geturl()


async def test_the_env_of_another_program_opens_a_shop_that_sells_by_asking(
    town: Town, empty_database: str, tmp_path: Path
) -> None:
    await town.empty()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / ".env").write_bytes(former_env(empty_database, port, town))

    async with terminal("up", home=tmp_path) as seen, httpx2.AsyncClient(timeout=30, trust_env=False) as http:
        world = World(town.companies_url, f"http://127.0.0.1:{port}", empty_database, http, {})
        anna = Person(world, OWNER)
        await world.do("/sandbox/telegram/_ctl/users", id=OWNER, first_name="Анна", language_code="ru")
        await seen.sees("settings.no_address", "settings.no_operators", "poller.started")
        await anna.says("/start")
        payment = await world.at_checkout(await anna.orders(), "pay")
        sold = await anna.reads("vless://", within=60)  # the shop asks by itself

        assert f"@{PANEL_HOST}:443" in sold.text
        assert "/sub/" not in sold.text
        assert payment["status"] == "succeeded"
        assert await world.deliveries(payment["id"]) == [], "no webhook was needed"
        paths = [entry["path"] for entry in await world.log() if entry["direction"] == "in"]
        assert not any("setwebhook" in path.lower() for path in paths)
        events = [json.loads(line) for line in seen.text.splitlines() if line.startswith("{")]
        strange = {event["name"] for event in events if event["event"] == "settings.unknown"}
        assert strange == {"REDIS_URL", "JWT_ALGORITHM"}
        for secret in (BOT_TOKEN, SHOP_KEY, COINGATE_KEY, "0123456789abcdef"):
            assert secret not in seen.text
        assert "Traceback" not in seen.text
        seen.process.send_signal(signal.SIGTERM)
        assert await seen.ends() == 0
