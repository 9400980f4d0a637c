"""Coins: sent in time, too late, too few, too many, and not at all."""

from datetime import timedelta

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.invoice import Invoice
from tests.journeys.keys import assert_only, assert_works
from tests.journeys.person import BTC, ETH, LTC, SBP, Person
from tests.journeys.world import World, until


async def at_invoice(world: World, buyer: Person, method: str = BTC) -> Invoice:
    """From "Start" to CoinGate's page."""
    await buyer.says("/start")
    return await Invoice.behind(world, await buyer.orders(method))


async def assert_no_key(buyer: Person) -> None:
    assert not [message for message in await buyer.chat() if message.photo]
    assert (await buyer.says("/subscription")).place_of("Попробовать"), "whoever ever had a day is offered no trial"


@pytest.mark.parametrize(("method", "coin"), [(BTC, "BTC"), (ETH, "ETH"), (LTC, "LTC")], ids=["btc", "eth", "ltc"])
async def test_three_taps_lead_to_the_invoice_and_the_key_follows_the_coins(
    world: World, new_person: NewPerson, method: str, coin: str
) -> None:
    roma = await new_person("Рома")
    await roma.says("/start")
    await roma.taps("Месяц")
    assert "Курс фиксируется на 20 минут" in (await roma.reads("Как удобнее оплатить?")).text
    await roma.taps(method)
    url = await roma.address_of("Оплатить")
    page = await world.opens(url)
    assert page.status_code == 200
    assert "299" in page.text

    paid = await (await Invoice.behind(world, url)).pays(coin)

    assert (paid["pay_currency"], paid["price_amount"], paid["price_currency"]) == (coin, "299.0", "RUB")
    key = await roma.key()
    await roma.reads("Оплачено: 299 ₽")
    await assert_works(world, key, days=30)
    await assert_only(world, key, roma)


@pytest.mark.thorough
@pytest.mark.parametrize("dropped", [False, True], ids=["told", "not told"])
async def test_coins_that_come_twenty_hours_too_late_count_and_the_buyer_reads_so(
    world: World, new_person: NewPerson, *, dropped: bool
) -> None:
    roma = await new_person("Рома")
    invoice = await at_invoice(world, roma)
    await invoice.chooses("BTC")
    await world.advance(minutes=21)
    over = await roma.reads("Время на оплату вышло")
    assert "Если вы уже отправили монеты" in over.text
    assert "не списаны" not in over.text
    await world.advance(hours=20)

    async with world.webhooks(drop=1.0 if dropped else 0.0):
        await invoice.pays_late()
        await world.advance(minutes=61 if dropped else 0)  # so often the shop looks by itself
        paid = await roma.reads("Оплачено: 299 ₽")

    assert "Платёж пришёл с опозданием" in paid.text
    key = await roma.key()
    await assert_works(world, key, days=30)
    await assert_only(world, key, roma)


@pytest.mark.thorough
async def test_too_few_coins_are_topped_up(world: World, new_person: NewPerson) -> None:
    roma = await new_person("Рома")
    invoice = await at_invoice(world, roma, LTC)
    await invoice.chooses("LTC")
    sent = await invoice.sends("under")
    assert sent["status"] == "pending"
    assert "Оплата пока не пришла" in await roma.taps("Я оплатил")
    await world.advance(minutes=10)
    await assert_no_key(roma)

    await invoice.sends("exact")  # what is missing
    await invoice.confirms()

    key = await roma.key()
    await assert_works(world, key, days=30)
    await assert_only(world, key, roma)


@pytest.mark.thorough
async def test_too_few_coins_until_the_time_is_over_buy_nothing_and_nobody_says_they_were_not_taken(
    world: World, new_person: NewPerson
) -> None:
    roma = await new_person("Рома")
    invoice = await at_invoice(world, roma)
    await invoice.chooses("BTC")
    await invoice.sends("under")
    await world.advance(minutes=21)

    over = await roma.reads("Время на оплату вышло")
    assert "Если вы уже отправили монеты" in over.text
    assert "не списаны" not in over.text
    returned = await world.opens(await invoice.way_back())
    assert "Если вы уже отправили монеты" in returned.text
    assert "не списаны" not in returned.text
    await world.advance(hours=100)
    await assert_no_key(roma)


@pytest.mark.thorough
async def test_too_many_coins_buy_what_was_ordered(world: World, new_person: NewPerson) -> None:
    roma = await new_person("Рома")
    invoice = await at_invoice(world, roma, ETH)

    paid = await invoice.pays("ETH", "over")

    assert float(paid["overpaid_amount"]) > 0
    key = await roma.key()
    await assert_works(world, key, days=30)
    await world.advance(hours=1)
    assert "30 дней" in (await roma.says("/subscription")).text
    await assert_works(world, key, days=30 - 1 / 24)


@pytest.mark.thorough
async def test_coins_the_network_confirms_for_hours_and_then_drops_buy_nothing(
    world: World, new_person: NewPerson
) -> None:
    roma = await new_person("Рома")
    invoice = await at_invoice(world, roma)
    await invoice.chooses("BTC")
    await invoice.sends()
    checkout = await roma.reads("Заказ №")

    async def is_known() -> bool:
        return "провайдер его подтверждает" in await roma.taps("Я оплатил")

    await until(is_known, "the bot never heard of the coins")
    for _ in range(6):
        await world.advance(hours=1)
    await assert_no_key(roma)

    await invoice.is_rejected()

    failed = await roma.reads("Сеть отклонила перевод")
    assert failed.id == checkout.id
    assert "не списаны" not in failed.text
    await assert_no_key(roma)


@pytest.mark.thorough
async def test_coins_confirmed_after_hours_buy_the_days(world: World, new_person: NewPerson) -> None:
    roma = await new_person("Рома")
    invoice = await at_invoice(world, roma)
    await invoice.chooses("BTC")
    await invoice.sends()
    await world.advance(hours=5)

    await invoice.confirms()

    paid = await roma.reads("Оплачено: 299 ₽")
    assert "с опозданием" not in paid.text, "the coins came in time"
    await assert_works(world, await roma.key(), days=30)


@pytest.mark.thorough
async def test_who_cancels_at_the_invoice_reads_so_and_pays_in_another_way(
    world: World, new_person: NewPerson
) -> None:
    roma = await new_person("Рома")
    invoice = await at_invoice(world, roma)
    await invoice.cancels()
    await roma.reads("Оплату отменили на странице счёта")
    await assert_no_key(roma)

    await roma.taps("Попробовать ещё раз")
    await roma.taps(SBP)
    await world.at_checkout(await roma.address_of("Оплатить"), "pay")

    key = await roma.key()
    await assert_works(world, key, days=30, give_or_take=timedelta(minutes=3))
    await assert_only(world, key, roma)
