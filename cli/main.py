"""vpn-service: the one command of the shop."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table

from backend.kit.db import DatabaseUnavailable
from cli import demo as demonstration
from cli import plans, processes, servers
from cli.doctor import Finding, Level, examine, failed, reason
from cli.init import init
from cli.migrations import NotOurDatabase
from cli.postgres import PostgresFailed
from cli.running import database, operator_language, run_once, run_processes
from cli.wiring import CannotStart

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A VPN shop in Telegram.")
app.add_typer(servers.app, name="server")
app.add_typer(plans.app, name="plans")
app.command()(init)

COLORS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}
SIGNS = {Level.OK: "✓", Level.WARN: "!", Level.FAIL: "✗"}


@app.command()
def demo(
    port: int = typer.Option(
        8080, envvar="PORT", min=1, max=65535, help="Everything hangs under this port of 127.0.0.1."
    ),
    reset: bool = typer.Option(False, envvar="RESET", help="Begin with an empty world."),
    data_dir: Path = typer.Option(Path(".data/demo"), help="Where the demo keeps its world."),
) -> None:
    """Try the whole shop on this machine: no account anywhere is needed."""
    demonstration.run(port=port, reset=reset, data_dir=data_dir)


@app.command()
def up() -> None:
    """The whole shop in one process: web, bot and worker; with a PostgreSQL of its own where none is configured."""
    run_processes(processes.run_web, processes.run_bot, processes.run_worker, migrating=True)


@app.command()
def serve() -> None:
    """Web: webhooks, links, pages."""
    run_processes(processes.run_web)


@app.command()
def bot() -> None:
    """The bot, by polling."""
    run_processes(processes.run_bot)


@app.command()
def worker() -> None:
    """Jobs and messages."""
    run_processes(processes.run_worker)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with ExitStack() as stack:
        database(stack, migrating=True)


@app.command()
def doctor() -> None:
    """Check everything a shop needs and say what to do. Exit code 1 when something is broken."""
    t = operator_language()
    findings = run_once(lambda deps: examine(deps, t))
    _show(findings, title=t("doctor-title"))
    bad = sum(finding.level is Level.FAIL for finding in findings)
    Console().print(t("doctor-ill", count=bad) if bad else t("doctor-well"))
    raise typer.Exit(1 if failed(findings) else 0)


def _show(findings: list[Finding], *, title: str) -> None:
    table = Table(title=title, show_header=False)
    for finding in findings:
        color = COLORS[finding.level]
        advice = f"\n[dim]→ {finding.advice}[/dim]" if finding.advice else ""
        table.add_row(f"[{color}]{SIGNS[finding.level]}[/{color}]", finding.subject, f"{finding.detail}{advice}")
    Console().print(table)


def main() -> NoReturn:
    """Run a command. What the operator can mend is one sentence and exit code 1."""
    code: str | int | None = 1
    try:
        app()
    except SystemExit as end:
        code = end.code
    except (CannotStart, NotOurDatabase, PostgresFailed) as error:
        typer.secho(str(error), fg="red", err=True)
    except DatabaseUnavailable as error:
        typer.secho(f"{reason(error)} {operator_language()('doctor-database-away')}", fg="red", err=True)
    leave(code if isinstance(code, int) else int(code is not None))


def leave(code: int) -> NoReturn:
    """End now. Everything is closed by here, and taking the libraries' types apart would cost seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
