"""The companies are away, or their messages are; the buyer gets what was paid for all the same."""

from typing import Any

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.keys import assert_works
from tests.journeys.world import World, until

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(
    ("mode", "options"),
    [("lost_before", {}), ("lost_after", {}), ("status", {"status": 503}), ("garbage", {})],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_with_the_panel_down_the_days_are_booked_and_the_key_comes_later(
    world: World, new_person: NewPerson, mode: str, options: dict[str, Any]
) -> None:
    igor = await new_person("Игорь")
    await igor.says("/start")
    async with world.fault("xui", mode, **options):
        await world.at_checkout(await igor.orders(), "pay")
        paid = await igor.reads("Оплачено: 299 ₽")
        assert "Ключ уже готовится" in paid.text
        assert "до " in paid.text
        assert "Ключ уже готовится" in (await igor.says("/subscription")).text

    await world.advance(minutes=6)  # more than any pause between tries

    await assert_works(world, await igor.key(), days=30 - 6 / 1440)
    assert len([message for message in await igor.chat() if message.photo]) == 1


async def test_with_the_provider_down_the_payment_page_comes_by_itself(world: World, new_person: NewPerson) -> None:
    igor = await new_person("Игорь")
    await igor.says("/start")
    async with world.fault("yookassa", "status", method="POST", path="/v3/payments", status=500):
        await igor.taps("Месяц")
        await igor.taps("Банковская карта")
        waiting = await igor.reads("Готовлю страницу оплаты")
        assert not waiting.place_of("Оплатить")
        assert await igor.taps("Обновить") == "Страница оплаты ещё готовится."

    await world.advance(minutes=2)

    url = await igor.address_of("Оплатить")
    ready = await igor.reads("Ссылка на оплату действует до")
    assert ready.id == waiting.id
    payment = await world.at_checkout(url, "pay")
    assert len(await world.payments_of(payment["metadata"]["pid"])) == 1
    await assert_works(world, await igor.key(), days=30)


async def test_an_answer_of_the_provider_that_was_lost_opens_no_second_payment(
    world: World, new_person: NewPerson
) -> None:
    igor = await new_person("Игорь")
    await igor.says("/start")
    async with world.fault("yookassa", "lost_after", method="POST", path="/v3/payments", times=1):
        await igor.taps("Месяц")
        await igor.taps("Банковская карта")
        await world.advance(minutes=2)
        url = await igor.address_of("Оплатить")

    payment = await world.at_checkout(url, "pay")
    assert len(await world.payments_of(payment["metadata"]["pid"])) == 1
    await assert_works(world, await igor.key(), days=30)


async def test_a_webhook_that_never_comes_is_made_up_for_by_asking(world: World, new_person: NewPerson) -> None:
    igor = await new_person("Игорь")
    await igor.says("/start")
    async with world.webhooks(drop=1):
        url = await igor.orders()
        payment = await world.at_checkout(url, "pay")
        [webhook] = await world.deliveries(payment["id"])
        assert webhook["state"] == "dropped"
        await world.advance(seconds=31)
        await igor.reads("Оплачено")
    await assert_works(world, await igor.key(), days=30)


async def test_a_webhook_that_comes_five_times_gives_the_days_once(world: World, new_person: NewPerson) -> None:
    igor = await new_person("Игорь")
    await igor.says("/start")
    async with world.webhooks(dup=1, copies=5):
        payment = await world.at_checkout(await igor.orders(), "pay")
        key = await igor.key()

    async def delivered() -> bool:
        return all(each["state"] == "delivered" for each in await world.deliveries(payment["id"]))

    await until(delivered, "the shop does not take the webhook")
    assert len(await world.deliveries(payment["id"])) == 5
    await world.advance(minutes=2)  # whatever was still to be asked is asked now
    profile = await igor.says("/subscription")
    assert "30 дней" in profile.text
    await assert_works(world, key, days=30 - 2 / 1440)
    assert len([message for message in await igor.chat() if message.photo]) == 1


async def test_a_forged_webhook_changes_nothing(world: World, new_person: NewPerson) -> None:
    igor = await new_person("Игорь")
    await igor.says("/start")
    async with world.webhooks(wrong_ip=1):
        payment = await world.at_checkout(await igor.orders(), "pay")

        async def refused() -> bool:
            [webhook] = await world.deliveries(payment["id"])
            return bool(webhook["attempts"]) and webhook["attempts"][0]["status"] == 403

        await until(refused, "a webhook from a foreign address is refused")
        assert not [message for message in await igor.chat() if "Оплачено" in message.text]
    await world.advance(seconds=11)  # the provider tries again, now from its own address
    await assert_works(world, await igor.key(), days=30)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("http_429", {"retry_after": 1}),
        ("status", {"status": 502, "body": "<html>502</html>"}),
        ("reset", {}),
    ],
    ids=["429", "502", "reset"],
)
async def test_what_telegram_refuses_for_a_moment_is_said_again(
    world: World, new_person: NewPerson, mode: str, options: dict[str, Any]
) -> None:
    igor = await new_person("Игорь")
    async with world.fault("telegram", mode, path="*/sendMessage", times=1, **options):
        await igor.says("/start")
    async with world.fault("telegram", mode, path="*/sendPhoto", times=1, **options):
        await igor.taps("Попробовать")
        await assert_works(world, await igor.key(), days=7)
