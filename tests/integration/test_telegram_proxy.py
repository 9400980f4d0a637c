"""A shop that reaches Telegram by a proxy alone: what it calls Telegram is a name that only the proxy knows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
from aiogram.exceptions import TelegramNetworkError
from pydantic import SecretStr

from backend.kit.money import Currency, Money
from backend.payments.providers.base import PaymentRequest, Unknown
from backend.payments.providers.stars import Config, Stars
from backend.payments.providers.stars.config import BotAccess
from bot.session import make_bot
from cli.processes import run_bot
from cli.wiring import Deps, read_settings, wire
from sandbox.companies import BOT_TOKEN, BOT_USERNAME, environment
from tests.integration.bot_fixtures import Phone
from tests.outside import until
from tests.proxies import PASSWORD, Proxy, http_proxy, socks_proxy
from tests.shop import SECRET_KEY, Shop

pytestmark = pytest.mark.thorough

NOWHERE = "http://telegram.invalid"  # a name that nobody else resolves
OFFICIAL = "api.telegram.org:443"
BOTH = pytest.mark.parametrize("open_proxy", [http_proxy, socks_proxy], ids=["http", "socks5"])

OpenProxy = Callable[[int], AbstractAsyncContextManager[Proxy]]


@dataclass
class Hidden:
    """The shop's bot behind a proxy, and somebody who writes to it."""

    deps: Deps
    proxy: Proxy
    phone: Phone


@contextlib.asynccontextmanager
async def hidden(shop: Shop, open_proxy: OpenProxy) -> AsyncIterator[Hidden]:
    port = urlsplit(shop.town.companies_url).port
    assert port
    async with open_proxy(port) as proxy:
        deps = _wire(shop, proxy)
        running = asyncio.create_task(run_bot(deps))
        async with httpx2.AsyncClient(
            base_url=f"{shop.town.companies_url}/sandbox/telegram/_ctl/", trust_env=False
        ) as http:
            person = (await http.post("users", json={"first_name": "Анна", "language_code": "ru"})).json()
            try:
                yield Hidden(deps, proxy, Phone(http, person["id"]))
            finally:
                running.cancel()
                await asyncio.wait([running])
                await deps.aclose()


def _wire(shop: Shop, proxy: Proxy) -> Deps:
    variables = {
        **environment(shop.town.companies_url),
        "TELEGRAM_API_URL": f"{NOWHERE}/sandbox/telegram",
        "TELEGRAM_PROXY": proxy.url,
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_URL": shop.town.shop_url,
        "CLOCK_FILE": str(shop.town.clock_file),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return wire(read_settings(), shop.town.dsn, bot_username=BOT_USERNAME)


@BOTH
async def test_people_are_answered_and_get_an_invoice_in_stars_through_the_proxy(
    shop: Shop, open_proxy: OpenProxy
) -> None:
    async with hidden(shop, open_proxy) as shop_behind:
        home = await shop_behind.phone.starts()
        assert "Анна" in home["text"]
        await shop_behind.phone.taps("Месяц")
        await shop_behind.phone.taps("Telegram Stars")

        link = await shop_behind.phone.address("Оплатить")

        assert (await shop_behind.phone.act("pay", link=link))["amount"] == 200
        assert set(shop_behind.proxy.asked) == {"telegram.invalid:80"}, "the name goes to the proxy as it is"


@BOTH
async def test_a_proxy_that_goes_away_for_a_moment_is_waited_for(shop: Shop, open_proxy: OpenProxy) -> None:
    async with hidden(shop, open_proxy) as shop_behind:
        await shop_behind.phone.starts()
        async with shop_behind.proxy.away():
            await shop_behind.phone.act("send", text="/help")
            await shop_behind.proxy.turned_away(2)

        async def is_answered() -> bool:
            return len(await shop_behind.phone.messages()) == 2

        await until(is_answered, seconds=20)


@BOTH
async def test_telegram_itself_is_reached_by_a_tunnel_that_the_proxy_cannot_look_into(
    shop: Shop, open_proxy: OpenProxy
) -> None:
    port = urlsplit(shop.town.companies_url).port
    assert port
    async with open_proxy(port) as proxy:  # where no TLS is spoken, so nothing comes of it
        bot = make_bot(BOT_TOKEN, proxy=proxy.url)
        with pytest.raises(TelegramNetworkError):
            await bot.get_me(request_timeout=5)
        await bot.session.close()
        assert proxy.asked == [OFFICIAL]

        access = BotAccess(_env_file=None, bot_token=SecretStr(BOT_TOKEN), proxy=SecretStr(proxy.url))
        stars = Stars(Config(_env_file=None), access, read_seconds=5)
        assert isinstance(await stars.create(stars.prepare(_request()), ""), Unknown)
        await stars.aclose()
        assert set(proxy.asked[1:]) == {OFFICIAL}


@BOTH
async def test_a_proxy_that_does_not_know_the_password_is_telegram_being_away(
    shop: Shop, open_proxy: OpenProxy
) -> None:
    port = urlsplit(shop.town.companies_url).port
    assert port
    async with open_proxy(port) as proxy:
        wrong = proxy.url.replace(PASSWORD.replace(" ", "%20"), "guessed")
        bot = make_bot(BOT_TOKEN, f"{NOWHERE}/sandbox/telegram", wrong)
        with pytest.raises(TelegramNetworkError):
            await bot.get_me(request_timeout=5)
        await bot.session.close()
        assert proxy.asked == []


def _request() -> PaymentRequest:
    return PaymentRequest(str(uuid4()), Money(200, Currency.XTR), "stars", "Подписка, 30 дней", "", "s1.x")
