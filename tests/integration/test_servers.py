"""What is written of a server, by operators and by panels, and what becomes of the keys on it."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.notifications.kinds import Paid
from backend.vpn.jobs import read_panel
from backend.vpn.models import Endpoint, Server, VpnKey
from backend.vpn.service import NEVER, NoEndpoint, save_endpoints
from tests.integration.api_client import client_of
from tests.integration.terminal import terminal
from tests.integration.test_cli_doctor import shop_of
from tests.shop import Buyer, Shop

APP = {"User-Agent": "Happ/3.9.1", "Accept": "*/*"}


async def only_server(shop: Shop) -> Server:
    (server,) = await shop.all(select(Server))
    return server


async def links_of(shop: Shop, buyer: Buyer) -> list[str]:
    """What an app gets at the buyer's link."""
    answer = await shop.http.get(f"/sub/{(await buyer.subscription()).token}", headers=APP)
    assert answer.status_code == 200
    return base64.b64decode(answer.text).decode().split("\n")


async def sets_address(shop: Shop, home: Path, address: str) -> tuple[str, int]:
    settings = shop_of(shop.town, CLOCK_FILE=str(shop.town.clock_file))
    name = (await only_server(shop)).name
    async with terminal("server", "set-address", name, address, home=home, **settings) as seen:
        code = await seen.ends()
    return " ".join(seen.text.split()), code


async def reads(shop: Shop, *, host: str | None, panel_host: str = "203.0.113.99") -> str:
    """Read the panel, which says this of where people connect; what is kept of it."""
    server = await only_server(shop)
    facts = await (await shop.deps.panel(server.id)).probe()
    said = replace(facts, inbounds=tuple(replace(inbound, host=host) for inbound in facts.inbounds))
    async with shop.deps.db.transaction() as session:
        row = await session.get_one(Server, server.id)
        await save_endpoints(session, row, said, shop.now, panel_host=panel_host)
    (endpoint,) = await shop.all(select(Endpoint))
    return endpoint.host


async def test_an_address_in_brackets_is_what_people_connect_to(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")

    _, code = await sets_address(shop, tmp_path, "[2001:db8::10]:8443")

    server = await only_server(shop)
    assert (code, server.public_host, server.public_port) == (0, "2001:db8::10", 8443)
    (link,) = await links_of(shop, buyer)
    assert "@[2001:db8::10]:8443?" in link

    for bad in ("a..b", "nl1.example.com/", "nl1.example.com:0", f"{'a' * 64}.example.com"):
        said, code = await sets_address(shop, tmp_path, bad)
        assert ("не адрес" in said, code) == (True, 1), said
    assert (await only_server(shop)).public_host == "2001:db8::10"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("[2001:db8::10]", "2001:db8::10"),
        ("nl1.example.com", "nl1.example.com"),
        ("a..b", "203.0.113.99"),
        ("nl1.example.com/", "203.0.113.99"),
        (f"{'a' * 64}.example.com", "203.0.113.99"),
        (None, "203.0.113.99"),
    ],
)
async def test_what_a_panel_says_is_taken_if_it_is_an_address(shop: Shop, said: str | None, kept: str) -> None:
    assert await reads(shop, host=said) == kept


async def test_a_server_that_nobody_can_reach_keeps_what_was_read_before(shop: Shop) -> None:
    with pytest.raises(NoEndpoint):
        await reads(shop, host="a..b", panel_host="")

    (endpoint,) = await shop.all(select(Endpoint))
    assert endpoint.host == "nl1.vpn.example.net"


@pytest.mark.parametrize("bad", ["[2001:db8::10]:443", "a..b", f"{'a' * 64}.example.com", "nl1.example.com/"])
async def test_a_bad_address_is_left_out_and_the_others_are_shown(shop: Shop, bad: str) -> None:
    buyer = await shop.buyer()
    client = await client_of(buyer)
    await buyer.buys("monthly")
    good = await links_of(shop, buyer)
    async with shop.deps.db.transaction() as session:
        (endpoint,) = await session.scalars(select(Endpoint))
        copied = {c.key: getattr(endpoint, c.key) for c in Endpoint.__table__.columns if c.key != "id"}
        session.add(Endpoint(**copied | {"inbound_id": 99, "host": bad}))

    assert await links_of(shop, buyer) == good
    (key,) = (await client.read("keys"))["items"]
    assert [server["vless_link"] for server in key["servers"]] == good

    async with shop.deps.db.transaction() as session:
        await session.execute(update(Endpoint).values(host=bad))
    assert all("127.0.0.1" in link for link in await links_of(shop, buyer))
    assert (await client.read("keys"))["items"][0]["servers"] == []


async def sold(shop: Shop) -> list[int]:
    return [endpoint.inbound_id for endpoint in await shop.all(select(Endpoint).order_by(Endpoint.id))]


async def assert_lives_on(shop: Shop, buyer: Buyer, inbound_id: int) -> None:
    """The buyer's key is at the panel, on this inbound alone, and the link leads there."""
    assert await sold(shop) == [inbound_id]
    client = await shop.panel.client()
    assert (client["inboundIds"], client["enable"]) == ([inbound_id], True)
    state = (await shop.panel.http.get("_ctl/state")).json()
    (inbound,) = [one for one in state["inbounds"] if one["id"] == inbound_id]
    (link,) = await links_of(shop, buyer)
    assert client["uuid"] in link
    assert f":{inbound['port']}?" in link
    assert f"pbk={inbound['streamSettings']['realitySettings']['settings']['publicKey']}&" in link


async def reinstalls_panel(shop: Shop, *, ids_from: int) -> None:
    """A new panel at the same address, whose only inbound has this id and fresh keys."""
    old = (await shop.panel.http.get("_ctl/snapshot")).json()["snapshot"]
    shop.town.companies.panel.reset()
    new = (await shop.panel.http.get("_ctl/snapshot")).json()["snapshot"]
    for inbound in new["inbounds"]:
        inbound["id"] = ids_from
    assert new["inbounds"][0]["streamSettings"] != old["inbounds"][0]["streamSettings"]
    await shop.panel.act("restore", snapshot={**new, "tokens": old["tokens"]})
    assert await shop.panel.clients() == []


@pytest.mark.parametrize("inbound_id", [1, 42])
async def test_after_a_panel_was_installed_anew_the_keys_come_back_by_themselves(shop: Shop, inbound_id: int) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    await reinstalls_panel(shop, ids_from=inbound_id)

    await shop.passes(minutes=11)

    await assert_lives_on(shop, buyer, inbound_id)
    assert buyer.told == ["Paid", "KeyReady"]
    await buyer.buys("monthly")
    assert buyer.heard(Paid)[-1].key_ready


async def test_keys_move_to_the_inbound_that_the_operator_wants(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    other = await shop.panel.act("seed", port=8443, remark="NL-2", host="")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Server).values(inbound_id=other["id"]))

    await shop.passes(minutes=11)

    await assert_lives_on(shop, buyer, other["id"])


@pytest.mark.parametrize("broken", [None, {"enable": False}, {"protocol": "vmess"}, {"nodeId": 3}])
async def test_an_inbound_that_cannot_hold_keys_changes_nothing(shop: Shop, broken: dict[str, Any] | None) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    before = await sold(shop)
    wanted = 77
    if broken:
        wanted = (await shop.panel.act("seed", port=8443, remark="NL-2", host=""))["id"]
        state = (await shop.panel.http.get("_ctl/snapshot")).json()["snapshot"]
        next(one for one in state["inbounds"] if one["id"] == wanted).update(broken)
        await shop.panel.act("restore", snapshot=state)
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Server).values(inbound_id=wanted))

    with pytest.raises(NoEndpoint):
        await read_panel(shop.deps, (await only_server(shop)).id)

    await assert_lives_on(shop, buyer, before[0])


async def test_a_panel_that_is_as_it_was_is_left_alone(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Server).values(inbound_id=(await sold(shop))[0]))
    writes = shop.panel.writes()

    await read_panel(shop.deps, (await only_server(shop)).id)

    (key,) = await shop.all(select(VpnKey))
    assert (key.sync_after, shop.panel.writes()) == (NEVER, writes)
