"""The free days."""

import asyncio

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import assert_works
from tests.journeys.world import World


async def test_two_taps_from_start_give_a_key_that_works(world: World, new_person: NewPerson) -> None:
    anna = await new_person("Анна")
    home = await anna.says("/start")
    assert "Анна" in home.text
    assert "299 ₽" in home.text

    await anna.taps("Попробовать 7 дней бесплатно")  # the second tap; the first was "Start"

    await assert_works(world, await anna.key(), days=7)
    assert "Идёт пробный период" in (await anna.says("/start")).text


async def test_twenty_taps_at_once_give_the_trial_once(world: World, new_person: NewPerson) -> None:
    anna = await new_person("Анна")
    home = await anna.says("/start")
    row, column = home.place_of("Попробовать") or (0, 0)
    data = home.buttons[row][column]["callback_data"]

    await asyncio.gather(*(anna.taps_data(home, data) for _ in range(20)))

    key = await anna.key()
    await world.advance(minutes=1)
    await anna.taps_data(home, data)
    assert not (await anna.says("/start")).place_of("Попробовать")
    assert len([message for message in await anna.chat() if message.photo]) == 1
    await assert_works(world, key, days=7 - 1 / 1440)


async def test_the_qr_code_of_the_key_itself_is_behind_a_button(world: World, new_person: NewPerson) -> None:
    anna = await new_person("Анна")
    await anna.says("/start")
    await anna.taps("Попробовать")
    key = await anna.key()

    await anna.taps("QR-код ключа")

    picture = await anna.reads("QR-код ключа")
    assert await anna.decoded(picture) == key.vless
