"""Paying in Stars, from the button to the days."""

from backend.payments.providers.base import PaymentState
from tests.integration.bot_fixtures import BotShop
from tests.integration.stars_fixture import charges, payer


async def test_a_purchase_in_stars_gives_the_days_and_the_key(bot_shop: BotShop) -> None:
    buyer = await payer(bot_shop)
    before = await buyer.stars()

    link = await buyer.checks_out()
    paid = await buyer.pays(link)

    assert paid["state"] == "paid"
    assert paid["answer"]["seconds"] < 8
    assert before - await buyer.stars() == 200
    assert await buyer.days() == [("payment", 30)]
    (charge,) = await charges(bot_shop)
    assert (charge.state, charge.provider_payment_id) == (PaymentState.SUCCEEDED, paid["charge_id"])
    assert (charge.amount_minor, charge.currency, charge.payer_ref) == (200, "XTR", str(buyer.phone.id))
    assert any("Оплачено: 200" in message["text"] for message in await buyer.phone.messages())
