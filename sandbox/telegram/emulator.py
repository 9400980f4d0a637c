"""Telegram as one emulator: Bot API, control API, chat page."""

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from sandbox.faults import FaultMiddleware
from sandbox.log import LogMiddleware
from sandbox.telegram.bot_api import FAULT_ANSWERS, bot_api
from sandbox.telegram.control import control_routes
from sandbox.telegram.control_stars import star_routes
from sandbox.telegram.page import assets, page_routes
from sandbox.telegram.payments import watch
from sandbox.telegram.state import Options, Telegram
from sandbox.telegram.webhook import deliver
from sandbox.world import World

POLLING = ("/getUpdates",)  # too many to keep in the log


class TelegramEmulator:
    """One bot and the people who write to it.

    `bot` is {"id", "username", "name"}. Faults meet the Bot API only, by paths such as `*/sendMessage`, never
    the page or the control API.
    """

    name = "telegram"
    app: ASGIApp

    def __init__(self, world: World, token: str, bot: dict[str, Any], options: Options | None = None) -> None:
        self.telegram = Telegram(world, token, bot, options or Options())
        api = FaultMiddleware(bot_api(self.telegram), faults=world.faults, service=self.name, answers=FAULT_ANSWERS)
        self.app = Starlette(
            routes=[
                Mount("/_ctl", routes=[*star_routes(self.telegram), *control_routes(self.telegram)]),
                assets(),
                Mount("/", LogMiddleware(api, log=world.log, service=self.name, quiet=POLLING)),
            ]
        )

    def routes(self) -> list[Route]:
        """The chat page's routes, to be mounted at the root beside /sandbox."""
        return page_routes()

    async def run(self) -> None:
        """Deliver to the bot's webhook, where one is set, and end payments that it forgot."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(deliver(self.telegram))
            tasks.create_task(watch(self.telegram))

    def reset(self) -> None:
        """Forget the people, the chats and what waits for the bot."""
        self.telegram.reset()
