"""Servers that keys cannot be sold on, and a shop without any: operators hear of it; mended, the keys come."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from backend.notifications.kinds import Kind, NoServer, PanelTrouble, PanelWorks, ServerAgain
from backend.vpn.models import Endpoint, Server, VpnKey
from backend.vpn.service import access, save_server
from tests.integration.terminal import terminal
from tests.integration.test_cli_doctor import shop_of
from tests.shop import Shop

pytestmark = pytest.mark.thorough

NOT_THERE = 77


def told(shop: Shop, kind: type[Kind]) -> list[Kind]:
    return [said for said in shop.channel.told if isinstance(said, kind)]


def reads(shop: Shop) -> int:
    """How often the panel was asked for its inbounds."""
    log = shop.town.companies.world.log.since(service="xui")
    return sum(request["path"].endswith("/inbounds/list") for request in log)


async def minutes(shop: Shop, count: int) -> None:
    for _ in range(count):
        await shop.passes(minutes=1)


async def is_new(shop: Shop) -> None:
    """The shop's only server was never read."""
    async with shop.deps.db.transaction() as session:
        await session.execute(delete(Endpoint))
        await session.execute(update(Server).values(read_after=shop.now))


async def changes_server(shop: Shop, **values: object) -> None:
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Server).values(**values))


async def is_entered_anew(shop: Shop) -> None:
    """As every start of the shop does with the server of its settings."""
    async with shop.deps.db.transaction() as session:
        (server,) = await session.scalars(select(Server))
        way_in, vault = access(server, shop.deps.vault), shop.deps.vault
        await save_server(session, vault, shop.now, name=server.name, panel=server.panel, access=way_in)


async def enables_inbound(shop: Shop, enabled: bool) -> None:
    snapshot = (await shop.panel.http.get("_ctl/snapshot")).json()["snapshot"]
    for inbound in snapshot["inbounds"]:
        inbound["enable"] = enabled
    await shop.panel.act("restore", snapshot=snapshot)


@pytest.mark.parametrize("wanted", [None, NOT_THERE])
async def test_a_panel_that_answers_and_has_nothing_to_sell_on_is_told_and_its_end_too(
    shop: Shop, wanted: int | None
) -> None:
    await is_new(shop)
    await changes_server(shop, inbound_id=wanted)
    await enables_inbound(shop, wanted is not None)
    buyer = await shop.buyer()

    await buyer.buys("monthly")
    await minutes(shop, 4)
    early = told(shop, PanelTrouble)
    await minutes(shop, 20)
    during = [*told(shop, PanelTrouble), *told(shop, PanelWorks)]
    await changes_server(shop, inbound_id=None)
    await enables_inbound(shop, True)
    await minutes(shop, 7)

    assert early == []
    (trouble,) = during
    assert isinstance(trouble, PanelTrouble)
    assert (trouble.server, trouble.keys) == ("main", 1)
    assert "No inbound of this panel can carry keys" in trouble.reason
    (works,) = told(shop, PanelWorks)
    assert isinstance(works, PanelWorks)
    assert works.since == trouble.since
    assert buyer.told == ["Paid", "KeyReady"]


async def test_a_server_that_cannot_be_read_is_asked_less_and_less_and_at_once_when_it_is_entered_anew(
    shop: Shop,
) -> None:
    await is_new(shop)
    await enables_inbound(shop, False)

    for _ in range(3):
        await shop.passes(seconds=5)
    soon = reads(shop)
    for _ in range(120):
        await shop.passes(seconds=5)
    later = reads(shop) - soon
    await is_entered_anew(shop)
    await shop.passes(seconds=1)
    anew = reads(shop) - soon - later

    assert (soon, anew) == (3, 1)
    assert 5 < later < 15


async def test_a_server_that_was_retired_unread_is_left_alone(shop: Shop) -> None:
    await is_new(shop)
    await enables_inbound(shop, False)
    await shop.run_jobs()
    before = reads(shop)

    await changes_server(shop, retired_at=shop.now)
    await minutes(shop, 15)

    assert reads(shop) == before
    assert told(shop, PanelTrouble) == []


async def test_people_without_any_server_are_told_of_and_get_their_keys_when_there_is_one(shop: Shop) -> None:
    served = await shop.buyer()
    await served.buys("monthly")
    await changes_server(shop, retired_at=shop.now)
    await minutes(shop, 6)
    nobody_waits = told(shop, NoServer)
    buyer = await shop.buyer()

    await buyer.buys("monthly")
    since = shop.now
    await minutes(shop, 4)
    early = told(shop, NoServer)
    await minutes(shop, 10)
    during = [*told(shop, NoServer), *told(shop, ServerAgain)]
    keys = len(await shop.all(select(VpnKey)))
    await changes_server(shop, retired_at=None)
    await minutes(shop, 3)

    assert (nobody_waits, early, keys) == ([], [], 1)
    (trouble,) = during
    assert isinstance(trouble, NoServer)
    assert trouble.people == 1
    assert abs(trouble.since - since) < timedelta(seconds=10)
    assert len(told(shop, NoServer)) == len(told(shop, ServerAgain)) == 1
    assert buyer.told == ["Paid", "KeyReady"]


async def test_doctor_says_that_the_wanted_inbound_is_not_there(shop: Shop, tmp_path: Path) -> None:
    settings = shop_of(shop.town, X3UI_INBOUND_ID=str(NOT_THERE))
    async with terminal("doctor", home=tmp_path, **settings) as seen:
        await seen.sees(f"Инбаунда {NOT_THERE}", "X3UI_INBOUND_ID")
        assert await seen.ends() == 1
