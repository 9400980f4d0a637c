"""vpn-service: the one command of the shop."""

import os
import sys
from contextlib import ExitStack
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from backend.kit.db import DatabaseUnavailable
from cli import processes
from cli.explain import reason
from cli.migrations import NotOurDatabase
from cli.postgres import PostgresFailed
from cli.running import PROGRAM, database, operator_language, run_processes
from cli.wiring import CannotStart

# Loaded when they are asked for: a shop that runs for months carries none of them in memory.
LATER = {
    "demo": "cli.demo",
    "init": "cli.init",
    "doctor": "cli.checkup",
    "server": "cli.servers",
    "plans": "cli.plans",
    "provider": "cli.providers",
    "report": "cli.providers:report_app",
    "texts": "cli.texts",
    "audit": "cli.audit",
    "receipts": "cli.receipts",
    "refund": "cli.payments:refund_app",
    "review": "cli.payments:review_app",
    "dispute": "cli.payments:dispute_app",
}


class Commands(TyperGroup):
    """The commands of this module, and those of `LATER`."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update(dict.fromkeys(LATER))  # type: ignore[arg-type]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in LATER:
            module, _, name = LATER[cmd_name].partition(":")
            command = typer.main.get_command(getattr(import_module(module), name or "app"))
            command.name = cmd_name
            self.commands[cmd_name] = command
        return super().get_command(ctx, cmd_name)


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, help="A VPN shop in Telegram.")


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


def main() -> NoReturn:
    """Run a command. What the operator can mend is one sentence and exit code 1."""
    code: str | int | None = 1
    try:
        app(prog_name=PROGRAM)
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
