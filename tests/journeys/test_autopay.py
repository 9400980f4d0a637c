"""A subscription that renews itself: ticked, told, charged, and ended by one tap."""

from datetime import timedelta

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import CLOSE, ends
from tests.journeys.person import CARD
from tests.journeys.world import World, until


async def test_a_month_passes_the_card_is_charged_and_one_tap_ends_it(world: World, new_person: NewPerson) -> None:
    olya = await new_person("Оля")
    await olya.says("/start")
    await olya.says("/plans")
    await olya.taps("Месяц")
    await olya.taps("☐ Подключить автопродление")
    await olya.taps(CARD)
    await olya.reads("После оплаты включится автопродление")
    await world.at_checkout(await olya.address_of("Оплатить"), "pay")
    key = await olya.key()
    await olya.reads("Автопродление включено")

    await world.advance(days=27, minutes=20)
    early = await olya.reads("спишем 299", "с банковской карты *4477")
    await world.advance(days=2)
    await olya.reads("спишем 299", after=early)
    await world.until_heard_is_noted()
    await world.advance(hours=12)
    paid = await olya.reads("Добавлено: 30 дней", after=early)

    async def lasts() -> bool:
        return abs(await ends(world, key) - await world.now() - timedelta(days=30, hours=11, minutes=40)) < CLOSE

    await until(lasts, "the panel never heard of the renewal")

    await olya.says("/subscription")
    await olya.taps("Автопродление")
    await olya.taps("Отключить автопродление")
    off = await olya.reads("Автопродление отключено", "Списаний больше не будет")
    assert "началось раньше" in off.text, "the charge of an hour ago stands"

    await world.advance(days=28)
    await olya.reads("Подписка закончится через", after=paid)
    await world.advance(days=3)
    await olya.reads("Подписка закончилась", after=paid)
    assert sum("Оплачено" in message.text for message in await olya.chat()) == 2
