"""Subscriptions in Stars: renewed by Telegram, counted by us, ended by whoever has a reason to."""

from typing import Any

import pytest
from sqlalchemy import select

from backend.autopay.models import Mandate
from backend.kit.money import Currency, Money
from backend.notifications.models import Notification
from backend.orders.models import Order
from backend.payments.models import Event, Payment, SavedMethod
from backend.plans.service import set_price, withdraw
from backend.switches.models import Switch
from backend.users.models import User
from tests.integration.autopay_fixture import changes
from tests.integration.bot_fixtures import BotShop, labels
from tests.integration.stars_fixture import RENEWED, Payer, charges, control, payer, planned, refunds, settled


async def subscribed(bot_shop: BotShop) -> tuple[Payer, str]:
    """Somebody whose Stars are charged every 30 days, and the first charge."""
    buyer = await payer(bot_shop)
    await buyer.phone.writes("/plans")
    await buyer.phone.taps("Месяц")
    await buyer.phone.taps(RENEWED)
    paid = await buyer.pays(await buyer.phone.address("Оплатить"))
    await settled(bot_shop)
    return buyer, str(paid["charge_id"])


async def does(bot_shop: BotShop, buyer: Payer, charge: str, what: str) -> Any:
    answer = await control(bot_shop, f"users/{buyer.phone.id}/subscriptions/{charge}/{what}")
    await settled(bot_shop)
    return answer


async def subscription(buyer: Payer) -> dict[str, Any]:
    """As Telegram has it."""
    (found,) = (await buyer.phone.http.get(f"users/{buyer.phone.id}/stars")).json()["subscriptions"]
    return dict(found)


async def mandate(bot_shop: BotShop) -> Mandate:
    found: Mandate = (await bot_shop.shop.all(select(Mandate).order_by(Mandate.created_at)))[-1]
    return found


async def test_beside_the_single_payment_thirty_days_can_be_had_again_and_again(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    await buyer.phone.writes("/plans")
    await buyer.phone.taps("Месяц")
    month = labels(await buyer.phone.screen())
    await buyer.phone.writes("/plans")
    await buyer.phone.taps("3 месяца")
    quarter = labels(await buyer.phone.screen())

    assert RENEWED in month
    assert any(label.startswith("⭐️ Telegram Stars") for label in month)
    assert not [label for label in quarter if label.startswith("🔁")]


async def test_the_first_payment_begins_it_and_the_screen_says_so(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)

    stands = await mandate(bot_shop)
    (method,) = await bot_shop.shop.all(select(SavedMethod))
    assert (stands.state, stands.charged_by, stands.max_amount_minor, stands.currency) == (
        "active",
        "provider",
        200,
        "XTR",
    )
    assert (method.ref, method.method) == (charge, "stars")
    assert await buyer.days() == [("payment", 30)]
    assert any("Автопродление включено" in message["text"] for message in await buyer.phone.messages())


async def test_a_renewal_is_an_order_and_a_payment_of_its_own(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)

    bot_shop.shop.advance(days=30)
    await does(bot_shop, buyer, charge, "renew")
    bot_shop.shop.advance(days=30)
    await does(bot_shop, buyer, charge, "renew")

    assert await buyer.days() == [("payment", 30)] * 3
    paid = await charges(bot_shop)
    assert [(one.state, one.initiated_by) for one in paid] == [
        ("succeeded", "buyer"),
        ("succeeded", "shop"),
        ("succeeded", "shop"),
    ]
    orders = await bot_shop.shop.all(select(Order).where(Order.kind == "autopay").order_by(Order.created_at))
    assert [order.cycle_key for order in orders] == [f"stars:{one.provider_payment_id}" for one in paid[1:]]
    assert {one.saved_method_id for one in paid[1:]} == {(await mandate(bot_shop)).saved_method_id}
    assert await refunds(bot_shop) == []


async def test_a_renewal_of_which_nobody_told_is_found_in_the_list(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)
    bot_shop.shop.advance(days=30)
    await control(bot_shop, "updates/lose", what="successful_payment", times=1)

    await control(bot_shop, f"users/{buyer.phone.id}/subscriptions/{charge}/renew")
    await bot_shop.idle()
    lost = await buyer.days()
    await bot_shop.shop.passes(hours=1.1)

    assert lost == [("payment", 30)]
    assert await buyer.days() == [("payment", 30)] * 2
    assert len(await bot_shop.shop.all(select(Order).where(Order.kind == "autopay"))) == 1


async def test_a_renewal_told_twice_counts_once(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)
    bot_shop.shop.advance(days=30)
    await does(bot_shop, buyer, charge, "renew")
    told = (await bot_shop.http.get("updates/history")).json()
    renewal = [update for update in told if "successful_payment" in update.get("message", {})][-1]

    await control(bot_shop, f"updates/{renewal['update_id']}/repeat")
    await settled(bot_shop)

    assert await buyer.days() == [("payment", 30)] * 2


async def test_who_cancels_in_telegram_and_wants_it_again_moves_the_mandate(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)

    await does(bot_shop, buyer, charge, "cancel")
    canceled = await mandate(bot_shop)
    screen = await buyer.phone.screen()
    await does(bot_shop, buyer, charge, "resume")
    resumed = await mandate(bot_shop)

    assert (canceled.state, canceled.reason) == ("suspended", "canceled")
    assert "отменили подписку за звёзды в настройках Telegram" in screen["text"]
    assert (resumed.state, resumed.reason) == ("active", None)
    events = await bot_shop.shop.all(select(Event).where(Event.dedup_key.startswith("subscription:")))
    assert len(events) == 2
    assert all(event.handled_at is not None and event.rejected_reason is None for event in events)


async def test_old_news_that_come_again_change_nothing(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)
    await does(bot_shop, buyer, charge, "cancel")
    told = (await bot_shop.http.get("updates/history")).json()
    canceled = next(update for update in told if "subscription" in update)
    await does(bot_shop, buyer, charge, "resume")

    await control(bot_shop, f"updates/{canceled['update_id']}/repeat")
    await settled(bot_shop)

    assert (await mandate(bot_shop)).state == "active"


async def test_news_after_a_quiet_week_count_though_their_numbers_begin_anew(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)
    await does(bot_shop, buyer, charge, "cancel")
    await changes(bot_shop.shop, Event, Event.dedup_key.startswith("subscription:"), object_id="900000000")
    bot_shop.shop.advance(days=8)

    await does(bot_shop, buyer, charge, "resume")

    assert (await mandate(bot_shop)).state == "active"


async def test_too_few_stars_pause_it_and_a_later_payment_takes_it_up_again(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)
    bot_shop.shop.advance(days=30)
    await does(bot_shop, buyer, charge, "fail")
    paused = await mandate(bot_shop)
    bot_shop.shop.advance(hours=5)

    await does(bot_shop, buyer, charge, "renew")
    await planned(bot_shop)

    assert (paused.state, paused.reason) == ("suspended", "failed")
    assert (await mandate(bot_shop)).state == "active"
    assert await buyer.days() == [("payment", 30)] * 2


async def test_off_by_one_tap_ends_it_at_telegram_too(bot_shop: BotShop) -> None:
    buyer, _ = await subscribed(bot_shop)

    await buyer.phone.writes("/autopay_off")
    said = (await buyer.phone.screen())["text"]
    await settled(bot_shop)

    assert "Telegram больше не будет списывать звёзды" in said
    assert (await subscription(buyer))["bot_canceled"] is True
    (method,) = await bot_shop.shop.all(select(SavedMethod))
    assert method.ref is None
    assert (await mandate(bot_shop)).reason == "off"


async def test_a_telegram_that_is_away_is_told_until_it_hears(bot_shop: BotShop) -> None:
    buyer, _ = await subscribed(bot_shop)
    bot_shop.breaks("editUserStarSubscription", "status", status=502, times=2)

    await buyer.phone.writes("/autopay_off")
    await settled(bot_shop)
    unheard = (await subscription(buyer))["canceled"]
    await planned(bot_shop)
    await planned(bot_shop)

    assert unheard is False
    assert (await subscription(buyer))["bot_canceled"] is True


@pytest.mark.parametrize("why", ["dearer", "cheaper", "withdrawn", "disputed", "refunded", "blocked"])
async def test_the_shop_ends_it_when_it_may_not_go_on(bot_shop: BotShop, why: str) -> None:
    buyer, charge = await subscribed(bot_shop)
    shop, user = bot_shop.shop, await bot_shop.user(buyer.phone)
    plan = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        if why in ("dearer", "cheaper"):
            await set_price(session, plan.id, Money(250 if why == "dearer" else 150, Currency.XTR))
        elif why == "withdrawn":
            await withdraw(session, plan.id, shop.now)
    if why == "disputed":
        await changes(shop, Payment, Payment.provider_payment_id == charge, disputed_at=shop.now)
    elif why == "refunded":
        await control(bot_shop, f"charges/{charge}/refund")
        await settled(bot_shop)
    elif why == "blocked":
        await changes(shop, User, User.id == user.id, blocked_at=shop.now)

    await planned(bot_shop)

    assert (await subscription(buyer))["bot_canceled"] is True
    ended = await mandate(bot_shop)
    expected = {"dearer": "price", "cheaper": "price", "withdrawn": "plan_gone"}.get(why, why)
    assert (ended.state, ended.reason) == ("ended", expected)
    if expected == "price":
        assert "по старой цене мы отменили" in (await buyer.phone.screen())["text"]


async def test_a_renewal_after_a_ban_is_booked_without_a_key_and_is_to_go_back(bot_shop: BotShop) -> None:
    buyer, charge = await subscribed(bot_shop)
    user = await bot_shop.user(buyer.phone)
    bot_shop.breaks("editUserStarSubscription", "status", status=502, times=1)  # so that Telegram still renews
    bot_shop.shop.advance(days=30)
    await changes(bot_shop.shop, User, User.id == user.id, blocked_at=bot_shop.shop.now)

    await does(bot_shop, buyer, charge, "renew")
    await planned(bot_shop)
    await planned(bot_shop)

    assert await buyer.days() == [("payment", 30)] * 2
    assert (await bot_shop.shop.panel.client())["enable"] is False
    assert (await subscription(buyer))["bot_canceled"] is True
    (refund,) = await refunds(bot_shop)
    assert refund.amount_minor == 200
    assert refund.payment_id == (await charges(bot_shop))[-1].id


async def test_news_of_somebody_elses_subscription_change_nothing(bot_shop: BotShop) -> None:
    buyer, _ = await subscribed(bot_shop)
    (first,) = await charges(bot_shop)
    assert first.request_body is not None
    payload = first.request_body.decode().split('"payload":"')[1].split('"')[0]
    stranger = await bot_shop.phone()
    person = {"id": stranger.id, "is_bot": False, "first_name": "X"}
    owner = person | {"id": buyer.phone.id}
    forged = payload[:-2] + ("AA" if not payload.endswith("AA") else "BB")

    for user, carried in ((person, payload), (owner, forged), (owner, "s1.nothing")):
        await bot_shop.raw(subscription={"user": user, "invoice_payload": carried, "state": "canceled"})

    assert (await mandate(bot_shop)).state == "active"
    rejected = await bot_shop.shop.all(select(Event.rejected_reason).where(Event.dedup_key.startswith("subscr")))
    assert rejected == ["unproven"] * 3


async def test_a_renewal_that_is_heard_before_its_lost_first_charge_opens_a_mandate_that_can_be_ended(
    bot_shop: BotShop,
) -> None:
    buyer = await payer(bot_shop)
    await buyer.phone.writes("/plans")
    await buyer.phone.taps("Месяц")
    await buyer.phone.taps(RENEWED)
    await control(bot_shop, "updates/lose", what="successful_payment", times=1)
    bot_shop.breaks("getStarTransactions", "status", status=502, times=None)
    first = (await buyer.pays(await buyer.phone.address("Оплатить")))["charge_id"]
    bot_shop.shop.advance(days=30)

    await does(bot_shop, buyer, first, "renew")
    stands, heard = await mandate(bot_shop), await buyer.days()
    bot_shop.shop.mend()
    await bot_shop.shop.passes(hours=1.1)
    bot_shop.shop.advance(days=30)
    await does(bot_shop, buyer, first, "renew")
    await bot_shop.shop.passes(hours=1.1)
    held = await bot_shop.shop.all(select(Switch.name))
    await buyer.phone.writes("/autopay_off")
    await settled(bot_shop)

    assert (stands.state, stands.charged_by, heard) == ("active", "provider", [("payment", 30)])
    assert await buyer.days() == [("payment", 30)] * 3
    assert held == []
    assert (await subscription(buyer))["bot_canceled"] is True


async def test_a_telegram_that_refuses_to_end_it_is_told_to_operators_and_asked_on(bot_shop: BotShop) -> None:
    buyer, _ = await subscribed(bot_shop)
    no = {"ok": False, "error_code": 400, "description": "Bad Request: USER_BOT_REQUIRED"}
    bot_shop.breaks("editUserStarSubscription", "status", status=400, body=no, times=2)

    await buyer.phone.writes("/autopay_off")
    await settled(bot_shop)
    await planned(bot_shop)
    told = await not_stopped(bot_shop)
    await planned(bot_shop)

    (first,) = await charges(bot_shop)
    assert [(said["payment_id"], said["code"], said["tried_on"]) for said in told] == [
        (str(first.id), "USER_BOT_REQUIRED", True)
    ]
    assert (await subscription(buyer))["bot_canceled"] is True
    assert [method.ref for method in await bot_shop.shop.all(select(SavedMethod))] == [None]


async def test_a_subscription_that_telegram_does_not_know_is_told_once_and_let_go(bot_shop: BotShop) -> None:
    buyer, _ = await subscribed(bot_shop)
    no = {"ok": False, "error_code": 400, "description": "Bad Request: CHARGE_ID_INVALID"}
    bot_shop.breaks("editUserStarSubscription", "status", status=400, body=no, times=None)

    await buyer.phone.writes("/autopay_off")
    await settled(bot_shop)
    await planned(bot_shop)

    assert [said["tried_on"] for said in await not_stopped(bot_shop)] == [False]
    assert [method.ref for method in await bot_shop.shop.all(select(SavedMethod))] == [None]


async def not_stopped(bot_shop: BotShop) -> list[dict[str, Any]]:
    query = select(Notification.payload).where(Notification.kind == "RenewalNotStopped")
    return list(await bot_shop.shop.all(query))
