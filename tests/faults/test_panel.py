"""The panel while it does not answer, or has forgotten what it knew."""

from sqlalchemy import select

from backend.notifications.kinds import Paid, PanelTrouble, PanelWorks
from backend.orders.refunds import refund
from backend.payments.models import Refund
from backend.vpn.models import VpnKey
from tests.faults.steps import assert_bought_once, assert_key_agrees, days, fault, told_operators
from tests.shop import Shop


async def test_fault_20_a_client_whose_creation_was_not_answered_is_not_created_twice(shop: Shop) -> None:
    """Fault: the panel makes the client, and its answer is lost.

    Outcome: the write is repeated and finds the client; there is one.
    """
    buyer = await shop.buyer()
    async with fault(shop, "xui", "lost_after", method="POST", path="*/clients/add"):
        await buyer.buys("monthly")
    (made,) = await shop.panel.clients()
    await shop.passes(minutes=1)

    (key,) = await shop.all(select(VpnKey))
    assert key.applied_version == (await buyer.subscription()).desired_version
    (client,) = await shop.panel.clients()
    assert (client["uuid"], client["email"]) == (made["uuid"], made["email"])
    await assert_bought_once(shop, buyer)


async def test_fault_21_a_panel_that_is_down_for_six_hours_delays_the_key_and_nothing_else(shop: Shop) -> None:
    """Fault: the panel does not answer for six hours.

    Outcome: the days are booked at once and told, the key follows when the panel is back; the operators hear of the
    trouble after five minutes and of its end; nothing is refunded.
    """
    buyer = await shop.buyer()
    async with fault(shop, "xui", "reset", times=None) as down:
        await buyer.buys("monthly")
        told, booked = list(buyer.told), await days(buyer)
        await shop.passes(minutes=3)
        assert told_operators(shop, PanelTrouble) == []
        await shop.passes(minutes=3)
        (trouble,) = told_operators(shop, PanelTrouble)
        for hours in (1, 2, 3):
            await shop.passes(hours=hours)
        tries = await down.hits()
        assert await shop.panel.clients() == []

    await shop.passes(minutes=6)
    await shop.passes(minutes=1)
    (works,) = told_operators(shop, PanelWorks)
    assert works.server == trouble.server

    assert (told, booked) == (["Paid"], [30])
    assert not buyer.heard(Paid)[0].key_ready
    assert tries > 4
    assert (trouble.keys, len(told_operators(shop, PanelTrouble))) == (1, 1)
    assert await shop.all(select(Refund)) == []
    assert buyer.told == ["Paid", "KeyReady"]
    await assert_bought_once(shop, buyer)


async def test_fault_22_a_panel_put_back_to_an_old_backup_is_brought_up_to_date(shop: Shop) -> None:
    """Fault: the panel is put back to an old backup: it has forgotten a renewal and a new key, and opens one again
    that was switched off.

    Outcome: the nightly comparison finds all three and writes them again; no client too many.
    """
    renewed, returned, joined = [await shop.buyer() for _ in range(3)]
    await renewed.buys("monthly")
    bought = await returned.buys("monthly")
    backup = (await shop.panel.http.get("_ctl/snapshot")).json()
    await renewed.buys("monthly")
    await joined.buys("monthly")
    async with shop.deps.db.transaction() as session:
        await refund(session, shop.deps.providers, bought.payment_id, shop.now)
    await shop.run_jobs()
    right = await as_known(shop)

    await shop.panel.act("restore", **backup)
    wrong = await as_known(shop)
    assert {email for email in right if wrong.get(email) != right[email]} == right.keys()
    await shop.passes(hours=24, minutes=1)

    assert await as_known(shop) == right
    for buyer in (renewed, joined):
        await assert_key_agrees(shop, buyer)
    assert [await days(buyer) for buyer in (renewed, returned, joined)] == [[30, 30], [30, -30], [30]]


async def as_known(shop: Shop) -> dict[str, tuple[str, bool, int]]:
    """What the panel knows of every client: its key, whether that is on, and until when."""
    clients = await shop.panel.clients()
    return {c["email"]: (c["uuid"], c["enable"], c["expiryTime"]) for c in clients}
