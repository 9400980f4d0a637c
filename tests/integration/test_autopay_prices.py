"""What a later try of a renewal is for, when the price has changed since the first."""

from backend.notifications.kinds import AutopayFailed, Paid
from tests.integration.autopay_fixture import HOUR, Subscriber, costs, subscribes
from tests.shop import Shop


async def refused_once(shop: Shop) -> Subscriber:
    owner = await subscribes(shop)
    await owner.card_answers("canceled:insufficient_funds")
    await owner.is_warned()
    await owner.reaches(12 * HOUR)
    return owner


async def sums(owner: Subscriber) -> list[int]:
    return [charge.amount_minor for charge in await owner.charges()]


async def test_a_later_try_after_a_drop_is_for_the_lower_price_and_of_the_same_order(shop: Shop) -> None:
    owner = await refused_once(shop)
    await costs(shop, 199)
    await owner.card_answers("succeeded")

    await owner.reaches(HOUR)

    (order,) = await owner.renewals()
    assert await sums(owner) == [29900, 19900]
    assert (order.amount_minor, await owner.states()) == (19900, ["canceled", "succeeded"])
    assert owner.buyer.heard(Paid)[-1].amount == "199\u00a0₽"


async def test_a_later_try_is_never_for_more_than_the_one_before(shop: Shop) -> None:
    owner = await refused_once(shop)
    await costs(shop, 199)
    await owner.reaches(HOUR)
    await costs(shop, 299)
    await owner.card_answers("succeeded")

    await owner.reaches(-24 * HOUR)

    assert await sums(owner) == [29900, 19900, 19900]
    assert [told.amount for told in owner.buyer.heard(AutopayFailed)] == ["299\u00a0₽", "199\u00a0₽"]
