"""Stars: paid in the chat, by whom they are meant for, and given back."""

from datetime import timedelta

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import assert_only, assert_works, uuids_at
from tests.journeys.person import STARS
from tests.journeys.world import World, until


async def test_an_invoice_in_stars_is_paid_in_the_chat_and_the_key_follows(
    world: World, new_person: NewPerson
) -> None:
    zoya = await new_person("Зоя")
    await zoya.says("/start")
    owned = await zoya.stars()
    link = await zoya.orders(STARS)
    checkout = await zoya.reads("Заказ №", "200 ⭐")

    paid = await zoya.pays_stars(link)

    assert paid["state"] == "paid"
    assert paid["answer"]["seconds"] < 8
    assert owned - await zoya.stars() == 200
    key = await zoya.key()
    assert (await zoya.reads("Оплачено: 200 ⭐")).id == checkout.id
    await assert_works(world, key, days=30)
    await assert_only(world, key, zoya)


@pytest.mark.thorough
async def test_an_invoice_that_was_passed_on_is_paid_only_by_whom_it_is_meant_for(
    world: World, new_person: NewPerson
) -> None:
    zoya, friend = await new_person("Зоя"), await new_person("Друг")
    await zoya.says("/start")
    link = await zoya.orders(STARS)
    owned = await friend.stars()

    refused = await friend.pays_stars(link)

    assert (refused["state"], await friend.stars()) == ("refused", owned)
    assert "выставлен другому человеку" in refused["error"]
    assert (await zoya.pays_stars(link))["state"] == "paid"
    key = await zoya.key()
    await assert_works(world, key, days=30)
    again = await zoya.pays_stars(link)
    assert (again["state"], again["error"]) == ("refused", "Этот заказ уже оплачен, платить второй раз не нужно.")
    await assert_only(world, key, zoya)


@pytest.mark.thorough
async def test_stars_given_back_from_outside_take_days_and_key_with_them(world: World, new_person: NewPerson) -> None:
    zoya = await new_person("Зоя")
    await zoya.says("/start")
    paid = await zoya.pays_stars(await zoya.orders(STARS))
    key = await zoya.key()
    await world.advance(days=3)

    await world.do(f"/sandbox/telegram/_ctl/charges/{paid['charge_id']}/refund")

    told = await zoya.reads("Возвращено: 200 ⭐")
    assert "подписка закончилась" in told.text

    async def shut_out() -> bool:
        client = await world.client(key.uuid)
        return client is None or not client["enable"]

    await until(shut_out, "the panel still lets the key in")
    assert key.uuid not in await uuids_at(world, key.link)
    assert "Подписка закончилась" in (await zoya.says("/start")).text
    await world.advance(hours=2)  # what the shop reads of the refund by itself is no second one
    await zoya.says("/start")
    assert len([message for message in await zoya.chat() if "Возвращено" in message.text]) == 1


@pytest.mark.thorough
async def test_who_bought_twice_and_got_one_back_keeps_the_other_days(world: World, new_person: NewPerson) -> None:
    zoya = await new_person("Зоя")
    await zoya.says("/start")
    paid = await zoya.pays_stars(await zoya.orders(STARS))
    key = await zoya.key()
    await zoya.says("/start")
    await zoya.pays_stars(await zoya.orders(STARS, plan="3 месяца"))
    await zoya.reads("Добавлено: 90 дней")

    await world.do(f"/sandbox/telegram/_ctl/charges/{paid['charge_id']}/refund")

    told = await zoya.reads("Возвращено: 200 ⭐")
    assert "Подписка действует до" in told.text
    await world.advance(minutes=1)
    assert "90 дней" in (await zoya.says("/subscription")).text

    async def shortened() -> bool:
        client = await world.client(key.uuid)
        assert client
        left = client["expiryTime"] / 1000 - (await world.now()).timestamp()
        return abs(timedelta(seconds=left) - timedelta(days=90)) < timedelta(minutes=3)

    await until(shortened, "the panel never heard of the new end")


@pytest.mark.thorough
async def test_a_plan_withdrawn_between_invoice_and_payment_is_not_paid_for(
    world: World, new_person: NewPerson
) -> None:
    zoya = await new_person("Зоя")
    owned = await zoya.stars()
    names, prices = ("--ru", "Дача", "--en", "Weekend"), ("--price", "RUB=49", "--price", "XTR=30")
    await world.operates("plans", "add", "weekend", "--days", "3", *names, *prices)
    try:
        await zoya.says("/start")
        link = await zoya.orders(STARS, plan="Дача")
    finally:
        await world.operates("plans", "withdraw", "weekend")

    refused = await zoya.pays_stars(link)

    assert (refused["state"], await zoya.stars()) == ("refused", owned)
    assert refused["error"] == "Этот счёт больше не действует. Откройте бот и выберите тариф ещё раз."
    assert not (await zoya.says("/start")).place_of("Дача")
    assert not [message for message in await zoya.chat() if message.photo]
