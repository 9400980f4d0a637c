"""Keys follow what was decided, whatever the panel does."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from backend.notifications.kinds import KeyReady, Paid
from backend.subscriptions.models import Subscription
from backend.subscriptions.service import grant_days, reissue
from backend.vpn.models import Endpoint, Server, VpnKey
from backend.vpn.service import lease_server, release_server
from tests.outside import until
from tests.shop import Buyer, Shop


async def key_of(shop: Shop) -> VpnKey:
    (key,) = await shop.all(select(VpnKey))
    return key


async def server_of(shop: Shop) -> Server:
    (server,) = await shop.all(select(Server))
    return server


async def assert_settled(shop: Shop, buyer: Buyer) -> None:
    """At rest: the panel has exactly what was decided, and knows only this key."""
    subscription, key, client = await buyer.subscription(), await key_of(shop), await shop.panel.client()
    assert subscription.paid_until is not None
    assert key.applied_version == subscription.desired_version
    assert (client["uuid"], client["subId"]) == (str(subscription.client_uuid), subscription.sub_id)
    assert client["email"] == key.email
    assert client["expiryTime"] == round(subscription.paid_until.timestamp() * 1000)
    assert (key.sync_attempts, key.last_error) == (0, None)


async def test_a_panel_that_is_down_delays_the_key_and_nothing_else(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.panel.goes_down()

    await buyer.buys("monthly")
    told, days = buyer.told, [line.days for line in await buyer.extensions()]
    for _ in range(4):
        await shop.passes(minutes=6)
    failing = (await server_of(shop)).failing_since
    shop.mend()
    await shop.passes(minutes=6)

    assert (told, days) == (["Paid"], [30])
    assert not buyer.heard(Paid)[0].key_ready
    assert failing is not None
    assert buyer.told == ["Paid", "KeyReady"]
    assert (await server_of(shop)).failing_since is None
    await assert_settled(shop, buyer)


async def test_a_panel_that_comes_back_is_noticed_within_seconds_at_first(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.panel.goes_down()
    await buyer.buys("monthly")

    shop.mend()
    await shop.passes(seconds=3)

    assert buyer.told == ["Paid", "KeyReady"]


@pytest.mark.parametrize("mode", ["lost_before", "lost_after", "garbage"])
async def test_a_write_whose_answer_is_lost_makes_one_client(shop: Shop, mode: str) -> None:
    buyer = await shop.buyer()
    shop.panel.breaks(mode, method="POST", path="*/clients/add")

    await buyer.buys("monthly")
    await shop.passes(minutes=1)

    assert buyer.told == ["Paid", "KeyReady"]
    await assert_settled(shop, buyer)


async def test_a_panel_that_answers_no_is_asked_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    await shop.panel.act("next", path="clients/add", text="database is locked", times=1)

    await buyer.buys("monthly")
    refused = await key_of(shop)
    await shop.passes(minutes=1)

    assert refused.sync_attempts == 1
    assert "database is locked" in (refused.last_error or "")
    assert buyer.told == ["Paid", "KeyReady"]
    await assert_settled(shop, buyer)


async def test_one_key_that_is_refused_does_not_hold_up_the_others(shop: Shop) -> None:
    first, second = await shop.buyer(), await shop.buyer()
    await shop.panel.act("next", path="clients/add", text="no", times=1)

    await first.takes_trial()
    await second.takes_trial()
    await shop.run_jobs()

    assert len(await shop.panel.clients()) == 1
    await shop.passes(seconds=5)
    assert len(await shop.panel.clients()) == 2
    assert (first.told, second.told) == (["KeyReady"], ["KeyReady"])


async def test_a_renewal_during_an_outage_is_synced_once_with_the_newest_end(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    shop.panel.goes_down()
    await buyer.buys("monthly")
    await buyer.buys("quarterly")

    shop.mend()
    writes = shop.panel.writes()
    await shop.passes(minutes=6)

    assert shop.panel.writes() == writes + 1
    await assert_settled(shop, buyer)
    assert buyer.told == ["KeyReady", "Paid", "Paid"]


async def test_a_first_key_is_announced_once_though_two_purchases_waited_for_it(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.panel.goes_down()
    await buyer.buys("monthly")
    await buyer.buys("monthly")

    shop.mend()
    await shop.passes(minutes=6)

    assert buyer.told == ["Paid", "Paid", "KeyReady"]
    assert [paid.key_ready for paid in buyer.heard(Paid)] == [False, False]
    await assert_settled(shop, buyer)


async def test_what_changes_while_a_key_is_written_is_written_after_it(shop: Shop) -> None:
    """Only the version that was sent is acknowledged."""
    buyer = await shop.buyer()
    await buyer.takes_trial()
    subscription = await buyer.subscription()
    slow = shop.panel.breaks("latency", ms=500, method="POST", path="*/clients/*")

    async def is_written() -> bool:
        return slow.hits > 0

    syncing = asyncio.create_task(shop.run_jobs())
    await until(is_written)
    async with shop.deps.db.transaction() as session:
        await grant_days(session, subscription.id, 30, shop.now, source="operator", source_id="1")
    await syncing

    await assert_settled(shop, buyer)
    assert shop.panel.writes() == 2


async def test_only_one_writer_at_a_time_speaks_to_a_panel(shop: Shop) -> None:
    buyer = await shop.buyer()
    server, stranger = await server_of(shop), uuid4()
    assert await lease_server(shop.deps.db, server.id, stranger, shop.now)

    async def works() -> None:
        await shop.run_jobs()

    await buyer.takes_trial()
    working = asyncio.create_task(works())
    await asyncio.sleep(0.3)
    during = await shop.panel.clients()
    await release_server(shop.deps.db, server.id, stranger)
    await working

    assert during == []
    await assert_settled(shop, buyer)


async def test_a_writer_that_died_is_waited_for_no_longer_than_its_lease(shop: Shop) -> None:
    server = await server_of(shop)
    dead, heir = uuid4(), uuid4()
    now = shop.now

    assert await lease_server(shop.deps.db, server.id, dead, now)
    assert not await lease_server(shop.deps.db, server.id, heir, now + timedelta(seconds=59))
    assert await lease_server(shop.deps.db, server.id, heir, now + timedelta(seconds=61))
    assert not await lease_server(shop.deps.db, server.id, dead, now + timedelta(seconds=62))
    await release_server(shop.deps.db, server.id, dead)  # it is not his any more
    assert not await lease_server(shop.deps.db, server.id, dead, now + timedelta(seconds=62))
    await release_server(shop.deps.db, server.id, heir)


async def test_a_shop_whose_server_was_never_read_sells_and_delivers_when_it_can_be(shop: Shop) -> None:
    buyer = await shop.buyer()
    async with shop.deps.db.transaction() as session:
        await session.execute(Endpoint.__table__.delete())
        await session.execute(update(Server).values(read_after=shop.now))
    shop.panel.goes_down()

    await buyer.buys("monthly")
    told = buyer.told
    shop.mend()
    await shop.passes(seconds=6)

    assert told == ["Paid"]
    assert buyer.told == ["Paid", "KeyReady"]
    await assert_settled(shop, buyer)


async def test_traffic_is_measured_and_kept_while_the_panel_is_away(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    client = await shop.panel.client()
    await shop.panel.act("traffic", email=client["email"], up=1000, down=5000)

    await shop.passes(minutes=6)
    measured = await key_of(shop)
    shop.panel.goes_down()
    await shop.passes(minutes=6)

    assert (measured.upload_bytes, measured.download_bytes) == (1000, 5000)
    assert measured.measured_at is not None
    assert ((await key_of(shop)).upload_bytes, (await key_of(shop)).download_bytes) == (1000, 5000)


# --- a new link ---


async def reissues(shop: Shop, buyer: Buyer) -> Subscription:
    subscription = await buyer.subscription()
    async with shop.deps.db.transaction() as session:
        return await reissue(session, subscription.id, user_id=buyer.id)


async def test_a_new_link_kills_the_old_one_and_the_old_key(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    old, until = await buyer.subscription(), await buyer.paid_until()

    await reissues(shop, buyer)
    at_once = await shop.http.get(f"/sub/{old.token}")
    await shop.run_jobs()

    new, client = await buyer.subscription(), await shop.panel.client()
    assert at_once.status_code == 404
    assert new.token != old.token
    assert new.sub_id != old.sub_id
    assert new.client_uuid != old.client_uuid
    assert (client["uuid"], client["subId"]) == (str(new.client_uuid), new.sub_id)
    assert new.paid_until == until
    assert (await shop.http.get(f"/sub/{new.token}")).status_code == 200
    assert buyer.told == ["Paid", "KeyReady", "KeyReady"]
    assert buyer.heard(KeyReady)[1].subscription_id == new.id
    await assert_settled(shop, buyer)


async def test_a_new_link_shows_no_key_before_the_panel_knows_it(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    shop.panel.goes_down()

    await reissues(shop, buyer)
    await shop.run_jobs()
    waiting = (await shop.http.get(f"/sub/{(await buyer.subscription()).token}?format=info")).json()
    shop.mend()
    await shop.passes(minutes=1)
    there = (await shop.http.get(f"/sub/{(await buyer.subscription()).token}?format=info")).json()

    assert (waiting["status"], waiting["servers"]) == ("none", 0)
    assert (there["status"], there["servers"]) == ("active", 1)


@pytest.mark.parametrize("mode", ["lost_before", "lost_after"])
async def test_a_new_link_whose_write_is_lost_leaves_one_client(shop: Shop, mode: str) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    shop.panel.breaks(mode, method="POST", path="*/clients/*")

    await reissues(shop, buyer)
    await shop.run_jobs()
    await shop.passes(minutes=1)

    await assert_settled(shop, buyer)


async def test_two_new_links_at_once_leave_the_last_one(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")

    await asyncio.gather(reissues(shop, buyer), reissues(shop, buyer))
    await shop.run_jobs()

    assert (await buyer.subscription()).link_version == 3
    await assert_settled(shop, buyer)


async def test_a_new_link_after_the_end_opens_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    await shop.passes(days=8)

    await reissues(shop, buyer)
    await shop.run_jobs()

    assert (await shop.panel.client())["enable"] is False
    assert len(buyer.heard(KeyReady)) == 1
