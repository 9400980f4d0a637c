"""A payment that does not go the straight way."""

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import assert_works
from tests.journeys.world import World

pytestmark = pytest.mark.thorough


async def test_a_declined_payment_says_why_and_leads_to_another_try(world: World, new_person: NewPerson) -> None:
    yana = await new_person("Яна")
    await yana.says("/start")
    url = await yana.orders()
    checkout = await yana.reads("Заказ №")
    await world.at_checkout(url, "decline", reason="insufficient_funds")

    failed = await yana.reads("Оплата не прошла", "На счёте не хватает денег")
    assert failed.id == checkout.id
    assert "Деньги не списаны" in failed.text

    await yana.taps("Попробовать ещё раз")
    await yana.taps("СБП")
    again = await yana.address_of("Оплатить")
    assert again != url
    await world.at_checkout(again, "pay")
    await assert_works(world, await yana.key(), days=30)


async def test_a_payment_page_whose_time_is_over_says_so(world: World, new_person: NewPerson) -> None:
    yana = await new_person("Яна")
    await yana.says("/start")
    url = await yana.orders()
    await world.at_checkout(url, "expire")
    await yana.reads("Время на оплату вышло")


async def test_a_page_that_is_left_alone_expires_by_itself(world: World, new_person: NewPerson) -> None:
    yana = await new_person("Яна")
    await yana.says("/start")
    await yana.orders()
    await world.advance(hours=2)
    await yana.reads("Время на оплату вышло")


async def test_i_have_paid_asks_at_once(world: World, new_person: NewPerson) -> None:
    yana = await new_person("Яна")
    await yana.says("/start")
    async with world.webhooks(drop=1):
        url = await yana.orders()
        await world.at_checkout(url, "pay")

        assert "Оплата получена" in await yana.taps("Я оплатил")
        await yana.reads("Оплачено: 299 ₽")
    await assert_works(world, await yana.key(), days=30)


async def test_i_have_paid_too_early_is_asked_again_by_itself(world: World, new_person: NewPerson) -> None:
    yana = await new_person("Яна")
    await yana.says("/start")
    async with world.webhooks(drop=1):
        url = await yana.orders()
        assert "Оплата пока не пришла" in await yana.taps("Я оплатил")
        await world.at_checkout(url, "pay")
        assert "Оплата пока не пришла" in await yana.taps("Я оплатил")  # asked a moment ago: not again at once

        await yana.reads("Оплачено: 299 ₽")


async def test_the_return_page_tells_the_truth_to_a_browser_that_never_saw_the_first_one(
    world: World, new_person: NewPerson
) -> None:
    yana = await new_person("Яна")
    await yana.says("/start")
    async with world.webhooks(drop=1):
        url = await yana.orders("СБП")
        back = (await world.payment(url))["confirmation"]["return_url"]
        assert "Ждём оплату" in (await world.opens(back)).text
        await world.at_checkout(url, "pay")
        await world.advance(seconds=6)

        returned = await world.opens(back)
        assert "Оплачено" in returned.text
    key = await yana.key()
    shown = await world.opens(back)
    assert key.link in shown.text
    assert "/chat/" in shown.text, "the way back to the bot"
