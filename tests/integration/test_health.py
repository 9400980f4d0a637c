"""What whoever watches the shop is told."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import psycopg

from backend.app import create_app
from backend.kit.db import Database
from tests.integration.terminal import terminal
from tests.integration.test_cli_doctor import shop_of
from tests.serving import listener, serving, url_of
from tests.shop import Shop


@asynccontextmanager
async def shop_with(shop: Shop, dsn: str) -> AsyncIterator[httpx2.AsyncClient]:
    """The same shop over another database."""
    db, there = Database(dsn), shop.deps.db
    shop.deps.db = db
    with listener() as held:
        try:
            async with serving(create_app(shop.deps, title="Shop"), held):
                url = url_of(held)
                async with httpx2.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=20) as http:
                    yield http
        finally:
            shop.deps.db = there
            await db.aclose()


def nobody_listens() -> str:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"postgresql://shop:x@127.0.0.1:{closed.getsockname()[1]}/shop"


async def test_a_running_shop_is_alive_and_ready(shop: Shop) -> None:
    alive, ready = await shop.http.get("/healthz"), await shop.http.get("/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert ready.status_code == 200
    assert ready.json()["status"] == "ok"
    assert ready.json()["schema"]


async def test_without_a_database_it_is_alive_but_not_ready(shop: Shop) -> None:
    async with shop_with(shop, nobody_listens()) as http:
        alive, ready = await http.get("/healthz"), await http.get("/readyz")

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["status"]) == (503, "no database")


async def test_before_the_migrations_it_is_not_ready(shop: Shop) -> None:
    with psycopg.connect(shop.town.dsn, autocommit=True) as connection:
        connection.execute("drop database if exists bare")
        connection.execute("create database bare")
    bare = psycopg.conninfo.conninfo_to_dict(shop.town.dsn)

    async with shop_with(shop, shop.town.dsn.replace(f"/{bare['dbname']}", "/bare")) as http:
        ready = await http.get("/readyz")

    assert (ready.status_code, ready.json()["status"]) == (503, "not migrated")


async def test_without_a_database_links_and_return_pages_say_later(shop: Shop) -> None:
    async with shop_with(shop, nobody_listens()) as http:
        answers = [await http.get(path) for path in ("/sub/aaaaaaaaaaaaaaaaaaaaaa", "/return/aaaaaaaaaaaaaaaaaaaaaa")]

    assert [answer.status_code for answer in answers] == [503, 503]


async def test_metrics_count_what_happened_and_name_no_secret(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    token = (await buyer.subscription()).token
    await shop.http.get(f"/sub/{token}")

    metrics = (await shop.http.get("/metrics")).text

    assert 'shop_events_total{event="payment.settled"}' in metrics
    assert 'shop_http_seconds_count{route="/sub/{token}",status="200"}' in metrics
    assert 'shop_job_seconds_count{job="SyncServer",outcome="done"}' in metrics
    assert token not in metrics
    assert shop.hook not in metrics


async def test_a_worker_shows_its_metrics_where_it_is_told_to(shop: Shop, tmp_path: Path) -> None:
    with listener() as free:
        port = free.getsockname()[1]
    settings = shop_of(shop.town, CLOCK_FILE=str(shop.town.clock_file), METRICS_PORT=str(port))
    async with terminal("worker", home=tmp_path, **settings) as worker:
        await worker.sees("sender.started")
        async with httpx2.AsyncClient(trust_env=False) as http:
            metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        async with terminal("bot", home=tmp_path, **settings) as bot:
            await bot.sees("METRICS_PORT", f"for example METRICS_PORT={port + 1}")
            assert await bot.ends() == 1

    assert 'shop_events_total{event="sender.started"} 1.0' in metrics
    assert "# TYPE shop_ticks_failed_total counter" in metrics


async def test_an_unknown_page_is_404_and_the_docs_show_no_secret_door(shop: Shop) -> None:
    missing, docs = await shop.http.get("/wp-admin.php"), await shop.http.get("/openapi.json")

    assert missing.status_code == 404
    assert set(docs.json()["paths"]) >= {"/healthz", "/readyz"}
    assert not [path for path in docs.json()["paths"] if path.startswith(("/webhooks", "/sub", "/return"))]
