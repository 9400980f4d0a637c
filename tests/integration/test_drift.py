"""Every night the panels are compared with what their keys should be."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from backend.notifications.kinds import KeyReady
from backend.subscriptions.jobs import ComparePanels, compare_panels
from backend.subscriptions.models import Subscription
from backend.subscriptions.rules import drifted
from backend.vpn.models import Server, VpnKey
from backend.vpn.panels.base import KeySpec, PanelKey
from tests.integration.bot_fixtures import event_count
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough


async def compared(shop: Shop) -> None:
    await compare_panels(ComparePanels(), shop.deps)
    await shop.run_jobs()


async def agrees(shop: Shop, buyer: Buyer) -> bool:
    client = await shop.panel.client()
    until = round((await buyer.paid_until()).timestamp() * 1000)
    return bool(client["expiryTime"] == until and client["enable"] and client["inboundIds"])


async def test_a_panel_restored_from_an_old_backup_gets_its_keys_again(shop: Shop) -> None:
    early, late = await shop.buyer(), await shop.buyer()
    await early.buys()
    snapshot = (await shop.panel.http.get("_ctl/snapshot")).json()["snapshot"]
    await early.buys()
    await late.buys()
    await shop.panel.act("restore", snapshot=snapshot)
    told = (early.told, late.told)

    await compared(shop)

    ends = {client["email"]: client["expiryTime"] for client in await shop.panel.clients()}
    assert sorted(ends.values()) == sorted(
        [round((await buyer.paid_until()).timestamp() * 1000) for buyer in (early, late)]
    )
    assert (early.told, late.told) == told


async def test_a_key_that_was_deleted_at_the_panel_comes_back(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys()
    (server,) = await shop.all(select(Server.id))
    (email,) = await shop.all(select(VpnKey.email))
    await (await shop.deps.panel(server)).drop(email, [1])
    gone = await shop.panel.clients()

    await compared(shop)

    assert gone == []
    assert await agrees(shop, buyer)
    assert len(buyer.heard(KeyReady)) == 1


async def test_what_agrees_is_left_alone(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys()
    writes, version = shop.panel.writes(), (await buyer.subscription()).desired_version

    await compared(shop)

    assert shop.panel.writes() == writes
    assert (await buyer.subscription()).desired_version == version


async def test_clients_of_nobody_are_named_and_left_alone(shop: Shop) -> None:
    (server,) = await shop.all(select(Server.id))
    panel = await shop.deps.panel(server)
    stranger = KeySpec("stranger", uuid4(), "stranger-sub-id", None, enabled=True)
    await panel.put(stranger, [1])
    before = event_count("panel.strangers")

    await compared(shop)

    assert event_count("panel.strangers") == before + 1
    assert [client["email"] for client in await shop.panel.clients()] == ["stranger"]
    await panel.drop("stranger", [1])


async def test_a_panel_that_does_not_answer_is_compared_another_night(shop: Shop) -> None:
    before = event_count("panel.not_compared")
    shop.panel.goes_down()

    await compare_panels(ComparePanels(), shop.deps)
    shop.mend()

    assert event_count("panel.not_compared") == before + 1


async def test_a_key_whose_traffic_is_used_up_is_not_switched_on_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys()
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Subscription).values(traffic_limit_bytes=100))
        await session.execute(update(VpnKey).values(download_bytes=100))
    writes = shop.panel.writes()

    await compared(shop)

    assert shop.panel.writes() == writes


UUID_OF_KEY = UUID("00000000-0000-4000-8000-000000000001")


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({}, False),
        ({"uuid": None}, False),
        ({"uuid": str(uuid4())}, True),
        ({"sub_id": "another"}, True),
        ({"enabled": False}, True),
        ({"expires_at": None}, True),
        ({"traffic_limit_bytes": 5}, True),
        ({"inbound_ids": (1, 3)}, True),
        ({"inbound_ids": (2, 1)}, False),
    ],
)
async def test_what_counts_as_a_difference(shop: Shop, change: dict[str, object], differs: bool) -> None:
    until = shop.now + timedelta(days=3)
    wanted = KeySpec("s-1", UUID_OF_KEY, "sub", until, enabled=True)
    there = PanelKey("s-1", str(UUID_OF_KEY), "sub", until, enabled=True, traffic_limit_bytes=0, inbound_ids=(1, 2))

    assert drifted(wanted, replace(there, **change), [1, 2], shop.now) is differs  # type: ignore[arg-type]
    assert drifted(wanted, None, [1, 2], shop.now)


async def test_what_has_ended_may_be_anything_that_does_not_work(shop: Shop) -> None:
    ended, future = shop.now - timedelta(days=3), shop.now + timedelta(days=3)
    wanted = KeySpec("s-1", UUID_OF_KEY, "sub", ended, enabled=False)
    there = PanelKey("s-1", None, "sub", ended, enabled=True, traffic_limit_bytes=0, inbound_ids=(1,))

    assert not drifted(wanted, None, [1], shop.now)
    assert not drifted(wanted, there, [1], shop.now)
    assert not drifted(wanted, replace(there, enabled=False, expires_at=future), [1], shop.now)
    assert drifted(wanted, replace(there, expires_at=future), [1], shop.now)
    assert drifted(wanted, replace(there, expires_at=None), [1], shop.now)
