"""Updates of the Telegram emulator that come twice or never, by polling and by webhook."""

from collections.abc import AsyncIterator

import pytest
from aiogram.types import Update
from starlette.applications import Starlette
from starlette.routing import Route

from tests.contract.hooks import Hook, Listener, free_port, serving
from tests.contract.stars import Seller
from tests.contract.telegram_world import TelegramWorld, telegram_world


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


@pytest.fixture
def seller(telegram: TelegramWorld) -> Seller:
    return Seller(telegram)


def ids(updates: list[Update]) -> list[int]:
    return [update.update_id for update in updates]


async def test_a_confirmed_update_is_delivered_once_more_and_then_done(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    await seller.sell(user, message_id=await seller.invoice(user))
    [paid] = [update for update in await telegram.ask("/updates/history") if "successful_payment" in str(update)]
    await telegram.do(f"/users/{user}/send", text="спасибо")
    [thanks] = await seller.updates()
    assert await seller.updates() == []

    await telegram.do(f"/updates/{paid['update_id']}/repeat")
    [again] = await seller.updates()
    after = await seller.updates()

    assert again.update_id == paid["update_id"] < thanks.update_id
    assert again.message is not None
    assert again.message.successful_payment is not None
    assert after == []


async def test_a_repeated_update_does_not_bring_back_what_came_with_it(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    for text in ("1", "2", "3"):
        await telegram.do(f"/users/{user}/send", text=text)
    first, *_ = ids(await seller.updates())
    await telegram.do(f"/updates/{first}/repeat")
    await telegram.do(f"/users/{user}/send", text="4")

    batch = ids(await seller.updates())

    assert batch == [first, first + 3]
    assert await seller.updates() == []


async def test_only_what_was_sent_can_be_repeated(telegram: TelegramWorld) -> None:
    assert (await telegram.http.post("/_ctl/updates/77/repeat", json={})).status_code == 404


async def test_the_next_update_is_lost_by_its_kind_or_by_what_it_holds(
    telegram: TelegramWorld, seller: Seller
) -> None:
    user = await telegram.person()
    message_id = await seller.invoice(user)
    await telegram.do("/updates/lose", what="successful_payment")

    await telegram.do(f"/users/{user}/send", text="плачу")
    charge = await seller.sell(user, message_id=message_id)
    lost = await telegram.ask("/updates/history")
    await telegram.do("/updates/lose", what="pre_checkout_query")
    await telegram.do(f"/users/{user}/pay", message_id=message_id)
    await telegram.do("/updates/lose", times=2)
    for text in ("1", "2", "3"):
        await telegram.do(f"/users/{user}/send", text=text)
    kept = await seller.updates()

    assert [kind for update in lost for kind in update if kind != "update_id"][-2:] == [
        "message",
        "pre_checkout_query",
    ]
    assert [update.message.text for update in kept if update.message] == ["3"]
    rows = (await telegram.bot.get_star_transactions()).transactions
    assert [row.id for row in rows] == [charge]  # so that a lost payment can be found


async def test_kinds_that_the_bot_did_not_ask_for_do_not_come(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    message_id = await seller.invoice(user)
    await telegram.bot.get_updates(allowed_updates=["message", "callback_query"])

    payment = await telegram.do(f"/users/{user}/pay", message_id=message_id)
    telegram.world.clock.advance(11)

    assert await seller.updates() == []
    assert (await seller.ended(payment))["state"] == "expired"


async def test_a_webhook_gets_an_update_twice_under_one_id(telegram: TelegramWorld, seller: Seller) -> None:
    user = await telegram.person()
    listener, port = Listener(Hook), free_port()
    app = Starlette(routes=[Route("/hook", listener.receive, methods=["POST"])])
    async with serving(app, port):
        await telegram.bot.set_webhook(f"http://127.0.0.1:{port}/hook")
        await telegram.do(f"/users/{user}/pay", message_id=await seller.invoice(user))
        [first] = await listener.wait_for(1)
        update = Update.model_validate_json(first.body)
        assert update.pre_checkout_query is not None
        await telegram.bot.answer_pre_checkout_query(update.pre_checkout_query.id, ok=True)
        await listener.wait_for(2)

        await telegram.do(f"/updates/{update.update_id + 1}/repeat")
        _, paid, again = await listener.wait_for(3)
        assert await listener.stays_at(3)
        await telegram.bot.delete_webhook()

    assert paid.body == again.body
    message = Update.model_validate_json(paid.body).message
    assert message is not None
    assert message.successful_payment is not None
