"""Time: it is bought early, it runs out, and it is bought again."""

from datetime import timedelta

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import CLOSE, ends, uuids_at
from tests.journeys.person import SBP, Key, Person
from tests.journeys.world import World, until

pytestmark = pytest.mark.thorough


async def buys(world: World, person: Person) -> Key:
    """The first month."""
    await person.says("/start")
    await world.at_checkout(await person.orders(), "pay")
    return await person.key()


async def extended(world: World, key: Key, *, days: float) -> None:
    """Wait until the panel lets this key in for `days` from now."""

    async def look() -> bool:
        return abs(await ends(world, key) - await world.now() - timedelta(days=days)) < CLOSE

    await until(look, "the panel never heard of the new end")


async def test_paid_early_the_days_are_added_and_key_and_link_stay(world: World, new_person: NewPerson) -> None:
    vera = await new_person("Вера")
    key = await buys(world, vera)
    await world.advance(days=10)

    menu = await vera.says("/start")
    await world.at_checkout(await vera.orders(SBP, plan="3 месяца"), "pay")

    renewed = await vera.reads("Добавлено: 90 дней")
    assert "Ключ и ссылка прежние" in renewed.text
    assert renewed.id >= menu.id
    await extended(world, key, days=20 + 90)
    assert key.uuid in await uuids_at(world, key.link)
    profile = await vera.says("/subscription")
    assert key.link in profile.text
    assert "110 дней" in profile.text


async def test_the_trial_grows_into_a_subscription_with_the_same_key(world: World, new_person: NewPerson) -> None:
    vera = await new_person("Вера")
    await vera.says("/start")
    await vera.taps("Попробовать")
    key = await vera.key()

    await vera.says("/start")
    await world.at_checkout(await vera.orders(), "pay")

    await vera.reads("Добавлено: 30 дней")
    await extended(world, key, days=37)
    assert key.uuid in await uuids_at(world, key.link)


async def test_an_end_is_announced_and_coming_back_brings_the_same_key(world: World, new_person: NewPerson) -> None:
    vera = await new_person("Вера")
    key = await buys(world, vera)

    await world.advance(days=27, hours=1)
    early = await vera.reads("Подписка закончится через 3 дня")
    assert early.place_of("Месяц"), "the plans are on it"
    await world.advance(days=2)
    await vera.reads("Подписка закончится меньше чем через сутки", after=early)
    await world.advance(days=1)
    ended = await vera.reads("Подписка закончилась", after=early)

    async def shut_out() -> bool:
        client = await world.client(key.uuid)
        return client is None or not client["enable"]

    await until(shut_out, "the panel still lets the key in")
    assert key.uuid not in await uuids_at(world, key.link)
    assert "Подписка закончилась" in (await world.opens(key.link)).text
    assert "Подписка закончилась" in (await vera.says("/start")).text

    await world.advance(days=5)
    await vera.says("/start")
    await world.at_checkout(await vera.orders(), "pay")

    await vera.reads("Оплачено", after=ended)
    await extended(world, key, days=30)
    assert key.uuid in await uuids_at(world, key.link)
    client = await world.client(key.uuid)
    assert client
    assert client["enable"]


async def test_nothing_is_announced_twice(world: World, new_person: NewPerson) -> None:
    vera = await new_person("Вера")
    await buys(world, vera)
    for _ in range(4):
        await world.advance(days=7)
    await vera.reads("Подписка закончится через 2 дня")
    await world.advance(hours=1)
    await vera.says("/start")  # the reminders that were due are in the chat by now
    await world.advance(minutes=2)
    await vera.says("/start")

    announced = [message for message in await vera.chat() if "Подписка закончится через" in message.text]
    assert len(announced) == 1
