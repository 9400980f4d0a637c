"""People hear of an end in time, once for each end."""

from datetime import timedelta

from backend.notifications.kinds import Ended, EndingSoon
from tests.shop import Shop


async def test_a_trial_is_reminded_of_three_days_and_one_day_before_its_end_and_after_it(shop: Shop) -> None:
    buyer = await shop.buyer()
    granted = await buyer.takes_trial()
    await shop.run_jobs()

    heard, before = {}, 0
    for hours in (94, 97, 100, 142, 145, 167, 169, 190):
        await shop.passes(hours=hours - before)
        heard[hours], before = len(buyer.told) - 1, hours

    assert heard == {94: 0, 97: 1, 100: 1, 142: 1, 145: 2, 167: 2, 169: 3, 190: 3}
    assert buyer.told == ["KeyReady", "EndingSoon", "EndingSoon", "Ended"]
    three, one = buyer.heard(EndingSoon)
    assert (three.days_left, one.days_left) == (3, 1)
    assert three.until == one.until == granted.until
    (ended,) = buyer.heard(Ended)
    assert ended.until == granted.until


async def test_an_extension_before_the_end_brings_the_reminders_of_the_new_end(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.passes(days=5)
    await buyer.buys("monthly")

    for days in (20, 9, 2, 2):  # 12, 3, 1 and -1 days before the new end
        await shop.passes(days=days)

    new_end = await buyer.paid_until()
    old_end = new_end - timedelta(days=30)
    reminders = [(soon.days_left, soon.until) for soon in buyer.heard(EndingSoon)]
    assert reminders == [(2, old_end), (3, new_end), (1, new_end)]
    assert [ended.until for ended in buyer.heard(Ended)] == [new_end]


async def test_nobody_who_bought_just_now_is_told_of_an_end_that_is_past(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.passes(days=8)
    await buyer.buys("monthly")

    await shop.passes(days=1)

    assert buyer.told.count("Ended") == 1
    assert "EndingSoon" not in buyer.told[buyer.told.index("Paid") :]


async def test_an_end_that_is_long_past_is_no_news(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()

    await shop.passes(days=30)

    assert buyer.heard(Ended) == []


async def test_reminders_that_are_looked_for_again_and_again_are_sent_once(shop: Shop) -> None:
    buyers = [await shop.buyer() for _ in range(3)]
    for buyer in buyers:
        await buyer.takes_trial()
    await shop.run_jobs()
    shop.advance(days=4, hours=1)

    for _ in range(4):
        await shop.passes(minutes=1)

    assert [buyer.told for buyer in buyers] == [["KeyReady", "EndingSoon"]] * 3
