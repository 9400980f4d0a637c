"""What every command does first: settings, a database, everything wired; and what it says in which language."""

import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from typing import Any, TypeVar

from backend.kit.i18n import Translate, choose_language, translator
from cli import processes
from cli.migrations import migrate
from cli.postgres import Postgres
from cli.wiring import Deps, prepare, read_settings, wire

R = TypeVar("R")
Process = Callable[[Deps], Coroutine[Any, Any, None]]


def database(stack: ExitStack) -> str:
    """The configured database, or one started here, migrated, for as long as the stack is open."""
    settings = read_settings()
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    dsn = stack.enter_context(Postgres(settings.data_dir)).dsn
    migrate(dsn)
    return dsn


def run_processes(*kinds: Process) -> None:
    """Run these processes of the shop until a signal."""

    async def work(dsn: str) -> None:
        settings = read_settings()
        username = settings.telegram_bot_username or await processes.ask_username(settings)
        deps = wire(settings, dsn, bot_username=username.lstrip("@"))
        try:
            await prepare(deps)
            await processes.run_until_signal(*(kind(deps) for kind in kinds))
        finally:
            await deps.aclose()

    with ExitStack() as stack:
        processes.run(work(database(stack)))


def run_once(task: Callable[[Deps], Awaitable[R]]) -> R:
    """Do one thing with everything wired, and give its result."""

    async def work(dsn: str) -> R:
        settings = read_settings()
        deps = wire(settings, dsn, bot_username=settings.telegram_bot_username.lstrip("@"))
        try:
            return await task(deps)
        finally:
            await deps.aclose()

    with ExitStack() as stack:
        return processes.run(work(database(stack)))


def operator_language() -> Translate:
    """The operator's language, as his terminal has it."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "en")
    return translator(choose_language(spoken.split("_")[0].split(".")[0]))
