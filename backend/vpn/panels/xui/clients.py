"""The dialect "clients", 3X-UI 3.1 and later: a client is a record of its own, attached to any number of inbounds."""

import builtins
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

from pydantic import JsonValue

from backend.kit import clock
from backend.kit.errors import Outside, Unavailable
from backend.vpn.panels.base import KeySpec, PanelKey, PanelRefused, Usage
from backend.vpn.panels.xui import wire
from backend.vpn.panels.xui.answers import Reply
from backend.vpn.panels.xui.client import Client

ROUTES = "panel/api/clients/"
PAGE_SIZE = 200  # the most the panel gives at once
GONE = "not found"
MAY_DIFFER = {"flow", "limitIp"}  # an inbound without Vision, a panel that cannot count devices: the key works


class Clients:
    """Keys of one panel. Every write states absolute values, so repeating one changes nothing."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def put(self, spec: KeySpec, inbound_ids: Sequence[int]) -> None:
        """Look, write what differs, look again: a second time too, since a key may change between the looks.

        A write that failed is looked after once, because it may have had its effect all the same.
        """
        if not inbound_ids:
            raise ValueError("a key lives on at least one inbound")
        problem: Outside | None = None
        wrong: frozenset[str] = frozenset()
        for looks in (1, 2, 3):
            found = await self._find(spec.email)
            wrong = wire.disagreements(found, spec, inbound_ids, clock.now())
            if not wrong or (looks > 1 and wrong <= MAY_DIFFER):
                return
            if problem or looks == 3:
                break
            try:
                await self._write(found, spec, inbound_ids, wrong)
            except Outside as error:
                problem = error
        raise problem or PanelRefused(reason="the panel keeps other values", fields=sorted(wrong))

    async def drop(self, email: str) -> None:
        try:
            reply = await self._post(f"del/{_segment(email)}", {}, label="clients/del")
        except Unavailable:
            if await self._find(email) is None:
                return
            raise
        if not reply.success and not reply.says(GONE):
            raise reply.failure()

    async def list(self) -> Sequence[PanelKey]:
        return [wire.key_of(item) async for item in self._items()]

    async def usage(self) -> Mapping[str, Usage]:
        return {item.email: wire.usage_of(item) async for item in self._items()}

    async def _find(self, email: str) -> wire.Found | None:
        reply = await self._client.get(f"{ROUTES}get/{_segment(email)}", label="clients/get")
        if not reply.success and reply.says(GONE):
            return None
        return reply.read(wire.FOUND)

    async def _write(
        self, found: wire.Found | None, spec: KeySpec, inbound_ids: Sequence[int], wrong: frozenset[str]
    ) -> None:
        """Attach before update, since a client that was nowhere is attached without Vision; detach last, so that
        a key that moves is never nowhere."""
        wanted: builtins.list[JsonValue] = [*dict.fromkeys(inbound_ids)]
        if found is None:
            body: dict[str, JsonValue] = {"client": wire.new_client(spec), "inboundIds": wanted}
            _expect(await self._post("add", body, label="clients/add"))
            return
        email = _segment(spec.email)
        missing: builtins.list[JsonValue] = [*sorted(set(inbound_ids) - found.inbound_ids)]
        if missing:
            _expect(await self._post(f"{email}/attach", {"inboundIds": missing}, label="clients/attach"))
        if wrong != {"inboundIds"}:
            reply = await self._post(
                f"update/{email}", wire.changed_client(found.client, spec), label="clients/update"
            )
            if not reply.success and reply.says(GONE):  # deleted meanwhile: the next look finds it missing
                return
            _expect(reply)
        extra: builtins.list[JsonValue] = [*sorted(found.inbound_ids - set(inbound_ids))]
        if extra:
            _expect(await self._post(f"{email}/detach", {"inboundIds": extra}, label="clients/detach"))

    async def _post(self, route: str, body: Mapping[str, JsonValue], *, label: str) -> Reply:
        return await self._client.post(ROUTES + route, body, label=label)

    async def _items(self) -> AsyncIterator[wire.Item]:
        """Every client of the panel, by pages. One that is moved to another page meanwhile may come twice."""
        number = 1
        while True:
            reply = await self._client.get(
                f"{ROUTES}list/paged?page={number}&pageSize={PAGE_SIZE}", label="clients/list"
            )
            page = reply.read(wire.PAGE)
            for item in page.items:
                yield item
            left = len(page.items) - PAGE_SIZE + 1 if page.filtered is None else page.filtered - number * PAGE_SIZE
            if not page.items or left <= 0:
                return
            number += 1


def _segment(email: str) -> str:
    return quote(email, safe="")


def _expect(reply: Reply) -> None:
    if not reply.success:
        raise reply.failure()
