"""3X-UI, the panel of MHSanaei, from 3.1 on.

The newest dialect is taken for granted until a route is missing; only then is the panel asked what it is. So a
sale costs no question, and a panel that was updated or moved is noticed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, TypeVar

from backend.kit.errors import Unavailable
from backend.vpn.panels.base import KeySpec, PanelAccess, PanelFacts, PanelKey, PanelNotRecognized, Usage
from backend.vpn.panels.xui.answers import RouteMissing
from backend.vpn.panels.xui.client import Client
from backend.vpn.panels.xui.clients import Clients
from backend.vpn.panels.xui.detect import Dialect, detect
from backend.vpn.panels.xui.facts import look

T = TypeVar("T")


class Xui:
    """One 3X-UI panel."""

    id: ClassVar[str] = "3x-ui"
    change_seconds: ClassVar[float] = 50.0  # all requests of one change; the lease of a panel's only writer is 60 s

    def __init__(self, access: PanelAccess) -> None:
        self._client = Client(access)
        self._dialect = Clients(self._client)

    async def put(self, spec: KeySpec, inbound_ids: Sequence[int]) -> None:
        await self._change(lambda dialect: dialect.put(spec, inbound_ids))

    async def drop(self, email: str, inbound_ids: Sequence[int]) -> None:
        await self._change(lambda dialect: dialect.drop(email))

    async def list(self) -> Sequence[PanelKey]:
        return await self._in_dialect(lambda dialect: dialect.list())

    async def usage(self) -> Mapping[str, Usage]:
        return await self._in_dialect(lambda dialect: dialect.usage())

    async def probe(self) -> PanelFacts:
        await self._detect()
        try:
            return await look(self._client, Dialect.CLIENTS)
        except RouteMissing as missing:
            raise PanelNotRecognized(reason=f"the panel has no {missing}") from missing

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _change(self, call: Callable[[Clients], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(self.change_seconds):
                await self._in_dialect(call)
        except TimeoutError:
            raise Unavailable(reason=f"one change took more than {self.change_seconds} s") from None

    async def _in_dialect(self, call: Callable[[Clients], Awaitable[T]]) -> T:
        """Whatever is asked may be asked again from the start: no call leaves half a change behind."""
        try:
            return await call(self._dialect)
        except RouteMissing:
            await self._detect()
        try:
            return await call(self._dialect)
        except RouteMissing as missing:
            raise PanelNotRecognized(reason=f"the panel has no {missing}") from missing

    async def _detect(self) -> None:
        if await detect(self._client) is Dialect.INBOUNDS:
            raise PanelNotRecognized(
                reason="a 3X-UI before 3.1 cannot be used yet: update the panel to 3.3.1 or later"
            )
