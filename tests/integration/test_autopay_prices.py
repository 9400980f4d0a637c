"""What becomes of a renewal when the price changes: before it is charged, and between two tries."""

from backend.autopay.service import agree_to_price
from backend.kit.money import Currency, Money
from backend.notifications.kinds import AutopayDearer, AutopayFailed, AutopayStopped, Paid
from tests.integration.autopay_fixture import DAY, HOUR, Subscriber, costs, subscribes
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


async def test_a_higher_price_is_told_once_long_before_the_end_and_can_be_agreed_to_at_once(shop: Shop) -> None:
    owner = await subscribes(shop)
    await costs(shop, 349)
    await owner.reaches(15 * DAY)
    too_early = owner.buyer.heard(AutopayDearer)
    await owner.reaches(13 * DAY)
    await owner.reaches(12 * DAY)
    await costs(shop, 399)
    await owner.reaches(11 * DAY)
    told, before, price = owner.buyer.heard(AutopayDearer), await owner.mandate(), Money(39900, Currency.RUB)

    async with shop.deps.db.transaction() as session:
        outdated = await agree_to_price(
            session, owner.buyer.id, before.id, Money(34900, Currency.RUB), shop.now, channel="bot"
        )
        agreed = await agree_to_price(session, owner.buyer.id, before.id, price, shop.now, channel="bot")
    await owner.is_warned()
    await owner.reaches(12 * HOUR)

    assert (too_early, [one.amount_minor for one in told]) == ([], [34900, 39900])
    assert (before.state, outdated, agreed is not None) == ("active", None, True)
    assert owner.buyer.heard(AutopayDearer) == told
    assert await sums(owner) == [39900]
    assert owner.buyer.heard(AutopayStopped) == []


async def test_a_higher_price_that_nobody_agreed_to_is_not_charged(shop: Shop) -> None:
    owner = await subscribes(shop)
    await costs(shop, 349)
    await owner.reaches(13 * DAY)
    await owner.is_warned()
    await owner.reaches(12 * HOUR)

    assert len(owner.buyer.heard(AutopayDearer)) == 1
    assert await owner.stands() == ("suspended", "price")
    assert await owner.charges() == []
