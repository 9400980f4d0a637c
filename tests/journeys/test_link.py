"""The link fell into other hands."""

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import assert_works
from tests.journeys.world import APP, World, until

pytestmark = pytest.mark.thorough


async def test_a_link_is_issued_anew_after_two_questions_and_the_old_one_is_dead(
    world: World, new_person: NewPerson
) -> None:
    lena = await new_person("Лена")
    await lena.says("/start")
    await lena.taps("Попробовать")
    old = await lena.key()

    profile = await lena.says("/subscription")
    await lena.taps("Перевыпустить ссылку")
    await lena.reads("Перевыпустить ссылку?")
    await lena.taps("Да, перевыпустить")
    await lena.reads("Точно перевыпустить?")
    assert (await world.opens(old.link)).status_code == 200, "so far it was only asked"
    await lena.taps("Перевыпустить сейчас")

    new = await lena.key(after=profile)
    assert new.link != old.link
    assert new.uuid != old.uuid
    await assert_works(world, new, days=7)
    assert (await world.opens(old.link)).status_code == 404
    assert (await world.opens(old.link, APP)).status_code == 404
    assert await world.client(old.uuid) is None


async def test_with_the_panel_down_the_old_link_dies_at_once_and_the_new_key_follows(
    world: World, new_person: NewPerson
) -> None:
    lena = await new_person("Лена")
    await lena.says("/start")
    await lena.taps("Попробовать")
    old = await lena.key()
    profile = await lena.says("/subscription")
    async with world.fault("xui", "status", status=503):
        for label in ("Перевыпустить ссылку", "Да, перевыпустить", "Перевыпустить сейчас"):
            await lena.taps(label)
        assert (await world.opens(old.link)).status_code == 404
    await world.advance(minutes=6)

    new = await lena.key(after=profile)
    await assert_works(world, new, days=7 - 6 / 1440)

    async def gone() -> bool:
        return await world.client(old.uuid) is None

    await until(gone, "the panel still lets the old key in")
