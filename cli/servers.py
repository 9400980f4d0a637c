"""vpn-service server …: the panels that keys live on."""

import os
import re
from dataclasses import replace

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.errors import Outside
from backend.kit.i18n import Translate
from backend.vpn import service as vpn
from backend.vpn.jobs import read_panel
from backend.vpn.models import Endpoint, Server
from backend.vpn.panels import PANELS
from backend.vpn.panels.base import PanelAccess
from backend.vpn.panels.xui.config import read_url
from backend.vpn.rules import read_address
from cli.explain import reason
from cli.running import operator_language, run_once
from cli.wiring import FIRST_SERVER, CannotStart, Deps, first_panel

COUNTRY = re.compile(r"[A-Za-z]{2}")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Panels that keys live on.")


@app.command()
def add(
    name: str = typer.Argument(help="A short name for yourself: nl1"),
    *,
    url: str = typer.Option(..., prompt=True, help="The panel's whole address with its base path."),
    username: str = typer.Option("", help="Panel login, where it has no API tokens."),
    panel: str = typer.Option(next(iter(PANELS)), help=f"Kind of panel: {', '.join(PANELS)}"),
    country: str | None = typer.Option(None, help="Where it stands, in two letters: NL"),
    inbound: int | None = typer.Option(None, min=1, help="Inbound to sell. Default: the first that can be sold."),
    verify_tls: bool | None = typer.Option(
        None, "--verify-tls/--no-verify-tls", help="Check the panel's certificate. No: for a self-signed one."
    ),
) -> None:
    """Add a server, or change the one with this name; options that are left out change nothing. It is tried at once.

    Token and password are asked for, or taken from the variables PANEL_TOKEN and PANEL_PASSWORD.
    """
    t = operator_language()
    if panel not in PANELS:
        raise CannotStart(t("server-unknown-panel", panel=panel, known=", ".join(PANELS)))
    if country and not COUNTRY.fullmatch(country):
        raise CannotStart(t("server-bad-country", country=country))
    try:
        address = read_url(url)
    except ValueError as error:
        raise CannotStart(str(error).replace("X3UI_API_URL", "--url")) from None
    if name == FIRST_SERVER and first_panel().api_url:
        raise CannotStart(t("server-from-settings", name=name))
    access = _ask_secret(PanelAccess(address, username=username or None), t)

    async def work(deps: Deps) -> str:
        async with deps.db.transaction() as session:
            known = (await session.scalars(select(Server).where(Server.name == name))).one_or_none()
            checks = verify_tls if verify_tls is not None else known is None or known.verify_tls
            whole = replace(access, verify_tls=checks)
            server = await vpn.save_server(session, deps.vault, clock.now(), name=name, panel=panel, access=whole)
            server.inbound_id = inbound or server.inbound_id
            if country is not None:
                server.country = country.upper()
        await read_panel(deps, server.id)
        return await _hosts(deps, server.id)

    try:
        hosts = run_once(work)
    except Outside as error:
        raise CannotStart(t("server-not-read", reason=reason(error).rstrip("."))) from None
    typer.echo(t("server-added", name=name, hosts=hosts))
    typer.echo(t("server-fills"))


def _ask_secret(access: PanelAccess, t: Translate) -> PanelAccess:
    """The way in, with what nobody should see on a command line or in a list of processes."""
    token = "" if access.username else os.environ.get("PANEL_TOKEN", "")
    if not (access.username or token):
        token = typer.prompt(t("server-ask-token"), "", hide_input=True, show_default=False).strip()
    if token:
        return replace(access, token=token)
    username = access.username or typer.prompt(t("init-ask-x3ui-username")).strip()
    password = os.environ.get("PANEL_PASSWORD") or typer.prompt(t("init-ask-x3ui-password"), hide_input=True)
    return replace(access, username=username, password=password)


@app.command()
def retire(
    name: str = typer.Argument(help="The server's name."),
    *,
    undo: bool = typer.Option(False, help="Give keys there again, also to those who came meanwhile."),
) -> None:
    """Give no new keys on a server. Those it has go on working, are renewed and stay in links."""
    t = operator_language()

    async def work(deps: Deps) -> int:
        async with deps.db.transaction() as session:
            server = await _find(session, name, t)
            server.retired_at = None if undo else server.retired_at or clock.now()
            return len(await vpn.emails_on(session, server.id))

    keys = run_once(work)
    typer.echo(t("server-fills") if undo else t("server-retires", name=name, keys=keys))


@app.command("list")
def list_servers() -> None:
    """Every server with its address, panel and health."""
    t = operator_language()
    Console().print(run_once(lambda deps: _table(deps, t)))


@app.command("set-address")
def set_address(
    name: str = typer.Argument(help="The server's name."),
    address: str = typer.Argument(help="HOST or HOST:PORT that people connect to."),
) -> None:
    """Say where people connect, whatever the panel thinks its address is."""
    t = operator_language()
    try:
        host, port = read_address(address)
    except ValueError:
        raise CannotStart(t("server-bad-address", address=address)) from None

    async def work(deps: Deps) -> str:
        async with deps.db.transaction() as session:
            server = await _find(session, name, t)
            server.public_host, server.public_port = host, port
            for endpoint in await session.scalars(select(Endpoint).where(Endpoint.server_id == server.id)):
                endpoint.host, endpoint.port = host, port or endpoint.port
        return await _hosts(deps, server.id)

    Console().print(t("server-added", name=name, hosts=run_once(work)))


async def _find(session: AsyncSession, name: str, t: Translate) -> Server:
    server = (await session.scalars(select(Server).where(Server.name == name))).one_or_none()
    if server is None:
        raise CannotStart(t("server-unknown", name=name))
    return server


async def _hosts(deps: Deps, server_id: int) -> str:
    async with deps.db.transaction() as session:
        endpoints = await session.scalars(select(Endpoint).where(Endpoint.server_id == server_id))
        return ", ".join(f"{endpoint.host}:{endpoint.port}" for endpoint in endpoints)


async def _table(deps: Deps, t: Translate) -> Table:
    async with deps.db.transaction() as session:
        servers = (await session.scalars(select(Server).order_by(Server.id))).all()
    table = Table(
        t("server-column-name"), t("server-column-address"), t("server-column-panel"), t("server-column-state")
    )
    for server in servers:
        state = server.last_error or (t("server-retired") if server.retired_at else t("server-well"))
        hosts = await _hosts(deps, server.id)
        table.add_row(server.name, hosts or "—", f"{server.panel} {server.version or ''}".strip(), state)
    return table
