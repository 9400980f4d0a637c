"""vpn-service: the one command of the shop."""

import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import typer

from cli import demo as demonstration
from cli import processes
from cli.migrations import migrate as apply_migrations
from cli.postgres import Postgres, PostgresFailed
from cli.wiring import CannotStart, Deps, prepare, read_settings, wire

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A VPN shop in Telegram.")

Process = Callable[[Deps], Coroutine[Any, Any, None]]


def _database(stack: ExitStack) -> str:
    """The configured database, or one started here for as long as the stack is open."""
    settings = read_settings()
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return stack.enter_context(Postgres(settings.data_dir)).dsn


def _run(*kinds: Process) -> None:
    settings = read_settings()
    with ExitStack() as stack:
        processes.run(_run_all(_database(stack), kinds, settings.telegram_bot_username))


async def _run_all(dsn: str, kinds: tuple[Process, ...], username: str) -> None:
    settings = read_settings()
    deps = wire(settings, dsn, bot_username=username or await processes.ask_username(settings))
    try:
        await prepare(deps)
        await processes.run_until_signal(*(kind(deps) for kind in kinds))
    finally:
        await deps.aclose()


@app.command()
def demo(
    port: int = typer.Option(8080, envvar="PORT", help="Everything hangs under this port of 127.0.0.1."),
    reset: bool = typer.Option(False, envvar="RESET", help="Begin with an empty world."),
    data_dir: Path = typer.Option(Path(".data/demo"), help="Where the demo keeps its world."),
) -> None:
    """Try the whole shop on this machine: no account anywhere is needed."""
    demonstration.run(port=port, reset=reset, data_dir=data_dir)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with ExitStack() as stack:
        apply_migrations(_database(stack))


@app.command()
def serve() -> None:
    """Web: webhooks, links, pages."""
    _run(processes.run_web)


@app.command()
def bot() -> None:
    """The bot, by polling."""
    _run(processes.run_bot)


@app.command()
def worker() -> None:
    """Jobs and messages."""
    _run(processes.run_worker)


def main() -> None:
    """Run a command. What the operator can mend is one sentence and exit code 1."""
    try:
        app()
    except (CannotStart, PostgresFailed) as error:
        typer.secho(str(error), fg="red", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
