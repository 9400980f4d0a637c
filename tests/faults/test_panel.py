"""The panel while it does not answer, or has forgotten what it knew."""

from sqlalchemy import select

from backend.notifications.kinds import Paid, PanelTrouble, PanelWorks
from backend.payments.models import Refund
from backend.vpn.models import VpnKey
from tests.faults.steps import assert_bought_once, days, fault, told_operators
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
