"""Stars when something is down, and Stars that belong to no order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiogram.types import LabeledPrice, Update
from sqlalchemy import select, text

from backend.kit.db import Database, DatabaseUnavailable
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from bot.app import create_dispatcher
from bot.payments import Till
from bot.polling import Poller
from cli.wiring import Deps
from tests.integration.bot_fixtures import BotShop, Phone, event_count, open_bot
from tests.integration.stars_fixture import Payer, charges, payer, refunds, settled, slip_through
from tests.outside import until
from tests.serving import listener
from tests.shop import Shop

pytestmark = pytest.mark.thorough

PRICE = LabeledPrice(label="VPN", amount=200)


@contextlib.asynccontextmanager
async def without_database(deps: Deps, *, hangs: bool = False) -> AsyncIterator[Deps]:
    """The same shop with a database that is not there, or that takes connections and says nothing."""
    with listener() as held:
        if hangs:
            held.listen()
        port = held.getsockname()[1]
        db = Database(f"postgresql://shop@127.0.0.1:{port}/shop")
        yield replace(deps, db=db)
        await db.aclose()


async def waiting(opened: BotShop, kind: str) -> Update:
    """The update of this kind that waits, read past the bot."""
    found: list[Update] = []

    async def is_there() -> bool:
        found[:] = [u for u in await opened.bot.get_updates() if kind in u.model_dump_json(exclude_unset=True)]
        return bool(found)

    await until(is_there)
    return found[0]


async def stop(opened: BotShop) -> None:
    opened.polling.cancel()
    await asyncio.wait([opened.polling])


@pytest.mark.parametrize("hangs", [False, True])
async def test_while_the_database_is_away_the_answer_is_later_and_in_time(shop: Shop, hangs: bool) -> None:
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        link = await buyer.checks_out()
        await stop(opened)
        payment = await buyer.presses_pay(link)
        update = await waiting(opened, "pre_checkout_query")

        async with without_database(shop.deps, hangs=hangs) as deps:
            assert await Till(opened.bot, deps).takes(update)

        ended = await buyer.ended(payment)
        assert ended["state"] == "refused"
        assert ended["answer"]["seconds"] < 8
        assert ended["error"].startswith("Не получилось проверить заказ. Звёзды не списаны")
        assert await buyer.days() == []


async def test_a_payment_is_not_confirmed_before_it_is_kept(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        link = await buyer.checks_out()
        await stop(opened)
        await slip_through(shop, buyer.phone, link)
        async with without_database(shop.deps) as deps:
            blind = Poller(create_dispatcher(deps), opened.bot, Till(opened.bot, deps))
            polling = asyncio.create_task(blind.run())
            await asyncio.sleep(2.5)  # it has asked for more meanwhile, which confirms what it is through with
            waits = (await opened.http.get("updates")).json()
            polling.cancel()
            await asyncio.wait([polling])
        assert ["successful_payment" in update.get("message", {}) for update in waits] == [True]
        assert await shop.events() == []

    async with open_bot(shop) as again:
        await settled(again)
        assert await Payer(again, Phone(again.http, buyer.phone.id)).days() == [("payment", 30)]


async def test_a_payment_that_fails_to_be_kept_for_another_reason_is_tried_again(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        link = await buyer.checks_out()
        await rename(shop, "inbox", "put_aside")
        before = event_count("payment.not_kept")
        await slip_through(shop, buyer.phone, link)

        async def failed() -> bool:
            return event_count("payment.not_kept") > before

        await until(failed)
        await rename(shop, "put_aside", "inbox")
        await settled(opened)
        assert await buyer.days() == [("payment", 30)]


async def rename(shop: Shop, table: str, to: str) -> None:
    async with shop.deps.db.transaction() as session:
        await session.execute(text(f"alter table {table} rename to {to}"))


async def test_a_payment_that_cannot_be_kept_is_an_error_for_whoever_confirms(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        link = await buyer.checks_out()
        await stop(opened)
        await slip_through(shop, buyer.phone, link)
        update = await waiting(opened, "successful_payment")

        async with without_database(shop.deps) as deps:
            with pytest.raises(DatabaseUnavailable):
                await Till(opened.bot, deps).takes(update)


async def test_stars_of_somebody_else_for_an_order_go_back_and_the_order_waits_on(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer, stranger = await payer(opened), await payer(opened)
        link = await buyer.checks_out()
        had = await stranger.stars()
    await slip_through(shop, stranger.phone, link)

    async with open_bot(shop) as opened:
        await settled(opened)
        origin, stray = await charges(opened)
        assert (origin.state, origin.payer_ref) == (PaymentState.PENDING, str(buyer.phone.id))
        assert (stray.state, stray.payer_ref) == (PaymentState.REVIEW, str(stranger.phone.id))
        assert (stray.order_id, stray.user_id, stray.refunded_minor) == (origin.order_id, None, 200)
        assert stray.review_reason == "payer: somebody else paid"
        (refund,) = await refunds(opened)
        assert (refund.origin, refund.state, refund.payment_id) == ("ours", "succeeded", stray.id)
        assert refund.provider_refund_id == f"stars-{stray.provider_payment_id}"
        buyer, stranger = (
            Payer(opened, Phone(opened.http, buyer.phone.id)),
            Payer(opened, Phone(opened.http, stranger.phone.id)),
        )
        assert await stranger.stars() == had
        assert any("мы его вернули" in message["text"] for message in await stranger.phone.messages())
        assert (await buyer.pays(link))["state"] == "paid"
        assert await buyer.days() == [("payment", 30)]
        await shop.passes(hours=1)  # the sweep finds nothing to do
        assert len(await refunds(opened)) == 1


async def test_stars_for_nothing_of_ours_go_back(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        link = await opened.bot.create_invoice_link("VPN", "VPN", "of another program", "XTR", [PRICE])
    await slip_through(shop, buyer.phone, link)

    async with open_bot(shop) as opened:
        await settled(opened)
        (stray,) = await charges(opened)
        assert (stray.order_id, stray.user_id, stray.state) == (None, None, PaymentState.REVIEW)
        (refund,) = await refunds(opened)
        assert (refund.state, refund.reason) == ("succeeded", "not signed by us")


async def test_too_few_stars_for_a_genuine_order_go_back(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        await buyer.checks_out()
        (charge,) = await charges(opened)
        assert charge.request_body is not None
        payload = charge.request_body.decode().split('"payload":"')[1].split('"')[0]
        link = await opened.bot.create_invoice_link(
            "VPN", "VPN", payload, "XTR", [LabeledPrice(label="VPN", amount=1)]
        )
    await slip_through(shop, buyer.phone, link)

    async with open_bot(shop) as opened:
        await settled(opened)
        origin, stray = await charges(opened)
        assert (origin.state, stray.state, stray.amount_minor) == (PaymentState.PENDING, PaymentState.REVIEW, 1)
        assert [refund.state for refund in await refunds(opened)] == ["succeeded"]


@pytest.mark.parametrize(
    ("mode", "options"),
    [("lost_after", {}), ("lost_before", {}), ("status", {"status": 500}), ("http_429", {"retry_after": 3})],
)
async def test_a_refund_without_an_answer_is_asked_for_again(shop: Shop, mode: str, options: dict[str, int]) -> None:
    async with open_bot(shop) as opened:
        buyer, stranger = await payer(opened), await payer(opened)
        link = await buyer.checks_out()
        had = await stranger.stars()
    await slip_through(shop, stranger.phone, link)
    shop.town.companies.world.faults.arm("telegram", mode, path="*/refundStarPayment", **options)

    async with open_bot(shop) as opened:
        await settled(opened)
        await shop.passes(minutes=2)
        await settled(opened)

        (refund,) = await refunds(opened)
        assert refund.state == "succeeded"
        assert await Payer(opened, Phone(opened.http, stranger.phone.id)).stars() == had


async def test_a_refund_that_telegram_refuses_is_left_to_the_operator(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer, stranger = await payer(opened), await payer(opened)
        link = await buyer.checks_out()
    await slip_through(shop, stranger.phone, link)
    no = {"ok": False, "error_code": 400, "description": "Bad Request: CHARGE_TOO_OLD"}
    shop.town.companies.world.faults.arm("telegram", "status", path="*/refundStarPayment", status=400, body=no)

    async with open_bot(shop) as opened:
        await settled(opened)
        await shop.passes(hours=3)

        (refund,) = await refunds(opened)
        assert refund.state == "canceled"


async def test_stars_that_come_after_the_hour_still_count(shop: Shop) -> None:
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        link = await buyer.checks_out()
    await shop.passes(hours=2)
    await slip_through(shop, buyer.phone, link)

    async with open_bot(shop) as opened:
        await settled(opened)
        buyer = Payer(opened, Phone(opened.http, buyer.phone.id))
        assert await buyer.days() == [("payment", 30)]
        assert any("пришёл с опозданием" in message["text"] for message in await buyer.phone.messages())


async def test_an_invoice_that_telegram_was_too_slow_for_is_made_again(shop: Shop) -> None:
    shop.town.companies.world.faults.arm("telegram", "status", path="*/createInvoiceLink", status=502)
    async with open_bot(shop) as opened:
        buyer = await payer(opened)
        await buyer.phone.writes("/plans")
        await buyer.phone.taps("Месяц")
        await buyer.phone.taps("Telegram Stars")
        assert "Обновить" in str(await buyer.phone.screen())

        await shop.passes(seconds=12)

        link = await buyer.phone.address("Оплатить")
        assert (await buyer.pays(link))["state"] == "paid"
        (only,) = await shop.all(select(Payment))
        assert only.state == PaymentState.SUCCEEDED
