"""What every command does first: settings, a database, everything wired; and what it says in which language."""

import asyncio
import gc
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import structlog
import typer

from backend.kit.i18n import Translate, choose_language, translator
from backend.kit.telemetry import serve_metrics
from cli import processes
from cli.migrations import migrate
from cli.postgres import Postgres
from cli.probing import know_companies
from cli.wiring import CannotStart, Deps, prepare, read_settings, refuse_wrong, wire

log = structlog.get_logger()

R = TypeVar("R")
PROGRAM = "vpn-service"
START_SECONDS = 5  # then everything runs
Process = Callable[[Deps], Coroutine[Any, Any, None]]


def database(stack: ExitStack, *, migrating: bool = False, owning: bool = True) -> str:
    """The configured database, or one started here and migrated, for as long as the stack is open.

    Not `owning`: where another program of ours runs that one already, it is used as it is.
    """
    settings = read_settings()
    if settings.database_url is not None:
        dsn = settings.database_url.get_secret_value()
        if migrating:
            migrate(dsn)
        return dsn
    postgres = stack.enter_context(Postgres(settings.data_dir, join=not owning))
    if not postgres.joined:
        migrate(postgres.dsn)
    return postgres.dsn


def run_processes(*kinds: Process, migrating: bool = False) -> None:
    """Run these processes of the shop until a signal; `migrating` brings the database up to date before."""

    async def work(dsn: str) -> None:
        settings = read_settings()
        deps = wire(settings, dsn, bot_username=settings.telegram_bot_username.lstrip("@"))
        if not settings.telegram_bot_username:
            deps.know_bot(await processes.ask_username(deps))
        if not deps.brand.public_url:
            log.warning("settings.no_address", needed_for="subscription links and webhooks", name="PUBLIC_URL")
        if not deps.operators:
            log.warning("settings.no_operators", needed_for="alerts, which wait until then", name="ADMIN_IDS")
        if settings.metrics_port is not None and processes.run_web not in kinds:
            _show_metrics(settings.host, settings.metrics_port)
        try:
            await prepare(deps)
            asyncio.get_running_loop().call_later(START_SECONDS, settle)
            await processes.run_until_signal(know_companies(deps), *(kind(deps) for kind in kinds))
        finally:
            await deps.aclose()

    refuse_wrong()
    with ExitStack() as stack:
        processes.run(work(database(stack, migrating=migrating)))


def _show_metrics(host: str, port: int) -> None:
    try:
        serve_metrics(host, port)
    except OSError as error:
        raise CannotStart(
            f"METRICS_PORT: nothing can be shown at {host}:{port} ({error.strerror}). On one machine bot and worker"
            f" need a port each, for example METRICS_PORT={port + 1}."
        ) from None


def settle() -> None:
    """Search what starting made for garbage no more: it lives as long as the process."""
    gc.collect()
    gc.freeze()


def run_once(task: Callable[[Deps], Awaitable[R]]) -> R:
    """Do one thing with everything wired, also beside a running shop, and give its result."""

    async def work(dsn: str) -> R:
        settings = read_settings()
        deps = wire(settings, dsn, bot_username=settings.telegram_bot_username.lstrip("@"))
        try:
            return await task(deps)
        finally:
            await deps.aclose()

    refuse_wrong()
    with ExitStack() as stack:
        return processes.run(work(database(stack, owning=False)))


def operator_language() -> Translate:
    """The operator's language, as his terminal has it."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "en")
    return translator(choose_language(spoken.split("_")[0].split(".")[0]))


def say_how_to_call(t: Translate) -> None:
    """What texts call vpn-service may be no command of this shell."""
    if shutil.which(PROGRAM) is None:
        program = Path(sys.executable).with_name(PROGRAM)
        here = str(program) if program.exists() else f"{sys.executable} -m cli.main"
        typer.echo(t("cli-called-here", program=here))
