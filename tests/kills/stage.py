"""A running shop whose processes are killed and started again."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.journeys.person import Person
from tests.journeys.processes import LOGS
from tests.journeys.world import World, until
from tests.kills.forks import BESIDE, STARTS_WITHIN, Fork
from tests.kills.proxy import Line

_numbers = itertools.count(1)

# What the ticker of another worker does ten seconds after a worker died: its jobs hold nobody up any more.
BURY = "delete from procrastinate_jobs where status = 'doing'"


@dataclass
class Stage:
    """The world, and the processes of the shop with their lines."""

    world: World
    forks: dict[str, Fork]
    lines: dict[str, Line]
    plain: Mapping[str, str]  # the settings of a process without such lines

    def start(self) -> None:
        """Start whatever does not run, and wait until it works."""
        waiting = [fork for fork in self.forks.values() if fork.pid is None]
        for fork in waiting:
            fork.start()
        for fork in waiting:
            fork.until_works()

    def _until_all_work(self) -> None:
        for fork in self.forks.values():
            fork.until_works()

    @contextlib.asynccontextmanager
    async def kept_running(self) -> AsyncIterator[None]:
        """Whatever is killed is started again, as an operator's machine does it."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            await self._revive()
            await asyncio.to_thread(self._until_all_work)  # the last start may have been broken off

    async def _keep(self) -> None:
        while True:
            await self._revive()
            await asyncio.sleep(0.01)

    async def _revive(self) -> None:
        dead = [fork for fork in self.forks.values() if fork.pid is None]
        if not dead:
            return
        if any(fork.name == "worker" for fork in dead):
            async with await psycopg.AsyncConnection.connect(self.world.dsn, autocommit=True) as connection:
                await connection.execute(BURY)
        await asyncio.shield(asyncio.to_thread(self.start))

    async def operates(self, *command: str) -> None:
        """The operator runs a command of the shop, to its end."""
        worker = self.forks["worker"]
        pid = worker.zygote.fork(command, self.plain, log=LOGS / f"kills-operator{BESIDE}.log", home=worker.home)

        async def ended() -> bool:
            return not Path(f"/proc/{pid}").exists()

        await until(ended, f"{command[0]} does not end", within=STARTS_WITHIN)

    async def buyer(self) -> Person:
        """Somebody the shop has never seen."""
        number = next(_numbers)
        known = await self.world.do(
            "/sandbox/telegram/_ctl/users", id=800_000_000 + number, first_name="Яна", username=f"yana_{number}"
        )
        return Person(self.world, known["id"])
