"""What it means that a key works."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.journeys.person import Key, Person
from tests.journeys.world import World

CLOSE = timedelta(minutes=2)  # two times are the same that lie this near


async def assert_works(world: World, key: Key, *, days: float, give_or_take: timedelta = CLOSE) -> None:
    """The picture, the link and the panel all agree on one key that is open for `days` from now."""
    assert key.vless.startswith("vless://")
    assert "security=reality" in key.vless
    assert "flow=xtls-rprx-vision" in key.vless
    assert key.pictured == key.page == key.link
    assert key.uuid in await uuids_at(world, key.link)
    client = await world.client(key.uuid)
    assert client, "the panel does not know this key"
    assert client["enable"]
    assert client["inboundIds"]
    left = await ends(world, key) - await world.now()
    assert abs(left - timedelta(days=days)) < give_or_take, f"open for {left}"


async def assert_only(world: World, key: Key, person: Person) -> None:
    """The person was given this key once, and no other."""
    pictures = [message for message in await person.chat() if message.photo]
    assert len(pictures) == 1, "\n".join(map(str, pictures))
    assert await uuids_at(world, key.link) == [key.uuid]


async def ends(world: World, key: Key) -> datetime:
    """Until when the panel lets this key in."""
    client = await world.client(key.uuid)
    assert client, "the panel does not know this key"
    return datetime.fromtimestamp(client["expiryTime"] / 1000, UTC)


async def uuids_at(world: World, link: str) -> list[str | None]:
    """The keys an app finds at a subscription link."""
    return [urlsplit(server).username for server in await world.servers_of(link)]


@dataclass(frozen=True, slots=True)
class Way:
    """How a key got from the provider's webhook into the chat."""

    seconds: float
    calls: str  # what was called on the way, a line each with its time after the webhook

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s from the webhook to the key:\n{self.calls}"


async def way_of_key(world: World, payment_id: str, buyer: Person) -> Way:
    """Read off the request log how long the first key of this buyer took."""
    log = await world.log()
    webhook = next(e for e in log if e["direction"] == "out" and payment_id in e["request"])
    photo = next(e for e in log if e["path"].endswith("/sendPhoto") and str(buyer.id) in e["request"])
    sent = datetime.fromisoformat(webhook["at"]) - timedelta(milliseconds=webhook["ms"])

    def after(entry: dict[str, Any]) -> float:
        return (datetime.fromisoformat(entry["at"]) - sent).total_seconds()

    way = [entry for entry in log if webhook["id"] <= entry["id"] <= photo["id"]]
    calls = [f"{after(e):.2f} s  {e['service']} {e['method']} {e['path'][:60]} ({e['ms']:.0f} ms)" for e in way]
    return Way(after(photo), "\n".join(calls))
