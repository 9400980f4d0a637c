"""Stars when the bot dies, when somebody else pays, and when an answer is lost."""

from sqlalchemy import select

from backend.payments.models import Refund
from backend.payments.providers.base import PaymentState
from bot.session import make_bot
from sandbox.companies import BOT_TOKEN
from tests.faults.steps import controls, fault
from tests.integration.bot_fixtures import Phone, open_bot
from tests.integration.stars_fixture import Payer, charges, control, payer, settled, slip_through
from tests.shop import Shop


async def test_fault_40_stars_whose_update_died_with_the_bot_are_found_in_the_list(shop: Shop) -> None:
    """Fault: a bot confirms to Telegram the update that tells of a payment in Stars, and dies before it keeps it.

    Outcome: the hourly look into Telegram's list finds the payment; the days once.

    Ours confirms nothing it has not kept, so the bot that dies is a careless one; nothing is left of it.
    """
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        link = await buyer.checks_out()
    await slip_through(shop, buyer.phone, link)
    await taken_and_lost(shop, "successful_payment")

    async with open_bot(shop) as opened:
        buyer = Payer(opened, Phone(opened.http, buyer.phone.id))
        await settled(opened)
        assert (await shop.events(), await buyer.days()) == ([], [])

        await shop.passes(minutes=61)
        await settled(opened)

        (charge,) = await charges(opened)
        assert (charge.state, charge.provider_payment_id is not None) == (PaymentState.SUCCEEDED, True)
        await shop.passes(minutes=61)
        assert await buyer.days() == [("payment", 30)]
        assert sum("Оплачено" in message["text"] for message in await buyer.phone.messages()) == 1
        assert len(await shop.panel.clients()) == 1


async def taken_and_lost(shop: Shop, kind: str) -> None:
    """A bot takes everything that waits, an update of this kind among it, confirms it, and is gone."""
    async with make_bot(BOT_TOKEN, f"{shop.town.companies_url}/sandbox/telegram").context() as bot:
        taken = await bot.get_updates()
        assert any(kind in update.model_dump_json(exclude_unset=True) for update in taken)
        assert await bot.get_updates(offset=taken[-1].update_id + 1) == []


async def test_fault_41_a_stranger_who_pays_a_forwarded_invoice_is_refused_or_refunded(shop: Shop) -> None:
    """Fault: an invoice is passed on, and somebody else pays it.

    Outcome: he is refused before anything is charged; where that was slipped past, his Stars go back by themselves,
    nobody gets days for them, and the order waits on for its owner.
    """
    async with open_bot(shop) as opened:
        buyer, stranger = await payer(opened), await payer(opened)
        link = await buyer.checks_out()
        had = await stranger.stars()
        ended = await stranger.ended(await stranger.presses_pay(link))
        assert ended["state"] == "refused"
        assert ended["answer"]["seconds"] < 8
    await slip_through(shop, stranger.phone, link)

    async with open_bot(shop) as opened:
        await settled(opened)
        origin, stray = await charges(opened)
        assert (origin.state, stray.state) == (PaymentState.PENDING, PaymentState.REVIEW)
        assert (stray.payer_ref, stray.refunded_minor) == (str(stranger.phone.id), stray.amount_minor)
        (refund,) = await shop.all(select(Refund))
        assert (refund.state, refund.payment_id) == ("succeeded", stray.id)
        assert await Payer(opened, Phone(opened.http, stranger.phone.id)).stars() == had
        owner = Payer(opened, Phone(opened.http, buyer.phone.id))
        assert (await owner.pays(link))["state"] == "paid"
        assert await owner.days() == [("payment", 30)]
        assert len(await shop.panel.clients()) == 1


async def test_fault_42_a_refund_of_stars_that_was_made_already_is_a_refund(shop: Shop) -> None:
    """Fault: Telegram gives the Stars back and its answer is lost; asked again, it says CHARGE_ALREADY_REFUNDED.

    Outcome: that is success: the refund is settled once, nobody has to look at it.
    """
    async with open_bot(shop) as opened:
        buyer, stranger = await payer(opened), await payer(opened)
        link, had = await buyer.checks_out(), await stranger.stars()
    await slip_through(shop, stranger.phone, link)

    async with open_bot(shop) as opened:
        await control(opened, "updates/lose", what="refunded_payment")  # it would tell what the answer did not
        async with fault(shop, "telegram", "lost_after", path="*/refundStarPayment"):
            await settled(opened)
        (refund,) = await shop.all(select(Refund))
        assert refund.state == "new"
        assert await Payer(opened, Phone(opened.http, stranger.phone.id)).stars() == had

        await shop.passes(minutes=2)
        await settled(opened)

    answers = await answers_of(shop, "refundStarPayment")
    assert len(answers) == 2
    assert "CHARGE_ALREADY_REFUNDED" in answers[1]
    (refund,) = await shop.all(select(Refund))
    assert (refund.state, refund.origin) == ("succeeded", "ours")


async def answers_of(shop: Shop, method: str) -> list[str]:
    """What Telegram said to these calls of ours, oldest first."""
    async with controls(shop, "") as http:
        log = (await http.get("log", params={"service": "telegram"})).json()
    return [entry["response"] for entry in log if entry["path"].endswith(f"/{method}")]
