"""Nobody is charged who was not told of it in time, and who could not be told finds out why."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.alerts.report import report_of
from backend.notifications.channels import NotSaid, PersonUnreachable
from backend.notifications.kinds import AutopayNotice, AutopayStopped
from backend.users.models import User
from tests.integration.autopay_fixture import DAY, HOUR, Subscriber, changes, subscribes
from tests.shop import Shop

pytestmark = pytest.mark.thorough


def telegram_refuses(shop: Shop) -> None:
    """Everybody has blocked the bot."""
    shop.channel.troubles.extend(PersonUnreachable() for _ in range(100))


def telegram_is_away(shop: Shop) -> None:
    shop.channel.troubles.extend(NotSaid() for _ in range(1000))


async def unheard_today(shop: Shop, trouble: Callable[[Shop], None]) -> Subscriber:
    """Somebody who was to be charged today; the notice of the last day met with this trouble."""
    owner = await subscribes(shop)
    await owner.reaches(3 * DAY)
    trouble(shop)
    await owner.reaches(DAY)
    await owner.reaches(12 * HOUR)
    return owner


async def unwarned(shop: Shop) -> Subscriber:
    """Somebody who was to be charged today, and has blocked the bot since he subscribed."""
    owner = await unheard_today(shop, telegram_refuses)
    shop.channel.troubles.clear()
    return owner


async def test_who_blocked_the_bot_is_not_charged_and_operators_see_it_in_the_report(shop: Shop) -> None:
    owner = await unwarned(shop)
    await owner.reaches(HOUR)

    today = shop.now.astimezone(ZoneInfo(shop.deps.brand.time_zone)).date()
    reports = [await report_of(shop.deps, day) for day in (today - DAY, today)]
    assert len(owner.buyer.heard(AutopayNotice)) == 1
    assert await owner.charges() == []
    assert await owner.stands() == ("suspended", "unwarned")
    assert sum(report.unwarned for report in reports) == 1


async def test_who_comes_back_and_pays_is_renewed_again_the_next_time(shop: Shop) -> None:
    owner = await unwarned(shop)
    await changes(shop, User, User.id == owner.buyer.id, unreachable_at=shop.now)
    await owner.buyer.buys()
    await shop.passes(minutes=11)
    unheard = await owner.stands()

    await changes(shop, User, User.id == owner.buyer.id, unreachable_at=None)
    await shop.passes(minutes=11)
    stands = await owner.stands()
    await owner.is_warned()
    await owner.reaches(12 * HOUR)

    assert (unheard, stands) == (("suspended", "unwarned"), ("active", None))
    assert await owner.states() == ["succeeded"]


async def test_who_comes_back_and_does_not_pay_is_not_charged_after_all(shop: Shop) -> None:
    owner = await unwarned(shop)

    await owner.reaches(-5 * DAY)

    assert await owner.charges() == []
    assert await owner.stands() == ("suspended", "unwarned")


async def test_a_notice_that_was_heard_late_puts_the_charge_off(shop: Shop) -> None:
    owner = await unheard_today(shop, telegram_is_away)
    unheard = await owner.charges()

    shop.channel.troubles.clear()
    await shop.passes(minutes=6)
    heard = shop.now
    await shop.passes(hours=10.8)
    early = await owner.charges()
    await shop.passes(minutes=25)

    (charge,) = await owner.charges()
    assert (unheard, early) == ([], [])
    assert len(owner.buyer.heard(AutopayNotice)) == 2
    assert charge.created_at >= heard + 11 * HOUR
    assert charge.state == "succeeded"


async def test_a_notice_that_was_not_heard_in_days_pauses_the_renewal(shop: Shop) -> None:
    owner = await subscribes(shop)
    await owner.reaches(3 * DAY)
    telegram_is_away(shop)
    await owner.reaches(DAY)

    await owner.reaches(timedelta(days=-4, minutes=-11))
    shop.channel.troubles.clear()
    await shop.passes(hours=2)

    assert await owner.charges() == []
    assert await owner.stands() == ("suspended", "unwarned")
    assert [told.reason for told in owner.buyer.heard(AutopayStopped)] == ["unwarned"]
