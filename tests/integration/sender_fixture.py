"""Senders that can be watched, slowed down and killed."""

import asyncio
import os
import signal
from dataclasses import dataclass, field

from sqlalchemy import insert, select

from backend.notifications.channels import Channel
from backend.notifications.jobs import Sender
from backend.notifications.kinds import Kind
from backend.notifications.pace import Pace
from backend.users.models import User
from bot.notifier import Notifier
from cli.wiring import Deps, connect_bot
from tests.shop import Shop

LATENCY = 0.05


@dataclass
class Phones:
    """A channel as slow as Telegram, with a chat for everybody. Keeps who was told what, and when."""

    pace: Pace
    said: list[tuple[float, int, Kind]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def tell_operators(self, kind: Kind, *, number: int) -> None:
        await self.send(0, kind)

    async def send(self, user_id: int, kind: Kind) -> None:
        await self.pace.turn(user_id)
        self.said.append((asyncio.get_running_loop().time(), user_id, kind))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(LATENCY)
        self.at_once -= 1


@dataclass
class Dying:
    """A channel whose process is killed at one point of sending."""

    real: Channel
    when: str

    async def tell_operators(self, kind: Kind, *, number: int) -> None:
        raise AssertionError

    async def send(self, user_id: int, kind: Kind) -> None:
        if self.when == "sent":
            await self.real.send(user_id, kind)
        os.kill(os.getpid(), signal.SIGKILL)


async def sends_and_dies(deps: Deps, when: str) -> None:
    """Life of a worker that is killed with a message in hand."""
    pace = Pace()
    channel = Dying(Notifier(connect_bot(deps.settings), deps, pace), when)
    await Sender(deps.db, channel, pace).run()


async def sends(deps: Deps) -> None:
    """Life of a worker that only sends."""
    pace = Pace()
    await Sender(deps.db, Notifier(connect_bot(deps.settings), deps, pace), pace).run()


async def crowd(shop: Shop, size: int) -> list[int]:
    """So many people more; their ids."""
    async with shop.deps.db.transaction() as session:
        people = [
            {"telegram_id": 900_000_000 + number, "language": "ru", "created_at": shop.now} for number in range(size)
        ]
        await session.execute(insert(User), people)
        return list(await session.scalars(select(User.id).where(User.telegram_id >= 900_000_000)))
