"""A link to a subscription in Stars, paid in two apps at once: two subscriptions, of which one was agreed to."""

from typing import Any

import pytest
from sqlalchemy import select

from backend.autopay.models import Mandate
from backend.orders.models import Order
from backend.payments.models import SavedMethod
from tests.integration.bot_fixtures import BotShop, Phone, labels, open_bot
from tests.integration.stars_fixture import (
    RENEWED,
    Payer,
    charges,
    control,
    payer,
    planned,
    settled,
    slip_through,
)
from tests.shop import Shop

pytestmark = pytest.mark.thorough


@pytest.fixture
async def link(shop: Shop) -> tuple[Phone, str]:
    """Somebody's link, and nobody there to answer who pays by it."""
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        await buyer.phone.writes("/plans")
        await buyer.phone.taps("Месяц")
        await buyer.phone.taps(RENEWED)
        address = await buyer.phone.address("Оплатить")
    return buyer.phone, address


async def subscriptions(buyer: Payer) -> list[dict[str, Any]]:
    """As Telegram has them, the oldest first."""
    return list((await buyer.phone.http.get(f"users/{buyer.phone.id}/stars")).json()["subscriptions"])


async def stopped(buyer: Payer) -> list[bool]:
    return [one["bot_canceled"] for one in await subscriptions(buyer)]


def again(opened: BotShop, phone: Phone) -> Payer:
    return Payer(opened, Phone(opened.http, phone.id))


async def test_the_second_is_offered_back_and_is_not_renewed(shop: Shop, link: tuple[Phone, str]) -> None:
    phone, address = link
    await slip_through(shop, phone, address, times=2)

    async with open_bot(shop) as opened:
        buyer = again(opened, phone)
        await settled(opened)
        said = [message for message in await buyer.phone.messages() if "две оплаты" in message["text"]]
        await planned(opened)

        first, second = await charges(opened)
        assert await buyer.days() == [("payment", 30)] * 2
        assert (first.order_id, second.initiated_by) == (second.order_id, "buyer")
        assert [any("Вернуть" in label for label in labels(message)) for message in said] == [True]
        assert await shop.all(select(Order).where(Order.kind == "autopay")) == []
        assert await stopped(buyer) == [False, True]
        (mandate,) = await shop.all(select(Mandate))
        assert mandate.state == "active"
        renewed = (await subscriptions(buyer))[0]["id"]
        shop.advance(days=30)
        await control(opened, f"users/{phone.id}/subscriptions/{renewed}/renew")
        await settled(opened)
        assert await buyer.days() == [("payment", 30)] * 3
        assert (await charges(opened))[-1].saved_method_id == mandate.saved_method_id
        await buyer.phone.writes("/autopay_off")
        await settled(opened)
        assert await stopped(buyer) == [True, True]


async def test_off_ends_both_where_nobody_says_which_charge_began_one(shop: Shop, link: tuple[Phone, str]) -> None:
    phone, address = link
    async with open_bot(shop) as opened:
        await control(opened, "updates/lose", what="successful_payment", times=1)
    await slip_through(shop, phone, address, times=2)

    async with open_bot(shop) as opened:
        buyer = again(opened, phone)
        await settled(opened)
        await shop.passes(hours=1.1)  # the list shows the other, and not that it began anything
        counted, renewing = await buyer.days(), await stopped(buyer)
        opened.breaks("editUserStarSubscription", "status", status=502, times=1)
        await buyer.phone.writes("/autopay_off")
        await settled(opened)
        half = await stopped(buyer)
        await planned(opened)

        assert counted == [("payment", 30)] * 2
        assert renewing == [False, False]
        assert sorted(half) == [False, True]
        assert await stopped(buyer) == [True, True]
        assert [method.ref for method in await shop.all(select(SavedMethod))] == [None]
