"""The whole shop and the whole outside world in one process, on one port, with nothing to configure."""

import asyncio
import contextlib
import errno
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from backend.app import create_app
from backend.consents.models import SeenText
from backend.tables import METADATA
from cli import processes
from cli.migrations import migrate
from cli.postgres import Postgres
from cli.probing import know_companies
from cli.wiring import CannotStart, Deps, prepare, read_settings, wire
from sandbox.app import running
from sandbox.companies import BOT_USERNAME, Companies, environment, open_companies, self_employed
from sandbox.control import control_routes
from sandbox.panel import panel_routes
from sandbox.server import CuttableProtocol

HOST = "127.0.0.1"
SHOP_NAME = "Тихий VPN"


app = typer.Typer(add_completion=False)


@app.command()
def demo(
    port: int = typer.Option(
        8080, envvar="PORT", min=1, max=65535, help="Everything hangs under this port of 127.0.0.1."
    ),
    reset: bool = typer.Option(False, envvar="RESET", help="Begin with an empty world."),
    data_dir: Path = typer.Option(
        lambda: Path(os.environ.get("DATA_DIR") or ".data", "demo"),
        show_default="demo in DATA_DIR, .data/demo without one",
        help="Where the demo keeps its world.",
    ),
) -> None:
    """Try the whole shop on this machine: no account anywhere is needed."""
    _check_port(port)
    try:
        home = data_dir.resolve()
        with Postgres(home, fresh=reset) as postgres:
            os.environ.update(_environment(home, port))
            os.chdir(home)  # a .env of a real shop in the working directory is none of ours
            migrate(postgres.dsn)
            _refuse_another_schema(postgres.dsn, data_dir)
            processes.run(_run(postgres.dsn, home, port))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CannotStart(f"The disk is full: make room in {data_dir} and start again.") from None
        if error.errno in (errno.EACCES, errno.EROFS):
            raise CannotStart(f"{data_dir} cannot be written: choose another DATA_DIR.") from None
        raise CannotStart(f"{data_dir} cannot be used ({error.strerror}): choose another DATA_DIR.") from None


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(f"Port {port} is busy: choose another one, for example PORT={port + 1}.") from None
            raise CannotStart(f"Port {port} cannot be used ({error.strerror}): choose another with PORT=.") from None


def _secret_key(home: Path) -> str:
    """This world's, made when it is missing."""
    key = home / "secret.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(32))
    return key.read_text()


def _environment(home: Path, port: int) -> dict[str, str]:
    base = f"http://{HOST}:{port}"
    return (
        environment(base)
        | self_employed(base)
        | {
            "SECRET_KEY": _secret_key(home),
            "DATA_DIR": str(home),
            "PUBLIC_URL": base,
            "PORT": str(port),
            "CLOCK_FILE": str(home / "clock"),
            "TRUSTED_PROXIES": HOST,  # YooKassa's address comes in X-Forwarded-For
            "SHOP_NAME": SHOP_NAME,
            "SELLER": "Иванов Иван Иванович, самозанятый, ИНН 770000000000",
            "SUPPORT": "@demo_support",
            "LOG_FORMAT": "console",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        }
    )


def _refuse_another_schema(dsn: str, data_dir: Path) -> None:
    """A world may have been made by a draft of these migrations. A real shop only ever meets published ones."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = current_schema()"
        )
        there = set(rows.fetchall())
    wanted = {(table.name, column.name) for table in METADATA.sorted_tables for column in table.columns}
    if not wanted <= there:
        raise CannotStart(f"The world in {data_dir} was made by another version: begin with an empty one by RESET=1.")


async def _run(dsn: str, home: Path, port: int) -> None:
    deps = wire(read_settings(), dsn, bot_username=BOT_USERNAME)
    base = deps.brand.public_url
    companies = open_companies(
        public_url=base,
        clock_file=home / "clock",
        data_dir=home / "world",
        webhook_url=base + deps.providers.hook_path("yookassa"),
        shop_name=SHOP_NAME,
    )
    await _forget_texts(deps)
    await prepare(deps)
    try:
        await processes.run_until_signal(
            processes.serve(_one_port(deps, companies), host=HOST, port=port, http=CuttableProtocol),
            _shop(deps, port),
        )
    finally:
        await deps.aclose()


async def _forget_texts(deps: Deps) -> None:
    """A draft may change and keep its version while nobody but this sandbox has accepted it."""
    async with deps.db.transaction() as session:
        await session.execute(delete(SeenText))


async def _shop(deps: Deps, port: int) -> None:
    """Bot and worker, once the world they call answers."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            break
        await asyncio.sleep(0.05)
    _announce(port)
    async with asyncio.TaskGroup() as group:
        group.create_task(know_companies(deps))
        group.create_task(processes.run_bot(deps))
        group.create_task(processes.run_worker(deps))


def _one_port(deps: Deps, companies: Companies) -> Starlette:
    """The product and the sandbox under one address."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running(companies.all):
            yield

    return Starlette(
        routes=[
            Route("/", _index),
            *companies.telegram.routes(),
            Mount("/sandbox/_ctl", routes=control_routes(companies.world, companies.all)),
            *(Mount(f"/sandbox/{emulator.name}", app=emulator.app) for emulator in companies.all),
            *panel_routes(),
            Mount("/", app=create_app(deps, title=deps.brand.name)),
        ],
        lifespan=lifespan,
    )


async def _index(request: Request) -> Response:
    """What there is, for somebody who has just started the demo."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "ru")[:2]
    return HTMLResponse(templates.get_template("index.html").render(lang="en" if wanted == "en" else "ru"))


def _announce(port: int) -> None:
    base = f"http://{HOST}:{port}"
    table = Table(title=f"The shop is open: begin at {base}/chat", title_style="bold", show_header=False)
    for what, where in (
        ("Chat with the bot", f"{base}/chat"),
        ("Fault panel and live log", f"{base}/sandbox?with=chat"),
        ("Everything there is", f"{base}/"),
        ("API documentation", f"{base}/docs"),
        ("Health", f"{base}/healthz · {base}/readyz · {base}/metrics"),
        ("What YooKassa knows", f"{base}/sandbox/yookassa/_ctl/payments"),
        ("What CoinGate knows", f"{base}/sandbox/coingate/_ctl/orders"),
        ("Receipts at the tax service", f"{base}/sandbox/mynalog/"),
        ("Keys on the 3X-UI panel", f"{base}/sandbox/xui/_ctl/clients"),
    ):
        table.add_row(what, where)
    Console(file=sys.stdout, width=110).print(table)
    Console().print("Stop with Ctrl-C. The next start finds everything as it was; RESET=1 begins afresh.")
