"""What we have to say is said, in order, once if the world lets us and twice rather than never."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select, update

from backend.kit.errors import Refused, Unavailable
from backend.notifications.channels import NotSaid, PersonUnreachable, SlowDown
from backend.notifications.kinds import CheckoutReady, Ended, KeyReady, Kind
from backend.notifications.models import Notification
from backend.notifications.service import notify
from tests.shop import Buyer, Shop


async def says(shop: Shop, buyer: Buyer, kind: Kind, once: str) -> None:
    async with shop.deps.db.transaction() as session:
        await notify(session, buyer.id, kind, once=once, now=shop.now)


def news(number: int) -> CheckoutReady:
    return CheckoutReady(payment_id=uuid4(), shown_in=str(number))


async def outcomes(shop: Shop) -> list[str | None]:
    """What became of everything that was for people, in order."""
    to_people = select(Notification).where(Notification.user_id.is_not(None))
    return [row.outcome for row in await shop.all(to_people.order_by(Notification.id))]


async def test_the_same_thing_is_queued_and_said_once(shop: Shop) -> None:
    buyer = await shop.buyer()

    await asyncio.gather(*(says(shop, buyer, news(1), "once") for _ in range(10)))
    await shop.run_jobs()
    await says(shop, buyer, news(1), "once")
    await shop.run_jobs()

    assert buyer.told == ["CheckoutReady"]
    assert await outcomes(shop) == ["sent"]


async def test_one_person_hears_things_in_their_order(shop: Shop) -> None:
    buyer = await shop.buyer()
    for number in range(5):
        await says(shop, buyer, news(number), str(number))

    await shop.run_jobs()

    assert [said.shown_in for said in buyer.heard(CheckoutReady)] == ["0", "1", "2", "3", "4"]


async def test_a_later_thing_does_not_overtake_one_that_has_to_be_said_again(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.channel.troubles.append(Unavailable())
    for number in range(3):
        await says(shop, buyer, news(number), str(number))

    await shop.run_jobs()
    during = buyer.told
    await shop.passes(seconds=5)

    assert during == []
    assert [said.shown_in for said in buyer.heard(CheckoutReady)] == ["0", "1", "2"]


async def test_what_can_never_be_said_does_not_silence_the_rest_for_long(shop: Shop) -> None:
    buyer = await shop.buyer()
    subscription_id = uuid4()
    shop.channel.troubles.extend(Refused() for _ in range(20))
    await says(shop, buyer, news(1), "refused for ever")
    for seconds in (3, 5, 9, 17, 33, 65):
        await shop.passes(seconds=seconds)
    shop.channel.troubles.clear()

    await says(shop, buyer, KeyReady(subscription_id), "key")
    await shop.run_jobs()

    assert "KeyReady" in buyer.told


async def test_money_and_keys_come_before_news(shop: Shop) -> None:
    buyer = await shop.buyer()
    subscription_id = uuid4()
    await says(shop, buyer, Ended(subscription_id, shop.now), "ended")
    await says(shop, buyer, KeyReady(subscription_id), "ready")

    await shop.run_jobs()

    assert buyer.told == ["KeyReady", "Ended"]


async def test_a_channel_that_asks_to_slow_down_is_left_alone_for_as_long_as_it_says(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.channel.troubles.append(SlowDown(timedelta(seconds=40)))
    await says(shop, buyer, news(1), "1")
    await shop.run_jobs()

    await shop.passes(seconds=30)
    too_early = buyer.told
    await shop.passes(seconds=15)

    assert too_early == []
    assert buyer.told == ["CheckoutReady"]


async def test_a_person_who_blocked_the_bot_is_not_tried_again_and_holds_up_nobody(shop: Shop) -> None:
    gone, there = await shop.buyer(), await shop.buyer()
    shop.channel.troubles.append(PersonUnreachable())
    await says(shop, gone, news(1), "1")
    await says(shop, there, news(2), "2")

    await shop.run_jobs()
    await shop.passes(minutes=10)

    assert gone.told == []
    assert there.told == ["CheckoutReady"]
    assert await outcomes(shop) == ["unreachable", "sent"]


async def test_what_failed_is_tried_later_each_time_and_given_up_after_a_month(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.channel.troubles.extend(NotSaid() for _ in range(100))
    await says(shop, buyer, news(1), "1")
    await shop.run_jobs()

    for _ in range(4):
        await shop.passes(days=8)

    assert buyer.told == []
    assert await outcomes(shop) == ["stale"]
    assert await shop.all(select(Notification.attempts).where(Notification.dedup_key == "1")) < [10]


async def test_a_sender_that_died_after_its_claim_is_followed_by_another(shop: Shop) -> None:
    buyer = await shop.buyer()
    await says(shop, buyer, news(1), "1")
    await shop.drop_jobs()
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Notification).values(claimed_at=shop.now, attempts=1))

    await shop.passes(seconds=10)
    too_early = buyer.told
    await shop.passes(seconds=10)

    assert too_early == []
    assert buyer.told == ["CheckoutReady"]


async def test_many_people_are_told_in_one_round(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(25)]
    for buyer in buyers:
        await says(shop, buyer, news(buyer.id), str(buyer.id))

    await shop.run_jobs()

    assert all(buyer.told == ["CheckoutReady"] for buyer in buyers)


async def test_a_message_we_cannot_write_holds_up_nobody_and_is_given_up(shop: Shop) -> None:
    shop.clumsy = True
    buyer, other = await shop.buyer(), await shop.buyer()
    await says(shop, buyer, news(1), "1")
    await says(shop, other, news(2), "2")
    async with shop.deps.db.transaction() as session:  # as a newer version of the shop would have written it
        await session.execute(update(Notification).where(Notification.dedup_key == "1").values(kind="Unheard"))

    await shop.run_jobs()
    during = (buyer.told, other.told)
    await shop.passes(days=31)

    assert during == ([], ["CheckoutReady"])
    assert await outcomes(shop) == ["stale", "sent"]
