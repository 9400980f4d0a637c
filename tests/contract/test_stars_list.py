"""How the driver of Stars reads the list of what was paid, from Telegram's emulator over real HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram.types import StarTransaction

from backend.kit.errors import Unavailable
from backend.payments.providers.base import (
    Unknown,
)
from backend.payments.providers.stars import Stars
from tests.contract.provider_cases import known, known_refund
from tests.contract.stars_world import SERVICE, listed, sold
from tests.contract.telegram_world import TelegramWorld


@pytest.mark.parametrize("many", [0, 1, 99, 100, 101, 350])
async def test_the_list_is_read_from_its_end_however_long_it_is(
    telegram: TelegramWorld, stars: Stars, many: int
) -> None:
    person = await telegram.person()
    book = telegram.emulator.telegram.stars
    user = {"id": person, "is_bot": False, "first_name": "Анна"}
    for number in range(many):
        book.charge(user, {"title": "", "payload": f"p{number}", "amount": 1, "period": 0})

    everything = await listed(stars, telegram, hours=1)
    book.charge(user, {"title": "", "payload": "newest", "amount": 2, "period": 0})
    again = await listed(stars, telegram, hours=1)

    assert [snapshot.mac for snapshot in everything] == [f"p{number}" for number in reversed(range(many))]
    assert [snapshot.mac for snapshot in again] == ["newest", *(snapshot.mac for snapshot in everything)]


async def test_pages_shorter_than_asked_for_are_not_the_end(
    telegram: TelegramWorld, stars: Stars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.telegram.methods.payments.MOST_ROWS", 40)
    person = await telegram.person()
    book, user = telegram.emulator.telegram.stars, {"id": person, "is_bot": False, "first_name": "Анна"}
    for before, now in ((0, 257), (257, 300)):
        for number in range(before, now):
            book.charge(user, {"title": "", "payload": f"p{number}", "amount": 1, "period": 0})

        found = await listed(stars, telegram, hours=1)

        assert [snapshot.mac for snapshot in found] == [f"p{number}" for number in reversed(range(now))]


async def test_a_list_with_the_newest_first_is_read_too(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    for days in (0, 2, 1):
        telegram.world.clock.advance(timedelta(days=days).total_seconds())
        await sold(telegram, stars, person)
    everything = [transaction.model_dump(mode="json") for transaction in await rows(telegram)]
    lists(telegram, *reversed(everything))

    found = await listed(stars, telegram, days=1.5)

    assert [snapshot.ref for snapshot in found] == [row["id"] for row in reversed(everything[1:])]


async def test_the_list_goes_back_only_so_far_and_leaves_out_what_nobody_paid(
    telegram: TelegramWorld, stars: Stars
) -> None:
    person = await telegram.person()
    await sold(telegram, stars, person)
    telegram.world.clock.advance(timedelta(days=2).total_seconds())
    later, charge = await sold(telegram, stars, person)
    await telegram.do("/stars/withdraw", amount=50)

    [found] = await listed(stars, telegram, days=1)

    assert (found.ref, found.pid) == (charge, later.payment_id)


async def test_a_list_that_is_the_same_from_every_place_is_not_read_for_ever(
    telegram: TelegramWorld, stars: Stars
) -> None:
    row = {"amount": 1, "date": 1, "source": {"type": "other"}}
    same = {"ok": True, "result": {"transactions": [{"id": str(number), **row} for number in range(100)]}}
    telegram.world.faults.arm(SERVICE, "status", path="*/getStarTransactions", times=None, status=200, body=same)

    assert isinstance(await stars.fetch("stx"), Unknown)
    with pytest.raises(Unavailable):
        await listed(stars, telegram, hours=1)


async def test_a_charge_that_went_back_is_listed_once_as_that(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    _, charge = await sold(telegram, stars, person)
    await telegram.do(f"/charges/{charge}/refund")

    [found] = await listed(stars, telegram, hours=1)

    assert (found.ref, found.refunded_minor, found.payer) == (charge, 200, str(person))


async def test_a_refund_that_leaves_out_what_was_paid_for_is_read_with_its_payment_or_alone(
    telegram: TelegramWorld, stars: Stars
) -> None:
    person = await telegram.person()
    asked, charge = await sold(telegram, stars, person)
    await telegram.do(f"/charges/{charge}/refund")
    paid, back = (transaction.model_dump(mode="json") for transaction in await rows(telegram))
    del back["receiver"]["invoice_payload"]
    gift = {**back, "id": "stxGift", "receiver": {**back["receiver"], "transaction_type": "gift_purchase"}}

    lists(telegram, paid, back, gift)
    both, fetched = await listed(stars, telegram, hours=1), known(await stars.fetch(charge))
    telegram.world.faults.clear()
    lists(telegram, back, gift)
    alone, refund = await listed(stars, telegram, hours=1), known_refund(await stars.fetch_refund(f"stars-{charge}"))

    assert both == [fetched]
    assert [(one.ref, one.pid, one.refunded_minor) for one in both] == [(charge, asked.payment_id, 200)]
    assert [(one.ref, one.pid, one.refunded_minor, one.payer) for one in alone] == [(charge, None, 200, str(person))]
    assert refund.payment_ref == charge


async def rows(telegram: TelegramWorld) -> list[StarTransaction]:
    return (await telegram.bot.get_star_transactions()).transactions


def lists(telegram: TelegramWorld, *transactions: dict[str, Any]) -> None:
    """From now on these are all there are."""
    body = {"ok": True, "result": {"transactions": transactions}}
    telegram.world.faults.arm(SERVICE, "status", path="*/getStarTransactions", times=None, status=200, body=body)


async def test_after_the_list_became_shorter_it_is_read_all_the_same(telegram: TelegramWorld, stars: Stars) -> None:
    person = await telegram.person()
    for _ in range(3):
        await sold(telegram, stars, person)
    assert len(await listed(stars, telegram, hours=1)) == 3

    telegram.forget()
    person = await telegram.person()
    _, charge = await sold(telegram, stars, person)

    assert [found.ref for found in await listed(stars, telegram, hours=1)] == [charge]
