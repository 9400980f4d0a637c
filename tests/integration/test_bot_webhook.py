"""The bot by webhook: Telegram's emulator brings updates to the shop over HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from backend.app import create_app
from backend.kit.i18n import translator
from backend.kit.tokens import Secrets
from backend.settings import Settings
from bot.app import create_dispatcher
from bot.notifier import Notifier
from bot.session import make_bot
from bot.webhook import SECRET_HEADER, Entrance, Webhook
from cli.doctor import try_bot
from cli.processes import run_web
from sandbox.companies import BOT_TOKEN
from tests.integration.bot_fixtures import BotShop, Json, event_count, open_bot
from tests.integration.stars_fixture import Payer, payer, settled
from tests.integration.test_stars_troubles import without_database
from tests.outside import until
from tests.serving import listener, serving, url_of
from tests.shop import Shop

START = {"text": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}


@dataclass
class Hooked:
    """A shop that Telegram comes to."""

    opened: BotShop
    webhook: Webhook
    entrance: Entrance

    async def brings(self, body: bytes, *, secret: str | None = None, token: str | None = None) -> int:
        """What anybody may send to the address; the status of the answer."""
        path = f"/telegram/{self.entrance.token if token is None else token}"
        headers = {SECRET_HEADER: self.entrance.secret if secret is None else secret}
        return (await self.opened.shop.http.post(path, content=body, headers=headers)).status_code

    async def info(self) -> Json:
        return dict((await self.opened.bot.get_webhook_info()).model_dump(exclude_none=True))


@contextlib.asynccontextmanager
async def open_hook(shop: Shop) -> AsyncIterator[Hooked]:
    telegram = f"{shop.town.companies_url}/sandbox/telegram"
    bot = make_bot(BOT_TOKEN, telegram)
    shop.deps.channel = Notifier(bot, shop.deps)
    entrance = Entrance.of(shop.deps.secrets)
    webhook = Webhook(create_dispatcher(shop.deps), bot, shop.deps, entrance)
    app = create_app(shop.deps, title="Shop")
    app.router.routes.append(webhook.route)
    shop.town.door.app = app
    nothing = asyncio.create_task(asyncio.sleep(0))
    async with httpx2.AsyncClient(base_url=f"{telegram}/_ctl/", trust_env=False) as http:
        await webhook.announce(shop.deps.public_url)
        yield Hooked(BotShop(shop, bot, create_dispatcher(shop.deps), http, nothing), webhook, entrance)
        await bot.delete_webhook()
    await bot.session.close()


@pytest.fixture
async def hooked(shop: Shop) -> AsyncIterator[Hooked]:
    async with open_hook(shop) as opened:
        yield opened


def message(update_id: int = 1, **content: Any) -> bytes:
    person = {"id": 990_000_001, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    chat = {"id": person["id"], "type": "private", "first_name": "Анна"}
    said = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "from": person, **content}
    return json.dumps({"update_id": update_id, "message": said}).encode()


def paid(payload: str = "not ours") -> bytes:
    money = {"currency": "XTR", "total_amount": 200, "invoice_payload": payload}
    charge = {"telegram_payment_charge_id": "stxMade-up", "provider_payment_charge_id": "1_1"}
    return message(successful_payment=money | charge)


async def test_a_shop_that_telegram_comes_to_answers_and_sells(hooked: Hooked) -> None:
    buyer = await payer(hooked.opened)

    done = await buyer.pays(await buyer.checks_out())

    assert done["state"] == "paid"
    assert await buyer.days() == [("payment", 30)]
    assert "pre_checkout_query" in (await hooked.info())["allowed_updates"]
    (event,) = await hooked.opened.shop.events()
    assert json.loads(event.body)["message"]["successful_payment"]["telegram_payment_charge_id"] == event.object_id


async def test_a_payment_is_in_the_inbox_when_the_answer_comes(hooked: Hooked) -> None:
    assert await hooked.brings(paid()) == 200

    (event,) = await hooked.opened.shop.events()
    assert (event.dedup_key, event.proven, event.handled_at) == ("paid:stxMade-up", True, None)
    await hooked.opened.shop.drop_jobs()


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "é"])
async def test_a_wrong_secret_is_nobody(hooked: Hooked, secret: str) -> None:
    foreign = event_count("hook.foreign")
    body = paid()

    answer = await hooked.opened.shop.http.post(
        hooked.entrance.path, content=body, headers=[(SECRET_HEADER.encode(), secret.encode())]
    )
    missing = await hooked.opened.shop.http.post(hooked.entrance.path, content=body)

    assert (answer.status_code, missing.status_code) == (404, 404)
    assert await hooked.brings(body, token="x" * 43) == 404
    assert await hooked.opened.shop.events() == []
    assert event_count("hook.foreign") == foreign + 3


async def test_the_secrets_are_of_the_shop_alone_and_differ(hooked: Hooked) -> None:
    other = Entrance.of(Secrets("another secret of another shop"))

    assert len({hooked.entrance.token, hooked.entrance.secret, other.token, other.secret}) == 4


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{}", b"[" * 50_000])
async def test_what_is_no_update_is_refused(hooked: Hooked, body: bytes) -> None:
    assert await hooked.brings(body) == 400


async def test_what_is_longer_than_any_update_is_refused(hooked: Hooked) -> None:
    assert await hooked.brings(b"x" * (1024 * 1024 + 1)) == 413


async def test_an_update_of_tomorrow_is_taken_and_forgotten(hooked: Hooked) -> None:
    assert await hooked.brings(json.dumps({"update_id": 5, "telepathy": {"thought": 1}}).encode()) == 200
    assert await hooked.brings(message(text=["not", "a", "text"])) == 200


async def test_a_payment_in_a_message_nobody_can_read_is_kept(hooked: Hooked) -> None:
    unreadable = json.loads(paid())
    unreadable["message"]["text"] = {"of": "tomorrow"}

    assert await hooked.brings(json.dumps(unreadable).encode()) == 200

    (event,) = await hooked.opened.shop.events()
    assert event.dedup_key == "paid:stxMade-up"
    await hooked.opened.shop.drop_jobs()


async def test_a_payment_that_does_not_say_by_whom_is_kept(hooked: Hooked) -> None:
    unsigned = json.loads(paid())
    del unsigned["message"]["from"]

    assert await hooked.brings(json.dumps(unsigned).encode()) == 200

    (event,) = await hooked.opened.shop.events()
    assert event.dedup_key == "paid:stxMade-up"
    await hooked.opened.shop.drop_jobs()


async def test_a_payment_that_says_too_little_is_an_error_in_the_log(hooked: Hooked) -> None:
    before = event_count("payment.unreadable")
    cheap = json.loads(paid())
    cheap["message"]["successful_payment"]["total_amount"] = 0

    assert await hooked.brings(json.dumps(cheap).encode()) == 200

    assert await hooked.opened.shop.events() == []
    assert event_count("payment.unreadable") == before + 1


async def test_a_payment_that_cannot_be_kept_comes_again(hooked: Hooked) -> None:
    buyer = await payer(hooked.opened)
    link = await buyer.checks_out()
    shop = hooked.opened.shop
    payment = await buyer.presses_pay(link)
    await buyer.ended(payment)
    await settled(hooked.opened)
    before = event_count("payment.not_kept")
    async with without_database(shop.deps) as deps:
        blind = Webhook(create_dispatcher(deps), hooked.opened.bot, deps, hooked.entrance)
        seeing, shop.town.door.app = shop.town.door.app, create_app(deps, title="Shop")
        shop.town.door.app.router.routes.append(blind.route)
        history = (await hooked.opened.http.get("updates/history")).json()
        (told,) = [u["update_id"] for u in history if "successful_payment" in u.get("message", {})]
        await hooked.opened.http.post(f"updates/{told}/repeat")

        async def was_refused() -> bool:
            return event_count("payment.not_kept") > before

        await until(was_refused)
        waits = (await hooked.opened.http.get("updates")).json()
        assert [update["update_id"] for update in waits] == [told]
        shop.town.door.app = seeing

    await settled(hooked.opened)

    assert await buyer.days() == [("payment", 30)]


async def test_several_processes_take_updates_of_one_bot_at_once(shop: Shop) -> None:
    async with open_hook(shop) as first:
        buyers = [await payer(first.opened) for _ in range(4)]
        links = [await buyer.checks_out() for buyer in buyers]
        second = Webhook(create_dispatcher(shop.deps), first.opened.bot, shop.deps, first.entrance)
        other = create_app(shop.deps, title="Shop")
        other.router.routes.append(second.route)
        held = listener()
        with held:
            async with serving(other, held, lifespan="off"):
                payments = [await buyer.presses_pay(link) for buyer, link in zip(buyers, links, strict=True)]
                for buyer, payment in zip(buyers, payments, strict=True):
                    await buyer.ended(payment)
                history = (await first.opened.http.get("updates/history")).json()
                told = [u for u in history if "successful_payment" in u.get("message", {})]
                async with httpx2.AsyncClient(trust_env=False) as telegram:
                    sent = [
                        telegram.post(
                            f"{base}{first.entrance.path}",
                            json=update,
                            headers={SECRET_HEADER: first.entrance.secret},
                        )
                        for update in told
                        for base in (shop.town.shop_url, url_of(held))
                    ]
                    answers = await asyncio.gather(*sent)
        assert [answer.status_code for answer in answers] == [200] * 8
        await settled(first.opened)
        for buyer in buyers:
            assert await buyer.days() == [("payment", 30)]


async def test_polling_takes_the_webhook_away_and_what_waited_is_handled(shop: Shop) -> None:
    async with open_hook(shop) as hooked:
        phone = await hooked.opened.started()
        async with open_bot(shop) as polled:
            buyer = Payer(polled, replace(phone, http=polled.http))
            await buyer.phone.writes("/help")
            assert (await polled.bot.get_webhook_info()).url == ""


async def test_telegram_being_away_at_the_start_is_waited_for(shop: Shop) -> None:
    for mode in ("status", "reset"):
        shop.town.companies.world.faults.arm("telegram", mode, path="*/setWebhook")

    async with open_hook(shop) as hooked:
        assert (await hooked.info())["url"] == f"{shop.deps.public_url}{hooked.entrance.path}"


def test_a_webhook_needs_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    values = {"telegram_bot_token": BOT_TOKEN, "secret_key": "x" * 32, "telegram_mode": "webhook"}

    with pytest.raises(ValidationError, match="PUBLIC_URL"):
        Settings(_env_file=None, **values)

    assert Settings(_env_file=None, public_url="https://vpn.example.com", **values).telegram_mode == "webhook"


@pytest.mark.parametrize("address", ["http://vpn.example.com", "https://vpn.example.com:8080"])
def test_a_webhook_at_an_address_telegram_never_comes_to_is_refused(address: str) -> None:
    values = {"telegram_bot_token": BOT_TOKEN, "secret_key": "x" * 32, "public_url": address}

    with pytest.raises(ValidationError, match="Telegram comes to no other"):
        Settings(_env_file=None, telegram_mode="webhook", **values)

    own_server = Settings(_env_file=None, telegram_api_url="http://127.0.0.1:1", telegram_mode="webhook", **values)
    assert own_server.telegram_mode == "webhook"


async def test_doctor_sees_whether_telegram_comes_here(shop: Shop) -> None:
    settings, t = shop.deps.settings, translator("en")
    async with open_hook(shop) as hooked:
        ours = f"{shop.deps.public_url}{hooked.entrance.path}"
        here = [finding async for finding in try_bot(settings, t, hook=ours)]
        elsewhere = [finding async for finding in try_bot(settings, t, hook="https://vpn.example.com/telegram/x")]
        polls = [finding async for finding in try_bot(settings, t)]

    assert [finding.level for finding in here] == ["ok"]
    assert [finding.level for finding in elsewhere] == ["ok", "fail"]
    assert "somewhere else" in elsewhere[1].detail
    assert [finding.level for finding in polls] == ["ok"]


async def test_doctor_fails_while_telegram_cannot_deliver_and_warns_where_the_bot_polls(shop: Shop) -> None:
    settings, t = shop.deps.settings, translator("en")
    async with open_hook(shop) as hooked:
        ours = f"{shop.deps.public_url}{hooked.entrance.path}"
        shop.town.door.app = Starlette()
        phone = await hooked.opened.phone()
        await phone.act("send", text="/start")

        async def has_failed() -> bool:
            return "last_error_message" in await hooked.info()

        await until(has_failed)
        now = [finding async for finding in try_bot(settings, t, hook=ours)]
        polls = [finding async for finding in try_bot(settings, t)]

    assert [finding.level for finding in now] == ["ok", "fail"]
    assert [finding.level for finding in polls] == ["ok", "warn"]


async def test_the_web_process_takes_updates_where_that_is_set(shop: Shop) -> None:
    with listener() as held:
        url, port = url_of(held), held.getsockname()[1]
    settings = shop.deps.settings.model_copy(update={"telegram_mode": "webhook", "port": port})
    deps = replace(shop.deps, settings=settings, brand=replace(shop.deps.brand, public_url=url))
    bot = make_bot(BOT_TOKEN, f"{shop.town.companies_url}/sandbox/telegram")
    web = asyncio.create_task(run_web(deps))
    async with httpx2.AsyncClient(
        base_url=f"{shop.town.companies_url}/sandbox/telegram/_ctl/", trust_env=False
    ) as http:
        nothing = asyncio.create_task(asyncio.sleep(0))
        opened = BotShop(shop, bot, create_dispatcher(shop.deps), http, nothing)

        async def is_announced() -> bool:
            return (await bot.get_webhook_info()).url.startswith(f"{url}/telegram/")

        await until(is_announced)
        phone = await opened.started()
        assert (await phone.screen())["keyboard"]
    web.cancel()
    await asyncio.wait([web])
    await deps.bot.session.close()
    await bot.delete_webhook()
    await bot.session.close()
