"""What people see of a provider that sells nothing now."""

from backend.kit import clock
from backend.switches import service as switches
from tests.integration.bot_fixtures import BotShop, labels


async def switch_off(bot_shop: BotShop, *providers: str) -> None:
    async with bot_shop.shop.deps.db.transaction() as session:
        for provider in providers:
            await switches.switch_off(session, provider, reason="", by="cli:root", now=clock.now())


async def test_a_tap_on_a_method_that_is_off_by_now_says_so_and_offers_the_others(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await phone.taps("Месяц")
    before = await phone.screen()
    await switch_off(bot_shop, "yookassa")

    await phone.taps("Банковская карта", on=before)
    after = await phone.screen()

    assert after["message_id"] == before["message_id"]
    assert "Этот способ оплаты сейчас не работает" in after["text"]
    assert any("Банковская карта" in label for label in labels(before))
    assert not any("Банковская карта" in label or "СБП" in label for label in labels(after))
    assert any("Stars" in label for label in labels(after))


async def test_when_nothing_sells_the_screen_says_whom_to_write_to(bot_shop: BotShop) -> None:
    phone = await bot_shop.started()
    await switch_off(bot_shop, *(provider.id for provider in bot_shop.shop.deps.providers))

    await phone.taps("Месяц")

    assert "Оплата сейчас недоступна" in (await phone.screen())["text"]
