"""People with Stars in a shop whose bot is running: everything goes through Telegram's emulator over HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import select

from backend.payments.models import Payment, Refund
from backend.subscriptions.models import Extension, Subscription
from bot.session import make_bot
from sandbox.companies import BOT_TOKEN
from tests.integration.bot_fixtures import BotShop, Json, Phone
from tests.outside import until
from tests.shop import Shop

RENEWED = "🔁 Telegram Stars · 200\u00a0⭐ каждые 30\u00a0дней"


@dataclass
class Payer:
    """Somebody at the checkout."""

    shop: BotShop
    phone: Phone

    async def checks_out(self, plan: str = "Месяц", *, pay: str = "Оплатить") -> str:
        """From the first screen to the page where Stars are paid: the invoice's link."""
        await self.phone.writes("/plans")
        await self.phone.taps(plan)
        await self.phone.taps("Telegram Stars")
        return await self.phone.address(pay)

    async def presses_pay(self, link: str, **options: Any) -> Json:
        return await self.phone.act("pay", link=link, **options)

    async def ended(self, payment: Json) -> Json:
        """The payment, when it no longer waits for the bot."""
        found: Json = {}

        async def is_over() -> bool:
            answer = await self.phone.http.get(f"users/{payment['user_id']}/payments/{payment['id']}")
            found.update(answer.json())
            return bool(found["state"] != "waiting")

        await until(is_over, seconds=15)
        return found

    async def pays(self, link: str) -> Json:
        """Press Pay, wait for the end, and let the shop do what follows from it."""
        paid = await self.ended(await self.presses_pay(link))
        await self.shop.idle()
        await self.shop.shop.run_jobs()
        return paid

    async def stars(self) -> int:
        return int((await self.phone.http.get(f"users/{self.phone.id}/stars")).json()["balance"])

    async def days(self) -> list[tuple[str, int]]:
        """The ledger of this person's only subscription: where days came from, and how many."""
        user = await self.shop.user(self.phone)
        rows = await ledger_of(self.shop, user.id)
        return [(row.source, row.days) for row in rows]


async def ledger_of(shop: BotShop, user_id: int) -> Any:
    from_here = select(Subscription.id).where(Subscription.user_id == user_id)
    query = select(Extension).where(Extension.subscription_id.in_(from_here)).order_by(Extension.at, Extension.id)
    return await shop.shop.all(query)


async def payer(shop: BotShop, language: str = "ru") -> Payer:
    return Payer(shop, await shop.started(language))


async def charges(shop: BotShop) -> list[Payment]:
    return list(await shop.shop.all(select(Payment).where(Payment.provider == "stars").order_by(Payment.created_at)))


async def refunds(shop: BotShop) -> list[Refund]:
    return list(await shop.shop.all(select(Refund).order_by(Refund.created_at)))


async def control(shop: BotShop, path: str, **body: Any) -> Any:
    answer = await shop.http.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def slip_through(shop: Shop, phone: Phone, link: str, *, times: int = 1) -> Json:
    """Somebody pays while no bot of ours runs, and is let through by a bot that asks nothing. The last payment."""
    bot = make_bot(BOT_TOKEN, f"{shop.town.companies_url}/sandbox/telegram")
    async with httpx2.AsyncClient(base_url=str(phone.http.base_url), trust_env=False) as http:
        stranger = Phone(http, phone.id)
        payments = [await stranger.act("pay", link=link) for _ in range(times)]
        for payment in payments:
            await bot.answer_pre_checkout_query(payment["id"], ok=True)
        asked = [u for u in await bot.get_updates() if u.pre_checkout_query]
        await bot.get_updates(offset=asked[-1].update_id + 1, limit=1)
        paid = (await http.get(f"users/{phone.id}/payments/{payments[-1]['id']}")).json()
    await bot.session.close()
    assert paid["state"] == "paid"
    return dict(paid)


async def settled(shop: BotShop) -> None:
    """Everything that was heard has been handled."""
    await shop.idle()
    await shop.shop.run_jobs()
    await shop.idle()
    await shop.shop.run_jobs()


async def planned(bot_shop: BotShop) -> None:
    """Ten minutes later the shop has looked at what is to end, and Telegram has heard of it."""
    await bot_shop.shop.passes(minutes=11)
    await settled(bot_shop)
