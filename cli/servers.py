"""vpn-service server …: the panels that keys live on."""

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from backend.kit import clock
from backend.kit.errors import Outside
from backend.kit.i18n import Translate
from backend.vpn import service as vpn
from backend.vpn.jobs import read_panel
from backend.vpn.models import Endpoint, Server
from backend.vpn.panels import PANELS
from backend.vpn.panels.base import PanelAccess
from backend.vpn.rules import read_address
from cli.explain import reason
from cli.running import operator_language, run_once
from cli.wiring import CannotStart, Deps

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Panels that keys live on.")


@app.command()
def add(
    name: str = typer.Argument(help="A short name for yourself: nl1"),
    *,
    url: str = typer.Option(..., prompt=True, help="The panel's whole address with its base path."),
    token: str = typer.Option("", prompt="API token (empty: sign in by password)", hide_input=True),
    username: str = typer.Option("", help="Panel login, where it has no API tokens."),
    password: str = typer.Option("", help="Its password.", hide_input=True),
    panel: str = typer.Option(next(iter(PANELS)), help=f"Kind of panel: {', '.join(PANELS)}"),
    country: str = typer.Option("", help="Where it stands, in two letters: NL"),
    inbound: int | None = typer.Option(None, help="Inbound to sell. Default: the first that can be sold."),
) -> None:
    """Add a server, or change the address and secret of the one with this name. The panel is tried at once."""
    t = operator_language()
    if panel not in PANELS:
        raise CannotStart(t("server-unknown-panel", panel=panel, known=", ".join(PANELS)))
    if not token and not (username and password):
        raise CannotStart(t("server-no-secret"))
    access = PanelAccess(url.rstrip("/") + "/", token or None, username or None, password or None)

    async def work(deps: Deps) -> str:
        async with deps.db.transaction() as session:
            server = await vpn.save_server(session, deps.vault, clock.now(), name=name, panel=panel, access=access)
            server.country, server.inbound_id = country.upper(), inbound or server.inbound_id
        await read_panel(deps, server.id)
        return await _hosts(deps, server.id)

    try:
        Console().print(t("server-added", name=name, hosts=run_once(work)))
    except Outside as error:
        raise CannotStart(t("server-not-read", reason=reason(error))) from None


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
            server = (await session.scalars(select(Server).where(Server.name == name))).one_or_none()
            if server is None:
                raise CannotStart(t("server-unknown", name=name))
            server.public_host, server.public_port = host, port
            for endpoint in await session.scalars(select(Endpoint).where(Endpoint.server_id == server.id)):
                endpoint.host, endpoint.port = host, port or endpoint.port
        return await _hosts(deps, server.id)

    Console().print(t("server-added", name=name, hosts=run_once(work)))


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
