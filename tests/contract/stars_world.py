"""What tests of the driver of Stars do with it and with Telegram's emulator."""

from datetime import timedelta
from uuid import uuid4

from pydantic import HttpUrl, SecretStr

from backend.kit.money import Currency, Money
from backend.payments.providers.base import (
    PaymentRequest,
    RefundRequest,
    Snapshot,
)
from backend.payments.providers.stars import Config, Stars
from backend.payments.providers.stars.config import BotAccess
from backend.payments.providers.stars.payload import make_payload
from tests.contract.provider_cases import known
from tests.contract.telegram_world import TOKEN, TelegramWorld

KEYS = {"1": bytes(range(32))}
SERVICE = "telegram"


def driver_of(telegram: TelegramWorld, *, token: str = TOKEN, gone: bool = False, seconds: float = 5) -> Stars:
    url = "http://127.0.0.1:9" if gone else str(telegram.http.base_url).rstrip("/")
    access = BotAccess(_env_file=None, bot_token=SecretStr(token), api_url=HttpUrl(url))
    return Stars(Config(_env_file=None), access, read_seconds=seconds)


def request(payer: int = 7, stars: int = 200) -> PaymentRequest:
    payment_id = str(uuid4())
    mac = make_payload(
        KEYS,
        "1",
        provider="stars",
        account="",
        payment_id=payment_id,
        order_id="",
        user_id=0,
        amount_minor=stars,
        currency="XTR",
        payer=str(payer),
    )
    return PaymentRequest(payment_id, Money(stars, Currency.XTR), "stars", "Подписка, 30 дней", "", mac)


async def sold(telegram: TelegramWorld, driver: Stars, person: int, stars: int = 200) -> tuple[PaymentRequest, str]:
    """Something sold to somebody: what was asked for, and the charge."""
    asked = request(person, stars)
    url = known(await driver.create(driver.prepare(asked), "")).url
    payment = await telegram.do(f"/users/{person}/pay", link=url)
    await telegram.bot.answer_pre_checkout_query(payment["id"], ok=True)
    return asked, (await telegram.ask(f"/users/{person}/payments/{payment['id']}"))["charge_id"]


def refund_of(driver: Stars, charge: str, person: int, stars: int = 200) -> bytes:
    asked = RefundRequest(str(uuid4()), charge, Money(stars, Currency.XTR), "", "", payer=str(person))
    return driver.prepare_refund(asked)


async def listed(driver: Stars, telegram: TelegramWorld, **back: float) -> list[Snapshot]:
    since = telegram.world.clock.now() - timedelta(**back)
    return [snapshot async for snapshot in driver.list_since(since)]
